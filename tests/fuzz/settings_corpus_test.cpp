#include "tests/fuzz/corpus_replay.hpp"

TEST_CASE("the settings fuzzer passes its corpus, and many beginnings of each seed") {
  CHECK(dkimprobe::tests::replay_corpus("settings", 64) >= 70);
}
