// The door between the network and the web server: listeners, TLS, passwords, limits and deadlines. It
// forwards a request that has arrived whole, in a form of its own, and knows no page.
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
  /// Requests go to 127.0.0.1 at `port`, by as many connections as there are threads, with `secret`.
  [[nodiscard]] static config::Result<std::unique_ptr<FrontDoor>> start(const WebSettings& settings,
                                                                        std::uint16_t port,
                                                                        std::string secret);
  virtual ~FrontDoor() = default;

  [[nodiscard]] virtual std::vector<Listening> listening() const = 0;
  /// Returns when the last connection is closed.
  virtual void stop() = 0;
};

}  // namespace dkimprobe::exporters
