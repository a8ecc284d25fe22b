// The reasons for the times of a rotation: a table with a row for each reason, which has its stable name and
// the RFC that it follows from. Code that shows a reason uses its row and compares no names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/escape.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

struct Check;  // checks/catalogue/catalogue.hpp

enum class Reason : std::uint8_t {
  // How long caches may hold a wrong answer.
  match_everywhere,
  negative_ttl,
  nsec_ttl,
  domainkey_denied,
  domainkey_unknown,
  wildcard_ttl,
  old_record_ttl,
  old_alias_ttl,
  changing_answers,
  server_failure,
  old_nameservers,
  old_ds,
  earlier_answer_unknown,
  nothing_known,
  // What was not observed, or contradicts the operator.
  not_probed,
  never_used_contradicted,
  never_there,
  resolver_cache,
  resolver_unknown,
  public_answer,
  // When the selector signed for the last time.
  last_signature_unknown,
  retired_key_retention,
  selector_cooldown,
  selector_reused_too_soon,
};

struct ReasonRow {
  std::string_view name{};       ///< API: stable snake_case
  std::string_view reference{};  ///< `RFC 2308 section 5`; empty without an RFC
  std::string_view meaning{};  ///< sentences: what it means, and what to do if anything; empty for a finding
  /// Whether only the detail shows what blocks the step: an answer of a server or resolver, not a time.
  bool detail_says_why = false;
  bool never_used_removes_it = false;  ///< it does not count for a selector that was never used
  bool is_about_signatures = false;    ///< about DNSSEC signatures that are not valid now
  const Check* check = nullptr;        ///< if the reason is a finding, else null
};

[[nodiscard]] const ReasonRow& row_of(Reason reason);

/// All of them in their fixed order.
[[nodiscard]] std::vector<const ReasonRow*> reasons();

/// One reason that delays a step or blocks it. The step's time is never before `until`.
struct ReasonDetail {
  const ReasonRow* row = nullptr;  ///< static
  std::optional<probe::WallTime> until{};
  config::EscapedText detail{};  ///< a sentence

  [[nodiscard]] std::string_view name() const { return row->name; }
  [[nodiscard]] std::string_view reference() const { return row->reference; }
  [[nodiscard]] bool is(Reason reason) const { return row == &row_of(reason); }
};

[[nodiscard]] ReasonDetail reason_for(Reason reason, std::optional<probe::WallTime> until,
                                      config::EscapedText detail);

}  // namespace dkimprobe::checks
