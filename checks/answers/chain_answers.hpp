// What the servers published, read from an observation: a row for each server, servers that published the
// same put together, and the chain of names. Facts in the order of the observation; no severity is decided
// here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/answers/cut_facts.hpp"
#include "checks/answers/server_answer.hpp"
#include "checks/report/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// One TXT record with its strings joined (RFC 6376 section 3.6.2.2).
struct PublishedText {
  std::string text{};                  ///< raw
  std::vector<std::string> strings{};  ///< raw; the split that most servers of the group use
  std::uint32_t ttl_seconds = 0;       ///< the longest that a server of the group gave
};

/// Servers whose final answer is the same: the same TXT texts whatever their order, split and TTL, an alias
/// to the same name, or the same kind of absence.
struct AnswerGroup {
  char letter = 'A';
  config::DomainName owner{};                       ///< the name of the chain at which it stands
  ServerOutcome outcome = ServerOutcome::answered;  ///< answered, nodata or nxdomain: others publish nothing
  std::vector<PublishedText> texts{};               ///< sorted by text
  std::optional<config::DomainName> alias{};        ///< where the name leads, for servers that give no TXT
  std::string sha256{};                             ///< of the sorted texts; empty without texts
  std::vector<ServerId> servers{};
  /// Servers of the first name whose alias leads here; empty when the group stands at the first name.
  std::vector<ServerId> led_here{};

  [[nodiscard]] bool has_texts() const { return !texts.empty(); }
};

/// The answers of the servers of one name of a chain.
struct HopAnswers {
  const probe::Hop* hop = nullptr;
  std::vector<ServerAnswer> servers{};  ///< one for each server of the leg, in its order
  std::vector<ServerRow> rows{};        ///< likewise
  /// The largest first; a tie goes to the group whose servers have the newer serial (RFC 1982), then to the
  /// one with the lowest address, so that the order of the servers decides nothing.
  std::vector<AnswerGroup> groups{};
  std::vector<CutFacts> cuts{};  ///< one for each cut on the way to the name, in its order

  /// Servers that gave a whole answer with authority.
  [[nodiscard]] std::size_t answered() const;
};

/// The answers of a whole chain. `published` is what a verifier can get: the texts and absences at the names
/// that end the chain, never an alias. The same texts at two names are one group; absences at two names are
/// two. Empty when nothing is known, or when the chain has no end.
struct ChainAnswers {
  std::vector<HopAnswers> hops{};
  std::vector<AnswerGroup> published{};  ///< by the servers of the first name that lead there, the most first
  std::vector<AliasFact> aliases{};
  std::size_t longest_path = 0;  ///< steps of aliases from the first name to the farthest one
  /// Whether at least one server of each leg answered with authority.
  bool known = false;
};

/// The newest serial among the leg's servers that have the answer's MNAME and RNAME, when it is newer than
/// the answer's own (RFC 1982), else null. Serials of independent primaries have nothing to do with each
/// other.
[[nodiscard]] const probe::SoaRecord* newest_serial(const HopAnswers& hop, const ServerAnswer& answer);

/// Whether the server sends the asker on to a zone below, of which the search did not know: that is how a
/// server of the zone above answers.
[[nodiscard]] bool refers_down(const ServerAnswer& answer, const HopAnswers& hop);

/// Whether each server of the zone fails, and with an answer that it gives to whoever asks: no resolver
/// anywhere gets the name. A server that is silent, or that could not be asked, may answer elsewhere.
[[nodiscard]] bool fails_everywhere(const HopAnswers& hop);

[[nodiscard]] ChainAnswers read_answers(const probe::Chain& chain);

/// Short and escaped: what a group publishes.
[[nodiscard]] std::string group_text(const AnswerGroup& group);

}  // namespace dkimprobe::checks
