// The reasons of the times of a rotation: one table, a row a reason, with its stable name and the RFC that it
// follows from. Whoever shows a reason asks its row, and compares no names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "probe/observation.hpp"

namespace dkimprobe::checks {

struct Check;  // checks/catalogue/catalogue.hpp

enum class Reason : std::uint8_t {
  // Until when caches may hold what is not right.
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
  // What was not seen, or contradicts what the operator says.
  not_probed,
  never_used_contradicted,
  never_there,
  resolver_cache,
  resolver_unknown,
  public_answer,
  signatures_expired,
  signatures_not_begun,
  // When a key signed for the last time.
  last_signature_unknown,
  last_signature_in_future,
  retired_key_retention,
};

struct ReasonRow {
  std::string_view name{};       ///< API: stable snake_case
  std::string_view reference{};  ///< `RFC 2308 section 5`; empty where no RFC speaks of it
  /// Only its detail says what stands in the way: a word of a server or of a resolver, not a time.
  bool detail_says_why = false;
  bool never_used_removes_it = false;  ///< it does not count for a selector that nobody can have asked for
  bool is_about_signatures = false;    ///< of DNSSEC, which do not hold now
  const Check* check = nullptr;        ///< of a reason that is a finding; null else
};

[[nodiscard]] const ReasonRow& row_of(Reason reason);

/// One reason that moves a time, or forbids it. `until` is its share: the whole is never before it.
struct ReasonDetail {
  const ReasonRow* row = nullptr;  ///< lives as long as the program
  std::optional<probe::WallTime> until{};
  std::string detail{};  ///< escaped sentence

  [[nodiscard]] std::string_view name() const { return row->name; }
  [[nodiscard]] std::string_view reference() const { return row->reference; }
  [[nodiscard]] bool is(Reason reason) const { return row == &row_of(reason); }
};

[[nodiscard]] ReasonDetail reason_for(Reason reason, std::optional<probe::WallTime> until,
                                      std::string detail);

}  // namespace dkimprobe::checks
