// The web configuration in force, prepared for connections. It is read again when one of its files has
// changed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "config/basics/result.hpp"
#include "config/web_config.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/http/tls_context.hpp"

namespace dkimprobe::exporters {

/// One version of the web configuration.
struct WebRules {
  config::WebConfig config{};
  TlsContext tls{};  ///< null for plain HTTP
};

/// Identifies the version of a file: device, inode, size, and time of change with nanoseconds.
using WebFileStamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

class WebRulesFile {
 public:
  [[nodiscard]] config::Result<bool> open(const WebSettings& settings);

  /// The current rules; the previous ones when the new ones cannot be used.
  [[nodiscard]] std::shared_ptr<const WebRules> now();

 private:
  [[nodiscard]] std::vector<WebFileStamp> stamps() const;
  [[nodiscard]] config::Result<bool> read();

  std::optional<std::filesystem::path> path_{};
  decltype(WebSettings::on_config) on_config_{};
  std::vector<std::filesystem::path> files_{};
  std::vector<WebFileStamp> stamps_{};
  std::shared_ptr<const WebRules> rules_ = std::make_shared<WebRules>();
};

}  // namespace dkimprobe::exporters
