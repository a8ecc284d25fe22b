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

TEST_CASE("a selector leaves the settings with its own lines") {
  const std::vector<SelectorChange> leaving = {{.selector = selector("s2"), .leaves = true}};
  CHECK(edited(R"(domains:
  - domain: example.com
    selectors:
      # The first.
      - s1
      # The second.
      - name: s2  # old
        # compromised in May
        role: retired
      - s3
)",
               leaving) == R"(domains:
  - domain: example.com
    selectors:
      # The first.
      - s1
      # The second.
      - s3
)");
  CHECK(edited("domains: [{domain: example.com, selectors: [s1, {name: s2}, s3]}]", leaving) ==
        "domains: [{domain: example.com, selectors: [s1, s3]}]");
  CHECK(edited("domains: [{domain: example.com, selectors: [s1]}]", leaving) ==
        "domains: [{domain: example.com, selectors: [s1]}]");
  CHECK(edited("domains: [{domain: example.com, selectors: [s2]}]", leaving) ==
        "test.yaml: example.com would have no selector; remove the whole domain\n");
  CHECK(
      edited("domains: [{domain: example.com, rotation: {selectors: [s1, s2]}, selectors: [s1, {name: s2, "
             "role: standby}]}]",
             leaving) ==
      "test.yaml:1:60: domains.rotation.selectors: after the change: the selector s2 is not listed under the "
      "domain\n");
  CHECK(selector_yaml(DomainName::parse("example.com").value(), leaving) ==
        "domains:\n  - domain: example.com\n    selectors:\n      # remove s2\n");
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

