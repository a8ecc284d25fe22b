// The seeds of the record fuzzer as an ordinary test: what was found once stays found.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST_CASE("the record fuzzer passes its corpus, and every beginning of each seed") {
  const std::filesystem::path folder =
      std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY) / "tests/fuzz/corpus/record";
  std::size_t replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(file), {}};
    for (std::size_t size = 0; size <= seed.size(); ++size) {
      // A copy of just this size, so that tools see a read beyond its end.
      const std::vector<std::uint8_t> octets(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(LLVMFuzzerTestOneInput(octets.data(), octets.size()) == 0);
    }
    ++replayed;
  }
  CHECK(replayed >= 40);
}
