// Compares an output with a file that a person has read and found right.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace dkimprobe::exporters {

[[nodiscard]] inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// With DKIMPROBE_WRITE_GOLDEN set the file is written instead, to be read and committed by a person.
inline void compare_with_golden(const std::string& file, const std::string& text) {
  const std::string path = std::string(DKIMPROBE_SOURCE_DIRECTORY "/tests/exporters/golden/") + file;
  if (std::getenv("DKIMPROBE_WRITE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream stream(path);
  REQUIRE(stream);
  std::stringstream golden;
  golden << stream.rdbuf();
  CHECK(lines_of(text) == lines_of(golden.str()));
}

}  // namespace dkimprobe::exporters
