#include "checks/catalogue/catalogue.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "checks/catalogue/check_groups.hpp"

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
    append(all, {presence_checks(), record_checks(), key_checks(), weakness_checks(), history_checks(),
                 size_checks(), adsp_checks()});
    append_by_severity(all, {server_checks(), stale_checks(), reply_checks(), dnssec_checks(),
                             address_checks(), udp_checks()});
    append(all, {silence_checks(), path_checks(), cut_checks()});
    append_by_severity(all, {answer_checks(), alias_checks(), denial_checks(), delegation_checks(),
                             budget_checks(), serial_checks(), quorum_checks(), ttl_checks()});
    append(all, {signature_checks()});
    return all;
  }();
  return rows;
}

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::record:
      return "record";
    case Scope::key:
      return "key";
    case Scope::size:
      return "size";
    case Scope::adsp:
      return "adsp";
    case Scope::server:
      return "server";
    case Scope::zone:
      return "zone";
    case Scope::signature:
      return "signature";
  }
  return {};
}

std::string_view to_string(Needs needs) {
  switch (needs) {
    case Needs::key_text:
      return "key_text";
    case Needs::adsp_text:
      return "adsp_text";
    case Needs::policy_text:
      return "policy_text";
    case Needs::path:
      return "path";
    case Needs::one_server:
      return "one_server";
    case Needs::all_servers:
      return "all_servers";
    case Needs::history:
      return "history";
    case Needs::message:
      return "message";
  }
  return {};
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

ReasonDetail reason_for(const Check& check, config::EscapedText detail) {
  static const auto rows = [] {
    std::map<std::string_view, ReasonRow> all;
    for (const Check& each : catalogue())
      all[each.name] = {.name = each.name,
                        .reference = each.reference,
                        .is_about_signatures = each.is_about_signatures,
                        .check = &each};
    return all;
  }();
  return {&rows.at(check.name), std::nullopt, std::move(detail)};
}

}  // namespace dkimprobe::checks
