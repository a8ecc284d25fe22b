// Each file of vectors/settings says exactly what its .expected lists; the good ones are read as they are
// meant.
#include "config/settings_file.hpp"

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
#include "tests/config/settings_reading.hpp"
#include "tests/golden_file.hpp"

using namespace dkimprobe::config;
namespace fs = std::filesystem;

namespace {

const fs::path example = fs::path(DKIMPROBE_SOURCE_DIRECTORY) / "config/example.yaml";

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

}  // namespace

TEST_CASE("each invalid settings file gets exactly the expected error messages") {
  for (const auto& file : settings_files()) {
    INFO(file.filename().string());
    const auto settings = load_settings(file, vocabulary);
    REQUIRE_FALSE(settings);
    fs::path expected = file;
    dkimprobe::tests::compare_with_file(expected.replace_extension(".expected").string(),
                                        lines_of(settings.error()));
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
  if (!settings) FAIL(lines_of(settings.error()));
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
  CHECK(summary_of(first.selectors[1].expected_key) == fingerprint_alone);
  CHECK(first.selectors[2].role == Role::pending);
  CHECK(summary_of(first.selectors[2].expected_key) == rsa_key);
  CHECK(first.selectors[1].expected_key == first.selectors[2].expected_key);
  CHECK(first.selectors[3].role == Role::retired);
  CHECK(summary_of(first.selectors[3].expected_key) == ed25519_key);
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
  CHECK_FALSE(first.key_size);
  REQUIRE(second.key_size);
  CHECK(second.key_size->rsa_bits == 3000);
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
  for (const auto* key : {"# root_hints: ", "# trust_anchor: ", "# blocklist: ", "# known_moduli: ",
                          "#     private_key: ", "#     passphrase_file: ", "# target_files: "})
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

TEST_CASE("a file that is not a settings file is reported by name") {
  const auto missing = load_settings(vectors / "no_such_file.yaml", vocabulary);
  REQUIRE_FALSE(missing);
  CHECK(lines_of(missing.error()) ==
        "no_such_file.yaml: the settings cannot be read: No such file or directory\n");
  const auto directory = load_settings(vectors / ".", vocabulary);
  REQUIRE_FALSE(directory);
  CHECK(lines_of(directory.error()) == ".: this is a directory; a settings file was expected\n");
}

TEST_CASE("a settings file that would need much time or memory is rejected quickly") {
  const auto refusal = [](const std::string& text) {
    const auto settings = read_settings(text, "s.yaml", vocabulary);
    REQUIRE_FALSE(settings);
    return lines_of(settings.error());
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
