#include "checks/catalogue/roles.hpp"

#include <algorithm>
#include <array>

namespace dkimprobe::checks {

namespace {

/// One check that roles turn. A check that is not listed is the same for every role.
struct TurnedCheck {
  std::string_view check{};
  RoleRule pending = RoleRule::as_found;
  RoleRule standby = RoleRule::as_found;
  RoleRule retired = RoleRule::as_found;
};

// A pending or standby selector signs nothing yet: its key may be absent or revoked, and servers may differ
// while it spreads. A retired one must stay until the mail that it signed has arrived, and go afterwards:
// whether absence is right depends on that time.
constexpr auto turned_checks = std::to_array<TurnedCheck>({
    {"selector_missing_nxdomain", RoleRule::clear, RoleRule::clear, RoleRule::not_judged},
    {"selector_missing_nodata", RoleRule::clear, RoleRule::clear, RoleRule::not_judged},
    {"selector_missing_wildcard", RoleRule::clear, RoleRule::clear, RoleRule::not_judged},
    {"key_revoked", RoleRule::clear, RoleRule::clear, RoleRule::not_judged},
    // Providers keep an older key at the second selector until they use it.
    {"key_mismatch_expected", RoleRule::as_found, RoleRule::notice, RoleRule::as_found},
    {"cname_dangling", RoleRule::clear, RoleRule::clear, RoleRule::not_judged},
    {"flag_testing", RoleRule::clear, RoleRule::as_found, RoleRule::as_found},
    {"presence_differs_between_ns", RoleRule::notice, RoleRule::notice, RoleRule::as_found},
    {"answer_differs_between_ns", RoleRule::notice, RoleRule::notice, RoleRule::as_found},
    {"ns_stale", RoleRule::notice, RoleRule::notice, RoleRule::as_found},
});

}  // namespace

RoleRule role_rule(std::string_view check, config::Role role) {
  const auto* const turned = std::ranges::find(turned_checks, check, &TurnedCheck::check);
  if (turned == turned_checks.end()) return RoleRule::as_found;
  switch (role) {
    case config::Role::active:
      return RoleRule::as_found;
    case config::Role::pending:
      return turned->pending;
    case config::Role::standby:
      return turned->standby;
    case config::Role::retired:
      return turned->retired;
  }
  return RoleRule::as_found;
}

}  // namespace dkimprobe::checks
