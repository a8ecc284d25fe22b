#include "config/trust_anchors.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "tests/catch.hpp"

using namespace dkimprobe::config;

namespace {

/// A file that lives as long as the test.
class AnchorFile {
 public:
  explicit AnchorFile(std::string_view text) {
    const int descriptor = mkstemp(name_.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    std::ofstream(name_) << text;
  }
  AnchorFile(const AnchorFile&) = delete;
  AnchorFile& operator=(const AnchorFile&) = delete;
  ~AnchorFile() { std::filesystem::remove(name_); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_ = (std::filesystem::temp_directory_path() / "trust_anchor_XXXXXX").string();
};

std::uint16_t u16(const std::string& octets) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(octets[0]) << 8 |
                                    static_cast<unsigned char>(octets[1]));
}

/// The error of a file with this text, without the name of the file.
std::string error_of(std::string_view text) {
  const AnchorFile file(text);
  const auto anchors = read_trust_anchors(file.name());
  REQUIRE_FALSE(anchors);
  const Error& error = anchors.error().front();
  REQUIRE(error.where.starts_with(file.name()));
  return error.where.substr(file.name().size()) + ": " + error.message;
}

}  // namespace

TEST_CASE("the two published keys of the root are built in") {
  const auto anchors = builtin_trust_anchors();
  REQUIRE(anchors.size() == 2);
  CHECK(u16(anchors[0].rdata) == 20326);
  CHECK(u16(anchors[1].rdata) == 38696);
  for (const auto& anchor : anchors) {
    CHECK(anchor.zone.is_root());
    CHECK(anchor.type == 43);
    CHECK(anchor.rdata.size() == 4 + 32);
    CHECK(anchor.rdata.substr(2, 2) == std::string("\x08\x02"));  // RSASHA256, SHA-256
  }
}

TEST_CASE("a file may hold DS and DNSKEY records, and others beside them") {
  const AnchorFile file(
      "; the root\n"
      ".\t3600\tIN DS 20326 8 2 (E06D44B80B8F1D39A95C0B0D7C65D084\n  58E880409BBC683457104237C7F8EC8D)\n"
      ". IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"
      ". IN NS a.root-servers.net.\n");
  const auto anchors = read_trust_anchors(file.name());
  REQUIRE(anchors);
  REQUIRE(anchors->size() == 2);
  CHECK((*anchors)[0].type == 43);
  CHECK((*anchors)[1].type == 48);
  CHECK(u16((*anchors)[1].rdata) == 257);
  CHECK((*anchors)[1].rdata.size() == 4 + 32);
}

TEST_CASE("of a file that Unbound keeps by RFC 5011, only valid and missing keys are trusted") {
  const auto line = [](int state, const char* key) {
    return fmt::format(". 86400 IN DNSKEY 257 3 15 {} ;{{id = 1}} ;;state={} [  X  ] ;;count=0\n", key,
                       state);
  };
  const AnchorFile file("; autotrust trust anchor file\n;;id: . 1\n" +
                        line(1, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=") +
                        line(2, "zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=") +
                        line(3, "m1NELLVVQKl4fHVn/KKdeNO0PrYKGT3IGbYseT8XcKo=") +
                        line(4, "2tstZAjgmlDTePn0NVXrAHBJmg84LoaFVxzLl1anjGI="));
  const auto anchors = read_trust_anchors(file.name());
  REQUIRE(anchors);
  CHECK(anchors->size() == 2);
}

TEST_CASE("an error of a trust anchor names the file and the line") {
  CHECK(error_of("") == ": there is no DS or DNSKEY record of the root (\".\") in this file");
  CHECK(error_of("\n. NS a.root-servers.net.\n") ==
        ": there is no DS or DNSKEY record of the root (\".\") in this file");
  CHECK(error_of(". IN NS a.root.\nexample.com. IN DS 1 13 2 00\n") ==
        ":2: this is a key of another zone than the root: only the root (\".\") can be trusted");
  CHECK(error_of(". IN DS 20326 8 2 xyz\n").starts_with(":1: this is not a line of a zone file"));
  const auto missing = read_trust_anchors("/nonexistent/root.key");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().front().where == "/nonexistent/root.key");
}
