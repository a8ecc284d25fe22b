#include "config/domain_settings.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/keys/expected_key.hpp"
#include "config/keys/private_key.hpp"
#include "config/keys/public_key.hpp"
#include "config/names/internationalized_name.hpp"

namespace dkimprobe::config {
namespace {

// ---- Expected keys ----

std::optional<KeyIdentity> read_private_key(SettingValues& file, const YamlValue& value,
                                            const YamlValue* passphrase_file) {
  const auto path = file.path_of(value);
  PassphraseSource passphrase;
  if (passphrase_file != nullptr) {
    auto passphrase_path = file.path_of(*passphrase_file);
    if (!passphrase_path) return std::nullopt;
    passphrase = PassphraseFile{.path = std::move(*passphrase_path)};
  }
  if (!path) return std::nullopt;
  auto facts = file.take(value, read_private_key_file(*path, passphrase));
  if (!facts) return std::nullopt;
  for (auto& warning : facts->warnings) file.warn(value, std::move(warning));
  return std::move(facts->identity);
}

std::optional<KeyIdentity> read_public_key(SettingValues& file, const YamlValue& value) {
  const auto text = file.text_of(value);
  if (!text) return std::nullopt;
  if (text->find("-----BEGIN ") != std::string_view::npos)
    return file.take(value, read_public_key_bytes(*text));
  const auto path = file.path_of(value);
  return path ? file.take(value, read_public_key_file(*path)) : std::nullopt;
}

/// `record` becomes the text of the record, if the key is given so.
std::optional<KeyIdentity> read_expected_key(SettingValues& file, const YamlValue& value,
                                             std::string& record) {
  static const std::vector<std::string> keys = {"public_key", "private_key", "record", "sha256",
                                                "passphrase_file"};
  const std::size_t errors_before = file.error_count();
  auto values = file.map_of(value, keys);
  if (file.error_count() != errors_before) return std::nullopt;
  const auto passphrase = values.extract("passphrase_file");
  if (passphrase && !values.contains("private_key")) {
    file.wrong(passphrase.mapped(), "it needs a private_key beside it");
    return std::nullopt;
  }
  const std::size_t given = value.node->entries.size() - (passphrase ? 1 : 0);
  if (given != 1) {
    file.wrong(value,
               fmt::format(
                   "exactly one of public_key, private_key, record and sha256 was expected, but there are {}",
                   given));
    return std::nullopt;
  }
  if (values.empty()) return std::nullopt;
  const auto& [key, held] = *values.begin();
  if (key == "private_key") return read_private_key(file, held, passphrase ? &passphrase.mapped() : nullptr);
  if (key == "public_key") return read_public_key(file, held);
  if (key == "sha256") return file.parsed(held, read_fingerprint);
  record = held.node->text;
  return file.parsed(held, read_expected_record);
}

// ---- Selectors ----

/// Reads the dates of a selector whose role was already read, and compares them with each other. A
/// contradiction that follows from another error, or from another contradiction, is not reported.
void read_dates(SettingValues& file, const YamlValue& map, const YamlValues& values, bool role_known,
                SelectorSettings& selector) {
  const YamlValue* const never_used = file.find(values, "never_used");
  const YamlValue* const last = file.find(values, "last_signature");
  if (const YamlValue* const since = file.find(values, "since")) selector.since = file.read_past(*since);
  if (never_used != nullptr) selector.never_used = file.read_yes_no(*never_used).value_or(false);
  if (last != nullptr) selector.last_signature = file.read_past(*last);

  const std::string_view role = to_string(selector.role);
  const bool is_active = role_known && selector.role == Role::active;
  const bool has_signed = is_active || (role_known && selector.role == Role::retired);
  const bool is_unused = selector.never_used && file.is_read(map, "never_used");
  const bool dates_read = file.is_read(map, "since") && file.is_read(map, "last_signature");
  if (is_unused && has_signed)
    file.wrong(*never_used, fmt::format("the role is {}, so the selector has been used", role));
  if (!selector.last_signature || !file.is_read(map, "last_signature")) return;
  if (is_active) {
    file.wrong(*last, "the role is active, so there is no last signature yet");
  } else if (is_unused && !has_signed) {
    file.wrong(*last, "never_used is `yes`: a selector that was never used has no last signature");
  } else if (role_known && dates_read && selector.since &&
             selector.last_signature->first > selector.since->last) {
    file.wrong(*last, fmt::format("this is after `since`, but a {} selector does not sign", role));
  }
}

void apply(const GroupSettings& group, SelectorSettings& selector) {
  selector.role = group.role.value_or(selector.role);
  selector.service = group.service.value_or(selector.service);
  selector.signs = group.signs.value_or(selector.signs);
  selector.subdomain_identities = group.subdomain_identities.value_or(selector.subdomain_identities);
}

std::optional<SelectorSettings> read_selector(SettingValues& file, const YamlValue& value,
                                              const GroupSettings& group) {
  static const std::vector<std::string> keys = {
      "name",         "role",  "service",        "signs",      "subdomain_identities",
      "expected_key", "since", "last_signature", "never_used", "compromised"};
  SelectorSettings selector;
  apply(group, selector);
  const YamlValue* name = &value;
  // A value that is neither a name nor a map may be a forgotten name, or one that is `null`.
  const bool is_name =
      value.node->kind == YamlNode::Kind::text || value.node->kind == YamlNode::Kind::nothing;
  YamlValues values;
  if (!is_name) {
    values = file.map_of(value, keys);
    if (value.node->kind != YamlNode::Kind::map) return std::nullopt;
    const GroupSettings own = read_defaults(file, value, values);
    apply(own, selector);
    const bool role_known = own.role_known && (own.role || group.role_known);
    if (const YamlValue* const expected = file.find(values, "expected_key"))
      selector.expected_key = read_expected_key(file, *expected, selector.expected_record);
    read_dates(file, value, values, role_known, selector);
    if (const YamlValue* const compromised = file.find(values, "compromised"))
      selector.compromised = file.read_yes_no(*compromised).value_or(false);
    name = file.find(values, "name");
  }
  if (name == nullptr) {
    file.missing(value, "name", "name is missing: the selector, s= of a DKIM-Signature");
    return std::nullopt;
  }
  auto parsed = file.parsed(*name, Selector::parse);
  if (!parsed) return std::nullopt;
  selector.selector = std::move(*parsed);
  return selector;
}

// ---- Domains ----

class DomainReader {
 public:
  DomainReader(SettingValues& file, const Groups& groups, const Settings& settings)
      : file_(file), groups_(groups), settings_(settings) {}

