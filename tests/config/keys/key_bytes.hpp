// The test keys of tests/config/vectors/keys.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace dkimprobe::tests {

inline std::string key_bytes(const std::string& name) {
  std::ifstream file(DKIMPROBE_VECTORS "/keys/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace dkimprobe::tests
