#include "config/settings_edit.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "config/basics/unified_diff.hpp"
#include "config/names/internationalized_name.hpp"
#include "tests/catch.hpp"
#include "tests/config/settings_reading.hpp"

using namespace dkimprobe::config;
namespace fs = std::filesystem;

namespace {

Selector selector(const std::string& text) {
  return Selector::parse(text).value();
}

Result<std::string> edit(const std::string& text, const std::vector<SelectorChange>& changes,
                         const std::string& domain = "example.com") {
  return edit_settings(text, vectors / "test.yaml", vocabulary, read_domain(domain).value(), changes);
}

std::string edited(const std::string& text, const std::vector<SelectorChange>& changes,
                   const std::string& domain = "example.com") {
  const auto result = edit(text, changes, domain);
  return result ? *result : lines_of(result.error());
}

/// s1 signs no longer, s2 signs now.
std::vector<SelectorChange> handover() {
  const auto now = parse_timestamp("2026-11-22T11:00:00Z");
  const auto today = parse_timestamp("2026-11-22");
  return {
      {.selector = selector("s1"),
       .role = Role::retired,
       .last_signature = today,
       .removed = {SelectorKey::since}},
      {.selector = selector("s2"), .role = Role::active, .since = now, .removed = {SelectorKey::never_used}}};
}

}  // namespace

TEST_CASE("a selector is changed in block style, and nothing else") {
  CHECK(edited(R"(# Ours. Größe: ü
domains:
  - domain: "example.com"   # the main one
    selectors:
      # The old key.
      - s1  # since 2025
      - name: 's2'   # the new key
        # It waits.
        role:   "standby"   # ready
        never_used: yes  # nobody knows it
        expected_key:
          # As openssl prints it.
          sha256: a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908

      # The end.
interval: 5m
)",
               handover()) == R"(# Ours. Größe: ü
domains:
  - domain: "example.com"   # the main one
    selectors:
      # The old key.
      - name: s1  # since 2025
        role: retired
        last_signature: 2026-11-22
      - name: 's2'   # the new key
        # It waits.
        role:   active   # ready
        since: 2026-11-22T11:00:00Z
        # nobody knows it
        expected_key:
          # As openssl prints it.
          sha256: a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908

      # The end.
interval: 5m
)");
}

TEST_CASE("a selector is changed in flow style") {
  CHECK(
      edited(
          "domains: [{domain: example.com, selectors: [s1, {never_used: yes, name: s2, role: standby}]}] # x",
          handover()) ==
      "domains: [{domain: example.com, selectors: [{name: s1, role: retired, last_signature: 2026-11-22}, "
      "{name: s2, role: active, since: 2026-11-22T11:00:00Z}]}] # x");
  CHECK(edited(R"(domains:
- domain: example.com
  selectors: [
    "s1",   # the old one
    {name: s2,   # the new one
     role: standby,
     never_used: yes},
  ]
)",
               handover()) == R"(domains:
- domain: example.com
  selectors: [
    {name: "s1", role: retired, last_signature: 2026-11-22},   # the old one
    {name: s2,   # the new one
     role: active, since: 2026-11-22T11:00:00Z},
  ]
)");
}

TEST_CASE("a selector that is not there is added, as the others are written") {
  const std::vector<SelectorChange> added = {
      {.selector = selector("s9"),
       .role = Role::pending,
       .never_used = true,
       .expected_key =
           ExpectedKeyText{ExpectedKeyText::Form::record,
                           "v=DKIM1; k=ed25519; p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M="}}};
  CHECK(edited("domains:\n- domain: example.com\n  selectors:\n  -   s1\n\n# end\n", added) ==
        "domains:\n- domain: example.com\n  selectors:\n  -   s1\n  -   name: s9\n      role: pending\n"
        "      never_used: yes\n      expected_key:\n          record: \"v=DKIM1; k=ed25519; "
        "p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M=\"\n\n# end\n");
  CHECK(edited("domains: [{domain: example.com, selectors: [s1]}]", added) ==
        "domains: [{domain: example.com, selectors: [s1, {name: s9, role: pending, never_used: yes, "
        "expected_key: {record: \"v=DKIM1; k=ed25519; p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M=\"}}]}]");
  CHECK(edited("domains: [{domain: example.com, selectors: [s1]}]", {{.selector = selector("null")}}) ==
        "domains: [{domain: example.com, selectors: [s1, \"null\"]}]");
  CHECK(edited("domains: [{domain: example.com, selectors: [s1]}]", {{.selector = selector("S1")}}) ==
        "domains: [{domain: example.com, selectors: [s1]}]");
}

