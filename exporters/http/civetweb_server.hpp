// civetweb, on loopback: it accepts only requests with the secret and calls the handlers of the routes. No
// foreign client reaches it, so it has no TLS, no users and no limits of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"

struct mg_connection;
struct mg_context;

namespace dkimprobe::exporters {

/// Headers with which the program passes its secret and the client's address.
inline constexpr char secret_header[] = "X-Dkimprobe-Secret";
inline constexpr char remote_header[] = "X-Dkimprobe-Remote";
/// The first request on each connection, without a remote client. Its response, 204, shows that a thread is
/// free for the connection: one that still runs a handler whose connection was closed accepts nothing.
inline constexpr char handshake_path[] = "/.handshake";

class WebServer {
 public:
  [[nodiscard]] static config::Result<std::unique_ptr<WebServer>> start(std::vector<Route> routes,
                                                                        std::size_t threads,
                                                                        std::string secret);
  ~WebServer();

  /// On 127.0.0.1.
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  WebServer(std::vector<Route> routes, std::string secret)
      : routes_(std::move(routes)), secret_(std::move(secret)), busy_(routes_.size()) {}
  [[nodiscard]] bool listen(std::size_t threads);
  int serve(mg_connection* connection);
  [[nodiscard]] Response answer(mg_connection* connection);
  [[nodiscard]] Response route(const Request& request);
  [[nodiscard]] Response call(std::size_t route, const Request& request);

  std::vector<Route> routes_;
  std::string secret_;
  std::vector<std::atomic<unsigned>> busy_;  ///< per route: requests in progress
  mg_context* context_ = nullptr;
  std::uint16_t port_ = 0;
};

}  // namespace dkimprobe::exporters
