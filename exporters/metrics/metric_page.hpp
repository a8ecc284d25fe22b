// The page of metrics as it is served: rendered and packed once for each change, off the way of the requests,
// which only take what is ready. It knows neither HTTP nor any metric.
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

/// `text` packed as one gzip member (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text);

class MetricPage {
 public:
  using Render = std::function<std::string(MetricFormat)>;
  using Bytes = std::shared_ptr<const std::string>;

  /// `render` gives the present text; it is called by `publish`, and by the first `get` of its kind, in
  /// whatever thread they run.
  explicit MetricPage(Render render) : render_(std::move(render)) {}

  /// Something has changed: makes ready again what has been asked for so far.
  void publish();

  /// The page of the last `publish`. Ready but for the first one of its kind. From any thread.
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
  std::mutex rendering_{};  ///< one at a time makes pages
  std::mutex mutex_{};      ///< of `variants_`; held for copies of pointers alone
  std::array<Variant, 2> variants_{};
};

}  // namespace dkimprobe::exporters