TEST_CASE("the change of the example settings is as small as it can be") {
  const fs::path path = fs::path(DKIMPROBE_SOURCE_DIRECTORY) / "config/example.yaml";
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto result =
      edit_settings(text, path, vocabulary, DomainName::parse("example.com").value(), handover());
  if (!result) FAIL(lines_of(result.error()));
  // Without the places of the hunks.
  std::string changed;
  const std::string diff = unified_diff(text, *result, "example.yaml", "example.yaml");
  for (std::size_t at = 0, end = 0; (end = diff.find('\n', at)) != std::string::npos; at = end + 1) {
    if (diff[at] != ' ' && diff[at] != '@') changed += diff.substr(at, end + 1 - at);
  }
  CHECK(changed == R"(--- example.yaml
+++ example.yaml
-      - s1
+      - name: s1
+        role: retired
+        last_signature: 2026-11-22
-        role: standby
+        role: active
+        since: 2026-11-22T11:00:00Z
-        never_used: yes
)");
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

// ---- Random settings and changes ----

namespace {

std::size_t pick(std::size_t below) {
  return *rc::gen::inRange<std::size_t>(0, below);
}

bool coin() {
  return pick(2) == 0;
}

/// What the settings say of a selector.
struct Selected {
  std::string name{};
  std::optional<Role> role{};
  std::optional<std::string> since{};
  std::optional<std::string> last_signature{};
  std::optional<bool> never_used{};
  std::optional<bool> compromised{};
  std::optional<std::string> key{};  ///< its fingerprint

  friend bool operator==(const Selected&, const Selected&) = default;
};

const std::vector<std::string> names = {"s1", "s2", "a.b", "2026", "null", "yes"};
const std::vector<std::string> times = {"2026-01-01", "2026-05-01T09:30:00Z", "2026-11-22"};
constexpr Role roles[] = {Role::pending, Role::active, Role::standby, Role::retired};

template <class T>
void maybe(std::optional<T>& value, T filled, std::size_t one_of = 2) {
  if (pick(one_of) == 0) value = std::move(filled);
}

Selected random_selected(const std::string& name) {
  Selected selected{.name = name};
  maybe(selected.role, roles[pick(4)]);
  maybe(selected.since, times[pick(times.size())]);
  maybe(selected.last_signature, times[pick(times.size())], 4);
  maybe(selected.never_used, coin(), 4);
  maybe(selected.compromised, coin(), 4);
  maybe(selected.key, std::string(coin() ? rsa_sha256 : ed25519_sha256));
  return selected;
}

bool is_valid(const Selected& selected, Role inherited) {
  const Role role = selected.role.value_or(inherited);
  const bool never_used = selected.never_used.value_or(false);
  if (never_used && (role == Role::active || role == Role::retired || selected.last_signature)) return false;
  if (!selected.last_signature) return true;
  return role != Role::active && (!selected.since || parse_timestamp(*selected.last_signature)->first <=
                                                         parse_timestamp(*selected.since)->last);
}

/// At least one.
std::vector<Selected> random_selectors(Role inherited) {
  std::vector<Selected> selectors;
  for (const std::string& name : names) {
    Selected selected = random_selected(name);
    if (!is_valid(selected, inherited)) selected = {.name = name};
    if (selectors.empty() || coin()) selectors.push_back(selected);
  }
  return selectors;
}

/// Writes settings in all the forms that they may have, with comments; each comment has a number.
class Writer {
 public:
  Writer() : line_end_(coin() ? "\r\n" : "\n"), list_indent_(pick(3)), dash_(2 + pick(3)) {}

  std::string write(const std::vector<Selected>& selectors, Role inherited) {
    comment_lines("");
    line(fmt::format("groups: {{g: {{role: {}}}}}", to_string(inherited)));
    line("domains:");
    domain("other.example", {{.name = "s1"}, {.name = "s2"}});
    domain("example.com", selectors);
    if (coin()) domain("last.example", {{.name = "s2"}});
    comment_lines("  ");
    if (coin()) text_.resize(text_.size() - line_end_.size());
    return text_;
  }

  [[nodiscard]] int comments() const { return comments_; }

 private:
  std::string comment() { return fmt::format("# comment {}! ü: [x, {{y", comments_++); }
  void comment_lines(const std::string& indent) {
    for (std::size_t i = pick(3); i > 0; --i)
      text_ += (coin() ? indent + comment() : std::string(pick(2), ' ')) + line_end_;
  }
  void line(const std::string& text) {
    text_ += text;
    if (pick(3) == 0) text_ += "  " + comment();
    text_ += line_end_;
  }

  std::string quoted(const std::string& text, bool must = false) {
    const std::size_t style = pick(must ? 2 : 4);
    return style == 0 ? fmt::format("'{}'", text) : style == 1 ? fmt::format("\"{}\"", text) : text;
  }

  std::string name_of(const Selected& selected) { return quoted(selected.name, selected.name == "null"); }

  /// The entries in any order.
  std::vector<std::pair<std::string, std::string>> entries_of(const Selected& selected) {
    std::vector<std::pair<std::string, std::string>> entries = {{"name", name_of(selected)}};
    const auto add = [&](const std::string& key, const std::string& value) {
      entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(pick(entries.size() + 1)), {key, value});
    };
    if (selected.role) add("role", quoted(std::string(to_string(*selected.role))));
    if (selected.since) add("since", quoted(*selected.since));
    if (selected.last_signature) add("last_signature", quoted(*selected.last_signature));
    if (selected.never_used) add("never_used", quoted(*selected.never_used ? "yes" : "no"));
    if (selected.compromised) add("compromised", quoted(*selected.compromised ? "yes" : "no"));
    if (selected.key) add("expected_key", *selected.key);
    if (pick(4) == 0) add("service", "email");
    return entries;
  }

  std::string in_flow(const Selected& selected, const std::string& separator) {
    if (selected == Selected{.name = selected.name} && coin()) return name_of(selected);
    std::string text;
    for (const auto& [key, value] : entries_of(selected)) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : separator, key,
                          key == "expected_key" ? fmt::format("{{sha256: {}}}", value) : value);
    }
    return coin() ? fmt::format("{{{}}}", text) : fmt::format("{{ {} }}", text);
  }

  void expected_key(const std::string& indent, const std::string& sha256) {
    const std::string inner = indent + std::string(1 + pick(4), ' ');
    if (sha256 == ed25519_sha256 && coin()) {
      const std::string tag = "p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M=";
      comment_lines(inner);
      if (coin()) {
        text_ += fmt::format("{}record: >-{}{}  v=DKIM1; k=ed25519;{}{}  {}{}", inner, line_end_, inner,
                             line_end_, inner, tag, line_end_);
      } else {
        line(fmt::format("{}record: \"v=DKIM1; k=ed25519;{}{}  {}\"", inner, line_end_, inner, tag));
      }
    } else {
      comment_lines(inner);
      line(fmt::format("{}sha256: {}", inner, quoted(sha256)));
    }
  }

  void in_block(const std::string& dash, const std::string& indent, const Selected& selected) {
    bool first = true;
    if (pick(4) == 0) {
      line(dash.substr(0, dash.find('-') + 1));
      first = false;
    }
    for (const auto& [key, value] : entries_of(selected)) {
      if (!first) comment_lines(indent);
      const std::string start = (first ? dash : indent) + key + ":";
      first = false;
      if (key != "expected_key") {
        line(fmt::format("{} {}{}", start, std::string(pick(3), ' '), value));
      } else if (coin()) {
        line(fmt::format("{} {{sha256: {}}}", start, quoted(value)));
      } else {
        line(start);
        expected_key(indent, value);
      }
    }
  }

  void domain(const std::string& name, const std::vector<Selected>& selectors) {
    comment_lines("  ");
    line("  - domain: " + quoted(name));
    line("    group: g");
    const std::size_t style = pick(4);
    if (style < 2) {
      const std::string separator = style == 0 ? ", " : "," + line_end_ + "          ";
      std::string items;
      for (const Selected& each : selectors)
        items +=
            fmt::format("{}{}", items.empty() ? "" : separator, in_flow(each, coin() ? separator : ", "));
      line(fmt::format("    selectors: [{}{}]", items, coin() ? "," : ""));
      return;
    }
    line("    selectors:");
    const std::string dash = std::string(4 + list_indent_, ' ') + fmt::format("{:<{}}", "-", dash_);
    const std::string indent(4 + list_indent_ + dash_, ' ');
    for (const Selected& each : selectors) {
      comment_lines(dash.substr(0, 4 + list_indent_));
      const std::size_t form = pick(3);
      if (form == 0) {
        line(dash + in_flow(each, ", "));
      } else if (form == 1 && each == Selected{.name = each.name}) {
        line(dash + name_of(each));
      } else {
        in_block(dash, indent, each);
      }
    }
  }

  std::string line_end_;
  std::size_t list_indent_;
  std::size_t dash_;
  std::string text_{};
  int comments_ = 0;
};

