// The stored history of a domain as one JSON object, schema `dkimprobe.history/2` (history.schema.json).
#pragma once

#include <span>
#include <string>

#include "config/names/domain_name.hpp"
#include "exporters/store/history_changes.hpp"

namespace dkimprobe::exporters {

/// Indented, with a newline at the end.
[[nodiscard]] std::string history_json(const config::DomainName& domain,
                                       std::span<const SelectorRecord> selectors);

}  // namespace dkimprobe::exporters
