// Helpers for all JSON outputs: optional values, times, names, and the final text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/report/report.hpp"
#include "config/basics/escape.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// Keys keep the order of insertion.
using Json = nlohmann::ordered_json;

template <class T>
[[nodiscard]] Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// Null for an empty text.
[[nodiscard]] Json text_or_null(const config::EscapedText& text);
[[nodiscard]] Json time_or_null(const std::optional<probe::WallTime>& time);
[[nodiscard]] Json selector_or_null(const std::optional<config::Selector>& selector);
[[nodiscard]] Json names_json(const std::vector<config::DomainName>& names);
[[nodiscard]] Json reasons_json(const std::vector<checks::ReasonDetail>& reasons);
[[nodiscard]] Json rotation_facts_json(const checks::RotationFacts& facts);

/// Ends with a line feed. An `indent` of -1 writes one line. Texts should already be escaped; any invalid
/// UTF-8 left becomes U+FFFD, so that the output is always JSON.
[[nodiscard]] std::string json_text(const Json& json, int indent);

}  // namespace dkimprobe::exporters
