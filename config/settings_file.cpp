#include "config/settings_file.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"
#include "config/keys/expected_key.hpp"
#include "config/keys/private_key.hpp"
#include "config/keys/public_key.hpp"
#include "config/names/internationalized_name.hpp"
#include "config/options.hpp"
#include "config/root_hints.hpp"
#include "config/yaml/yaml_reader.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {
namespace {

/// The settings of a group for its domains; empty values have no effect.
struct Group {
  std::optional<Role> role{};
  std::optional<Service> service{};
  std::optional<bool> subdomain_identities{};
  std::optional<std::chrono::milliseconds> interval{};
  std::vector<NamedServer> nameservers{};
  // The rotation.
  std::optional<std::chrono::milliseconds> max_key_age{};
  std::optional<std::chrono::milliseconds> selector_cooldown{};
  std::optional<std::chrono::milliseconds> retention{};
};

class SettingsReader : YamlReader {
 public:
  SettingsReader(std::string name, std::filesystem::path folder, const Vocabulary& vocabulary)
      : YamlReader(std::move(name), std::move(folder)), vocabulary_(vocabulary) {}

  Result<Settings> read(const YamlNode& root);

 private:
  void read_options(const Values& values, std::span<const Option> options);
  void read_probe(const Value& value);
  void read_policy(const Value& value);
  void read_groups(const Value& value);
  void read_domains(const Value& value);
  void read_target_files(const Value& value);
  void read_domain_settings(const Value& value);
  void read_selectors(const Value& value, const Group& group, bool domain_read, DomainSettings& domain);
  [[nodiscard]] std::optional<SelectorSettings> read_selector(const Value& value, const Group& group);
  [[nodiscard]] std::optional<KeyIdentity> read_expected_key(const Value& value);
  [[nodiscard]] std::optional<KeyIdentity> read_private_key(const Value& value, const Value* passphrase_file);
  [[nodiscard]] std::optional<KeyIdentity> read_public_key(const Value& value);
  [[nodiscard]] std::vector<NamedServer> read_nameservers(const Value& value);
  [[nodiscard]] std::optional<std::chrono::milliseconds> read_time(const Option& option, const Value& value);
  [[nodiscard]] Group read_defaults(const Values& values);
  void read_rotation_times(const Values& values, Group& group);
  void read_rotation(const Value& value);
  void read_ring(const Value& value, bool selectors_read, DomainSettings& domain);
  [[nodiscard]] std::optional<Timestamp> read_past(const Value& value);
  void read_dates(const Values& values, SelectorSettings& selector);
  void read_maintenance(const Value& value);
  void read_maintenance_window(const Value& value);
  void read_maintenance_of(const Values& values, const Value& value, MaintenanceSettings& maintenance);
  void read_modules(const Value& value);
  void read_probe_allow(const Value& value);
  [[nodiscard]] std::optional<Timestamp> read_timestamp(const Value& value);
  [[nodiscard]] std::optional<std::string> read_group_name(const Value& value);

