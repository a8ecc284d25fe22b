#include "tests/fuzz/corpus_replay.hpp"

TEST_CASE("the fuzzer of files with records passes its corpus, and many beginnings of each seed") {
  CHECK(dkimprobe::tests::replay_corpus("files", 16) >= 40);
}
