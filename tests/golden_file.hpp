// Compares an output with a file that a person has read and found right.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace dkimprobe::tests {

[[nodiscard]] inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// With DKIMPROBE_WRITE_GOLDEN set the file is written instead, to be read and committed by a person.
inline void compare_with_file(const std::string& path, const std::string& text) {
  if (std::getenv("DKIMPROBE_WRITE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream stream(path);
  REQUIRE(stream);
  std::stringstream golden;
  golden << stream.rdbuf();
  CHECK(lines_of(text) == lines_of(golden.str()));  // shows which line differs
  CHECK((text == golden.str()));
}

inline void compare_with_golden(const std::string& file, const std::string& text) {
  compare_with_file(std::string(DKIMPROBE_SOURCE_DIRECTORY "/tests/exporters/golden/") + file, text);
}

/// A text that was made with colours, as it is without.
[[nodiscard]] inline std::string without_colors(const std::string& text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      at = text.find('m', at);
    } else {
      plain.push_back(text[at]);
    }
  }
  return plain;
}

}  // namespace dkimprobe::tests
