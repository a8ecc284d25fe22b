// What the servers publish, read from an observation: a row for each server, groups of servers that publish
// the same, and the chain of names. Facts in the order of the observation, without severities.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/answers/cut_facts.hpp"
#include "checks/answers/server_answer.hpp"
#include "checks/report/report.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// One TXT record with its strings joined (RFC 6376 section 3.6.2.2).
struct PublishedText {
  std::string text{};                  ///< raw
  std::vector<std::string> strings{};  ///< raw; the split that most servers of the group use
  std::uint32_t ttl_seconds = 0;       ///< the longest TTL of the group's servers
};

/// Servers whose final answer is the same: the same TXT texts whatever their order, split and TTL, an alias
/// to the same name, or the same kind of absence.
struct AnswerGroup {
  char letter = 'A';
  Standing standing = Standing::undecided;
  config::DomainName owner{};                       ///< the name of the chain that it is published at
  ServerOutcome outcome = ServerOutcome::answered;  ///< answered, nodata or nxdomain; others publish nothing
  std::vector<PublishedText> texts{};               ///< sorted by text
  std::optional<config::DomainName> alias{};        ///< the target, for servers that return no TXT record
  std::string sha256{};                             ///< of the sorted texts; empty without texts
  std::vector<ServerId> servers{};
  /// Servers of the first name whose alias leads here; empty when the group is at the first name.
  std::vector<ServerId> led_here{};

  bool has_expected_key = false;  ///< it is one record that verifiers can use, with the expected key

  [[nodiscard]] bool has_texts() const { return !texts.empty(); }
};

/// The answers of the servers of one name of a chain.
struct HopAnswers {
  const probe::Hop* hop = nullptr;
  std::vector<ServerAnswer> servers{};  ///< one for each server of the hop, in its order
  std::vector<ServerRow> rows{};        ///< likewise
  /// Those with the expected key first, then the larger; ties are broken by the newer serial (RFC 1982), then
  /// by the lowest address, so that the order of the servers does not matter.
  std::vector<AnswerGroup> groups{};
  std::vector<CutFacts> cuts{};  ///< one for each cut above the name, in its order

  /// The number of servers with a complete, authoritative answer.
  [[nodiscard]] std::size_t answered() const;
};

/// The answers of a whole chain. `published` is what a verifier can get: the texts and absences at the names
/// that end the chain, never an alias. The same texts at two names are one group; absences at two names are
/// two groups. Empty when nothing is known, or when the chain has no end.
struct ChainAnswers {
  std::vector<HopAnswers> hops{};
  /// In the same order; the size is the number of servers of the first name that lead there.
  std::vector<AnswerGroup> published{};
  std::vector<AliasFact> aliases{};
  std::size_t longest_path = 0;  ///< alias steps from the first name to the farthest one
  /// Whether at least one server of each hop answered with authority.
  bool known = false;
};

/// The newest serial among the hop's servers with the answer's MNAME and RNAME, if it is newer than the
/// answer's own (RFC 1982), else null. Serials of independent primaries cannot be compared.
[[nodiscard]] const probe::SoaRecord* newest_serial(const HopAnswers& hop, const ServerAnswer& answer);

/// The hop at the name, or null.
[[nodiscard]] const HopAnswers* hop_at(const ChainAnswers& answers, const config::DomainName& owner);

/// The largest negative TTL of the hop's servers.
[[nodiscard]] std::optional<std::uint32_t> negative_ttl(const HopAnswers& hop);

/// Whether the server refers to a child zone that the search did not find, as a parent server does.
[[nodiscard]] bool refers_down(const ServerAnswer& answer, const HopAnswers& hop);

/// Whether each server of the zone returns a failure that every client gets, so that no resolver gets the
/// name. A server that is silent or could not be queried may answer in other networks.
[[nodiscard]] bool fails_everywhere(const HopAnswers& hop);

/// What should be published, where servers differ.
struct Expected {
  /// The key, as in Expectation: with it, only servers that publish it are right.
  std::optional<std::string> key_sha256{};
  config::Service service = config::Service::email;
  /// Whether a key record should be there. Then servers without one are not right while others have one.
  bool record = false;
};

/// Without an expected key, what more than half of the servers publish is right, or the only record that
/// verifiers can use if all have one key.
[[nodiscard]] ChainAnswers read_answers(const probe::Chain& chain, const Expected& expected = {});

/// Short and escaped: what a group publishes.
[[nodiscard]] std::string group_text(const AnswerGroup& group);

}  // namespace dkimprobe::checks
