#include "config/settings_file.hpp"

#include <optional>
#include <utility>

#include "config/basics/escape.hpp"
#include "config/basics/regular_file.hpp"
#include "config/daemon_settings.hpp"
#include "config/domain_settings.hpp"
#include "config/group_settings.hpp"
#include "config/root_hints.hpp"
#include "config/setting_values.hpp"
#include "config/trust_anchors.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {
namespace {

std::optional<Severity> parse_severity(std::string_view text) {
  if (text == "critical") return Severity::critical;
  if (text == "warning") return Severity::warning;
  if (text == "notice") return Severity::notice;
  return std::nullopt;
}

/// Calls `take` with the content of the file that a key names, if it is there and can be read.
template <class Read, class Take>
void read_named_file(SettingValues& file, const YamlValues& values, std::string_view key, Read read,
                     Take take) {
  const YamlValue* const value = file.find(values, key);
  if (value == nullptr) return;
  if (const auto path = file.path_of(*value)) {
    if (auto content = file.take(*value, read(*path))) take(*std::move(content));
  }
}

void read_probe(SettingValues& file, const YamlValue& value, Settings& settings) {
  const auto values =
      file.map_of(value, with_options({"allow_networks", "root_hints", "trust_anchor"}, probe_options()));
  file.read_options(values, probe_options(), settings);
  ProbeSettings& probe = settings.probe;
  if (!probe.use_ipv4 && !probe.use_ipv6) {
    const YamlValue* const ipv6 = file.find(values, "ipv6");
    if (file.is_read(value, "ipv4") && file.is_read(value, "ipv6"))
      file.wrong(ipv6 == nullptr ? value : *ipv6, "at least one of ipv4 and ipv6 must be `yes`");
  }
  if (const YamlValue* const networks = file.find(values, "allow_networks")) {
    for (const auto& item : file.list_of(*networks)) {
      if (const auto network = file.parsed(item, Network::parse)) probe.allowed_networks.push_back(*network);
    }
  }
  read_named_file(file, values, "root_hints", read_root_hints,
                  [&](std::vector<NamedServer> servers) { probe.root_servers = std::move(servers); });
  read_named_file(file, values, "trust_anchor", read_trust_anchors, [&](TrustAnchors anchors) {
    settings.policy.trust_anchors = std::make_shared<const TrustAnchors>(std::move(anchors));
  });
}

void read_key_lists(SettingValues& file, const YamlValues& values, Policy& policy) {
  read_named_file(file, values, "blocklist", Blocklist::open,
                  [&](auto blocklist) { policy.blocklist = std::move(blocklist); });
  read_named_file(file, values, "known_moduli", read_known_moduli,
                  [&](auto moduli) { policy.known_moduli = std::move(moduli); });
}

void read_policy(SettingValues& file, const YamlValue& value, const std::vector<std::string>& checks,
                 Settings& settings) {
  constexpr std::string_view why = "give the reason why the check is disabled; reports show it";
  const auto values = file.map_of(
      value, with_options({"severity", "disabled_checks", "blocklist", "known_moduli"}, policy_options()));
  file.read_options(values, policy_options(), settings);
  read_key_lists(file, values, settings.policy);
  if (const YamlValue* const severities = file.find(values, "severity")) {
    for (const auto& [check, held] : file.map_of(*severities, checks, "unknown check")) {
      if (const auto severity = file.word_of(held, parse_severity, "critical, warning or notice"))
        settings.policy.severities.emplace(check, *severity);
    }
  }
  if (const YamlValue* const disabled = file.find(values, "disabled_checks")) {
    for (const auto& [check, held] : file.map_of(*disabled, checks, "unknown check")) {
      if (held.node->kind == YamlNode::Kind::nothing) {
        file.wrong(held, std::string(why));
      } else if (const auto reason = file.read_reason(held, why)) {
        settings.policy.disabled.emplace(check, escape_text(*reason));
      }
    }
  }
}

/// Reads only the patterns; config/target_files.hpp reads the files whenever they change.
void read_target_files(SettingValues& file, const YamlValue& value, Settings& settings) {
  for (const auto& item : file.list_of(value)) {
    if (const auto path = file.path_of(item)) settings.target_files.push_back(path->string());
  }
}

Result<Settings> read_root(SettingValues& file, const YamlNode& root, const Vocabulary& vocabulary) {
  const YamlValue whole{&root, root.place, ""};
  const auto values =
      file.map_of(whole, with_options({"probe", "policy", "rotation", "groups", "domains", "target_files",
                                       "maintenance", "modules", "probe_allow"},
                                      schedule_options()));
  Settings settings;
  Groups groups;
  file.read_options(values, schedule_options(), settings);
  const auto read = [&](std::string_view key, const auto& section) {
    if (const YamlValue* const value = file.find(values, key)) section(*value);
  };
  // What others refer to is read first, in whatever order the file has it.
  read("probe", [&](const YamlValue& value) { read_probe(file, value, settings); });
  read("policy", [&](const YamlValue& value) { read_policy(file, value, vocabulary.checks, settings); });
  read("rotation", [&](const YamlValue& value) {
    file.read_options(file.map_of(value, with_options({}, rotation_options())), rotation_options(), settings);
  });
  read("groups", [&](const YamlValue& value) { groups = read_groups(file, value); });
  groups.all_known = file.is_read(whole, "groups");
  const std::size_t errors_before = file.error_count();
  read("domains", [&](const YamlValue& value) { read_domains(file, value, groups, settings); });
  read("target_files", [&](const YamlValue& value) { read_target_files(file, value, settings); });
  const bool targets_known = file.error_count() == errors_before && file.is_read(whole, "domains") &&
                             file.is_read(whole, "target_files");
  read("maintenance",
       [&](const YamlValue& value) { read_maintenance(file, value, groups, settings, targets_known); });
  read("modules", [&](const YamlValue& value) { read_modules(file, value, settings); });
  read("probe_allow", [&](const YamlValue& value) { settings.probe_allow = read_probe_allow(file, value); });
  if (file.error_count() > 0) return tl::unexpected(file.take_errors());
  settings.warnings = file.take_warnings();
  return settings;
}

}  // namespace

Result<Settings> load_settings(const std::filesystem::path& path, const Vocabulary& vocabulary) {
  return read_regular_file(path, longest_yaml_bytes, "settings", "settings")
      .and_then([&](const std::string& text) { return read_settings(text, path, vocabulary); });
}

Result<Settings> read_settings(std::string_view text, const std::filesystem::path& path,
                               const Vocabulary& vocabulary) {
  const std::string name = escape_text(path.string());
  return read_yaml(text, name).and_then([&](const YamlNode& root) {
    SettingValues file(name, path.parent_path(), vocabulary.now);
    return read_root(file, root, vocabulary);
  });
}

}  // namespace dkimprobe::config
