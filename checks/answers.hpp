// What the servers published, read from an observation: a row for each server, servers that published the
// same put together, and the chain of names. Facts in the order of the observation; no severity is decided
// here.
#pragma once

#include <string>
#include <vector>

#include "checks/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// One TXT record with its strings joined (RFC 6376 section 3.6.2.2).
struct PublishedText {
  std::string text{};                  ///< raw
  std::vector<std::string> strings{};  ///< raw; their split is a fact of its own
  std::uint32_t ttl_seconds = 0;
};

/// Servers whose final answer is the same: the same TXT texts whatever their order, split and TTL, or the
/// same kind of absence.
struct AnswerGroup {
  char letter = 'A';
  ServerOutcome outcome = ServerOutcome::answered;  ///< answered, nodata or nxdomain: others publish nothing
  std::vector<PublishedText> texts{};               ///< sorted by text
  std::string sha256{};                             ///< of the sorted texts; empty without texts
  std::vector<ServerId> servers{};
};

/// The answers of the servers of one name of a chain.
struct LegAnswers {
  const probe::Leg* leg = nullptr;
  std::vector<ServerRow> rows{};  ///< one for each server of the leg
  std::vector<AnswerGroup>
      groups{};  ///< the largest first; a tie goes to the group whose servers have the newer serial
};

/// The answers of a whole chain. `published` is what a verifier can get: the groups of the legs that end the
/// chain, with the presence or absence of the record.
struct ChainAnswers {
  std::vector<LegAnswers> legs{};
  std::vector<AnswerGroup> published{};  ///< the largest first
  std::vector<AliasFact> aliases{};
  /// Whether at least one server of each leg on the way answered with authority.
  bool known = false;
};

[[nodiscard]] ChainAnswers read_answers(const probe::Chain& chain);

}  // namespace dkimprobe::checks
