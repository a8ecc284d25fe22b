// The two texts in which Prometheus reads metrics: its own text format (version 0.0.4) and OpenMetrics 1.0. A
// writer that takes families with their samples one after the other; it knows no metric by name, and it keeps
// no numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dkimprobe::exporters {

enum class MetricFormat : std::uint8_t { text, openmetrics };

[[nodiscard]] std::string_view content_type(MetricFormat format);

/// An info metric is a gauge that is always 1, so that it reads alike in both formats.
enum class MetricKind : std::uint8_t { gauge, counter, histogram };

struct MetricFamily {
  std::string_view name{};  ///< without the `_total` of a counter, which the writer adds
  MetricKind kind = MetricKind::gauge;
  std::string_view help{};
};

/// Labels as they stand between the braces: each value escaped once, however many samples carry them. Values
/// are UTF-8, which the texts of this program are.
class MetricLabels {
 public:
  MetricLabels() = default;

  MetricLabels& add(std::string_view name, std::string_view value);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_{};
};

/// What a histogram has counted. `counts` has one more element than `bounds`: those above the last bound.
/// Each counts its own bucket; the writer adds them up.
struct HistogramCounts {
  std::span<const double> bounds{};  ///< ascending, each the upper end of its bucket
  std::span<const std::uint64_t> counts{};
  double sum = 0.0;
};

class MetricWriter {
 public:
  explicit MetricWriter(MetricFormat format) : format_(format) {}

  /// A family begins: all of its samples come before the next one.
  void begin(const MetricFamily& family);
  void sample(const MetricLabels& labels, double value);
  void sample(const MetricLabels& labels, std::uint64_t value);
  void histogram(const MetricLabels& labels, const HistogramCounts& histogram);

  /// The whole text; the writer is as new afterwards.
  [[nodiscard]] std::string finish();

  void reserve(std::size_t bytes) { text_.reserve(bytes); }

  /// How many series were written, over all families.
  [[nodiscard]] std::size_t series() const { return series_; }

 private:
  void start(std::string_view suffix, const MetricLabels& labels, std::string_view last_label);

  MetricFormat format_;
  std::string text_{};
  std::string name_{};  ///< of the samples of the present family
  std::size_t series_ = 0;
};

}  // namespace dkimprobe::exporters
