// The seeds of the signature fuzzer as an ordinary test: what was found once stays found.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/catch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST_CASE("the signature fuzzer passes its corpus, and beginnings of each seed") {
  const std::filesystem::path folder =
      std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY) / "tests/fuzz/corpus/signature";
  std::size_t replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(file), {}};
    // Each is judged and printed, so not every beginning is taken.
    for (std::size_t cut = 0; cut <= seed.size(); cut += 7) {
      // A copy of just this size, so that tools see a read beyond its end.
      const std::vector<std::uint8_t> octets(seed.begin(), seed.end() - static_cast<std::ptrdiff_t>(cut));
      CHECK(LLVMFuzzerTestOneInput(octets.data(), octets.size()) == 0);
    }
    ++replayed;
  }
  CHECK(replayed >= 20);
}