  const Vocabulary& vocabulary_;
  Settings settings_{};
  std::map<std::string, Group, std::less<>> groups_{};
  std::map<DomainName, std::uint32_t> lines_of_domains_{};
};

std::vector<std::string> with_options(std::vector<std::string> keys, std::span<const Option> options) {
  for (const auto& option : options) keys.push_back(file_key(option));
  return keys;
}

// ---- Scalars ----

void SettingsReader::read_options(const Values& values, std::span<const Option> options) {
  for (const auto& option : options) {
    const auto value = values.find(file_key(option));
    if (value == values.end()) continue;
    const auto text = text_of(value->second);
    if (!text) continue;
    if (auto set = set_option(option, *text, "", settings_); !set) wrong(value->second, set.error());
  }
}

std::optional<std::chrono::milliseconds> SettingsReader::read_time(const Option& option, const Value& value) {
  const auto text = text_of(value);
  if (!text) return std::nullopt;
  Settings scratch;
  if (auto set = set_option(option, *text, "", scratch); !set) {
    wrong(value, set.error());
    return std::nullopt;
  }
  return std::chrono::milliseconds{static_cast<std::int64_t>(option_value(option, scratch))};
}

std::optional<Severity> parse_severity(std::string_view text) {
  if (text == "critical") return Severity::critical;
  if (text == "warning") return Severity::warning;
  if (text == "notice") return Severity::notice;
  return std::nullopt;
}

// ---- Sections ----

void SettingsReader::read_probe(const Value& value) {
  const auto values = map_of(value, with_options({"allow_networks", "root_hints"}, probe_options()));
  read_options(values, probe_options());
  if (!settings_.probe.use_ipv4 && !settings_.probe.use_ipv6) {
    const auto ipv6 = values.find("ipv6");
    wrong(ipv6 == values.end() ? value : ipv6->second, "at least one of ipv4 and ipv6 must be `yes`");
  }
  if (const auto networks = values.find("allow_networks"); networks != values.end()) {
    for (const auto& item : list_of(networks->second)) {
      const auto text = text_of(item);
      if (!text) continue;
      if (auto network = take(item, Network::parse(*text)))
        settings_.probe.allowed_networks.push_back(std::move(*network));
    }
  }
  if (const auto hints = values.find("root_hints"); hints != values.end()) {
    if (const auto path = path_of(hints->second)) {
      if (auto servers = take(hints->second, read_root_hints(*path)))
        settings_.probe.root_servers = std::move(*servers);
    }
  }
}

void SettingsReader::read_policy(const Value& value) {
  const auto values = map_of(value, with_options({"severity", "disabled_checks"}, policy_options()));
  read_options(values, policy_options());
  if (const auto severities = values.find("severity"); severities != values.end()) {
    for (const auto& [check, held] : map_of(severities->second, vocabulary_.checks, "unknown check")) {
      if (const auto severity = word_of(held, parse_severity, "critical, warning or notice"))
        settings_.policy.severities.emplace(check, *severity);
    }
  }
  if (const auto off = values.find("disabled_checks"); off != values.end()) {
    for (const auto& [check, held] : map_of(off->second, vocabulary_.checks, "unknown check")) {
      constexpr std::string_view why = "give the reason why the check is disabled; reports show it";
      if (held.node->kind == YamlNode::Kind::nothing) {
        wrong(held, std::string(why));
        continue;
      }
      const auto reason = text_of(held);
      if (!reason) continue;
      if (reason->find_first_not_of(" \t\r\n") == std::string_view::npos) {
        wrong(held, std::string(why));
      } else {
        settings_.policy.disabled.emplace(check, *reason);
      }
    }
  }
}

std::vector<NamedServer> SettingsReader::read_nameservers(const Value& value) {
  std::vector<NamedServer> servers;
  for (const auto& item : list_of(value)) {
    const auto text = text_of(item);
    if (!text) continue;
    if (auto server = take(item, read_named_server(*text, ""))) servers.push_back(std::move(*server));
  }
  return servers;
}

const std::vector<std::string>& group_keys() {
  static const std::vector<std::string> keys = {"role",     "service",     "subdomain_identities",
                                                "interval", "nameservers", "rotation"};
  return keys;
}

const Option& retention_option() {
  return *std::ranges::find(policy_options(), "retired-key-retention", &Option::key);
}

void SettingsReader::read_rotation_times(const Values& values, Group& group) {
  const auto read = [&](const Option& option, std::optional<std::chrono::milliseconds>& time) {
    if (const auto value = values.find(file_key(option)); value != values.end())
      time = read_time(option, value->second);
  };
  read(rotation_options()[0], group.max_key_age);
  read(rotation_options()[1], group.selector_cooldown);
  read(retention_option(), group.retention);
}

void SettingsReader::read_rotation(const Value& value) {
  read_options(map_of(value, with_options({}, rotation_options())), rotation_options());
}

/// Reads the settings that groups share with domains or selectors.
Group SettingsReader::read_defaults(const Values& values) {
  Group group;
  if (const auto role = values.find("role"); role != values.end())
    group.role = word_of(role->second, parse_role, "pending, active, standby or retired");
  if (const auto service = values.find("service"); service != values.end())
    group.service = word_of(service->second, parse_service, "email or tlsrpt");
  if (const auto identities = values.find("subdomain_identities"); identities != values.end())
    group.subdomain_identities = word_of(identities->second, parse_yes_no, "`yes` or `no`");
  if (const auto interval = values.find("interval"); interval != values.end())
    group.interval = read_time(schedule_options().front(), interval->second);
  if (const auto servers = values.find("nameservers"); servers != values.end())
    group.nameservers = read_nameservers(servers->second);
  return group;
}

bool is_group_name(std::string_view name) {
  constexpr std::size_t longest = 63;
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), allowed);
}

