#include "config/keys/known_moduli.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.hpp"

namespace fs = std::filesystem;
using namespace dkimprobe::config;

namespace {

Result<std::shared_ptr<const KnownModuli>> read(const std::string& text) {
  const fs::path path = fs::temp_directory_path() / "dkimprobe_known_moduli_test.txt";
  std::ofstream(path, std::ios::binary) << text;
  auto result = read_known_moduli(path);
  fs::remove(path);
  return result;
}

}  // namespace

TEST_CASE("a file of known moduli has a hexadecimal number on each line") {
  const auto known = read("# of 2024\n0AbC\n\n  ff \r\n00000001234\n");
  REQUIRE(known);
  CHECK((*known)->file == "dkimprobe_known_moduli_test.txt");
  REQUIRE((*known)->numbers.size() == 3);
  CHECK((*known)->numbers[0].line == 2);
  CHECK((*known)->numbers[0].octets == "\x0a\xbc");
  CHECK((*known)->numbers[1].line == 4);
  CHECK((*known)->numbers[1].octets == "\xff");
  CHECK((*known)->numbers[2].octets == "\x12\x34");
}

TEST_CASE("each line that is no number is an error with its place") {
  const auto known = read("12\nabcx\n0\n0x12\n1 2\n");
  REQUIRE_FALSE(known);
  REQUIRE(known.error().size() == 4);
  CHECK(known.error()[0].where.ends_with("dkimprobe_known_moduli_test.txt:2"));
  CHECK(known.error()[0].message == "`abcx` is not a hexadecimal number above zero");
  CHECK(known.error()[1].where.ends_with(":3"));
  const auto empty = read("# nothing\n");
  REQUIRE_FALSE(empty);
  CHECK(empty.error().front().message == "this file has no number");
  const auto folder = read_known_moduli("/");
  REQUIRE_FALSE(folder);
  CHECK(folder.error().front().message == "this is a directory; a moduli file was expected");
  const auto missing = read_known_moduli("/does/not/exist");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().front().message == "the moduli cannot be read: No such file or directory");
}
