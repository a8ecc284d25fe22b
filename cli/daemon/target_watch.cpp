#include "cli/daemon/target_watch.hpp"

#include <algorithm>
#include <utility>

namespace dkimprobe::cli {
namespace {

/// A file that is shorter than before although it is the same one, not a new one with its name.
std::optional<std::filesystem::path> shorter_file(const TargetWatch::Stamps& before,
                                                  const TargetWatch::Stamps& now) {
  for (const auto& file : now) {
    const auto old = std::ranges::find(before, file.path, &config::FileStamp::path);
    if (old != before.end() && old->inode == file.inode && file.bytes < old->bytes) return file.path;
  }
  return std::nullopt;
}

}  // namespace

void TargetWatch::set_read(Stamps stamps) {
  read_ = std::move(stamps);
  found_.reset();
  reported_ = false;
}

TargetWatch::Step TargetWatch::check(Stamps found, Time now) {
  if (found == read_) {
    found_.reset();
    return {};
  }
  if (found != found_) {
    found_ = std::move(found);
    since_ = now;
    return {};
  }
  auto shorter = shorter_file(read_, *found_);
  if (!shorter || now - since_ >= shorter_wait) return {.read = true};
  if (std::exchange(reported_, true)) shorter.reset();
  return {.shorter = std::move(shorter)};
}

}  // namespace dkimprobe::cli