/// A random change, made in `selected` too.
SelectorChange random_change(Selected& selected) {
  SelectorChange change{.selector = selector(selected.name)};
  const Selected wanted = random_selected(selected.name);
  const auto set = [&](auto& value, const auto& new_value, SelectorKey key, auto& changed, auto convert) {
    if (pick(3) == 0) {
      change.removed.push_back(key);
      value.reset();
    }
    if (!new_value) return;
    changed = convert(*new_value);
    value = new_value;
  };
  const auto same = [](const auto& value) { return value; };
  const auto time = [](const std::string& text) { return parse_timestamp(text).value(); };
  const auto key = [](const std::string& sha256) {
    return ExpectedKeyText{ExpectedKeyText::Form::sha256, sha256};
  };
  set(selected.role, wanted.role, SelectorKey::role, change.role, same);
  set(selected.since, wanted.since, SelectorKey::since, change.since, time);
  set(selected.last_signature, wanted.last_signature, SelectorKey::last_signature, change.last_signature,
      time);
  set(selected.never_used, wanted.never_used, SelectorKey::never_used, change.never_used, same);
  set(selected.compromised, wanted.compromised, SelectorKey::compromised, change.compromised, same);
  set(selected.key, wanted.key, SelectorKey::expected_key, change.expected_key, key);
  return change;
}

void check_selectors(const std::vector<SelectorSettings>& read, const std::vector<Selected>& wanted,
                     Role inherited) {
  RC_ASSERT(read.size() == wanted.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    RC_ASSERT(read[i].selector == selector(wanted[i].name));
    RC_ASSERT(read[i].role == wanted[i].role.value_or(inherited));
    RC_ASSERT(read[i].never_used == wanted[i].never_used.value_or(false));
    RC_ASSERT(read[i].compromised == wanted[i].compromised.value_or(false));
    RC_ASSERT(read[i].since == (wanted[i].since ? parse_timestamp(*wanted[i].since) : std::nullopt));
    RC_ASSERT(read[i].last_signature ==
              (wanted[i].last_signature ? parse_timestamp(*wanted[i].last_signature) : std::nullopt));
    RC_ASSERT((read[i].expected_key ? read[i].expected_key->sha256 : "") == wanted[i].key.value_or(""));
  }
}

}  // namespace

TEST_CASE("a selector leaves random settings, and the others stay as they are") {
  CHECK(rc::check([&] {
    const Role inherited = roles[pick(4)];
    std::vector<Selected> selectors = random_selectors(inherited);
    const std::string before = Writer().write(selectors, inherited);
    RC_LOG(before);
    const std::size_t leaving = pick(selectors.size());
    const auto after = edit(before, {{.selector = selector(selectors[leaving].name), .leaves = true}});
    selectors.erase(selectors.begin() + static_cast<std::ptrdiff_t>(leaving));
    RC_ASSERT(after.has_value() == !selectors.empty());
    if (!after) return;
    const auto settings = read_settings(*after, vectors / "test.yaml", vocabulary);
    RC_ASSERT(settings.has_value());
    check_selectors(settings->domains[1].selectors, selectors, inherited);
    RC_ASSERT(after->size() < before.size());
  }));
}