  [[nodiscard]] std::optional<DomainSettings> read(const YamlValue& value);

 private:
  [[nodiscard]] bool read_name(const YamlValue& value, const YamlValues& values, DomainSettings& domain);
  [[nodiscard]] GroupSettings read_group(const YamlValue& value, const YamlValues& values,
                                         DomainSettings& domain);
  void read_selectors(const YamlValue& value, const GroupSettings& group, bool domain_read,
                      DomainSettings& domain);
  void read_ring(const YamlValue& value, bool selectors_read, bool roles_known, DomainSettings& domain);

  SettingValues& file_;
  const Groups& groups_;
  const Settings& settings_;
  std::map<DomainName, std::uint32_t> lines_{};  ///< of the domains so far
};

/// False if there is no valid name.
bool DomainReader::read_name(const YamlValue& value, const YamlValues& values, DomainSettings& domain) {
  const YamlValue* const name = file_.find(values, "domain");
  if (name == nullptr) {
    file_.missing(value, "domain", "domain is missing: d= of a DKIM-Signature");
    return false;
  }
  auto read = file_.parsed(*name, read_domain);
  if (!read) return false;
  domain.domain = std::move(*read);
  if (const auto [at, is_new] = lines_.emplace(domain.domain, name->place.line); !is_new) {
    file_.wrong(*name, fmt::format("the domain {} is already listed at line {}", domain.domain.to_string(),
                                   at->second));
  }
  return true;
}

GroupSettings DomainReader::read_group(const YamlValue& value, const YamlValues& values,
                                       DomainSettings& domain) {
  GroupSettings group;
  const YamlValue* const name = file_.find(values, "group");
  const auto known = name == nullptr ? std::nullopt : read_group_name(file_, *name, groups_);
  if (known) {
    group = groups_.by_name.find(*known)->second;
    domain.group = *known;
  }
  if ((name != nullptr && !known) || !file_.is_read(value, "group")) group.role_known = false;
  return group;
}

void DomainReader::read_selectors(const YamlValue& value, const GroupSettings& group, bool domain_read,
                                  DomainSettings& domain) {
  const auto items = file_.list_of(value);
  if (value.node->kind == YamlNode::Kind::list && items.empty()) file_.wrong(value, "the list is empty");
  std::map<DomainName, std::uint32_t> lines;
  for (const auto& item : items) {
    auto selector = read_selector(file_, item, group);
    if (!selector) continue;
    const auto owner =
        file_.take(item, selector->selector.owner_name(domain_read ? domain.domain : DomainName{}));
    if (!owner) continue;
    if (const auto [at, is_new] = lines.emplace(*owner, item.place.line); !is_new) {
      file_.wrong(item, fmt::format("the selector {} is already listed at line {}",
                                    selector->selector.to_string(), at->second));
      continue;
    }
    domain.selectors.push_back(std::move(*selector));
  }
}

void DomainReader::read_ring(const YamlValue& value, bool selectors_read, bool roles_known,
                             DomainSettings& domain) {
  const auto items = file_.list_of(value);
  if (value.node->kind != YamlNode::Kind::list) return;
  if (items.size() < 2) file_.wrong(value, "at least two selectors were expected, to sign in turn");
  const SelectorSettings* active = nullptr;
  for (const auto& item : items) {
    const auto selector = file_.parsed(item, Selector::parse);
    if (!selector) continue;
    if (std::ranges::find(domain.rotation.ring, *selector) != domain.rotation.ring.end()) {
      file_.wrong(item, fmt::format("the selector {} is listed twice", selector->to_string()));
      continue;
    }
    domain.rotation.ring.push_back(*selector);
    // If the selectors have errors, the ring cannot be checked against them.
    if (!selectors_read) continue;
    const auto known = std::ranges::find(domain.selectors, *selector, &SelectorSettings::selector);
    if (known == domain.selectors.end()) {
      file_.wrong(item, fmt::format("the selector {} is not listed under the domain", selector->to_string()));
    } else if (roles_known && known->role == Role::active) {
      if (active != nullptr) {
        file_.wrong(item,
                    fmt::format("{} and {} are both active, but only one selector of a rotation signs at a "
                                "time: the next one stays standby until it takes over",
                                selector->to_string(), active->selector.to_string()));
      }
      active = &*known;
    }
  }
}

std::optional<DomainSettings> DomainReader::read(const YamlValue& value) {
  static const std::vector<std::string> keys = {"domain",    "group",    "interval",       "nameservers",
                                                "selectors", "rotation", "rsa_bits_wanted"};
  const auto values = file_.map_of(value, keys);
  if (value.node->kind != YamlNode::Kind::map) return std::nullopt;
  DomainSettings domain;
  const bool domain_read = read_name(value, values, domain);

  GroupSettings group = read_group(value, values, domain);
  const GroupSettings own = read_defaults(file_, value, values);
  domain.interval = own.interval ? *own.interval : group.interval.value_or(settings_.interval);
  domain.nameservers = own.nameservers.empty() ? group.nameservers : own.nameservers;
  domain.key_size = own.key_size ? own.key_size : group.key_size;

  const std::size_t errors_before = file_.error_count();
  const YamlValue* const selectors = file_.find(values, "selectors");
  if (selectors == nullptr) {
    file_.missing(value, "selectors", "selectors is missing: a list with at least one");
  } else {
    read_selectors(*selectors, group, domain_read, domain);
  }
  const bool selectors_read = file_.error_count() == errors_before && file_.is_read(value, "selectors");
  if (const YamlValue* const rotation = file_.find(values, "rotation")) {
    const auto own_values = file_.map_of(*rotation, rotation_keys({"selectors"}));
    read_rotation(file_, own_values, group);
    if (const YamlValue* const ring = file_.find(own_values, "selectors"))
      read_ring(*ring, selectors_read, group.role_known, domain);
  }
  domain.rotation.times.max_key_age = group.max_key_age.value_or(settings_.rotation.max_key_age);
  domain.rotation.times.selector_cooldown =
      group.selector_cooldown.value_or(settings_.rotation.selector_cooldown);
  domain.rotation.retention = group.retention;
  return domain;
}

}  // namespace

void read_domains(SettingValues& file, const YamlValue& value, const Groups& groups, Settings& settings) {
  const auto items = file.list_of(value);
  if (value.node->kind == YamlNode::Kind::list && items.empty()) file.wrong(value, "the list is empty");
  DomainReader reader(file, groups, settings);
  for (const auto& item : items) {
    if (auto domain = reader.read(item)) settings.domains.push_back(std::move(*domain));
  }
}

}  // namespace dkimprobe::config
