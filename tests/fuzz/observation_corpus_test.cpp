#include "tests/fuzz/corpus_replay.hpp"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed);

/// In place of that of the fuzzer: one octet becomes another.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t /*most*/) {
  if (size > 0) data[size * 7 / 9] ^= 1U;
  return size;
}

namespace {

constexpr unsigned changed_copies = 40;  // of each seed

}  // namespace

TEST_CASE("the observation fuzzer passes its corpus, some beginnings of each seed, and changed copies") {
  CHECK(dkimprobe::tests::replay_corpus("observation", 4'999) >= 5);
  for (const std::string& seed : dkimprobe::tests::corpus("observation")) {
    for (unsigned number = 0; number < changed_copies; ++number) {
      std::vector<std::uint8_t> octets(seed.begin(), seed.end());
      octets.resize(2 * seed.size());
      octets.resize(LLVMFuzzerCustomMutator(octets.data(), seed.size(), octets.size(), number));
      INFO(number);
      CHECK(LLVMFuzzerTestOneInput(octets.data(), octets.size()) == 0);
    }
  }
}
