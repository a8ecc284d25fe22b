// The web server of the program: a front door that meets the network, and civetweb behind it that calls the
// handlers. Who starts it gives the routes; nothing here knows what they serve.
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
  std::string method{};                                      ///< HEAD comes as GET
  std::string path{};                                        ///< decoded
  std::vector<std::pair<std::string, std::string>> query{};  ///< decoded, in order
  std::string accept{};
  std::string accept_encoding{};
  std::optional<double> timeout_seconds{};  ///< of X-Prometheus-Scrape-Timeout-Seconds
  std::string remote{};                     ///< the client's address, without a port
  std::string body{};

  /// The first value of that name.
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
  std::string path{};  ///< with a `*` at its end: every path that begins so and has no longer route
  /// Called from several threads at once. What it throws is answered by 500.
  std::function<Response(const Request&)> handle{};
  /// More at the same time are answered by 503; 0 is no limit.
  unsigned most_at_once = 0;
};

/// One answered or refused request; texts of the client are escaped.
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
  std::size_t threads = 32;       ///< requests that are handled at the same time
  std::size_t connections = 512;  ///< beyond it the one that has kept us waiting longest must go
  std::size_t header_bytes = 8192;
  std::size_t body_bytes = 65536;
  std::size_t buffered_bytes = 64U << 20U;   ///< of answers that clients have not taken yet
  std::chrono::milliseconds header{10'000};  ///< from the first octet, or of a new connection from its start
  std::chrono::milliseconds body{10'000};
  std::chrono::milliseconds idle{150'000};  ///< between two requests
  std::chrono::milliseconds queue{10'000};  ///< until a thread is free
  std::chrono::milliseconds handler{150'000};
  std::chrono::milliseconds write{30'000};
  std::chrono::milliseconds grace{5'000};  ///< for what is on its way when the service stops
};

struct WebSettings {
  /// `127.0.0.1:9815`, `[::1]:9815`, `localhost:9815`; `0.0.0.0:9815` for all addresses of IPv4, `[::]:9815`
  /// and
  /// `:9815` for all of both families. Where a place of IPv4 has the same port, `[::]` leaves IPv4 to it.
  std::vector<std::string> listen{};
  bool systemd_sockets = false;  ///< those that systemd has opened, instead
  std::optional<std::filesystem::path> config_file{};
  std::vector<Route> routes{};
  WebLimits limits{};
  /// Both are called from the thread of the door and must not wait.
  std::function<void(const Access&)> on_access{};
  /// The file was read: mistakes, when the old one stays in use, or what is to be said about a good one.
  std::function<void(const config::Result<config::Errors>&)> on_config{};
};

/// A place where clients are waited for.
struct Listening {
  std::string address{};  ///< with the port, such as `[::]:9815`
  std::uint16_t port = 0;
  bool lacks_ipv6 = false;  ///< both families were asked for, and this machine has IPv4 alone
};

class WebService {
 public:
  [[nodiscard]] static config::Result<std::unique_ptr<WebService>> start(WebSettings settings);
  virtual ~WebService() = default;

  /// In the order of the settings.
  [[nodiscard]] virtual std::vector<Listening> listening() const = 0;
  /// Takes no more connections, waits for the requests that are on their way, and ends.
  virtual void stop() = 0;
};

}  // namespace dkimprobe::exporters
