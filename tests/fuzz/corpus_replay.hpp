// Gives the seeds of a fuzzer to it, as an ordinary test: what was found once stays found. It makes no new
// inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/catch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace dkimprobe::tests {

/// The seeds in `tests/fuzz/corpus/<name>`.
inline std::vector<std::string> corpus(const std::string& name) {
  std::vector<std::string> seeds;
  const std::filesystem::path folder =
      std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY) / "tests/fuzz/corpus" / name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

/// Every seed, and every `step`th beginning of each; the number of seeds.
inline std::size_t replay_corpus(const std::string& name, std::size_t step = 1) {
  const auto seeds = corpus(name);
  for (const std::string& seed : seeds) {
    INFO(seed.substr(0, 200));
    for (std::size_t left = 0; left <= seed.size(); left += step) {
      // A copy of just this size, so that tools see a read beyond its end.
      const auto end = seed.begin() + static_cast<std::ptrdiff_t>(seed.size() - left);
      const std::vector<std::uint8_t> octets(seed.begin(), end);
      CHECK(LLVMFuzzerTestOneInput(octets.data(), octets.size()) == 0);
    }
  }
  return seeds.size();
}

}  // namespace dkimprobe::tests
