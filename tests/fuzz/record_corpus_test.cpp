#include "tests/fuzz/corpus_replay.hpp"

TEST_CASE("the record fuzzer passes its corpus, and every beginning of each seed") {
  CHECK(dkimprobe::tests::replay_corpus("record") >= 30);
}