/// Reads the name of an existing group.
std::optional<std::string> SettingsReader::read_group_name(const Value& value) {
  const auto text = text_of(value);
  if (!text) return std::nullopt;
  if (groups_.contains(*text)) return std::string(*text);
  std::vector<std::string> names;
  if (error_count() < most_errors) {
    // Do not suggest an invalid name.
    for (const auto& each : groups_) {
      if (is_group_name(each.first)) names.push_back(each.first);
    }
  }
  wrong(value, fmt::format("there is no group `{}`{}", shown(*text), suggestion(*text, names)));
  return std::nullopt;
}

void SettingsReader::read_groups(const Value& value) {
  for (const auto& [name, held] : map_of(value, std::nullopt)) {
    if (!is_group_name(name)) {
      wrong({held.node, held.key_place, held.key, held.key_place},
            "a group name has at most 63 letters, digits, `-`, `_` and `.`");
    }
    const auto values = map_of(held, group_keys());
    Group group = read_defaults(values);
    if (const auto rotation = values.find("rotation"); rotation != values.end()) {
      const auto keys = with_options({file_key(retention_option())}, rotation_options());
      read_rotation_times(map_of(rotation->second, keys), group);
    }
    groups_.emplace(name, std::move(group));
  }
}

// ---- Domains ----

std::optional<KeyIdentity> SettingsReader::read_private_key(const Value& value,
                                                            const Value* passphrase_file) {
  const auto path = path_of(value);
  PassphraseSource passphrase;
  if (passphrase_file != nullptr) {
    auto file = path_of(*passphrase_file);
    if (!file) return std::nullopt;
    passphrase = PassphraseFile{.path = std::move(*file)};
  }
  if (!path) return std::nullopt;
  auto facts = take(value, read_private_key_file(*path, passphrase));
  if (!facts) return std::nullopt;
  for (auto& warning : facts->warnings) settings_.warnings.push_back({where(value), std::move(warning)});
  return std::move(facts->identity);
}

std::optional<KeyIdentity> SettingsReader::read_public_key(const Value& value) {
  const auto text = text_of(value);
  if (!text) return std::nullopt;
  if (text->find("-----BEGIN ") != std::string_view::npos) return take(value, read_public_key_bytes(*text));
  const auto path = path_of(value);
  return path ? take(value, read_public_key_file(*path)) : std::nullopt;
}

std::optional<KeyIdentity> SettingsReader::read_expected_key(const Value& value) {
  static const std::vector<std::string> keys = {"public_key", "private_key", "record", "sha256",
                                                "passphrase_file"};
  auto values = map_of(value, keys);
  if (value.node->kind != YamlNode::Kind::map) return std::nullopt;
  const auto passphrase = values.extract("passphrase_file");
  if (passphrase && !values.contains("private_key")) {
    wrong(passphrase.mapped(), "it needs a private_key beside it");
    return std::nullopt;
  }
  if (value.node->entries.size() != (passphrase ? 2 : 1)) {
    wrong(value,
          fmt::format(
              "exactly one of public_key, private_key, record and sha256 was expected, but there are {}",
              value.node->entries.size() - (passphrase ? 1 : 0)));
    return std::nullopt;
  }
  if (values.empty()) return std::nullopt;
  const auto& [key, held] = *values.begin();
  if (key == "private_key") return read_private_key(held, passphrase ? &passphrase.mapped() : nullptr);
  if (key == "public_key") return read_public_key(held);
  const auto text = text_of(held);
  if (!text) return std::nullopt;
  return take(held, key == "record" ? read_expected_record(*text) : read_fingerprint(*text));
}

