// The two formats in which Prometheus reads metrics: its own text format (version 0.0.4) and OpenMetrics 1.0.
// The writer takes the families one after another, each with its samples. It knows no metric by name and
// stores no values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dkimprobe::exporters {

enum class MetricFormat : std::uint8_t { text, openmetrics };

[[nodiscard]] std::string_view content_type(MetricFormat format);

/// An info metric is a gauge that is always 1, which is the same in both formats.
enum class MetricKind : std::uint8_t { gauge, counter, histogram };

struct MetricFamily {
  std::string_view name{};  ///< without the `_total` of a counter, which the writer adds
  MetricKind kind = MetricKind::gauge;
  std::string_view help{};
};

/// Labels as written between the braces. Each value is escaped only once, even when many samples have it.
/// Values must be UTF-8, as all texts of this program are.
class MetricLabels {
 public:
  MetricLabels() = default;

  MetricLabels& add(std::string_view name, std::string_view value);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_{};
};

/// The counts of a histogram. `counts` has one more element than `bounds`, for values above the last bound.
/// Each element counts its own bucket only; the writer accumulates them.
struct HistogramCounts {
  std::span<const double> bounds{};  ///< ascending, each the upper end of its bucket
  std::span<const std::uint64_t> counts{};
  double sum = 0.0;
};

class MetricWriter {
 public:
  explicit MetricWriter(MetricFormat format) : format_(format) {}

  /// Begins a family. All of its samples must be written before the next family begins.
  void begin(const MetricFamily& family);
  void sample(const MetricLabels& labels, double value);
  void sample(const MetricLabels& labels, std::uint64_t value);
  void histogram(const MetricLabels& labels, const HistogramCounts& histogram);

  /// Returns the whole text and resets the writer.
  [[nodiscard]] std::string finish();

  void reserve(std::size_t bytes) { text_.reserve(bytes); }

  /// The number of series written, over all families.
  [[nodiscard]] std::size_t series() const { return series_; }

 private:
  void start(std::string_view suffix, const MetricLabels& labels, std::string_view last_label);

  MetricFormat format_;
  std::string text_{};
  std::string name_{};  ///< of the samples of the current family
  std::size_t series_ = 0;
};

}  // namespace dkimprobe::exporters
