// Each file of vectors/settings says exactly what its .expected lists; the good ones are read as they are
// meant.
#include "config/settings_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/options.hpp"
#include "config/yaml/yaml_tree.hpp"
#include "tests/catch.hpp"
#include "tests/golden_file.hpp"

using namespace dkimprobe::config;
namespace fs = std::filesystem;

namespace {

const fs::path vectors = fs::path(DKIMPROBE_VECTORS) / "settings";
const fs::path example = fs::path(DKIMPROBE_SOURCE_DIRECTORY) / "config/example.yaml";

// What the example and the vectors name; the true list is the catalogue's, which this folder does not see.
const Vocabulary vocabulary{{"adsp_present_historic", "key_rsa_exponent_unusual", "key_rsa_weak", "ns_slow"},
                            parse_timestamp("2026-11-22T12:00:00Z")->first};

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> settings_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(vectors)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() > 50);
  return files;
}

/// A line a mistake, without the folder of this machine.
std::string told(const Errors& errors) {
  std::string text;
  for (const auto& [where, message] : errors) text += fmt::format("{}: {}\n", where, message);
  const std::string folder = vectors.string() + "/";
  for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
    text.erase(at, folder.size());
  return text;
}

Settings read(const std::string& text) {
  auto settings = read_settings(text, vectors / "test.yaml", vocabulary);
  if (!settings) FAIL(told(settings.error()));
  return std::move(*settings);
}

/// A selector of example.com whose expected key is as given.
Result<Settings> with_key(const std::string& key) {
  return read_settings(
      "domains: [{domain: example.com, selectors: [{name: s1, expected_key: {" + key + "}}]}]\n",
      vectors / "test.yaml", vocabulary);
}

constexpr auto rsa_sha256 = "a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908";
constexpr auto ed25519_sha256 = "1b27d36dfd5d2ca23426d66e66efc99e034fe0a97c50a211828ff2058a0d6f47";

// What `told_of` says of the keys above.
const std::string fingerprint_alone = fmt::format("{} 0 bits, 0 octets", rsa_sha256);
const std::string rsa_key = fmt::format("{} rsa 2048 bits, 294 octets", rsa_sha256);
const std::string ed25519_key = fmt::format("{} ed25519 256 bits, 44 octets", ed25519_sha256);

std::string told_of(const std::optional<KeyIdentity>& key) {
  if (!key) return "no key";
  return fmt::format("{}{}{} {} bits, {} octets", key->sha256, key->algorithm.empty() ? "" : " ",
                     key->algorithm, key->bits, key->spki.size());
}

}  // namespace

TEST_CASE("each invalid settings file gets exactly the expected error messages") {
  for (const auto& file : settings_files()) {
    INFO(file.filename().string());
    const auto settings = load_settings(file, vocabulary);
    REQUIRE_FALSE(settings);
    fs::path expected = file;
    dkimprobe::tests::compare_with_file(expected.replace_extension(".expected").string(),
                                        told(settings.error()));
  }
}

TEST_CASE("ten different errors are reported as ten, each with its line") {
  const auto settings = load_settings(vectors / "ten_errors.yaml", vocabulary);
  REQUIRE_FALSE(settings);
  CHECK(settings.error().size() == 10);
  std::set<std::string> lines;
  std::set<std::string> messages;
  for (const auto& [where, message] : settings.error()) {
    const auto line = where.find(".yaml:");
    REQUIRE(line != std::string::npos);
    lines.insert(where.substr(line, where.find(':', line + 6) - line));
    messages.insert(message);
  }
  CHECK(lines.size() == 10);
  CHECK(messages.size() == 10);
}

