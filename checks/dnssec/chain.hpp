// Validates what a server returned from a trust anchor down to the records or to the proof of their absence
// (RFC 4035 section 5). Pure: whoever collects the replies decides which server's they are, and time and
// anchors are arguments. An alias is validated as such; its target is another question with its own chain.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "checks/dnssec/budget.hpp"
#include "checks/dnssec/outcome.hpp"
#include "checks/dnssec/record_set.hpp"
#include "checks/dnssec/signature.hpp"
#include "config/trust_anchors.hpp"

namespace dkimprobe::checks::dnssec {

using config::TrustAnchor;

/// What was collected about one zone on the way. Nothing where a question was not asked or not answered.
struct ZoneReplies {
  config::DomainName zone{};
  std::optional<Reply> ds{};      ///< about `zone`, from the zone above in the list; unused in the first zone
  std::optional<Reply> dnskey{};  ///< about `zone`, from its own servers
};

/// A question of type TXT, CNAME, DNAME or SOA, and what a server of the last zone replied to it.
struct Question {
  config::DomainName name{};
  std::uint16_t type = type::txt;
  Reply reply{};
};

/// The keys of the last of `zones`, which are in the order of the delegations; the first has an anchor.
/// Without a break, they may be used for any number of questions in that zone.
[[nodiscard]] Checked<ZoneKeys> validate_keys(std::span<const TrustAnchor> anchors,
                                              std::span<const ZoneReplies> zones,
                                              std::chrono::sys_seconds now, Budget& budget);

/// The keys of `zone`, one step below the zone with these keys.
[[nodiscard]] Checked<ZoneKeys> validate_keys_below(const ZoneKeys& parent, const ZoneReplies& zone,
                                                    std::chrono::sys_seconds now, Budget& budget);

/// The answer to one question of the zone with these keys.
[[nodiscard]] Validation validate_answer(const Checked<ZoneKeys>& zone, const Question& question,
                                         std::chrono::sys_seconds now, Budget& budget);

}  // namespace dkimprobe::checks::dnssec
