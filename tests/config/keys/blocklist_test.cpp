#include "config/keys/blocklist.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <openssl/sha.h>

#include "tests/catch.hpp"

namespace fs = std::filesystem;
using dkimprobe::config::Blocklist;

namespace {

/// A file that is deleted at the end.
class File {
 public:
  explicit File(const std::string& content)
      : path_(fs::temp_directory_path() / "dkimprobe_blocklist_test.dat") {
    std::ofstream(path_, std::ios::binary) << content;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { fs::remove(path_); }

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string row_of(const std::string& key, char list) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), 15) + list;
}

std::string sorted(std::vector<std::string> rows) {
  std::ranges::sort(rows);
  std::string content;
  for (const auto& row : rows) content += row;
  return content;
}

std::string error_of(const std::string& content) {
  const File file(content);
  const auto list = Blocklist::open(file.path());
  REQUIRE_FALSE(list);
  CHECK(list.error().front().where == file.path().string());
  return list.error().front().message;
}

}  // namespace

TEST_CASE("a key is found in a blocklist by the SHA-256 of its number, with the list it is from") {
  for (const int count : {1, 2, 3, 1000}) {
    std::vector<std::string> rows;
    for (int i = 0; i < count; ++i) rows.push_back(row_of(std::to_string(i), static_cast<char>(i % 251)));
    const File file(sorted(rows));
    const auto list = Blocklist::open(file.path());
    REQUIRE(list);
    for (int i = 0; i < count; ++i) CHECK((*list)->find(std::to_string(i)) == i % 251);
    for (int i = count; i < count + 1000; ++i) CHECK_FALSE((*list)->find(std::to_string(i)));
  }
}

TEST_CASE("a file that is no blocklist is an error that says why") {
  CHECK(error_of("") == "the blocklist is empty");
  CHECK(error_of(row_of("a", 1) + "x").find("17 bytes, is not a multiple") != std::string::npos);
  std::string rows = sorted({row_of("a", 1), row_of("b", 1), row_of("c", 1)});
  CHECK(error_of(rows.substr(0, 16) + rows.substr(32) + rows.substr(16, 16)).find("row 3 ") !=
        std::string::npos);
  CHECK(error_of(rows.substr(0, 32) + rows.substr(16)).find("row 3 ") != std::string::npos);
  const auto missing = Blocklist::open("/does/not/exist");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().front().message == "No such file or directory");
  const auto folder = Blocklist::open("/");
  REQUIRE_FALSE(folder);
  CHECK(folder.error().front().message == "this is not a regular file");
}

TEST_CASE("a blocklist that is replaced by renaming stays readable") {
  const File file(row_of("old", 1));
  const auto list = Blocklist::open(file.path());
  REQUIRE(list);
  const fs::path other = file.path().string() + ".new";
  std::ofstream(other, std::ios::binary) << row_of("new", 1);
  fs::rename(other, file.path());
  CHECK((*list)->find("old"));
  CHECK_FALSE((*list)->find("new"));
}
