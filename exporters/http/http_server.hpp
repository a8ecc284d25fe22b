// The web service of the program. It faces the network itself and forwards complete requests to civetweb,
// which calls the handlers. The caller provides the routes.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/basics/result.hpp"

namespace dkimprobe::exporters {

struct Request {
  std::string method{};                                      ///< HEAD is passed as GET
  std::string path{};                                        ///< decoded
  std::vector<std::pair<std::string, std::string>> query{};  ///< decoded, in order
  std::string accept{};
  std::string accept_encoding{};
  std::optional<double> timeout_seconds{};  ///< from X-Prometheus-Scrape-Timeout-Seconds
  std::string remote{};                     ///< the client's address, without a port
  std::string body{};

  /// The value of the first parameter with that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::shared_ptr<const std::string> body{};
};

struct Route {
  std::string method = "GET";
  std::string path{};  ///< a `*` at its end matches every path with this prefix and no longer route
  /// Called from several threads at once. An exception is answered with 500.
  std::function<Response(const Request&)> handle{};
  /// Further concurrent requests are answered with 503; 0 means no limit.
  unsigned most_at_once = 0;
};

/// One answered or refused request. Texts from the client are escaped.
struct Access {
  std::string remote{};
  std::string user{};
  std::string method{};
  std::string target{};
  unsigned status = 0;
  std::uint64_t body_bytes = 0;
  std::chrono::microseconds duration{0};
};

struct WebLimits {
  std::size_t threads = 32;       ///< requests handled at the same time
  std::size_t connections = 512;  ///< when it is reached, the slowest or longest idle one is closed; fewer if
                                  ///< the limit of open files leaves less room
  std::size_t reserved_files = 256;  ///< open files left to the rest of the program: sockets of probes, files
  std::size_t header_bytes = 8192;
  std::size_t body_bytes = 65536;
  std::size_t buffered_bytes = 64U << 20U;   ///< of responses that clients have not read yet
  std::chrono::milliseconds header{10'000};  ///< from the first octet; on a new connection from its start
  std::chrono::milliseconds body{10'000};
  std::chrono::milliseconds idle{150'000};  ///< between two requests
  std::chrono::milliseconds queue{10'000};  ///< until a thread is free
  std::chrono::milliseconds handler{150'000};
  std::chrono::milliseconds write{30'000};
  std::chrono::milliseconds grace{1'000};  ///< for requests in progress when the service stops
};

struct WebSettings {
  /// `127.0.0.1:9815`, `[::1]:9815`, `localhost:9815`; `0.0.0.0:9815` for all IPv4 addresses; `[::]:9815` and
  /// `:9815` for all addresses of both families. When an IPv4 address is listed with the same port, `[::]`
  /// does not accept IPv4.
  std::vector<std::string> listen{};
  bool systemd_sockets = false;  ///< use the sockets opened by systemd instead
  std::optional<std::filesystem::path> config_file{};
  std::vector<Route> routes{};
  WebLimits limits{};
  /// Both are called on the thread of the service and must not block.
  std::function<void(const Access&)> on_access{};
  /// Called after the file was read. On errors the old configuration stays in use; a valid file may have
  /// warnings.
  std::function<void(const config::Result<config::Errors>&)> on_config{};
  /// Called with the reason when a client could not be accepted, for example for want of file descriptors.
  /// Must not block either.
  std::function<void(const std::string&)> on_not_accepted{};
};

/// An address that the service listens on.
struct Listening {
  std::string address{};  ///< with the port, such as `[::]:9815`
  std::uint16_t port = 0;
  bool lacks_ipv6 = false;  ///< both families were requested, but this machine has only IPv4
};

class WebService {
 public:
  /// Raises the limit of open files if it leaves too little room for clients and may be raised; it is an
  /// error if there is still too little. Returns when requests are answered.
  [[nodiscard]] static config::Result<std::unique_ptr<WebService>> start(WebSettings settings);
  virtual ~WebService() = default;

  /// In the order of the settings.
  [[nodiscard]] virtual std::vector<Listening> listening() const = 0;
  /// Accepts no more connections, waits for the requests in progress, and stops.
  virtual void stop() = 0;
};

}  // namespace dkimprobe::exporters
