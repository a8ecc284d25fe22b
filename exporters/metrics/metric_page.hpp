// Cache of the metrics page: renders and compresses the page once per change, outside the requests, which
// only take the finished page. It knows neither HTTP nor any metric.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "exporters/metrics/metric_text.hpp"

namespace dkimprobe::exporters {

/// `text` compressed as one gzip member (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text);

class MetricPage {
 public:
  using Render = std::function<std::string(MetricFormat)>;
  using Bytes = std::shared_ptr<const std::string>;

  /// `render` returns the current text. `publish` calls it, and so does the first `get` of each variant, in
  /// their own threads.
  explicit MetricPage(Render render) : render_(std::move(render)) {}

  /// Renders again the variants that were requested so far. To be called after each change.
  void publish();

  /// The page of the last `publish`. Only the first call for each variant renders it. Thread-safe.
  [[nodiscard]] Bytes get(MetricFormat format, bool packed);

 private:
  struct Variant {
    bool wanted = false;
    bool wanted_packed = false;
    Bytes text{};
    Bytes packed{};
  };

  void make(MetricFormat format, Variant& variant) const;

  Render render_;
  std::mutex rendering_{};  ///< one thread at a time renders
  std::mutex mutex_{};      ///< guards `variants_`; held only to copy pointers
  std::array<Variant, 2> variants_{};
};

}  // namespace dkimprobe::exporters