TEST_CASE("the example settings are read as their text states") {
  const auto settings = load_settings(example, vocabulary);
  if (!settings) FAIL(told(settings.error()));
  CHECK(settings->warnings.empty());
  REQUIRE(settings->domains.size() == 2);

  const auto& first = settings->domains[0];
  CHECK(first.domain.to_string() == "example.com");
  CHECK(first.group.empty());
  CHECK(first.interval == std::chrono::minutes{5});
  CHECK(first.nameservers.empty());
  REQUIRE(first.selectors.size() == 4);
  CHECK(first.selectors[0].selector.to_string() == "s1");
  CHECK(first.selectors[0].role == Role::active);
  CHECK_FALSE(first.selectors[0].expected_key);
  CHECK(first.selectors[1].role == Role::standby);
  CHECK(told_of(first.selectors[1].expected_key) == fingerprint_alone);
  CHECK(first.selectors[2].role == Role::pending);
  CHECK(told_of(first.selectors[2].expected_key) == rsa_key);
  CHECK(first.selectors[1].expected_key == first.selectors[2].expected_key);
  CHECK(first.selectors[3].role == Role::retired);
  CHECK(told_of(first.selectors[3].expected_key) == ed25519_key);
  CHECK(first.selectors[2].expected_key != first.selectors[3].expected_key);
  CHECK_FALSE(first.selectors[0].never_used);
  CHECK(first.selectors[1].never_used);
  CHECK(first.selectors[3].since == parse_timestamp("2026-09-01"));
  CHECK(first.selectors[3].last_signature == parse_timestamp("2026-09-01T08:00:00Z"));
  REQUIRE(first.rotation.ring.size() == 3);
  CHECK(first.rotation.ring[2].to_string() == "s3");
  CHECK(first.rotation.times.max_key_age == std::chrono::days{90});
  CHECK(first.rotation.times.selector_cooldown == std::chrono::days{7});
  CHECK_FALSE(first.rotation.retention);

  const auto& second = settings->domains[1];
  CHECK(second.domain.to_string() == "xn--bcher-kva.example");
  CHECK(second.group == "customers");
  CHECK(second.rotation.ring.empty());
  CHECK(second.rotation.times.max_key_age == std::chrono::days{180});
  CHECK(second.rotation.times.selector_cooldown == std::chrono::days{14});
  CHECK(second.rotation.retention == std::chrono::days{5});
  CHECK(second.interval == std::chrono::hours{1});
  REQUIRE(second.nameservers.size() == 1);
  CHECK(second.nameservers[0].ip.to_string() == "192.0.2.1");

  CHECK(settings->policy.severities.at("key_rsa_weak") == Severity::critical);
  CHECK(settings->policy.disabled.at("adsp_present_historic") ==
        "ADSP stays until the old gateways are gone");
}

TEST_CASE("the example settings list every option with its default and limits") {
  const std::string text = read_text(example);
  const auto root = read_yaml(text, "example.yaml");
  REQUIRE(root);
  const auto entry = [](const YamlNode& map, const std::string& key) {
    const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                    [&](const auto& each) { return each.key.text == key; });
    REQUIRE(found != map.entries.end());
    return found->value;
  };
  const auto check = [&](const YamlNode& map, std::span<const Option> options) {
    for (const auto& option : options) {
      INFO(option.key);
      const auto value = entry(map, file_key(option));
      CHECK(value.text == format_value(option.unit, option.default_value));
    }
  };
  check(entry(*root, "probe"), probe_options());
  check(entry(*root, "policy"), policy_options());
  check(*root, schedule_options());
  check(entry(*root, "rotation"), rotation_options());
  // The other way round: a key that is no option would not be read. Keys that are shown as comments alone:
  for (const auto* key :
       {"# root_hints: ", "#     private_key: ", "#     passphrase_file: ", "# target_files: "})
    CHECK(text.find(key) != std::string::npos);
}

TEST_CASE("a minimal settings file is valid") {
  const auto settings = read("domains: [{domain: example.com, selectors: [s1]}]\n");
  for (const auto table : {probe_options(), policy_options(), schedule_options(), rotation_options()}) {
    for (const auto& option : table) CHECK(option_value(option, settings) == option.default_value);
  }
  CHECK(read("probe: {port: 5300}\n").probe.port == 5300);
  CHECK(read("probe: {port: \"5300\", ipv6: false}\n").probe.use_ipv6 == false);
  CHECK(read("\xef\xbb\xbfprobe: {port: 5300}\r\n").probe.port == 5300);
}

