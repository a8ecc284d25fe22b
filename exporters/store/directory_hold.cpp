#include "exporters/store/directory_hold.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace dkimprobe::exporters {

DirectoryHold::~DirectoryHold() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool DirectoryHold::take(const std::filesystem::path& directory) {
  descriptor_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return descriptor_ < 0 || flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

}  // namespace dkimprobe::exporters
