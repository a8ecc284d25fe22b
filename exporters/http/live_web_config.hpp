// The web configuration in force, prepared for connections. It is read again when one of its files has
// changed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
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

/// Identifies the version of a file.
struct WebFileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  friend bool operator==(const WebFileStamp&, const WebFileStamp&) = default;
};

class WebRulesFile {
 public:
  [[nodiscard]] config::Result<bool> open(const WebSettings& settings);

  /// The current rules; the previous ones when the new ones cannot be used.
  [[nodiscard]] std::shared_ptr<const WebRules> now();

 private:
  [[nodiscard]] std::vector<WebFileStamp> stamps() const;
  [[nodiscard]] config::Result<bool> read();

  std::optional<std::filesystem::path> path_{};
  decltype(WebSettings::on_config) told_{};
  std::vector<std::filesystem::path> files_{};
  std::vector<WebFileStamp> stamps_{};
  std::shared_ptr<const WebRules> rules_ = std::make_shared<WebRules>();
};

/// A token bucket, like the rate limit of Prometheus's exporter-toolkit.
class RateBucket {
 public:
  [[nodiscard]] bool take(const config::RateLimit& limit, std::chrono::steady_clock::time_point now);

 private:
  double tokens_ = 1e9;  ///< starts full
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace dkimprobe::exporters
