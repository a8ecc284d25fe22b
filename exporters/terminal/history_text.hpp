// The history of a selector as terminal text: its keys, then every change with its time, its servers, and the
// answer before and after; and the lines for one change, for other outputs. It prints what is stored and
// judges nothing.
#pragma once

#include <string>
#include <vector>

#include "exporters/store/history_changes.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// Several lines, at least two.
[[nodiscard]] std::string history_text(const SelectorRecord& record, const TableStyle& style);

/// The answer of a server, in a clause; escaped.
[[nodiscard]] std::string answer_text(const checks::AnswerPeriod& period);

/// The new answer, the old answer and the servers: a clause each; escaped. The owner is omitted if it is
/// `name`, the selector's own.
[[nodiscard]] std::vector<std::string> change_lines(const HistoryChange& change,
                                                    const config::DomainName& name);

}  // namespace dkimprobe::exporters
