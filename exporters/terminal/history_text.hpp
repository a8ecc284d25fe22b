// The history of a selector for people at a terminal: its keys, then every change with its time, its servers,
// what it was and what it became; and the words for one change, for other outputs. It prints what is stored
// and judges nothing.
#pragma once

#include <string>
#include <vector>

#include "exporters/store/history_changes.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// Several lines, at least two.
[[nodiscard]] std::string history_text(const SelectorRecord& record, const TableStyle& style);

/// What a server gave, in a clause; escaped.
[[nodiscard]] std::string answer_text(const checks::AnswerPeriod& period);

/// What it became, what it was, and where: a clause each; escaped. The selector's own `name` goes without
/// saying.
[[nodiscard]] std::vector<std::string> change_lines(const HistoryChange& change,
                                                    const config::DomainName& name);

}  // namespace dkimprobe::exporters
