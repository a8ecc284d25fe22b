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

/// Every seed of `tests/fuzz/corpus/<name>`, and every `step`th beginning of each; the number of seeds.
inline std::size_t replay_corpus(const std::string& name, std::size_t step = 1) {
  const std::filesystem::path folder =
      std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY) / "tests/fuzz/corpus" / name;
  std::size_t replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(file), {}};
    for (std::size_t left = 0; left <= seed.size(); left += step) {
      // A copy of just this size, so that tools see a read beyond its end.
      const auto end = seed.begin() + static_cast<std::ptrdiff_t>(seed.size() - left);
      const std::vector<std::uint8_t> octets(seed.begin(), end);
      CHECK(LLVMFuzzerTestOneInput(octets.data(), octets.size()) == 0);
    }
    ++replayed;
  }
  return replayed;
}

}  // namespace dkimprobe::tests
