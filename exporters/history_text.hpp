// The history of a selector for people at a terminal: its keys, then every change with its time, its servers,
// what it was and what it became. It prints what is stored and judges nothing.
#pragma once

#include <string>

#include "exporters/history_changes.hpp"
#include "exporters/report_table.hpp"

namespace dkimprobe::exporters {

/// Several lines, at least two.
[[nodiscard]] std::string history_text(const SelectorRecord& record, const TableStyle& style);

}  // namespace dkimprobe::exporters