TEST_CASE("line ends, a byte order mark and a missing last line end stay") {
  const std::string text =
      "\xef\xbb\xbf"
      "domains:\r\n- domain: b\xc3\xbc"
      "cher.example\r\n  selectors:\r\n  - s1 # \xc3\xbc\r\n  - name: s2\r\n    "
      "role: standby";
  CHECK(edited(text, handover(), "bücher.example") ==
        "\xef\xbb\xbf"
        "domains:\r\n- domain: b\xc3\xbc"
        "cher.example\r\n  selectors:\r\n  - name: s1 # \xc3\xbc\r\n    role: retired\r\n    "
        "last_signature: 2026-11-22\r\n  - name: s2\r\n    role: active\r\n    since: 2026-11-22T11:00:00Z");
}

TEST_CASE("a removed key leaves the comments on its lines") {
  const std::vector<SelectorChange> bare = {
      {.selector = selector("s1"),
       .removed = {SelectorKey::role, SelectorKey::since, SelectorKey::last_signature,
                   SelectorKey::expected_key}}};
  CHECK(edited(R"(domains:
  - domain: example.com
    selectors:
      - role: retired
        since: 2026-01-01 # new year
        # The name.
        name: s1
        expected_key: # one
          # two
          record: |
            v=DKIM1; k=ed25519; p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M=
          # three
        last_signature:  # four
          2025-12-31)",
               bare) == R"(domains:
  - domain: example.com
    selectors:
      - # new year
        # The name.
        name: s1
        # one
        # two
          # three
        # four)");
}

TEST_CASE("the expected key is changed in whatever form it was given") {
  const auto changed = [](const std::string& key) {
    return edited(
        "domains:\n  - domain: example.com\n    selectors:\n      - name: s1\n        expected_key:" + key +
            "        role: active # c\n",
        {{.selector = selector("s1"),
          .expected_key = ExpectedKeyText{ExpectedKeyText::Form::sha256, rsa_sha256}}});
  };
  const auto wanted = [](const std::string& key) {
    return "domains:\n  - domain: example.com\n    selectors:\n      - name: s1\n        expected_key:" +
           key + "        role: active # c\n";
  };
  const std::string sha256 = fmt::format("sha256: {}", rsa_sha256);
  CHECK(changed(fmt::format("\n          sha256: {} # a\n", ed25519_sha256)) ==
        wanted("\n          " + sha256 + " # a\n"));
  CHECK(changed(fmt::format(" {{sha256: '{}'}} # a\n", ed25519_sha256)) == wanted(" {" + sha256 + "} # a\n"));
  CHECK(changed("\n         # a\n         private_key: ../keys/ed25519.pem # b\n") ==
        wanted("\n         # a\n         " + sha256 + " # b\n"));
  CHECK(changed("\n          record: v=DKIM1; k=ed25519;\n            "
                "p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M= # b\n") ==
        wanted("\n          " + sha256 + " # b\n"));
  CHECK(changed("\n          record: \"v=DKIM1; k=ed25519; p=vvcbTSHCKV21vt1i3aDhr\\\n            "
                "jzH6ltPN2fVTJDhzqISL7M=\" # b\n") == wanted("\n          " + sha256 + " # b\n"));
  CHECK(changed(R"(
          public_key: |
            -----BEGIN PUBLIC KEY-----
            MCowBQYDK2VwAyEAvvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M=
            -----END PUBLIC KEY-----
)") == wanted("\n          " + sha256 + "\n"));
}

TEST_CASE("a passphrase of the former key goes with it") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("dkimprobe-edit-{}", getpid());
  fs::create_directories(folder);
  std::ofstream(folder / "passphrase") << "secret\n";
  fs::copy_file(vectors / "../keys/rsa2048_encrypted.pem", folder / "s1.pem",
                fs::copy_options::overwrite_existing);
  const std::string start =
      "domains:\n- domain: example.com\n  selectors:\n  - name: s1\n    expected_key:\n";
  const auto result =
      edit_settings(start + "      passphrase_file: passphrase\n      private_key: s1.pem\n",
                    folder / "s.yaml", vocabulary, DomainName::parse("example.com").value(),
                    std::vector<SelectorChange>{
                        {.selector = selector("s1"),
                         .expected_key = ExpectedKeyText{ExpectedKeyText::Form::sha256, ed25519_sha256}}});
  if (!result) FAIL(lines_of(result.error()));
  CHECK(*result == start + "      sha256: " + ed25519_sha256 + "\n");
  fs::remove_all(folder);
}