TEST_CASE("a random change of random settings is made exactly, and every comment stays") {
  int edits = 0;
  CHECK(rc::check([&] {
    const Role inherited = roles[pick(4)];
    std::vector<Selected> selectors = random_selectors(inherited);
    Writer writer;
    const std::string before = writer.write(selectors, inherited);
    RC_LOG(before);
    const auto read_before = read_settings(before, vectors / "test.yaml", vocabulary);
    if (!read_before) RC_FAIL(lines_of(read_before.error()));

    std::vector<SelectorChange> changes;
    const std::size_t first = pick(names.size());
    for (std::size_t i = pick(2) + 1; i > 0; --i) {
      const std::string& name = names[(first + i) % names.size()];
      auto known = std::ranges::find(selectors, name, &Selected::name);
      if (known == selectors.end()) known = selectors.insert(selectors.end(), {.name = name});
      changes.push_back(random_change(*known));
    }
    RC_LOG(selector_yaml(DomainName::parse("example.com").value(), changes));
    const bool valid =
        std::ranges::all_of(selectors, [&](const Selected& each) { return is_valid(each, inherited); });
    const auto after = edit(before, changes);
    if (!after) RC_LOG(lines_of(after.error()));
    RC_ASSERT(after.has_value() == valid);
    if (!after) return;
    ++edits;

    const auto settings = read_settings(*after, vectors / "test.yaml", vocabulary);
    RC_ASSERT(settings.has_value());
    RC_ASSERT(settings->domains.size() == read_before->domains.size());
    check_selectors(settings->domains[1].selectors, selectors, inherited);
    for (int i = 0; i < writer.comments(); ++i)
      RC_ASSERT(after->find(fmt::format("# comment {}! ü: [x, {{y", i)) != std::string::npos);
    // Lines of the other domains and of the comments stay as they are.
    const auto is_kept = [](std::string_view line) {
      return line.starts_with('#') || line.find("other.example") != std::string_view::npos;
    };
    std::string_view rest = *after;
    for (std::string_view text = before; !text.empty();) {
      const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
      text.remove_prefix(line.size());
      if (!is_kept(line)) continue;
      RC_ASSERT(rest.find(line) != std::string_view::npos);
      rest.remove_prefix(rest.find(line) + line.size());
    }
    // Every line ends as in the rest of the file.
    const bool has_returns = before.find('\r') != std::string::npos;
    for (std::size_t i = after->find('\n'); i != std::string::npos; i = after->find('\n', i + 1))
      RC_ASSERT((i > 0 && after->at(i - 1) == '\r') == has_returns);
    RC_ASSERT(after->ends_with('\n') == before.ends_with('\n'));
  }));
  CHECK(edits > 10);
}

TEST_CASE("a damaged text gives an error or is edited as wanted") {
  const std::string text =
      "domains: # a\n- domain: example.com\n  selectors: # b\n  - s1\n  - {name: s2, role: standby, "
      "never_used: yes}\n  - "
      "name: s3\n    expected_key:\n      record: |\n        v=DKIM1; k=ed25519; "
      "p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M=\n    since: 2026-01-01\n";
  const std::vector<std::string> pieces = {"\"",      "'",   "#",   " ",    "\n",
                                           "\r",      "\t",  "[",   "]",    "{",
                                           "}",       ",",   ":",   "-",    "?",
                                           "|",       ">",   "&a",  "*a",   "!",
                                           "%",       "---", "...", "\xff", std::string(1, '\0'),
                                           "\xc2\x85"};
  CHECK(rc::check([&] {
    std::string damaged = text;
    for (std::size_t i = 1 + pick(3); i > 0; --i) {
      const std::size_t at = pick(damaged.size());
      damaged.replace(at, pick(3), pieces[pick(pieces.size())]);
    }
    auto changes = handover();
    changes.push_back({.selector = selector("s3"),
                       .expected_key = ExpectedKeyText{ExpectedKeyText::Form::sha256, rsa_sha256},
                       .removed = {SelectorKey::since}});
    const auto result = edit(damaged, changes);
    if (!result) return;
    const auto settings = read_settings(*result, vectors / "test.yaml", vocabulary);
    RC_ASSERT(settings.has_value());
    const auto& domain = settings->domains.front();
    const auto s3 = std::ranges::find(domain.selectors, selector("s3"), &SelectorSettings::selector);
    RC_ASSERT(s3 != domain.selectors.end());
    RC_ASSERT(s3->expected_key->sha256 == rsa_sha256);
  }));
}
