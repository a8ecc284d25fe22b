// What all JSON outputs are made of: values that may be missing, times, names, and the text at the end.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/report/report.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// Keys keep the order in which they are written.
using Json = nlohmann::ordered_json;

template <class T>
[[nodiscard]] Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// Null for an empty text.
[[nodiscard]] Json text_or_null(std::string_view text);
[[nodiscard]] Json time_or_null(const std::optional<probe::WallTime>& time);
[[nodiscard]] Json selector_or_null(const std::optional<config::Selector>& selector);
[[nodiscard]] Json names_json(const std::vector<config::DomainName>& names);
[[nodiscard]] Json reasons_json(const std::vector<checks::ReasonDetail>& reasons);

/// Ends with a line feed. `indent` of -1 writes one line. What is not UTF-8 in spite of all escaping becomes
/// U+FFFD: the output is JSON whatever happens.
[[nodiscard]] std::string json_text(const Json& json, int indent);

}  // namespace dkimprobe::exporters
