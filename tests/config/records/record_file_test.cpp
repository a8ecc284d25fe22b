#include "config/records/record_file.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/catch.hpp"
#include "tests/config/records/reading.hpp"

using namespace dkimprobe::config;
using namespace dkimprobe::config::testing;

namespace {

using Lines = std::vector<std::string>;

/// A folder of files that is removed at the end.
struct Folder {
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path file(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return path / name;
  }
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("record_file_test." + std::to_string(::getpid()));
};

Read read_file_of(const std::filesystem::path& file, const ReadingRules& rules = {}) {
  Read read;
  REQUIRE(read_record_file(file, std::nullopt, rules, into(read)));
  return read;
}

}  // namespace

TEST_CASE("each kind of fault has its row") {
  REQUIRE(file_fault_rows().size() == static_cast<std::size_t>(FileFaultKind::server_unknown) + 1);
  for (const auto& row : file_fault_rows()) {
    CHECK(row.id.starts_with(row.is_of_server ? "server_" : "file_"));
    CHECK_FALSE(row.summary.empty());
    CHECK_FALSE(row.remedy.empty());
  }
  CHECK(row_of(FileFaultKind::origin).weight == FaultWeight::note);
  CHECK(row_of(FileFaultKind::private_key).id == "file_private_key");
  CHECK(row_of(FileFaultKind::server_unknown).id == "server_unknown");
}

TEST_CASE("the first line shows the format of a file") {
  const Folder folder;
  const std::string mark = "\xef\xbb\xbf";
  for (const auto& [text, found] : std::vector<std::pair<std::string, Lines>>{
           {"\n\n" + mark + "v=DKIM1; p=\n", {"3 .|" + mark + "v=DKIM1; p="}},
           {mark + "v=DKIM1; p=", {"1 .|v=DKIM1; p="}},
           {"a.example\tv=DKIM1; p=", {"1 a.example|v=DKIM1; p="}},
           {"\n{\"name\": \"a.example\", \"txt\": [\"x\", \"y\"]}\n", {"2 a.example|x|y"}},
           {"; a comment\na.example. TXT x\n", {"2 a.example|x"}},
           {"\"x\" \"y\"\n", {"1 .|x|y"}},
           {"", {}}}) {
    INFO(text);
    CHECK(read_file_of(folder.file("records", text)).lines() == found);
  }
}

TEST_CASE("a zone file may begin with a comment like those of dig") {
  const Folder folder;
  const auto read = read_file_of(folder.file("a", ";; the zone of example.com\n$ORIGIN example.com.\nfoo\n"));
  CHECK(read.faults.size() == 1);
}

TEST_CASE("an included file is read only if that is allowed, with the origin of its line") {
  const Folder folder;
  static_cast<void>(folder.file("keys/s2.txt", "s2._domainkey TXT b\n$ORIGIN elsewhere.\n$INCLUDE s3.txt\n"));
  static_cast<void>(folder.file("keys/s3.txt", "s3._domainkey TXT c\n"));
  const auto main = folder.file("example.zone",
                                "$ORIGIN example.com.\ns1._domainkey TXT a\n$INCLUDE keys/s2.txt sub\n"
                                "$INCLUDE missing\n$INCLUDE keys\n TXT d\n");
  CHECK(read_file_of(main).fault_lines().size() == 3);
  ReadingRules rules;
  rules.allow_include = true;
  const auto read = read_file_of(main, rules);
  CHECK(read.lines() == Lines{"2 s1._domainkey.example.com|a", "1 s2._domainkey.sub.example.com|b",
                              "1 s3._domainkey.elsewhere|c", "6 s1._domainkey.example.com|d"});
  CHECK(read.records[2].place.file == folder.path / "keys/s3.txt");
  CHECK(read.fault_lines() == Lines{"4 file_include: `missing` was not read: there is no such file",
                                    "5 file_include: `keys` was not read: there is no such file"});
}

TEST_CASE("files that include themselves end") {
  const Folder folder;
  ReadingRules rules;
  rules.allow_include = true;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "$INCLUDE loop.zone\n";
  const auto read = read_file_of(folder.file("loop.zone", text), rules);
  CHECK(read.faults.size() > 100);
  CHECK(read.faults.size() <= 100'100);
}