std::optional<Timestamp> SettingsReader::read_timestamp(const Value& value) {
  const auto text = text_of(value);
  if (!text) return std::nullopt;
  const auto timestamp = parse_timestamp(*text);
  if (!timestamp) {
    wrong(value,
          fmt::format("`{}` cannot be used: it must be a day such as 2026-11-01 (in UTC), or a time such as "
                      "2026-11-01T09:30:00Z",
                      shown(*text)));
  }
  return timestamp;
}

std::optional<Timestamp> SettingsReader::read_past(const Value& value) {
  const auto timestamp = read_timestamp(value);
  if (timestamp && vocabulary_.now && timestamp->first > *vocabulary_.now) {
    wrong(value, fmt::format("`{}` is in the future; a past time was expected", shown(value.node->text)));
    return std::nullopt;
  }
  return timestamp;
}

/// Reads the dates of a selector whose role is already known.
void SettingsReader::read_dates(const Values& values, SelectorSettings& selector) {
  if (const auto since = values.find("since"); since != values.end())
    selector.since = read_past(since->second);
  const auto never_used = values.find("never_used");
  if (never_used != values.end())
    selector.never_used = word_of(never_used->second, parse_yes_no, "`yes` or `no`").value_or(false);
  const auto last = values.find("last_signature");
  if (last != values.end()) selector.last_signature = read_past(last->second);

  const std::string_view role = to_string(selector.role);
  const bool has_signed = selector.role == Role::active || selector.role == Role::retired;
  if (selector.never_used && has_signed)
    wrong(never_used->second, fmt::format("the role is {}, so the selector has been used", role));
  if (!selector.last_signature) return;
  if (selector.never_used)
    wrong(last->second, "never_used is `yes`: a selector that was never used has no last signature");
  if (selector.role == Role::active) {
    wrong(last->second, "the role is active, so there is no last signature yet");
  } else if (selector.since && selector.last_signature->first > selector.since->last) {
    wrong(last->second, fmt::format("this is after `since`, but a {} selector does not sign", role));
  }
}

void SettingsReader::read_ring(const Value& value, bool selectors_read, DomainSettings& domain) {
  const auto items = list_of(value);
  if (value.node->kind != YamlNode::Kind::list) return;
  if (items.size() < 2) wrong(value, "at least two selectors were expected, to sign in turn");
  const SelectorSettings* active = nullptr;
  for (const auto& item : items) {
    const auto text = text_of(item);
    if (!text) continue;
    const auto selector = take(item, Selector::parse(*text));
    if (!selector) continue;
    if (std::ranges::find(domain.rotation.ring, *selector) != domain.rotation.ring.end()) {
      wrong(item, fmt::format("the selector {} is listed twice", selector->to_string()));
      continue;
    }
    domain.rotation.ring.push_back(*selector);
    // If the selectors have errors, the ring cannot be checked against them.
    if (!selectors_read) continue;
    const auto known = std::ranges::find(domain.selectors, *selector, &SelectorSettings::selector);
    if (known == domain.selectors.end()) {
      wrong(item, fmt::format("the selector {} is not listed under the domain", selector->to_string()));
    } else if (known->role == Role::active) {
      if (active != nullptr) {
        wrong(item, fmt::format("{} and {} are both active, but only one selector of a rotation signs at a "
                                "time: the next one stays standby until it takes over",
                                selector->to_string(), active->selector.to_string()));
      }
      active = &*known;
    }
  }
}

