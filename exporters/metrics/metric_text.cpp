#include "exporters/metrics/metric_text.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace dkimprobe::exporters {
namespace {

/// Escapes a value as the formats require. A HELP text keeps its quotes in the text format.
void append_escaped(std::string& text, std::string_view value, bool quotes) {
  for (const char c : value) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '"' && quotes) {
      text += "\\\"";
    } else {
      text += c;
    }
  }
}

/// The shortest decimal that reads back as the same number.
void append_number(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";
  } else if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
  } else {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
}

void append_number(std::string& text, std::uint64_t value) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// The `le` label of a bucket. It is a float in both formats, because OpenMetrics requires `1.0` for a whole
/// number.
std::string bound_label(double bound) {
  std::string number;
  append_number(number, bound);
  if (number.find_first_of(".eI") == std::string::npos) number += ".0";
  return "le=\"" + number + '"';
}

std::string_view kind_word(MetricKind kind) {
  switch (kind) {
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::counter:
      return "counter";
    case MetricKind::histogram:
      return "histogram";
  }
  return "";
}

}  // namespace

std::string_view content_type(MetricFormat format) {
  switch (format) {
    case MetricFormat::text:
      return "text/plain; version=0.0.4; charset=utf-8";
    case MetricFormat::openmetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  return "";
}

MetricLabels& MetricLabels::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += ',';
  text_.append(name).append("=\"");
  append_escaped(text_, value, true);
  text_ += '"';
  return *this;
}

void MetricWriter::begin(const MetricFamily& family) {
  name_ = family.name;
  if (family.kind == MetricKind::counter) name_ += "_total";
  // In the text format the family of a counter has the name of its samples, in OpenMetrics that without
  // `_total`.
  const std::string_view shown = format_ == MetricFormat::text ? std::string_view{name_} : family.name;
  text_.append("# HELP ").append(shown).append(" ");
  append_escaped(text_, family.help, format_ == MetricFormat::openmetrics);
  text_.append("\n# TYPE ").append(shown).append(" ").append(kind_word(family.kind)).append("\n");
}

void MetricWriter::start(std::string_view suffix, const MetricLabels& labels, std::string_view last_label) {
  ++series_;
  text_.append(name_).append(suffix);
  if (!labels.text().empty() || !last_label.empty()) {
    text_.append("{").append(labels.text());
    if (!labels.text().empty() && !last_label.empty()) text_ += ',';
    text_.append(last_label).append("}");
  }
  text_ += ' ';
}

void MetricWriter::sample(const MetricLabels& labels, double value) {
  start("", labels, "");
  append_number(text_, value);
  text_ += '\n';
}

void MetricWriter::sample(const MetricLabels& labels, std::uint64_t value) {
  start("", labels, "");
  append_number(text_, value);
  text_ += '\n';
}

void MetricWriter::histogram(const MetricLabels& labels, const HistogramCounts& histogram) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    below += histogram.counts[i];
    start("_bucket", labels,
          i < histogram.bounds.size() ? bound_label(histogram.bounds[i]) : std::string{"le=\"+Inf\""});
    append_number(text_, below);
    text_ += '\n';
  }
  start("_sum", labels, "");
  append_number(text_, histogram.sum);
  text_ += '\n';
  start("_count", labels, "");
  append_number(text_, below);
  text_ += '\n';
}

std::string MetricWriter::finish() {
  if (format_ == MetricFormat::openmetrics) text_ += "# EOF\n";
  name_.clear();
  series_ = 0;
  return std::exchange(text_, {});
}

}  // namespace dkimprobe::exporters