TEST_CASE("patterns of target files are relative to the folder of the settings file") {
  const auto settings =
      read_settings("target_files: [targets/*.json, /etc/targets.yml]\n", "/a/b.yaml", vocabulary);
  REQUIRE(settings);
  CHECK(settings->target_files == std::vector<std::string>{"/a/targets/*.json", "/etc/targets.yml"});
}

TEST_CASE("maintenance applies to a selector, a domain or a group, and its end is reported") {
  const auto settings =
      read_settings(R"(groups: {a: {}}
domains: [{domain: example.com, selectors: [s1]}]
maintenance:
  - {domain: example.com, selector: s1, until: 2026-11-22, reason: a}
  - {domain: example.com, until: 2026-11-22T12:00:00+01:00, reason: b}
  - {group: a, until: 2026-11-22T11:00:01Z, reason: c}
)",
                    "s.yaml", Vocabulary{{}, parse_timestamp("2026-11-22T11:00:00Z")->first});
  if (!settings) FAIL(told(settings.error()));
  REQUIRE(settings->maintenance.size() == 3);
  const auto& maintenance = settings->maintenance;
  CHECK(maintenance[0].selector->to_string() == "s1");
  CHECK(maintenance[0].until == parse_timestamp("2026-11-22")->last);
  CHECK_FALSE(maintenance[1].selector);
  CHECK(maintenance[1].domain->to_string() == "example.com");
  CHECK(maintenance[2].group == "a");
  REQUIRE(settings->warnings.size() == 1);
  CHECK(settings->warnings.front().where == "s.yaml:5:34: maintenance.until");
}

TEST_CASE("maintenance may name a domain that only a target file lists") {
  CHECK(read_settings(
      "target_files: [t.json]\nmaintenance: [{domain: a.example, selector: s, until: 2026-01-01, "
      "reason: r}]\n",
      "s.yaml", Vocabulary{}));
}

TEST_CASE("modules of /probe and the domains that it may probe are read") {
  const auto settings = read(R"(probe: {ipv6: no}
modules:
  slow: {timeout: 1m}
  bare: {}
  v4: {ipv6: no, role: standby}
probe_allow: [example.com, "*.example.net", "*"]
)");
  REQUIRE(settings.modules.size() == 3);
  CHECK(settings.modules[0].name == "bare");
  CHECK(settings.modules[0].timeout == std::chrono::seconds{10});
  CHECK(settings.modules[0].role == Role::active);
  CHECK(settings.modules[1].timeout == std::chrono::minutes{1});
  CHECK(settings.modules[1].use_ipv6);
  CHECK_FALSE(settings.modules[2].use_ipv6);
  CHECK(settings.modules[2].role == Role::standby);
  REQUIRE(settings.probe_allow.size() == 3);
  CHECK(settings.probe_allow[0].domain.to_string() == "example.com");
  CHECK_FALSE(settings.probe_allow[0].below);
  CHECK(settings.probe_allow[1].domain.to_string() == "example.net");
  CHECK(settings.probe_allow[1].below);
  CHECK(settings.probe_allow[2].domain.is_root());
  CHECK(settings.probe_allow[2].below);
}

TEST_CASE("a domain inherits the settings of its group unless it overrides them") {
  const auto settings = read(R"(interval: 7m
groups:
  a: {role: standby, service: tlsrpt, subdomain_identities: yes, interval: 10m, nameservers: [ns1.example.net=192.0.2.1]}
  b: {}
domains:
  - {domain: one.example, group: a, selectors: [s1, {name: s2, role: active, service: email, subdomain_identities: no}]}
  - {domain: two.example, group: a, interval: 1h, nameservers: [ns2.example.net=192.0.2.2], selectors: [s1]}
  - {domain: three.example, group: b, selectors: [s1]}
)");
  const auto& domains = settings.domains;
  REQUIRE(domains.size() == 3);
  CHECK(domains[0].interval == std::chrono::minutes{10});
  CHECK(domains[0].nameservers.front().ip.to_string() == "192.0.2.1");
  CHECK(domains[0].selectors[0].role == Role::standby);
  CHECK(domains[0].selectors[0].service == Service::tlsrpt);
  CHECK(domains[0].selectors[0].subdomain_identities);
  CHECK_FALSE(domains[0].selectors[1].subdomain_identities);
  CHECK_FALSE(domains[2].selectors[0].subdomain_identities);
  CHECK(domains[0].selectors[1].role == Role::active);
  CHECK(domains[0].selectors[1].service == Service::email);
  CHECK(domains[1].interval == std::chrono::hours{1});
  REQUIRE(domains[1].nameservers.size() == 1);
  CHECK(domains[1].nameservers.front().ip.to_string() == "192.0.2.2");
  CHECK(domains[2].interval == std::chrono::minutes{7});
  CHECK(domains[2].selectors[0].role == Role::active);
}

