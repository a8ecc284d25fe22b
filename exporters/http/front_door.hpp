// The front door between the network and the web server: listeners, TLS, passwords, limits and deadlines. It
// forwards a request only once it is complete, written anew, and knows no page.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::exporters {

class FrontDoor {
 public:
  /// Forwards requests with `secret` to 127.0.0.1 at `port`, over one connection per thread.
  [[nodiscard]] static config::Result<std::unique_ptr<FrontDoor>> start(const WebSettings& settings,
                                                                        std::uint16_t port,
                                                                        std::string secret);
  virtual ~FrontDoor() = default;

  [[nodiscard]] virtual std::vector<Listening> listening() const = 0;
  /// Returns after the last connection is closed.
  virtual void stop() = 0;
};

}  // namespace dkimprobe::exporters
