#include "config/settings_edit.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/names/internationalized_name.hpp"
#include "config/target_files.hpp"
#include "config/yaml/yaml_edit.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {
namespace {

// ---- The keys of a selector ----

std::string_view to_string(SelectorKey key) {
  switch (key) {
    case SelectorKey::role:
      return "role";
    case SelectorKey::since:
      return "since";
    case SelectorKey::last_signature:
      return "last_signature";
    case SelectorKey::never_used:
      return "never_used";
    case SelectorKey::compromised:
      return "compromised";
    case SelectorKey::expected_key:
      return "expected_key";
  }
  return {};
}

std::string_view to_string(ExpectedKeyText::Form form) {
  switch (form) {
    case ExpectedKeyText::Form::sha256:
      return "sha256";
    case ExpectedKeyText::Form::record:
      return "record";
    case ExpectedKeyText::Form::public_key:
      return "public_key";
    case ExpectedKeyText::Form::private_key:
      return "private_key";
  }
  return {};
}

YamlNode text_node(std::string_view text) {
  return {YamlNode::Kind::text, {}, std::string(text), {}, {}};
}

YamlNode map_node(std::string_view key, std::string_view value) {
  YamlNode node{YamlNode::Kind::map, {}, {}, {}, {}};
  node.entries.push_back({text_node(key), text_node(value)});
  return node;
}

/// The new values of a change, in the order in which they are written.
std::vector<YamlEntry> entries_of(const SelectorChange& change) {
  std::vector<YamlEntry> entries;
  const auto add = [&](SelectorKey key, YamlNode value) {
    entries.push_back({text_node(to_string(key)), std::move(value)});
  };
  if (change.role) add(SelectorKey::role, text_node(to_string(*change.role)));
  if (change.since) add(SelectorKey::since, text_node(to_string(*change.since)));
  if (change.last_signature) add(SelectorKey::last_signature, text_node(to_string(*change.last_signature)));
  if (change.never_used) add(SelectorKey::never_used, text_node(*change.never_used ? "yes" : "no"));
  if (change.compromised) add(SelectorKey::compromised, text_node(*change.compromised ? "yes" : "no"));
  if (change.expected_key) {
    add(SelectorKey::expected_key, map_node(to_string(change.expected_key->form), change.expected_key->text));
  }
  return entries;
}

/// The entry of the key; null without one.
auto* find_entry(auto& entries, std::string_view key) {
  const auto found =
      std::ranges::find_if(entries, [&](const YamlEntry& entry) { return entry.key.text == key; });
  return found == entries.end() ? nullptr : &*found;
}

/// The keys to be removed, without those that get a new value.
std::vector<std::string> removed_by(const SelectorChange& change) {
  const auto entries = entries_of(change);
  std::vector<std::string> keys;
  for (const SelectorKey key : change.removed) {
    if (find_entry(entries, to_string(key)) == nullptr) keys.emplace_back(to_string(key));
  }
  return keys;
}

// ---- The tree of the settings ----

auto* value_of(auto& map, std::string_view key) {
  auto* const entry = find_entry(map.entries, key);
  return entry == nullptr ? nullptr : &entry->value;
}

/// The list of the domain's selectors; null if the domain is not listed.
auto* selectors_of(auto& root, const DomainName& domain) {
  auto* const domains = value_of(root, "domains");
  decltype(value_of(root, "")) selectors = nullptr;
  if (domains == nullptr) return selectors;
  for (auto& item : domains->items) {
    const YamlNode* const name = value_of(item, "domain");
    if (name != nullptr && read_domain(name->text) == domain) selectors = value_of(item, "selectors");
  }
  return selectors;
}

auto* find_selector(auto& selectors, const Selector& selector) {
  const auto found = std::ranges::find_if(selectors.items, [&](const YamlNode& item) {
    const YamlNode* const name = item.kind == YamlNode::Kind::map ? value_of(item, "name") : &item;
    return name != nullptr && Selector::parse(name->text) == selector;
  });
  return found == selectors.items.end() ? nullptr : &*found;
}

/// Whether both say the same; the order of entries does not matter.
bool is_same(const YamlNode& a, const YamlNode& b) {
  if (a.kind != b.kind || a.text != b.text || a.entries.size() != b.entries.size()) return false;
  if (!std::ranges::equal(a.items, b.items, is_same)) return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    const auto& [key, value] = a.entries[i];
    // Nearly always at the same place, so that large maps take little time.
    const YamlNode* const other =
        b.entries[i].key.text == key.text ? &b.entries[i].value : value_of(b, key.text);
    if (other == nullptr || !is_same(value, *other)) return false;
  }
  return true;
}