TEST_CASE("rotation times come from the domain, else its group, else the global settings") {
  const auto settings = read(R"(rotation: {max_key_age: 100d, selector_cooldown: 10d}
groups:
  a: {rotation: {max_key_age: 50d, retired_key_retention: 3d}}
domains:
  - {domain: one.example, selectors: [s1]}
  - {domain: two.example, group: a, selectors: [s1]}
  - {domain: three.example, group: a, selectors: [s1], rotation: {max_key_age: never, retired_key_retention: 2d, selector_cooldown: 1d}}
)");
  const auto& domains = settings.domains;
  REQUIRE(domains.size() == 3);
  const auto check = [](const RotationPlan& plan, std::chrono::days max_key_age,
                        std::chrono::days selector_cooldown, std::optional<std::chrono::days> retention) {
    CHECK(plan.times.max_key_age == max_key_age);
    CHECK(plan.times.selector_cooldown == selector_cooldown);
    CHECK(plan.retention == retention);
  };
  using std::chrono::days;
  check(domains[0].rotation, days{100}, days{10}, {});
  check(domains[1].rotation, days{50}, days{10}, days{3});
  check(domains[2].rotation, days{0}, days{1}, days{2});
}

TEST_CASE("a date is not in the future once the day has begun") {
  const auto read_at = [](const char* now) {
    return read_settings("domains: [{domain: example.com, selectors: [{name: s1, since: 2026-11-22}]}]\n",
                         "s.yaml", Vocabulary{{}, parse_timestamp(now)->first});
  };
  CHECK(read_at("2026-11-22T00:00:00Z"));
  CHECK_FALSE(read_at("2026-11-21T23:59:59Z"));
}

TEST_CASE("the same key has the same fingerprint in every form in which it may be given") {
  const auto given =
      GENERATE("private_key: ../keys/rsa2048_pkcs8.pem", "private_key: ../keys/rsa2048_pkcs8.der",
               "private_key: ../keys/rsa2048_pkcs1.pem", "private_key: ../keys/rsa2048_pkcs1.der",
               "public_key: ../keys/rsa2048_public.pem", "public_key: ../keys/rsa2048_public.der");
  INFO(given);
  const auto settings = with_key(given);
  if (!settings) FAIL(told(settings.error()));
  CHECK(told_of(settings->domains.front().selectors.front().expected_key) == rsa_key);
  CHECK(settings->domains.front().selectors.front().expected_key->spki ==
        read_text(vectors / "../keys/rsa2048_public.der"));
}

TEST_CASE("an encrypted key is decrypted with the passphrase file that the settings name") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("dkimprobe-passphrase-{}", getpid());
  fs::create_directories(folder);
  const fs::path passphrase = folder / "passphrase";
  std::ofstream(passphrase) << "secret\nnot this line\n";
  const auto given =
      GENERATE("rsa2048_encrypted.pem", "rsa2048_encrypted.der", "rsa2048_encrypted_pkcs1.pem");
  const auto settings_with = [&](mode_t mode) {
    REQUIRE(chmod(passphrase.c_str(), mode) == 0);
    return with_key(fmt::format("private_key: ../keys/{}, passphrase_file: {}", given, passphrase.string()));
  };
  INFO(given);
  const auto settings = settings_with(0600);
  if (!settings) FAIL(told(settings.error()));
  CHECK(told_of(settings->domains.front().selectors.front().expected_key) == rsa_key);
  const auto others = settings_with(0644);
  REQUIRE(others);
  CHECK(others->warnings.size() == settings->warnings.size() + 1);
  CHECK(others->warnings.front().message ==
        "the group or everybody can read the passphrase; chmod 600 " + passphrase.string());
  fs::remove_all(folder);
}