std::optional<SelectorSettings> SettingsReader::read_selector(const Value& value, const Group& group) {
  static const std::vector<std::string> keys = {
      "name",         "role",  "service",        "subdomain_identities",
      "expected_key", "since", "last_signature", "never_used"};
  SelectorSettings selector;
  selector.role = group.role.value_or(Role::active);
  selector.service = group.service.value_or(Service::email);
  selector.subdomain_identities = group.subdomain_identities.value_or(false);
  if (value.node->kind == YamlNode::Kind::text) {
    auto name = take(value, Selector::parse(value.node->text));
    if (!name) return std::nullopt;
    selector.selector = std::move(*name);
    return selector;
  }
  if (value.node->kind == YamlNode::Kind::nothing) {
    // For its message about null: people leave out the name of a selector, or name one `null`.
    static_cast<void>(text_of(value));
    return std::nullopt;
  }
  const auto values = map_of(value, keys);
  if (value.node->kind != YamlNode::Kind::map) return std::nullopt;
  const Group own = read_defaults(values);
  selector.role = own.role.value_or(selector.role);
  selector.service = own.service.value_or(selector.service);
  selector.subdomain_identities = own.subdomain_identities.value_or(selector.subdomain_identities);
  if (const auto expected = values.find("expected_key"); expected != values.end())
    selector.expected_key = read_expected_key(expected->second);
  read_dates(values, selector);
  const auto name = values.find("name");
  if (name == values.end()) {
    wrong(value, "name is missing: the selector, s= of a DKIM-Signature");
    return std::nullopt;
  }
  const auto text = text_of(name->second);
  if (!text) return std::nullopt;
  auto parsed = take(name->second, Selector::parse(*text));
  if (!parsed) return std::nullopt;
  selector.selector = std::move(*parsed);
  return selector;
}

void SettingsReader::read_selectors(const Value& value, const Group& group, bool domain_read,
                                    DomainSettings& domain) {
  const auto items = list_of(value);
  if (value.node->kind == YamlNode::Kind::list && items.empty()) wrong(value, "the list is empty");
  std::map<DomainName, std::uint32_t> lines;
  for (const auto& item : items) {
    auto selector = read_selector(item, group);
    if (!selector) continue;
    const auto owner = selector->selector.owner_name(domain_read ? domain.domain : DomainName{});
    if (!owner) {
      wrong(item, owner.error());
      continue;
    }
    if (const auto [at, is_new] = lines.emplace(*owner, item.place.line); !is_new) {
      wrong(item, fmt::format("the selector {} is already listed at line {}", selector->selector.to_string(),
                              at->second));
      continue;
    }
    domain.selectors.push_back(std::move(*selector));
  }
}

void SettingsReader::read_domain_settings(const Value& value) {
  static const std::vector<std::string> keys = {"domain",      "group",     "interval",
                                                "nameservers", "selectors", "rotation"};
  const auto values = map_of(value, keys);
  if (value.node->kind != YamlNode::Kind::map) return;
  DomainSettings domain;

  bool domain_read = false;
  if (const auto name = values.find("domain"); name == values.end()) {
    wrong(value, "domain is missing: d= of a DKIM-Signature");
  } else if (const auto text = text_of(name->second)) {
    if (auto read = take(name->second, read_domain(*text))) {
      domain.domain = std::move(*read);
      domain_read = true;
      const auto [at, is_new] = lines_of_domains_.emplace(domain.domain, name->second.place.line);
      if (!is_new) {
        wrong(name->second, fmt::format("the domain {} is already listed at line {}",
                                        domain.domain.to_string(), at->second));
      }
    }
  }

  Group group;
  if (const auto name = values.find("group"); name != values.end()) {
    if (const auto known = read_group_name(name->second)) {
      group = groups_.find(*known)->second;
      domain.group = *known;
    }
  }

  const Group own = read_defaults(values);
  domain.interval = own.interval ? *own.interval : group.interval.value_or(settings_.interval);
  domain.nameservers = own.nameservers.empty() ? group.nameservers : own.nameservers;
  bool selectors_read = false;
  if (const auto selectors = values.find("selectors"); selectors != values.end()) {
    const std::size_t before = error_count();
    read_selectors(selectors->second, group, domain_read, domain);
    selectors_read = before == error_count();
  } else {
    wrong(value, "selectors is missing: a list with at least one");
  }
  Group rotation = group;
  if (const auto own_rotation = values.find("rotation"); own_rotation != values.end()) {
    const auto plan_keys = with_options({"selectors", file_key(retention_option())}, rotation_options());
    const auto own_values = map_of(own_rotation->second, plan_keys);
    read_rotation_times(own_values, rotation);
    if (const auto ring = own_values.find("selectors"); ring != own_values.end())
      read_ring(ring->second, selectors_read, domain);
  }
  domain.rotation.times.max_key_age = rotation.max_key_age.value_or(settings_.rotation.max_key_age);
  domain.rotation.times.selector_cooldown =
      rotation.selector_cooldown.value_or(settings_.rotation.selector_cooldown);
  domain.rotation.retention = rotation.retention;
  settings_.domains.push_back(std::move(domain));
}

