#include "exporters/http/private_listener.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::exporters {
namespace {

config::Descriptor unix_socket() {
  return config::Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Calls `use`, which is `bind` or `connect`, with the socket and the path.
bool at_path(int (*use)(int, const sockaddr*, socklen_t), const config::Descriptor& socket,
             std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::ranges::copy(path, address.sun_path);
  return use(socket.number, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

config::Result<PrivateListener> PrivateListener::open() {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  std::string folder = (error ? "/tmp" : parent.string()) + "/dkimprobe-XXXXXX";
  const auto failed = [&](int code) {
    return config::failure(
        config::escape_text(folder),
        fmt::format("the private folder of the web server cannot be used: {}; set TMPDIR to a "
                    "folder with room",
                    std::generic_category().message(code)));
  };
  if (mkdtemp(folder.data()) == nullptr) return failed(errno);
  const std::string path = folder + "/socket";
  config::Descriptor listener = unix_socket();
  const bool listens = at_path(bind, listener, path) && listen(listener.number, SOMAXCONN) == 0;
  config::Descriptor place(listens ? ::open(path.c_str(), O_PATH | O_CLOEXEC) : -1);
  const int code = errno;
  std::filesystem::remove(path, error);
  std::filesystem::remove(folder, error);
  if (place.number < 0) return failed(code);
  return PrivateListener(std::move(listener), std::move(place));
}

bool PrivateListener::move_to(int number) {
  if (dup3(listener_.number, number, O_CLOEXEC) < 0) return false;
  listener_ = config::Descriptor(-1);
  return true;
}

std::string PrivateListener::path() const {
  return fmt::format("/proc/self/fd/{}", place_.number);
}

void PrivateListener::connect_once() const {
  const config::Descriptor client = unix_socket();
  // Refused once nobody listens any more.
  std::ignore = at_path(connect, client, path());
}

}  // namespace dkimprobe::exporters
