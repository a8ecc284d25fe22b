// A key record that was entered as several TXT records, a piece in each. DNS panels with 255 characters per
// field encourage this, and panels that split at semicolons cause it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {

struct JoinedRecord {
  /// In the order in which they make the record, without the quotes and white space around them.
  std::vector<std::string> pieces{};
  bool needs_semicolon = false;          ///< between two pieces
  bool is_order_known = true;            ///< no other order makes a record
  std::vector<std::string> published{};  ///< the same texts as published, in any order
};

/// Empty when no texts of the group are pieces of one record. Other texts may be beside the pieces.
[[nodiscard]] std::optional<JoinedRecord> join_pieces(const AnswerGroup& group, config::Service service);

/// Clears the faults of pieces among `texts`: fixing those would not fix the record.
void clear_pieces(const ChainAnswers& answers, config::Service service, std::vector<ReadText>& texts);

}  // namespace dkimprobe::checks
