// A key record that was entered as several TXT records, a piece in each. DNS panels with 255 characters per
// field encourage this, and panels that split at semicolons cause it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {

struct JoinedRecord {
  std::vector<std::string> pieces{};  ///< in the order in which they make the record
  bool needs_semicolon = false;       ///< between two pieces
};

/// Empty when the texts of the group are not pieces of one record.
[[nodiscard]] std::optional<JoinedRecord> join_pieces(const AnswerGroup& group, config::Service service);

/// Clears the faults of pieces among `texts`: fixing those would not fix the record.
void clear_pieces(const ChainAnswers& answers, config::Service service, std::vector<ReadText>& texts);

}  // namespace dkimprobe::checks
