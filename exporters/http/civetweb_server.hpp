// civetweb behind the front door: on loopback, for those alone who know the secret, it calls the handlers of
// the routes. It meets no stranger, and so has no TLS, no users and no limits of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::exporters {

/// The headers by which the door says what only it knows.
inline constexpr char secret_header[] = "X-Door-Secret";
inline constexpr char remote_header[] = "X-Door-Remote";
/// Without a remote client it is answered with 204: the door has a connection kept from then on.
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
