// The catalogue of faults: one table, a row a check. It is the single source of names, severities, sections,
// summaries and remedies for reports, explanations, metrics and rules.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "checks/report/report.hpp"

namespace dkimprobe::checks {

struct Evidence;  // checks/catalogue/evidence.hpp: what the functions that find faults are given
class Verdict;    // checks/catalogue/evidence.hpp: where they put what they found

/// What a check looks at; reports group by it.
enum class Scope : std::uint8_t { record, key, size, adsp, server, zone, signature };

[[nodiscard]] std::string_view to_string(Scope scope);

/// One fault that can be found. Its name is API: a metric label, a key of the policy, an id in JSON.
struct Check {
  std::string_view name{};  ///< snake_case, named for the fault
  Scope scope = Scope::record;
  Severity severity = Severity::notice;  ///< by default; the role of a selector or the policy may change it
  std::string_view reference{};          ///< `RFC 6376 section 3.6.1`; empty where no RFC speaks of it
  std::string_view summary{};            ///< the fault in one clause: "the selector's name does not exist"
  std::string_view effect{};             ///< what it does to mail
  std::string_view remedy{};             ///< how to mend it, for the person who edits the zone
  void (*find)(const Evidence&, Verdict&) = nullptr;  ///< pure
};

/// All checks in their fixed order.
[[nodiscard]] std::span<const Check> catalogue();

/// The check of that name, or null.
[[nodiscard]] const Check* find_check(std::string_view name);

/// The check as a reason that no time takes away.
[[nodiscard]] Because because_of(const Check& check, std::string detail);

}  // namespace dkimprobe::checks
