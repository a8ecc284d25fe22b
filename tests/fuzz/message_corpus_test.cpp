// The seeds of the message fuzzer as an ordinary test: what was found once stays found.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/catch.hpp"
#include "tests/probe/wire/wire_vector.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST_CASE("the message fuzzer passes its corpus") {
  const std::filesystem::path folder =
      std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY) / "tests/fuzz/corpus/message";
  std::size_t replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<std::uint8_t> octets{std::istreambuf_iterator<char>(file), {}};
    const dkimprobe::tests::ExactBytes message{octets};
    CHECK(LLVMFuzzerTestOneInput(message.span().data(), message.span().size()) == 0);
    ++replayed;
  }
  CHECK(replayed > 50);
}

TEST_CASE("the message fuzzer passes every vector, the large ones too") {
  for (const auto& vector : dkimprobe::tests::load_wire_vectors()) {
    INFO(vector.name);
    const dkimprobe::tests::ExactBytes message{vector.message};
    CHECK(LLVMFuzzerTestOneInput(message.span().data(), message.span().size()) == 0);
  }
}
