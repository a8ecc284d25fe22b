// What the functions of the catalogue look at, and where they put what they find. Evidence is made once for
// each judgement, so that no check reads the same thing twice.
#pragma once

#include <optional>
#include <vector>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/silence.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/expectation.hpp"
#include "checks/history/history.hpp"
#include "checks/history/key_occurrences.hpp"
#include "checks/message/signature_field.hpp"
#include "checks/record/adsp_record.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// One text that some servers publish at the selector's name (or at the end of its chain), read as a key
/// record.
struct ReadText {
  const PublishedText* published = nullptr;
  const AnswerGroup* group = nullptr;  ///< the servers that publish it
  KeyRecord record{};                  ///< total: holds every fault of the text with its offset
  /// One record was entered as several, of which this is a piece: then its faults are those of the split
  /// alone.
  bool is_piece = false;
};

struct Evidence {
  const probe::Observation& observation;
  const Expectation& expectation;
  const Policy& policy;
  const SelectorHistory& history;  ///< with this observation; empty when none is kept
  const ChainAnswers& answers;     ///< of the selector's name
  const ChainAnswers& adsp_answers;
  const KeyPlaces& elsewhere;     ///< of the keys, at other selectors
  std::vector<ReadText> texts{};  ///< each different text once, those of the largest group first
  AdspRecord adsp{};
  SizeFacts size{};
  std::vector<std::vector<Silence>> maintenance{};  ///< for each leg of `answers` and each of its servers
  std::vector<const SignatureField*> signatures{};  ///< of a message, those that name this key
  std::string policy_text{};  ///< what stands at `_domainkey` itself, where that text alone is judged
};

/// The name at which the operator publishes: the selector's own, or the one to which its chain leads;
/// in words where the text came without a name.
[[nodiscard]] std::string published_at(const ReadText& text);

/// Whether the text stands at a name outside the domain: behind an alias, in the zone of a provider, where
/// the operator of the domain can mend nothing.
[[nodiscard]] bool stands_elsewhere(const Evidence& evidence, const ReadText& text);

/// The servers of every group that publishes the text; empty when all servers agree, so that the fault
/// belongs to none of them.
[[nodiscard]] std::vector<ServerId> servers_of(const Evidence& evidence, const ReadText& text);

/// What a group of servers publishes, in words that tell the groups apart: "RSA 2048 (key SHA-256
/// b1b06c9919af967d...)", with the text's own digest where two texts hold one key or none.
[[nodiscard]] std::string published_text(const Evidence& evidence, const AnswerGroup& group);

/// "RSA 2048 (key SHA-256 b1b06c9919af967d...)"
[[nodiscard]] std::string with_fingerprint(std::string_view what, const PublicKey& key);

/// The beginning of the key's fingerprint, where servers publish different keys that are described alike;
/// else empty.
[[nodiscard]] std::string telling_fingerprint(const Evidence& evidence, const ReadText& text);

/// How the first name of the chain was found whose servers were never reached, because something between
/// answers for them; null without one.
[[nodiscard]] const probe::Delegation* intercepted_delegation(const probe::Observation& observation);

/// Whether NXDOMAIN was the answer for the domain itself or a name above it (RFC 8020).
[[nodiscard]] bool domain_denied(const probe::Observation& observation);

/// A wildcard whose alias answers for the selector, as it does for a name that was made up.
struct WildcardAlias {
  std::string owner{};  ///< "*.example.com"
  config::DomainName target{};
  std::vector<ServerId> servers{};
};

/// Nothing when the selector has an alias of its own, or none.
[[nodiscard]] std::optional<WildcardAlias> wildcard_alias(const Evidence& evidence);

/// Whether any text is a key record.
[[nodiscard]] bool has_key_record(const Evidence& evidence);

/// Collects what one check found. A check that neither finds anything nor calls `not_evaluated` is clear.
class Verdict {
 public:
  /// A fault at `severity`, by default the check's own; the other members of `finding` are kept as given.
  void found(Finding finding, std::optional<Severity> severity = std::nullopt);
  /// What the check needs was not seen. Ignored once something was found.
  void not_evaluated() { judged_ = false; }

  [[nodiscard]] CheckOutcome outcome() const;
  [[nodiscard]] std::vector<Finding>& findings() { return findings_; }

  explicit Verdict(const Check& check) : check_(&check) {}

 private:
  const Check* check_;
  bool judged_ = true;
  std::vector<Finding> findings_{};
};

/// Puts `fault` of each text into the verdict; not judged without a text of the kind that can have it.
void find_text_fault(const Evidence& evidence, Verdict& verdict, RecordFault fault);

/// The same in the form of a row's function.
template <RecordFault fault>
void find_in_texts(const Evidence& evidence, Verdict& verdict) {
  find_text_fault(evidence, verdict, fault);
}

}  // namespace dkimprobe::checks
