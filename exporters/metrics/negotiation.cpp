#include "exporters/metrics/negotiation.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "config/basics/ascii.hpp"

namespace dkimprobe::exporters {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Removes the text before the next `separator`, and the separator; returns that text, trimmed.
std::string_view take(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(part);
}

/// One element of an Accept list: `name;parameter=value;q=0.5`.
struct Wanted {
  std::string_view name{};
  std::string_view version{};
  double quality = 1.0;
};

Wanted read_wanted(std::string_view element) {
  Wanted wanted;
  wanted.name = take(element, ';');
  while (!element.empty()) {
    std::string_view value = take(element, ';');
    const auto name = take(value, '=');
    if (config::equal_ignoring_case(name, "version")) wanted.version = value;
    if (config::equal_ignoring_case(name, "q")) {
      double quality = 0.0;
      const auto read =
          std::from_chars(value.data(), value.data() + value.size(), quality, std::chars_format::fixed);
      const bool whole = read.ec == std::errc{} && read.ptr == value.data() + value.size();
      wanted.quality = whole && quality >= 0.0 && quality <= 1.0 ? quality : 0.0;
    }
  }
  return wanted;
}

}  // namespace

MetricFormat choose_format(std::string_view accept) {
  double openmetrics = 0.0;
  double text = 0.0;
  while (!accept.empty()) {
    const Wanted wanted = read_wanted(take(accept, ','));
    if (config::equal_ignoring_case(wanted.name, "application/openmetrics-text")) {
      if (wanted.version.empty() || wanted.version == "1.0.0" || wanted.version == "0.0.1")
        openmetrics = std::max(openmetrics, wanted.quality);
    } else if (config::equal_ignoring_case(wanted.name, "text/plain")) {
      text = std::max(text, wanted.quality);
    }
  }
  return openmetrics > 0.0 && openmetrics >= text ? MetricFormat::openmetrics : MetricFormat::text;
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const Wanted wanted = read_wanted(take(accept_encoding, ','));
    if (config::equal_ignoring_case(wanted.name, "gzip") ||
        config::equal_ignoring_case(wanted.name, "x-gzip"))
      return wanted.quality > 0.0;
    if (wanted.name == "*") any = wanted.quality > 0.0;
  }
  return any;
}

}  // namespace dkimprobe::exporters