TEST_CASE("a fingerprint may be in upper case and in pairs") {
  std::string pairs;
  for (std::size_t i = 0; i < 64; i += 2)
    pairs += std::string(i == 0 ? "" : ":") + std::string(rsa_sha256).substr(i, 2);
  std::transform(pairs.begin(), pairs.end(), pairs.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  const auto settings = with_key("sha256: \"" + pairs + "\"");
  if (!settings) FAIL(told(settings.error()));
  CHECK(settings->domains.front().selectors.front().expected_key->sha256 == rsa_sha256);
  CHECK_FALSE(with_key("sha256: \"" + pairs + ":\""));
  CHECK_FALSE(with_key("sha256: \":" + pairs + "\""));
}

TEST_CASE("an Ed25519 private key and its record give the same key") {
  const auto settings = with_key("private_key: ../keys/ed25519.pem");
  if (!settings) FAIL(told(settings.error()));
  CHECK(told_of(settings->domains.front().selectors.front().expected_key) == ed25519_key);
}

TEST_CASE("a private key that others can read is loaded with a warning") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("dkimprobe-settings-{}", getpid());
  fs::create_directories(folder);
  const fs::path key = folder / "s1.pem";
  fs::copy_file(vectors / "../keys/ed25519.pem", key, fs::copy_options::overwrite_existing);
  const std::string text =
      "domains: [{domain: example.com, selectors: [{name: s1, expected_key: {private_key: s1.pem}}]}]\n";
  const auto warnings = [&](mode_t mode) {
    REQUIRE(chmod(key.c_str(), mode) == 0);
    const auto settings = read_settings(text, folder / "settings.yaml", vocabulary);
    REQUIRE(settings);
    return settings->warnings;
  };
  CHECK(warnings(0600).empty());
  CHECK(warnings(0400).empty());
  for (const mode_t mode : {0640U, 0604U, 0644U}) {
    const auto found = warnings(mode);
    REQUIRE(found.size() == 1);
    CHECK(found.front().where ==
          (folder / "settings.yaml").string() + ":1:84: domains.selectors.expected_key.private_key");
    CHECK(found.front().message ==
          "the group or everybody can read the private key; chmod 600 " + key.string());
  }
  fs::remove_all(folder);
}

TEST_CASE("a file that is not a settings file is reported by name") {
  const auto missing = load_settings(vectors / "no_such_file.yaml", vocabulary);
  REQUIRE_FALSE(missing);
  CHECK(told(missing.error()) ==
        "no_such_file.yaml: the settings cannot be read: No such file or directory\n");
  const auto directory = load_settings(vectors / ".", vocabulary);
  REQUIRE_FALSE(directory);
  CHECK(told(directory.error()) == ".: this is a directory; a settings file was expected\n");
}

TEST_CASE("a settings file that would need much time or memory is rejected quickly") {
  const auto refusal = [](const std::string& text) {
    const auto settings = read_settings(text, "s.yaml", vocabulary);
    REQUIRE_FALSE(settings);
    return told(settings.error());
  };
  const auto repeated = [](std::string_view piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
  };
  CHECK(refusal(std::string(longest_yaml_bytes + 1, ' ')) == "s.yaml: the file is larger than 4 MiB\n");
  CHECK(refusal(repeated("[", 100'000)) ==
        "s.yaml:1:17: lists and maps are nested more than 32 levels deep\n");
  CHECK(refusal(repeated("- ", 100'000)) ==
        "s.yaml:1:65: lists and maps are nested more than 32 levels deep\n");
  CHECK(refusal("domains:\n" + repeated("-\n", most_yaml_nodes + 1)) ==
        "s.yaml:500000:1: there are more than 500000 values\n");
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c)
    bomb += fmt::format("{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1}]\n", c, static_cast<char>(c - 1));
  CHECK(refusal(bomb) ==
        "s.yaml:1:4: YAML anchors and aliases are not supported; put what domains share into a group\n");
}
