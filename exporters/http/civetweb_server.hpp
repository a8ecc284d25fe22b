// civetweb behind the front door: it listens on loopback, accepts only requests with the secret, and calls
// the handlers of the routes. No foreign client reaches it, so it has no TLS, no users and no limits of its
// own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::exporters {

/// Headers with which the front door passes its secret and the client's address.
inline constexpr char secret_header[] = "X-Door-Secret";
inline constexpr char remote_header[] = "X-Door-Remote";
/// The front door requests this path first on each connection. A request for it without a remote client is
/// answered with 204, and the connection is kept open.
inline constexpr char greeting_path[] = "/.door";

class WebServer {
 public:
  [[nodiscard]] static config::Result<std::unique_ptr<WebServer>> start(std::vector<Route> routes,
                                                                        std::size_t threads,
                                                                        std::string secret);
  virtual ~WebServer() = default;

  /// On 127.0.0.1.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace dkimprobe::exporters