/// Makes the change in the tree.
void change_tree(YamlNode& selectors, const SelectorChange& change) {
  if (change.leaves) {
    if (const YamlNode* const item = find_selector(selectors, change.selector))
      selectors.items.erase(selectors.items.begin() + (item - selectors.items.data()));
    return;
  }
  const auto entries = entries_of(change);
  const auto removed = removed_by(change);
  if (find_selector(selectors, change.selector) == nullptr)
    selectors.items.push_back(text_node(change.selector.to_string()));
  YamlNode& item = *find_selector(selectors, change.selector);
  if (item.kind == YamlNode::Kind::text && !entries.empty()) item = map_node("name", item.text);
  std::erase_if(item.entries, [&](const YamlEntry& entry) {
    return find_entry(entries, entry.key.text) != nullptr ||
           std::ranges::find(removed, entry.key.text) != removed.end();
  });
  std::ranges::copy(entries, std::back_inserter(item.entries));
}

// ---- The text of the settings ----

/// Edits the text step by step; the text is parsed before each step. A step returns false if it cannot be
/// done.
class SettingsText {
 public:
  SettingsText(std::string_view text, const DomainName& domain) : text_(text), domain_(domain) {}

  [[nodiscard]] bool apply(const SelectorChange& change);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] bool parse();
  /// Parses the text and finds the selector.
  [[nodiscard]] bool find(const Selector& selector);
  [[nodiscard]] bool add(const Selector& selector);
  [[nodiscard]] bool drop(const Selector& selector);
  [[nodiscard]] bool wrap(const Selector& selector);
  [[nodiscard]] bool set(const Selector& selector, const YamlEntry& wanted);
  [[nodiscard]] bool set_expected_key(const Selector& selector, const YamlEntry& wanted);
  [[nodiscard]] bool remove(const Selector& selector, std::string_view key);
  [[nodiscard]] bool take(std::optional<std::string> edited) {
    if (edited) text_ = std::move(*edited);
    return edited.has_value();
  }

  std::string text_;
  const DomainName& domain_;
  YamlNode root_{};
  const YamlNode* selectors_ = nullptr;
  const YamlNode* item_ = nullptr;
};

bool SettingsText::parse() {
  auto root = read_yaml(text_, "");
  if (!root) return false;
  root_ = std::move(*root);
  selectors_ = selectors_of(std::as_const(root_), domain_);
  return selectors_ != nullptr;
}

bool SettingsText::find(const Selector& selector) {
  if (!parse()) return false;
  item_ = find_selector(*selectors_, selector);
  return item_ != nullptr;
}

bool SettingsText::add(const Selector& selector) {
  if (find(selector)) return true;
  return selectors_ != nullptr && take(YamlText(text_).append(*selectors_, selector.to_string()));
}

bool SettingsText::drop(const Selector& selector) {
  if (!find(selector)) return selectors_ != nullptr;
  return take(
      YamlText(text_).remove_item(*selectors_, static_cast<std::size_t>(item_ - selectors_->items.data())));
}

bool SettingsText::wrap(const Selector& selector) {
  if (!find(selector)) return false;
  return item_->kind == YamlNode::Kind::map || take(YamlText(text_).wrap(*selectors_, *item_, "name"));
}

bool SettingsText::remove(const Selector& selector, std::string_view key) {
  if (!find(selector)) return false;
  const YamlEntry* const entry = find_entry(item_->entries, key);
  if (entry == nullptr) return true;
  return take(YamlText(text_).remove(*item_, static_cast<std::size_t>(entry - item_->entries.data())));
}

