#include "config/root_hints.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "config/names/special_purpose.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe::config;

namespace {

/// A file that lives as long as the test.
class HintsFile {
 public:
  explicit HintsFile(std::string_view text) {
    const int descriptor = mkstemp(name_.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    std::ofstream(name_) << text;
  }
  HintsFile(const HintsFile&) = delete;
  HintsFile& operator=(const HintsFile&) = delete;
  ~HintsFile() { std::filesystem::remove(name_); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_ = (std::filesystem::temp_directory_path() / "root_hints_XXXXXX").string();
};

}  // namespace

TEST_CASE("thirteen root servers are built in, each with IPv4 and IPv6 addresses") {
  const auto servers = builtin_root_servers();
  REQUIRE(servers.size() == 26);
  for (char letter = 'a'; letter <= 'm'; ++letter) {
    const auto name = DomainName::parse(std::string(1, letter) + ".root-servers.net").value();
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      CHECK(std::count_if(servers.begin(), servers.end(), [&](const NamedServer& server) {
              return server.name == name && server.ip.family() == family;
            }) == 1);
    }
  }
  CHECK(std::all_of(servers.begin(), servers.end(), [](const NamedServer& server) {
    return special_purpose(server.ip).empty() && !server.port;
  }));
  // The one that moved last.
  CHECK(servers[2].ip == Address::parse("170.247.170.2"));
  CHECK(servers[3].ip == Address::parse("2801:1b8:10::b"));
}

TEST_CASE("a hints file may use every form of a zone file") {
  const HintsFile file(
      "; a comment\n$TTL 3600\n$ORIGIN .\n\n@ IN NS a.lab.\n\t IN NS b.lab ; another\nB.LAB. 60 A 127.0.0.2\n"
      "a.lab. A 127.0.0.1\na.lab. 3600000 IN AAAA ::1\nunused.lab. A 127.0.0.9\nlab. TXT \"passed over\"");
  const auto servers = read_root_hints(file.name());
  REQUIRE(servers);
  REQUIRE(servers->size() == 3);
  CHECK((*servers)[0] ==
        NamedServer{DomainName::parse("a.lab").value(), Address::parse("127.0.0.1").value(), {}});
  CHECK((*servers)[1] == NamedServer{DomainName::parse("a.lab").value(), Address::parse("::1").value(), {}});
  CHECK((*servers)[2] ==
        NamedServer{DomainName::parse("b.lab").value(), Address::parse("127.0.0.2").value(), {}});
}

TEST_CASE("every error in a hints file is reported with its line") {
  struct Case {
    std::string text;
    std::vector<Error> errors;  ///< `where` behind the name of the file
  };
  const auto given =
      GENERATE(Case{"; nothing\n", {{"", "no NS record of the root"}}},
               Case{"com. 3600 NS a.lab.\na.lab. 3600 A 127.0.0.1\n", {{"", "no NS record of the root"}}},
               Case{"\n. 3600 NS a.lab.\na.lab. 3600 A 127.0.0.1\n. 3600 NS b.lab.\n",
                    {{":4", "b.lab has no A or AAAA"}}},
               Case{". 3600 NS a.lab.\na.lab. 3600 A 300.0.0.1\nwhat is this\na.lab. 60 A 127.0.0.1\n",
                    {{":2", "not a line of a zone file"}, {":3", "not a line of a zone file"}}},
               Case{"$INCLUDE other\n. 3600 NS a.lab.\na.lab. 3600 A 127.0.0.1\n", {{":1", "INCLUDE"}}});
  const HintsFile file(given.text);
  const auto servers = read_root_hints(file.name());
  REQUIRE_FALSE(servers);
  REQUIRE(servers.error().size() == given.errors.size());
  for (std::size_t i = 0; i < given.errors.size(); ++i) {
    CHECK(servers.error()[i].where == file.name() + given.errors[i].where);
    CHECK_THAT(servers.error()[i].message, ContainsSubstring(given.errors[i].message));
  }
}

TEST_CASE("an unreadable hints file is reported with the reason") {
  const auto missing = read_root_hints("/nonexistent/root.hints");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().front().where == "/nonexistent/root.hints");
  CHECK_THAT(missing.error().front().message, ContainsSubstring("No such file"));
  const auto folder = read_root_hints(std::filesystem::temp_directory_path());
  REQUIRE_FALSE(folder);
  CHECK_THAT(folder.error().front().message, ContainsSubstring("directory"));
}

TEST_CASE("a hints file that is not a regular file, or is too large, is refused at once") {
  for (const auto* path : {"/dev/zero", "/dev/null"}) {
    const auto device = read_root_hints(path);
    REQUIRE_FALSE(device);
    CHECK(device.error().front() ==
          Error{path, "this is not a regular file; a root hints file was expected"});
  }
  const HintsFile file(std::string((1U << 20U) + 1, '\n'));
  const auto large = read_root_hints(file.name());
  REQUIRE_FALSE(large);
  CHECK(large.error().front() == Error{file.name(), "the file is larger than 1 MiB"});
}

TEST_CASE("reading hints takes time in proportion to their size") {
  // Of the processor: other work does not count.
  const auto seconds_for = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += fmt::format(". 60 NS n{0}.\nn{0}. 60 A 127.0.0.1\n", i);
    const HintsFile file(text);
    const std::clock_t began = std::clock();
    const auto servers = read_root_hints(file.name());
    const std::clock_t took = std::clock() - began;
    REQUIRE(servers);
    CHECK(servers->size() == static_cast<std::size_t>(count));
    return static_cast<double>(took) / CLOCKS_PER_SEC;
  };
  CHECK(seconds_for(24'000) < 0.2 + 40 * seconds_for(2'400));  // of a square: 100 times
}