TEST_CASE("what cannot be edited is an error that says what to do") {
  // A comment would be lost.
  CHECK(edited("domains: [{domain: example.com, selectors: [s1, {name: s2, # new\n  never_used: yes, role: "
               "standby}]}]\n",
               handover()) ==
        "test.yaml:1:49: the YAML here has a form that cannot be edited automatically; for the selector s2, "
        "on lines 1 "
        "to 2: set `role: active`, `since: 2026-11-22T11:00:00Z`, and remove never_used\n");
  CHECK(edited("domains: [{domain: example.org, selectors: [s1]}]\n", handover()) ==
        "test.yaml: the domain example.com is not listed under `domains`; add it there with its selectors\n");
  // The settings have an error, before or after.
  CHECK(edited("domains: [{domain: example.com, selectors: []}]\n", handover()) ==
        "test.yaml:1:44: domains.selectors: the list is empty\n");
  CHECK(edited("domains: [{domain: example.com, selectors: [{name: s1, role: standby, never_used: yes}]}]\n",
               {{.selector = selector("s1"), .role = Role::active}}) ==
        "test.yaml:1:82: domains.selectors.never_used: after the change: the role is active, so the selector "
        "has been "
        "used\n");
  CHECK_FALSE(edit(std::string("\xff\xfe"
                               "d\0o\0",
                               6),
                   handover()));
  CHECK_FALSE(edit("", handover()));
}

TEST_CASE("a selector of a target file is changed there") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("dkimprobe-edit-targets-{}", getpid());
  fs::create_directories(folder);
  std::ofstream(folder / "t.json") << "[{\"targets\": [\"example.com/s1\"]}]";
  const auto result =
      edit_settings("target_files: [t.json]\ndomains: [{domain: example.com, selectors: [s2]}]\n",
                    folder / "s.yaml", vocabulary, DomainName::parse("example.com").value(), handover());
  REQUIRE_FALSE(result);
  CHECK(result.error().front().where == (folder / "t.json").string() + ":1:15");
  CHECK(
      result.error().front().message ==
      "the selector s1 of example.com comes from this target file; change the label `role` here to retired, "
      "or list it in the settings file instead");
  fs::remove_all(folder);
}

TEST_CASE("the lines to be copied by hand give the wanted settings") {
  auto changes = handover();
  changes.push_back({.selector = selector("null"),
                     .role = Role::pending,
                     .never_used = true,
                     .expected_key = ExpectedKeyText{ExpectedKeyText::Form::sha256, rsa_sha256}});
  const std::string lines = selector_yaml(DomainName::parse("example.com").value(), changes);
  CHECK(lines == fmt::format(R"(domains:
  - domain: example.com
    selectors:
      - name: s1
        role: retired
        last_signature: 2026-11-22
        # remove since
      - name: s2
        role: active
        since: 2026-11-22T11:00:00Z
        # remove never_used
      - name: "null"
        role: pending
        never_used: yes
        expected_key:
          sha256: {}
)",
                             rsa_sha256));
  const auto selectors = read(lines).domains.front().selectors;
  REQUIRE(selectors.size() == 3);
  CHECK(selectors[0].role == Role::retired);
  CHECK(selectors[0].last_signature == parse_timestamp("2026-11-22"));
  CHECK(selectors[1].role == Role::active);
  CHECK(selectors[1].since == parse_timestamp("2026-11-22T11:00:00Z"));
  CHECK(selectors[2].selector == selector("null"));
  CHECK(selectors[2].never_used);
  CHECK(summary_of(selectors[2].expected_key) == fingerprint_alone);
}