bool SettingsText::set(const Selector& selector, const YamlEntry& wanted) {
  static constexpr std::array<std::string_view, 7> order = {
      "name", "role", "since", "last_signature", "never_used", "compromised", "expected_key"};
  if (!find(selector)) return false;
  if (const YamlEntry* const entry = find_entry(item_->entries, wanted.key.text)) {
    return wanted.value.kind == YamlNode::Kind::map
               ? set_expected_key(selector, wanted)
               : take(YamlText(text_).replace(*item_, *entry, wanted.key.text, wanted.value.text));
  }
  const YamlEntry* before = nullptr;
  for (const std::string_view key : order) {
    if (key == wanted.key.text) break;
    if (const YamlEntry* const entry = find_entry(item_->entries, key)) before = entry;
  }
  return before != nullptr &&
         take(YamlText(text_).insert_after(*item_, *before, wanted.key.text, wanted.value));
}

/// Changes the key that the settings already expect: one entry remains, which gets the new form and value.
bool SettingsText::set_expected_key(const Selector& selector, const YamlEntry& wanted) {
  const YamlNode* held = value_of(*item_, wanted.key.text);
  if (const YamlEntry* const passphrase = find_entry(held->entries, "passphrase_file")) {
    const auto index = static_cast<std::size_t>(passphrase - held->entries.data());
    if (!take(YamlText(text_).remove(*held, index)) || !find(selector)) return false;
    held = value_of(*item_, wanted.key.text);
  }
  const auto& [form, value] = wanted.value.entries.front();
  return held != nullptr && held->entries.size() == 1 &&
         take(YamlText(text_).replace(*held, held->entries.front(), form.text, value.text));
}

bool SettingsText::apply(const SelectorChange& change) {
  if (change.leaves) return drop(change.selector);
  const auto entries = entries_of(change);
  return add(change.selector) && (entries.empty() || wrap(change.selector)) &&
         std::ranges::all_of(removed_by(change),
                             [&](const std::string& key) { return remove(change.selector, key); }) &&
         std::ranges::all_of(entries, [&](const YamlEntry& entry) { return set(change.selector, entry); });
}

// ---- Errors ----

/// What a person has to do for the change: "set `role: retired`, and remove `never_used`".
std::string by_hand(const SelectorChange& change) {
  std::vector<std::string> settings;
  for (const auto& [key, value] : entries_of(change)) {
    const bool is_text = value.kind == YamlNode::Kind::text;
    const auto& inner = is_text ? value : value.entries.front().value;
    const std::string word = escape_text(yaml_word(inner.text));
    settings.push_back(is_text
                           ? fmt::format("`{}: {}`", key.text, word)
                           : fmt::format("`{}: {{{}: {}}}`", key.text, value.entries.front().key.text, word));
  }
  if (change.leaves) return "remove it";
  std::vector<std::string> steps;
  if (!settings.empty()) steps.push_back(fmt::format("set {}", fmt::join(settings, ", ")));
  const auto removed = removed_by(change);
  if (!removed.empty()) steps.push_back(fmt::format("remove {}", fmt::join(removed, ", ")));
  return steps.empty() ? "add it" : fmt::format("{}", fmt::join(steps, ", and "));
}

tl::unexpected<Errors> not_editable(std::string_view text, const std::string& name, const YamlNode& root,
                                    const DomainName& domain, const SelectorChange& change) {
  const YamlNode& selectors = *selectors_of(root, domain);
  const YamlNode* const item = find_selector(selectors, change.selector);
  const YamlNode& place = item == nullptr ? selectors : *item;
  const std::size_t first = place.place.line;
  const std::size_t last =
      item == nullptr ? first : YamlText(text).last_line(selectors, *item).value_or(first);
  return failure(fmt::format("{}:{}:{}", name, first, place.place.column),
                 fmt::format("the YAML here has a form that cannot be edited automatically; for the selector "
                             "{}, {}: {}",
                             change.selector.to_string(),
                             last == first ? fmt::format("on line {}", first)
                                           : fmt::format("on lines {} to {}", first, last),
                             by_hand(change)));
}

