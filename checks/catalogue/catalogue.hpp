// The catalogue of faults: a table with a row for each check. The row has all texts and properties of the
// check that reports, explanations, metrics, alerts and rules use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "checks/report/report.hpp"
#include "config/basics/escape.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

struct Evidence;  // checks/catalogue/evidence.hpp: the input of the functions that find faults
class Verdict;    // checks/catalogue/evidence.hpp: their output

/// What a check examines; reports group by it.
enum class Scope : std::uint8_t { record, key, size, adsp, server, zone, signature };

[[nodiscard]] std::string_view to_string(Scope scope);

/// The minimum input of a check.
enum class Needs : std::uint8_t {
  key_text,     ///< the text of a key record, without any server
  adsp_text,    ///< the text of an ADSP record, without any server
  policy_text,  ///< the text of a DomainKeys policy, without any server
  path,         ///< the course of the search for the servers, even if none was reached
  one_server,
  all_servers,
  history,  ///< the results of earlier probes, or the time of the last signature
  message,  ///< the DKIM-Signature field of a message
};

[[nodiscard]] std::string_view to_string(Needs needs);

/// How a selector's role changes a fault.
enum class RoleEffect : std::uint8_t {
  as_found,       ///< no change
  notice,         ///< only a notice
  clear,          ///< not a fault in this role
  not_evaluated,  ///< depends on a time that one observation does not show
};

/// A pending or standby selector does not sign yet: its key may be absent or revoked, and servers may differ
/// while it is being published. The key of a retired selector must stay until the mail that it signed has
/// arrived, and must then be removed: whether absence is a fault depends on that time. Findings of an active
/// selector do not change.
struct RoleEffects {
  RoleEffect pending = RoleEffect::as_found;
  RoleEffect standby = RoleEffect::as_found;
  RoleEffect retired = RoleEffect::as_found;

  [[nodiscard]] RoleEffect of(config::Role role) const;
};

/// For what is a fault only while mail signed with the key is sent or in transit.
inline constexpr RoleEffects only_while_signing{
    .pending = RoleEffect::clear, .standby = RoleEffect::clear, .retired = RoleEffect::not_evaluated};
/// Of servers that differ, as they do while a key is being published.
inline constexpr RoleEffects notice_while_publishing{.pending = RoleEffect::notice,
                                                     .standby = RoleEffect::notice};

/// A record that has the fault, or the behaviour of servers that have it, for people who read about a check.
struct Example {
  enum Kind : std::uint8_t { record, behaviour };

  Kind kind = behaviour;
  /// A record, escaped like all foreign bytes, in which `{key}` stands for an Ed25519 key; or a sentence.
  std::string_view text{};
};

/// A fault and all its texts. Its name is API: a metric label, a key of the policy, an id in JSON.
struct Check {
  std::string_view name{};  ///< snake_case, named for the fault
  Scope scope = Scope::record;
  Needs needs = Needs::all_servers;
  Severity severity = Severity::notice;  ///< default; a selector's role or the policy may change it
  /// Critical where `most_reject`: the models of the verifiers know it better than the default.
  bool receivers_decide = false;
  RoleEffects roles{};
  bool concerns_signing = true;  ///< whether the fault affects mail signed with the key
  /// About DNSSEC signatures that are not valid now: what validating resolvers find is then unknown.
  bool is_about_signatures = false;
  bool shows_in_restart = false;  ///< a server that is being restarted shows it too
  std::string_view reference{};   ///< `RFC 6376 section 3.6.1`, or a draft with its date; else empty
  std::string_view summary{};     ///< the fault in one clause: "the selector's name does not exist"
  std::string_view effect{};      ///< what it does to mail
  std::string_view remedy{};      ///< how to fix it, for the person who edits the zone
  Example example{};
  void (*find)(const Evidence&, Verdict&) = nullptr;  ///< pure
};

/// A table of checks that examine and need the same.
template <std::size_t count>
[[nodiscard]] constexpr std::array<Check, count> rows_of(Scope scope, Needs needs,
                                                         const Check (&checks)[count]) {
  auto rows = std::to_array(checks);
  for (Check& row : rows) {
    row.scope = scope;
    row.needs = needs;
  }
  return rows;
}

/// The text of the check's example, with `{key}` replaced.
[[nodiscard]] std::string example_text(const Check& check);

/// All checks in their fixed order.
[[nodiscard]] std::span<const Check> catalogue();

/// The check with that name, or null.
[[nodiscard]] const Check* find_check(std::string_view name);

/// The check as a reason that does not end with time.
[[nodiscard]] ReasonDetail reason_for(const Check& check, config::EscapedText detail);

}  // namespace dkimprobe::checks
