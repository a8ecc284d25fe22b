// Which history a command extends when the operator names none.
#include "cli/plan/kept_history.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::cli;

namespace {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "kept-history.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_{};
};

config::ProbeSettings servers(std::uint16_t port) {
  config::ProbeSettings settings;
  settings.port = port;
  return settings;
}

std::size_t entries(const std::filesystem::path& directory) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the state of a lab is not that of the public") {
  const ScratchDirectory scratch;
  const StateChoice state{scratch.path() / "deep" / "state", false};
  for (const std::uint16_t port : std::array<std::uint16_t, 3>{53, 5353, 53}) {
    const auto opened = open_history({}, state, servers(port), exporters::HistoryAccess::write);
    REQUIRE(opened);
    CHECK(opened->has_value());
  }
  CHECK(entries(*state.directory) == 2);
  for (const auto& entry : std::filesystem::directory_iterator(*state.directory))
    CHECK(std::filesystem::status(entry).permissions() == std::filesystem::perms::owner_all);
}

TEST_CASE("nothing is remembered if the operator wants nothing, and reading creates nothing") {
  const ScratchDirectory scratch;
  const auto off = open_history({}, {{}, true}, servers(53), exporters::HistoryAccess::write);
  REQUIRE(off);
  CHECK_FALSE(off->has_value());
  const StateChoice state{scratch.path() / "state", false};
  const auto read = open_history({}, state, servers(53), exporters::HistoryAccess::read);
  REQUIRE(read);
  CHECK_FALSE(read->has_value());
  CHECK_FALSE(std::filesystem::exists(*state.directory));
}

TEST_CASE("a named directory that cannot be used is an error") {
  const auto refused =
      open_history({}, {"/dev/null/state", false}, servers(53), exporters::HistoryAccess::write);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().front().where.find("/dev/null/state/") == 0);
}
