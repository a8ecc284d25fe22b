// Files that the program replaces: whatever fails, the file stays as it was.
#include "cli/io/output.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "tests/catch.hpp"

using namespace dkimprobe;
namespace fs = std::filesystem;

namespace {

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// As on a full disk: files cannot be larger than that.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t octets) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{octets, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  rlimit before_{};
  void (*signal_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

}  // namespace

TEST_CASE("a file that cannot be written whole stays as it was") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("dkimprobe-output-{}", getpid());
  fs::create_directories(folder);
  const fs::path file = folder / "settings.yaml";
  std::ofstream(file) << "before\n";
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  {
    const FileSizeLimit limit(8);
    const auto written = cli::write_file(file, "after, and longer\n", cli::Readers::as_before);
    REQUIRE_FALSE(written);
    CHECK(written.error().front().where == file.string());
    CHECK(written.error().front().message == "it cannot be written: File too large");
  }
  CHECK(content_of(file) == "before\n");
  CHECK(std::distance(fs::directory_iterator(folder), {}) == 1);

  CHECK(cli::write_file(file, "after\n", cli::Readers::as_before));
  CHECK(content_of(file) == "after\n");
  CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  const auto missing = cli::write_file(folder / "none" / "settings.yaml", "x", cli::Readers::as_usual);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().front().message == "it cannot be written: No such file or directory");
  fs::remove_all(folder);
}