void SettingsReader::read_domains(const Value& value) {
  const auto items = list_of(value);
  if (value.node->kind == YamlNode::Kind::list && items.empty()) wrong(value, "the list is empty");
  for (const auto& item : items) read_domain_settings(item);
}

/// Reads only the patterns; config/target_files.hpp reads the files whenever they change.
void SettingsReader::read_target_files(const Value& value) {
  for (const auto& item : list_of(value)) {
    if (const auto path = path_of(item)) settings_.target_files.push_back(path->string());
  }
}

// ---- The daemon ----

/// Reads what the window applies to. With target files, whether the target exists is only known later.
void SettingsReader::read_maintenance_of(const Values& values, const Value& value,
                                         MaintenanceSettings& maintenance) {
  const auto domain = values.find("domain");
  const auto selector = values.find("selector");
  const auto group = values.find("group");
  if ((domain == values.end()) == (group == values.end())) {
    wrong(value, "either domain or group was expected: what is under maintenance");
    return;
  }
  if (group != values.end()) {
    maintenance.group = read_group_name(group->second).value_or("");
    if (selector != values.end()) wrong(selector->second, "it needs a domain beside it");
    return;
  }
  if (const auto text = text_of(domain->second))
    maintenance.domain = take(domain->second, read_domain(*text));
  if (selector != values.end()) {
    if (const auto text = text_of(selector->second))
      maintenance.selector = take(selector->second, Selector::parse(*text));
  }
  if (!maintenance.domain || !settings_.target_files.empty()) return;
  const auto known = std::ranges::find(settings_.domains, *maintenance.domain, &DomainSettings::domain);
  if (known == settings_.domains.end()) {
    wrong(domain->second,
          fmt::format("the domain {} is not listed under domains", maintenance.domain->to_string()));
  } else if (maintenance.selector &&
             std::ranges::find(known->selectors, *maintenance.selector, &SelectorSettings::selector) ==
                 known->selectors.end()) {
    wrong(selector->second,
          fmt::format("the selector {} is not listed under the domain", maintenance.selector->to_string()));
  }
}

void SettingsReader::read_maintenance_window(const Value& value) {
  static const std::vector<std::string> keys = {"domain", "selector", "group", "until", "reason"};
  const auto values = map_of(value, keys);
  if (value.node->kind != YamlNode::Kind::map) return;
  MaintenanceSettings maintenance;
  read_maintenance_of(values, value, maintenance);
  const auto until = values.find("until");
  if (until == values.end()) {
    wrong(value, "until is missing: when the maintenance ends");
  } else if (const auto timestamp = read_timestamp(until->second)) {
    maintenance.until = timestamp->last;
    if (vocabulary_.now && maintenance.until <= *vocabulary_.now) {
      settings_.warnings.push_back(
          {where(until->second),
           "this maintenance window has ended and has no effect; remove it or set a new end"});
    }
  }
  const auto reason = values.find("reason");
  if (reason == values.end()) {
    wrong(value, "reason is missing: a few words that metrics and the status page show");
  } else if (const auto text = text_of(reason->second)) {
    maintenance.reason = *text;
    if (text->find_first_not_of(" \t\r\n") == std::string_view::npos)
      wrong(reason->second, "a few words were expected; metrics and the status page show them");
  }
  settings_.maintenance.push_back(std::move(maintenance));
}

void SettingsReader::read_maintenance(const Value& value) {
  for (const auto& item : list_of(value)) read_maintenance_window(item);
}

