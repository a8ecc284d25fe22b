#include "checks/catalogue/catalogue.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "checks/catalogue/check_groups.hpp"
#include "checks/report/enum_word.hpp"

namespace dkimprobe::checks {

namespace {

using Groups = std::initializer_list<std::span<const Check>>;

void append(std::vector<Check>& rows, Groups groups) {
  for (const auto group : groups) rows.insert(rows.end(), group.begin(), group.end());
}

/// The same for groups that are listed as one, worst fault first.
void append_by_severity(std::vector<Check>& rows, Groups groups) {
  for (const Severity severity : {Severity::critical, Severity::warning, Severity::notice}) {
    for (const auto group : groups) {
      std::ranges::copy_if(group, std::back_inserter(rows),
                           [&](const Check& check) { return check.severity == severity; });
    }
  }
}

}  // namespace

std::span<const Check> catalogue() {
  static const std::vector<Check> rows = [] {
    std::vector<Check> all;
    append(all, {presence_checks(), record_checks(), key_checks(), history_checks(), size_checks(),
                 adsp_checks()});
    append_by_severity(all,
                       {server_checks(), stale_checks(), reply_checks(), address_checks(), udp_checks()});
    append(all, {silence_checks(), path_checks(), cut_checks()});
    append_by_severity(all, {answer_checks(), alias_checks(), denial_checks(), delegation_checks(),
                             budget_checks(), serial_checks(), quorum_checks(), ttl_checks()});
    append(all, {signature_checks()});
    return all;
  }();
  return rows;
}

std::string_view to_string(Scope scope) {
  return word_of<Scope::signature>(scope, "record", "key", "size", "adsp", "server", "zone", "signature");
}

std::string_view to_string(Needs needs) {
  return word_of<Needs::message>(needs, "key_text", "adsp_text", "policy_text", "path", "one_server",
                                 "all_servers", "history", "message");
}

RoleEffect RoleEffects::of(config::Role role) const {
  switch (role) {
    case config::Role::active:
      return RoleEffect::as_found;
    case config::Role::pending:
      return pending;
    case config::Role::standby:
      return standby;
    case config::Role::retired:
      return retired;
  }
  return RoleEffect::as_found;
}

std::string example_text(const Check& check) {
  static constexpr std::string_view key_symbol = "{key}";
  // Generated for the tests; nobody signs with it.
  static constexpr std::string_view key = "9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=";
  std::string text(check.example.text);
  if (const std::size_t at = text.find(key_symbol); at != std::string::npos)
    text.replace(at, key_symbol.size(), key);
  return text;
}

const Check* find_check(std::string_view name) {
  const auto rows = catalogue();
  const auto found = std::ranges::find(rows, name, &Check::name);
  return found == rows.end() ? nullptr : &*found;
}

ReasonDetail reason_for(const Check& check, std::string detail) {
  static const auto rows = [] {
    std::map<std::string_view, ReasonRow> all;
    for (const Check& each : catalogue())
      all[each.name] = {.name = each.name, .reference = each.reference, .check = &each};
    return all;
  }();
  return {&rows.at(check.name), std::nullopt, std::move(detail)};
}

}  // namespace dkimprobe::checks
