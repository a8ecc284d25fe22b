// civetweb, on a socket that only this process reaches: it calls the handlers of the routes. No foreign
// client reaches it, so it has no TLS, no users and no limits of its own.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/http/private_listener.hpp"

struct mg_connection;
struct mg_context;

namespace dkimprobe::exporters {

/// Header with the client's address.
inline constexpr char remote_header[] = "X-Dkimprobe-Remote";
/// The first request on each connection, without a remote client. Its response, 204, shows that a thread is
/// free for the connection: one that still runs a handler whose connection was closed accepts nothing.
inline constexpr char handshake_path[] = "/.handshake";

class WebServer {
 public:
  [[nodiscard]] static config::Result<std::unique_ptr<WebServer>> start(std::vector<Route> routes,
                                                                        std::size_t threads);
  ~WebServer();

  /// Of its socket.
  [[nodiscard]] std::string path() const { return listener_.path(); }

 private:
  WebServer(std::vector<Route> routes, PrivateListener listener)
      : routes_(std::move(routes)), busy_(routes_.size()), listener_(std::move(listener)) {}
  [[nodiscard]] bool listen(std::size_t threads);
  void take_listener(const mg_context* context);
  int serve(mg_connection* connection);
  [[nodiscard]] Response answer(mg_connection* connection);
  [[nodiscard]] Response route(const Request& request);
  [[nodiscard]] Response call(std::size_t route, const Request& request);

  std::vector<Route> routes_;
  std::vector<std::atomic<unsigned>> busy_;  ///< per route: requests in progress
  PrivateListener listener_;
  std::promise<bool> listens_{};  ///< whether civetweb accepts from `listener_`
  mg_context* context_ = nullptr;
};

}  // namespace dkimprobe::exporters