void SettingsReader::read_modules(const Value& value) {
  static const std::vector<std::string> keys = {"timeout", "ipv4", "ipv6", "role"};
  const auto& timeout = *std::ranges::find(probe_options(), "probe-timeout", &Option::key);
  for (const auto& [name, held] : map_of(value, std::nullopt)) {
    if (!is_group_name(name)) {
      wrong({held.node, held.key_place, held.key, held.key_place},
            "a module name has at most 63 letters, digits, `-`, `_` and `.`");
    }
    const auto values = map_of(held, keys);
    ModuleSettings module;
    module.name = name;
    if (const auto time = values.find("timeout"); time != values.end())
      module.timeout = read_time(timeout, time->second).value_or(module.timeout);
    const auto yes_no = [&](std::string_view key) {
      const auto word = values.find(key);
      return word == values.end() || word_of(word->second, parse_yes_no, "`yes` or `no`").value_or(true);
    };
    module.use_ipv4 = yes_no("ipv4");
    module.use_ipv6 = yes_no("ipv6");
    if (!(module.use_ipv4 && settings_.probe.use_ipv4) && !(module.use_ipv6 && settings_.probe.use_ipv6))
      wrong(held, "this and the settings under probe together disable both IPv4 and IPv6");
    if (const auto role = values.find("role"); role != values.end()) {
      module.role =
          word_of(role->second, parse_role, "pending, active, standby or retired").value_or(module.role);
    }
    settings_.modules.push_back(std::move(module));
  }
}

void SettingsReader::read_probe_allow(const Value& value) {
  for (const auto& item : list_of(value)) {
    const auto text = text_of(item);
    if (!text) continue;
    ProbePattern pattern;
    pattern.below = *text == "*" || text->starts_with("*.");
    if (*text != "*") {
      const auto name = pattern.below ? text->substr(2) : *text;
      if (name.find('*') != std::string_view::npos) {
        wrong(item, fmt::format("`{}` cannot be used: it must be a domain, `*.DOMAIN` for all domains below "
                                "it, or `*` for all",
                                shown(*text)));
        continue;
      }
      auto domain = take(item, read_domain(name));
      if (!domain) continue;
      pattern.domain = std::move(*domain);
    }
    settings_.probe_allow.push_back(std::move(pattern));
  }
}

Result<Settings> SettingsReader::read(const YamlNode& root) {
  const Value whole{&root, root.place, ""};
  const auto values = map_of(whole, with_options({"probe", "policy", "rotation", "groups", "domains",
                                                  "target_files", "maintenance", "modules", "probe_allow"},
                                                 schedule_options()));
  read_options(values, schedule_options());
  // Groups are read before the domains that use them, in whatever order the file has them.
  const std::pair<const char*, void (SettingsReader::*)(const Value&)> sections[] = {
      {"probe", &SettingsReader::read_probe},
      {"policy", &SettingsReader::read_policy},
      {"rotation", &SettingsReader::read_rotation},
      {"groups", &SettingsReader::read_groups},
      {"domains", &SettingsReader::read_domains},
      {"target_files", &SettingsReader::read_target_files},
      {"maintenance", &SettingsReader::read_maintenance},
      {"modules", &SettingsReader::read_modules},
      {"probe_allow", &SettingsReader::read_probe_allow},
  };
  for (const auto& [key, read] : sections) {
    if (const auto value = values.find(key); value != values.end()) (this->*read)(value->second);
  }
  if (error_count() == 0) return std::move(settings_);
  return tl::unexpected(take_errors());
}

}  // namespace

Result<Settings> load_settings(const std::filesystem::path& path, const Vocabulary& vocabulary) {
  return read_yaml_text(path, "settings").and_then([&](const std::string& text) {
    return read_settings(text, path, vocabulary);
  });
}

Result<Settings> read_settings(std::string_view text, const std::filesystem::path& path,
                               const Vocabulary& vocabulary) {
  const std::string name = escape_text(path.string());
  return read_yaml(text, name).and_then([&](const YamlNode& root) {
    return SettingsReader(name, path.parent_path(), vocabulary).read(root);
  });
}

}  // namespace dkimprobe::config