/// A selector of a target file cannot be in the settings too.
Result<void> check_targets(const Settings& settings, const DomainName& domain,
                           std::span<const SelectorChange> changes) {
  const auto targets = load_targets(stamp_target_files(settings.target_files));
  if (!targets) return tl::unexpected(targets.error());
  for (const FileTarget& target : *targets) {
    if (target.domain != domain) continue;
    for (const SelectorChange& change : changes) {
      if (change.selector != target.selector) continue;
      const std::string here =
          change.role ? fmt::format("change the label `role` here to {}, or ", to_string(*change.role)) : "";
      return failure(
          target.where,
          fmt::format("the selector {} of {} comes from this target file; {}list it in the settings "
                      "file instead",
                      change.selector.to_string(), domain.to_string(), here));
    }
  }
  return {};
}

/// Whether the settings have the new values.
bool has_changes(const Settings& settings, const DomainName& domain,
                 std::span<const SelectorChange> changes) {
  const auto found = std::ranges::find(settings.domains, domain, &DomainSettings::domain);
  return found != settings.domains.end() && std::ranges::all_of(changes, [&](const SelectorChange& change) {
           const auto selector =
               std::ranges::find(found->selectors, change.selector, &SelectorSettings::selector);
           if (change.leaves) return selector == found->selectors.end();
           return selector != found->selectors.end() && (!change.role || selector->role == *change.role) &&
                  (!change.since || selector->since == change.since) &&
                  (!change.last_signature || selector->last_signature == change.last_signature) &&
                  (!change.never_used || selector->never_used == *change.never_used) &&
                  (!change.compromised || selector->compromised == *change.compromised) &&
                  (!change.expected_key || selector->expected_key);
         });
}

}  // namespace

Result<std::string> edit_settings(std::string_view text, const std::filesystem::path& path,
                                  const Vocabulary& vocabulary, const DomainName& domain,
                                  std::span<const SelectorChange> changes) {
  const std::string name = escape_text(path.string());
  const auto before = read_settings(text, path, vocabulary);
  if (!before) return tl::unexpected(before.error());
  if (const auto checked = check_targets(*before, domain, changes); !checked)
    return tl::unexpected(checked.error());
  const YamlNode root = read_yaml(text, name).value();
  YamlNode wanted = root;
  YamlNode* const selectors = selectors_of(wanted, domain);
  if (selectors == nullptr) {
    return failure(name, fmt::format("the domain {} is not listed under `domains`; add it there with its "
                                     "selectors",
                                     domain.to_string()));
  }
  SettingsText edited(text, domain);
  for (const SelectorChange& change : changes) {
    change_tree(*selectors, change);
    if (selectors->items.empty())
      return failure(name,
                     fmt::format("{} would have no selector; remove the whole domain", domain.to_string()));
    const bool done = edited.apply(change);
    const auto tree = read_yaml(edited.text(), name);
    if (!done || !tree || !is_same(*tree, wanted)) return not_editable(text, name, root, domain, change);
  }
  auto after = read_settings(edited.text(), path, vocabulary);
  if (!after) {
    for (Error& error : after.error()) error.message = fmt::format("after the change: {}", error.message);
    return tl::unexpected(std::move(after.error()));
  }
  if (!has_changes(*after, domain, changes))
    return failure(name, "the settings would not be as wanted after the change; change them by hand");
  return edited.text();
}

std::string selector_yaml(const DomainName& domain, std::span<const SelectorChange> changes) {
  std::string lines =
      fmt::format("domains:\n  - domain: {}\n    selectors:\n", yaml_word(domain.to_string()));
  for (const SelectorChange& change : changes) {
    const std::string name = yaml_word(change.selector.to_string());
    lines +=
        change.leaves ? fmt::format("      # remove {}\n", name) : fmt::format("      - name: {}\n", name);
    for (const auto& [key, value] : entries_of(change))
      lines += fmt::format("        {}\n", yaml_entry(key.text, value, 10));
    for (const std::string& key : removed_by(change)) lines += fmt::format("        # remove {}\n", key);
  }
  return lines;
}

}  // namespace dkimprobe::config
