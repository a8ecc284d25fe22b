// One key record that was entered as several TXT records, a piece in each: a panel that takes 255 characters
// a field invites to it, and a panel that cuts at semicolons does it by itself.
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

/// Nothing where the texts of the group are no pieces of one record.
[[nodiscard]] std::optional<JoinedRecord> join_pieces(const AnswerGroup& group, config::Service service);

/// Finds the pieces among `texts` and takes their faults from them: who follows those does not repair the
/// record.
void mark_pieces(const ChainAnswers& answers, config::Service service, std::vector<ReadText>& texts);

}  // namespace dkimprobe::checks
