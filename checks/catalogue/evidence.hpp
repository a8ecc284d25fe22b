// Input and output of the functions of the catalogue. Evidence is computed once for each judgement, so that
// checks share the work.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/silence.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/expectation.hpp"
#include "checks/dnssec/hop_validation.hpp"
#include "checks/history/history.hpp"
#include "checks/history/key_occurrences.hpp"
#include "checks/message/signature_field.hpp"
#include "checks/record/adsp_record.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/report.hpp"
#include "checks/weakness/rsa_weakness.hpp"
#include "config/basics/escape.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// A text that servers publish at the selector's name or at the end of its chain, parsed as a key record.
struct ReadText {
  const PublishedText* published = nullptr;
  const AnswerGroup* group = nullptr;        ///< the first group of servers that publishes it
  KeyRecord record{};                        ///< complete: has every fault of the text with its offset
  std::vector<const AnswerGroup*> groups{};  ///< all that publish it
  /// Of the numbers of its RSA key; nothing if there are none that can be examined.
  std::optional<std::vector<RsaWeakness>> weaknesses{};

  [[nodiscard]] bool is_of(const AnswerGroup& one) const {
    return std::ranges::find(groups, &one) != groups.end();
  }
};

struct Evidence {
  const probe::Observation& observation;
  const Expectation& expectation;
  const Policy& policy;
  const SelectorHistory& history;  ///< includes this observation; empty when no history is kept
  const ChainAnswers& answers;     ///< of the selector's name
  const ChainAnswers& adsp_answers;
  const KeyPlaces& elsewhere;     ///< other selectors where the keys are published
  std::vector<ReadText> texts{};  ///< each different text once, those of the first group first
  std::unordered_map<std::string_view, std::size_t> places{};  ///< of each text in `texts`
  AdspRecord adsp{};
  SizeFacts size{};
  std::vector<dnssec::HopValidation> validations{};  ///< for each hop of `answers`
  std::vector<std::vector<Silence>> silences{};      ///< for each hop of `answers` and each of its servers
  std::vector<const SignatureField*> signatures{};   ///< of a message, those that name this key
  std::string policy_text{};  ///< the text at `_domainkey` itself, if only that text is evaluated
};

/// The text as parsed, or null.
[[nodiscard]] const ReadText* find_text(const Evidence& evidence, std::string_view text);

/// The SHA-256 of the text's key; empty without a key.
[[nodiscard]] std::string_view fingerprint_of(const ReadText& text);

/// Where the value of p= begins; nothing without p=.
[[nodiscard]] std::optional<std::size_t> key_offset(const ReadText& text);

/// The name where the text is published: the selector's own or the end of its chain; a description if the
/// text came without a name.
[[nodiscard]] std::string published_at(const ReadText& text);

/// Whether the text is published outside the domain: behind an alias, in the zone of a provider, where the
/// operator of the domain cannot fix anything.
[[nodiscard]] bool stands_elsewhere(const Evidence& evidence, const ReadText& text);

/// What a validating resolver concludes about the hop's servers; null where nothing was validated.
[[nodiscard]] const dnssec::HopValidation* validation_of(const Evidence& evidence, const HopAnswers& hop);

/// The servers of every group that publishes the text; empty when all servers agree, since the fault then
/// does not belong to single servers.
[[nodiscard]] std::vector<ServerId> servers_of(const Evidence& evidence, const ReadText& text);

/// The servers of all these groups.
template <class Groups>
[[nodiscard]] std::vector<ServerId> servers_of_all(Groups&& groups) {
  std::vector<ServerId> servers;
  for (const AnswerGroup& group : groups)
    servers.insert(servers.end(), group.servers.begin(), group.servers.end());
  return servers;
}

/// The servers of the group, if others publish something else; empty if the fault holds for all.
[[nodiscard]] std::vector<ServerId> servers_if_others_differ(const Evidence& evidence,
                                                             const AnswerGroup& group);

/// `join_some` of the text of each.
template <class Range, class Text>
[[nodiscard]] std::string join_some(Range&& range, Text text_of) {
  std::vector<std::string> texts;
  for (const auto& each : range) texts.push_back(std::invoke(text_of, each));
  return join_some(texts);
}

/// What a group of servers publishes, so that groups can be distinguished: "RSA 2048 (key SHA-256
/// b1b06c9919af967d...)", with the digest of the text if two texts have the same key or none.
[[nodiscard]] std::string published_text(const Evidence& evidence, const AnswerGroup& group);

/// "RSA 2048 (key SHA-256 b1b06c9919af967d...)"
[[nodiscard]] std::string with_fingerprint(std::string_view what, const PublicKey& key);

/// The beginning of the key's fingerprint if servers publish different keys with the same description; else
/// empty.
[[nodiscard]] std::string distinguishing_fingerprint(const Evidence& evidence, const ReadText& text);

/// The delegation of the first name whose servers were never reached because something on the path answers
/// for them; else null.
[[nodiscard]] const probe::Delegation* intercepted_delegation(const probe::Observation& observation);

/// Whether NXDOMAIN was the answer for the domain itself or a name above it (RFC 8020).
[[nodiscard]] bool domain_denied(const probe::Observation& observation);

/// A wildcard whose alias answers for the selector as well as for a random name.
struct WildcardAlias {
  std::string owner{};  ///< "*.example.com"
  config::DomainName target{};
  std::vector<ServerId> servers{};
};

/// Empty when the selector has an alias of its own or no alias.
[[nodiscard]] std::optional<WildcardAlias> wildcard_alias(const Evidence& evidence);

/// Whether any text is a key record.
[[nodiscard]] bool has_key_record(const Evidence& evidence);

/// Collects what one check found. A check that neither finds anything nor calls `not_evaluated` is clear.
class Verdict {
 public:
  /// Adds a fault with `severity`, by default the check's own; the other members of `finding` do not change.
  void found(Finding finding, std::optional<Severity> severity = std::nullopt);
  /// Data that the check needs is missing. Ignored if something was found.
  void not_evaluated() { judged_ = false; }

  [[nodiscard]] CheckOutcome outcome() const;
  [[nodiscard]] std::vector<Finding>& findings() { return findings_; }

  explicit Verdict(const Check& check) : check_(&check) {}

 private:
  const Check* check_;
  bool judged_ = true;
  std::vector<Finding> findings_{};
};

/// A fault of a text, at the name where it is published. `fix` begins with a verb in lower case.
[[nodiscard]] Finding finding_in(const Evidence& evidence, const ReadText& text, config::EscapedText detail,
                                 const config::EscapedText& fix,
                                 std::optional<std::size_t> offset = std::nullopt);

/// "generate a key pair of 2048 bits and publish its public key at a new selector"
[[nodiscard]] std::string new_pair_remedy(const Evidence& evidence);

/// Adds `fault` of each text to the verdict; not evaluated without a key record.
void find_text_fault(const Evidence& evidence, Verdict& verdict, RecordFault fault);

/// The same as a function for a row.
template <RecordFault fault>
void find_in_texts(const Evidence& evidence, Verdict& verdict) {
  find_text_fault(evidence, verdict, fault);
}

}  // namespace dkimprobe::checks
