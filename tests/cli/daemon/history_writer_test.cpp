#include "cli/daemon/history_writer.hpp"

#include <cstdlib>
#include <filesystem>
#include <latch>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/io/wall_clock.hpp"
#include "tests/catch.hpp"
#include "tests/cli/daemon/sample_watch.hpp"
#include "tests/exporters/sample_probes.hpp"

using namespace dkimprobe;
using cli::HistoryWriter;

namespace {

/// A probe whose one server returned a mebibyte.
probe::Observation large_probe(int number) {
  const tests::Texts texts(64, std::vector<std::string>(64, std::string(255, 'x')));
  return tests::sample_probe("example.com", "s" + std::to_string(number), cli::wall_time(),
                             {{.texts = texts}});
}

struct Folder {
  Folder() {
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(pattern); }
  std::string pattern{(std::filesystem::temp_directory_path() / "dkimprobe-writer.XXXXXX").string()};
};

}  // namespace

TEST_CASE("what waits for a slow disk takes a bounded amount of memory, and the newest probes stay") {
  const Folder folder;
  auto store = exporters::HistoryStore::open(folder.pattern, exporters::HistoryAccess::write, {});
  REQUIRE(store);
  std::latch writing(1);
  std::latch go_on(1);
  bool first = true;
  HistoryWriter writer(std::move(*store), [&] {
    if (!first) return;
    first = false;
    writing.count_down();
    go_on.wait();
  });
  REQUIRE(writer.add({large_probe(0)}, true));
  writing.wait();
  for (int number = 1; number <= 100; ++number) REQUIRE(writer.add({large_probe(number)}, false));
  const auto dropped = writer.facts().dropped;
  go_on.count_down();
  writer.stop();
  CHECK(dropped >= 100 - 64);
  CHECK(dropped < 50);

  auto stored = exporters::HistoryStore::open(folder.pattern, exporters::HistoryAccess::read, {});
  REQUIRE(stored);
  const auto servers = [&](int number) {
    const auto key = tests::key("example.com", "s" + std::to_string(number));
    return stored->load(key.domain, key.selector).value().servers.size();
  };
  CHECK(servers(0) == 1);
  CHECK(servers(1) == 0);
  CHECK(servers(100) == 1);
}
