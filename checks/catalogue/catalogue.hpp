// The catalogue of faults: one table, a row a check, which holds everything that is said of the check
// anywhere: in reports, explanations, metrics, alerts and rules.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "checks/report/report.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

struct Evidence;  // checks/catalogue/evidence.hpp: what the functions that find faults are given
class Verdict;    // checks/catalogue/evidence.hpp: where they put what they found

/// What a check looks at; reports group by it.
enum class Scope : std::uint8_t { record, key, size, adsp, server, zone, signature };

[[nodiscard]] std::string_view to_string(Scope scope);

/// The least that a check must be given to find its fault.
enum class Needs : std::uint8_t {
  key_text,     ///< the text of a key record, without any server
  adsp_text,    ///< the text of an ADSP record, without any server
  policy_text,  ///< the text of a DomainKeys policy, without any server
  path,         ///< how the search for the servers went, though none was reached
  one_server,
  all_servers,
  history,  ///< what earlier probes saw, or when the key signed last
  message,  ///< the DKIM-Signature field of a message
};

[[nodiscard]] std::string_view to_string(Needs needs);

/// What a selector's role makes of a fault.
enum class RoleEffect : std::uint8_t {
  as_found,       ///< nothing
  notice,         ///< a fact worth knowing, no more
  clear,          ///< right for this role
  not_evaluated,  ///< right or wrong by a time that one observation does not show
};

/// A pending or standby selector signs nothing yet: its key may be absent or revoked, and servers may differ
/// while it spreads. A retired one must stay until the mail that it signed has arrived, and go afterwards:
/// whether absence is right depends on that time. An active one is as it is found.
struct RoleEffects {
  RoleEffect pending = RoleEffect::as_found;
  RoleEffect standby = RoleEffect::as_found;
  RoleEffect retired = RoleEffect::as_found;

  [[nodiscard]] RoleEffect of(config::Role role) const;
};

/// A record that has the fault, or how servers behave that have it. For people who read about a check.
struct Example {
  enum Kind : std::uint8_t { record, behaviour };

  Kind kind = behaviour;
  /// A record is escaped as foreign bytes are, and `{key}` in it stands for an Ed25519 key; else a sentence.
  std::string_view text{};
};

/// One fault that can be found, with everything that is said of it anywhere. Its name is API: a metric label,
/// a key of the policy, an id in JSON.
struct Check {
  std::string_view name{};  ///< snake_case, named for the fault
  Scope scope = Scope::record;
  Needs needs = Needs::all_servers;
  Severity severity = Severity::notice;  ///< by default; the role of a selector or the policy may change it
  RoleEffects roles{};
  bool concerns_signing = true;  ///< whether mail that is signed with the key would meet the fault
  std::string_view reference{};  ///< `RFC 6376 section 3.6.1`; empty where no RFC speaks of it
  std::string_view summary{};    ///< the fault in one clause: "the selector's name does not exist"
  std::string_view effect{};     ///< what it does to mail
  std::string_view remedy{};     ///< how to fix it, for the person who edits the zone
  Example example{};
  void (*find)(const Evidence&, Verdict&) = nullptr;  ///< pure
};

/// The text of the check's example, with a key where it has none of its own.
[[nodiscard]] std::string example_text(const Check& check);

/// All checks in their fixed order.
[[nodiscard]] std::span<const Check> catalogue();

/// The check of that name, or null.
[[nodiscard]] const Check* find_check(std::string_view name);

/// The check as a reason that no time takes away.
[[nodiscard]] ReasonDetail reason_for(const Check& check, std::string detail);

}  // namespace dkimprobe::checks
