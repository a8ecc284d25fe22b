#include "checks/rotation/rotation_actions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "config/basics/shell_word.hpp"

namespace dkimprobe::checks {
namespace {

using config::Selector;
using config::shell_word;
using std::chrono::days;

/// The most servers that a sentence names; further ones are only counted.
constexpr std::size_t most_named = 3;

std::string server_text(const ServerProgress& server) {
  const std::string address = server.server.address.ip.to_string();
  std::string text = server.server.name.str();
  if (server.server.has_address()) text = text.empty() ? address : fmt::format("{} ({})", text, address);
  if (text.empty()) text = server.owner.to_string();
  if (!server.detail.empty() && !is_right(server.progress)) text += ": " + server.detail.str();
  return text;
}

/// How long the servers may need to get a new record.
constexpr std::chrono::minutes publishing_time{30};

using Words = std::vector<std::string>;

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

std::string key_file_of(const RotationInput& input, const NextSelector& next) {
  const PlannedSelector* const planned = next.planned();
  return planned == nullptr || planned->key_file.empty() ? key_file_name(input.domain, next.selector)
                                                         : planned->key_file;
}

/// Whether the settings have the key for the selector.
bool has(const PlannedSelector& planned, config::SelectorKey key) {
  switch (key) {
    case config::SelectorKey::role:
      return true;
    case config::SelectorKey::since:
      return planned.since.has_value();
    case config::SelectorKey::last_signature:
      return planned.last_signature.has_value();
    case config::SelectorKey::never_used:
      return planned.never_used;
    case config::SelectorKey::compromised:
      return planned.compromised;
    case config::SelectorKey::expected_key:
      return planned.has_key_in_settings();
  }
  return false;
}

bool signs(const PlannedSelector& planned) {
  return planned.role == config::Role::active;
}

/// The roles after the changes, as `rotation` takes them, with the flags for their last signatures.
struct RoleWords {
  Words selectors{};
  Words flags{};
};

/// The TTL of the selector's last record, or else of the current one, or of any other.
std::optional<std::uint32_t> usual_ttl(const RotationSituation& situation, const NextSelector& next) {
  if (next.view != nullptr && next.view->ttl_seconds) return next.view->ttl_seconds;
  if (situation.current != nullptr && situation.current->ttl_seconds) return situation.current->ttl_seconds;
  const auto other = std::ranges::find_if(
      situation.views, [](const SelectorView& view) { return view.ttl_seconds.has_value(); });
  return other == situation.views.end() ? std::nullopt : other->ttl_seconds;
}

void add_role(const Selector& selector, config::Role role, const std::string& last_signature, bool never_used,
              RoleWords& words) {
  const std::string name = selector.to_string();
  const bool is_active = role == config::Role::active;
  words.selectors.push_back(is_active ? name : fmt::format("{}:{}", name, config::to_string(role)));
  if (!last_signature.empty() && !is_active)
    append(words.flags, {"--last-signature", name + '=' + last_signature});
  if (never_used) append(words.flags, {"--never-used", name});
}

std::string last_signature_of(const PlannedSelector& planned) {
  return planned.last_signature ? config::to_string(*planned.last_signature) : "";
}

/// After the change.
std::string last_signature_of(const RotationSituation& situation, const config::SelectorChange& change) {
  if (!change.last_signature) return "";
  return situation.is_for_later ? std::string(day_of_run) : config::to_string(*change.last_signature);
}

RoleWords role_words(const RotationSituation& situation, const std::vector<config::SelectorChange>& changes,
                     const std::optional<Selector>& without = {}) {
  RoleWords words;
  for (const auto& planned : situation.input.selectors) {
    if (planned.selector == without) continue;
    const auto change = std::ranges::find(changes, planned.selector, &config::SelectorChange::selector);
    if (change == changes.end()) {
      add_role(planned.selector, planned.role, last_signature_of(planned), planned.never_used, words);
    } else {
      add_role(planned.selector, *change->role,
               change->last_signature ? last_signature_of(situation, *change) : last_signature_of(planned),
               change->never_used.value_or(false), words);
    }
  }
  for (const auto& change : changes) {
    if (find_view(situation, change.selector) == nullptr)
      add_role(change.selector, *change.role, last_signature_of(situation, change),
               change.never_used.value_or(false), words);
  }
  if (situation.compromised && situation.compromised != without)
    append(words.flags, {"--compromised", situation.compromised->to_string()});
  return words;
}

RotationAction next_command(const RotationInput& input, RoleWords words) {
  append(words.flags, input.call.flags);
  return {"go on with this command, which names the new roles",
          {command_text(input.call, {"rotation"}, input.domain, words.selectors, words.flags)}};
}

}  // namespace

bool is_wrong(Progress progress) {
  return progress != Progress::match && progress != Progress::unknown;
}

bool is_right(Progress progress) {
  return progress == Progress::match;
}

bool is_unknown(Progress progress) {
  return progress == Progress::unknown;
}

std::string servers_text(const std::vector<ServerProgress>& servers, bool (*wanted)(Progress)) {
  std::string text;
  std::size_t count = 0;
  for (const auto& server : servers) {
    if (!wanted(server.progress)) continue;
    if (++count <= most_named) text += (text.empty() ? "" : "; ") + server_text(server);
  }
  if (count > most_named) text += fmt::format("; and {} more", count - most_named);
  return text;
}

Selector new_selector(const RotationSituation& situation) {
  const std::chrono::year_month_day date(std::chrono::floor<days>(situation.now));
  const std::string day = fmt::format("s{:04}{:02}{:02}", static_cast<int>(date.year()),
                                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  for (char suffix = 'a'; suffix <= 'z'; ++suffix) {
    auto selector = Selector::parse(suffix == 'a' ? day : day + suffix);
    const auto& known = situation.input.known_selectors;
    if (selector && find_view(situation, *selector) == nullptr &&
        std::ranges::find(known, *selector) == known.end()) {
      return *selector;
    }
  }
  return Selector{};
}

std::string key_file_name(const config::DomainName& domain, const Selector& selector, unsigned number) {
  const std::string name = fmt::format("{}.{}{}.pem", selector.to_string(), domain.to_string(),
                                       number == 1 ? "" : fmt::format(".{}", number));
  return name.starts_with('-') ? "./" + name : name;
}

SigningWait signing_wait(const RotationSituation& situation, const NextSelector& next) {
  const RotationInput& input = situation.input;
  const PlannedSelector* const planned = next.planned();
  if (next.view != nullptr && next.view->sign.safe.readiness == Readiness::wait && next.view->sign.safe.at) {
    return {std::chrono::ceil<std::chrono::seconds>(*next.view->sign.safe.at - situation.now),
            "until caches have dropped the previous answer"};
  }
  if (next.never_used && terms_for(input, planned).has_neighbour)
    return {{}, "as soon as every server has it, because nobody can have queried it before"};
  if (!next.never_used && next.view != nullptr && next.view->longest_ttl) {
    const std::chrono::seconds time{*next.view->longest_ttl};
    return {time, fmt::format("{} after every server has it: caches may hold the previous answer that long",
                              duration_text(time))};
  }
  const auto absence = planned == nullptr ? std::nullopt : planned->probed.domainkey_absence;
  const std::chrono::seconds time = next.never_used && absence ? *absence : input.policy.unknown_wait;
  return {time, fmt::format("{} after every server has it, because what caches hold is unknown",
                            duration_text(time))};
}

std::string where_key_is(const SelectorView* view) {
  if (view == nullptr) return {};
  if (view->planned->has_key_in_settings()) return "the settings file names the key";
  return view->planned->has_key_file ? fmt::format("the key is in {}", view->planned->key_file) : "";
}

RotationAction generate_action(const RotationInput& input, const NextSelector& next) {
  return {"generate the key pair; only you can read the file",
          // openssl overwrites an existing file, which may be the signing key.
          {fmt::format("test ! -e {1} && (umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt "
                       "rsa_keygen_bits:{0} -out {1})",
                       input.rsa_bits, shell_word(key_file_of(input, next)))}};
}

RotationAction record_action(const RotationSituation& situation, const NextSelector& next) {
  const RotationInput& input = situation.input;
  const PlannedSelector* const planned = next.planned();
  Words flags;
  if (planned != nullptr && planned->has_public_key) {
    flags = input.call.settings_flags;
  } else if (planned != nullptr && planned->key_sha256 && !planned->has_key_file) {
    return {
        fmt::format("publish the record of the key of {}, of which the settings file has only the SHA-256; "
                    "{} record prints the record of a key file",
                    next.selector.to_string(), input.call.program),
        {}};
  } else {
    flags = {"--key", key_file_of(input, next)};
  }
  append(flags, {"--format", "zone"});
  if (const auto ttl = usual_ttl(situation, next)) append(flags, {"--ttl", std::to_string(*ttl)});
  return {"publish its record; this prints the line for a zone file",
          {command_text(input.call, {"record"}, input.domain, {next.selector.to_string()}, flags)}};
}

RotationAction preflight_action(const RotationSituation& situation, const NextSelector& next) {
  const RotationInput& input = situation.input;
  const PlannedSelector* const planned = next.planned();
  Words flags;
  const bool is_made = planned != nullptr && (planned->key_sha256 || next.view->has_next_key());
  if (!is_made || (planned->has_key_file && !planned->has_key_in_settings()))
    flags = {"--key", key_file_of(input, next)};
  // The settings file says so of its own selectors.
  const bool settings_say_so = planned != nullptr && input.call.has_settings();
  if (next.never_used && !settings_say_so) flags.emplace_back("--never-used");
  if (!input.call.has_settings()) {
    for (const auto& other : input.selectors) {
      if (&other != planned && signs(other)) append(flags, {"--signs-now", other.selector.to_string()});
    }
  }
  append(flags, {"--wait", wait_value(signing_wait(situation, next).time + publishing_time)});
  append(flags, input.call.flags);
  return {"check every nameserver; this exits with 0 when it is safe to sign",
          {command_text(input.call, {"preflight"}, input.domain, {next.selector.to_string()}, flags)}};
}

RotationAction revoke_action(const RotationInput& input, const SelectorView& view) {
  const auto line = [&](const config::DomainName& name) {
    return fmt::format("{}. {} IN TXT \"v=DKIM1; p=\"", name.to_string(), view.ttl_seconds.value_or(3'600));
  };
  if (!view.alias)
    return {
        "revoke the key: this record replaces the one with the key", {line(view.name)}, ActionKind::record};
  if (view.alias->is_at_or_below(input.domain))
    return {fmt::format("revoke the key where the alias {} points: this record replaces the one with the key",
                        view.name.to_string()),
            {line(*view.alias)},
            ActionKind::record};
  return {fmt::format("revoke the key: this record replaces the alias (CNAME) to {}; inform the operators of "
                      "that name too",
                      view.alias->to_string()),
          {line(view.name)},
          ActionKind::record};
}

RotationAction delete_action(const RotationInput& input, const SelectorView& view) {
  const bool is_here = view.alias && view.alias->is_at_or_below(input.domain);
  return {is_here
              ? fmt::format("delete the records at {} and {}", view.name.to_string(), view.alias->to_string())
              : fmt::format("delete the record at {}", view.name.to_string()),
          {}};
}

RotationAction sign_action(const std::optional<Selector>& from, const Selector& to) {
  return {from ? fmt::format("sign with {0} (s={0} in the signer's settings) instead of {1}", to.to_string(),
                             from->to_string())
               : fmt::format("sign with {0} (s={0} in the signer's settings)", to.to_string()),
          {}};
}

config::Timestamp day_of(WallTime time) {
  return config::parse_timestamp(iso_time(time).substr(0, 10)).value();
}

config::SelectorChange becomes_pending(const Selector& selector, bool never_used) {
  config::SelectorChange change{.selector = selector, .role = config::Role::pending};
  if (never_used) change.never_used = true;
  // An expected key is that of its earlier turn.
  change.removed = {config::SelectorKey::since, config::SelectorKey::compromised,
                    config::SelectorKey::expected_key};
  return change;
}

config::SelectorChange becomes_active(const Selector& selector, WallTime time) {
  config::SelectorChange change{.selector = selector, .role = config::Role::active, .since = day_of(time)};
  change.removed = {config::SelectorKey::last_signature, config::SelectorKey::never_used};
  return change;
}

config::SelectorChange becomes_active(const SelectorView& view, WallTime time) {
  config::SelectorChange change = becomes_active(view.selector(), time);
  if (!view.planned->has_key_in_settings() && !view.key.sha256.empty())
    change.expected_key = config::ExpectedKeyText{config::ExpectedKeyText::Form::sha256, view.key.sha256};
  return change;
}

config::SelectorChange becomes_retired(const Selector& selector, WallTime time) {
  config::SelectorChange change{.selector = selector, .role = config::Role::retired};
  change.last_signature = day_of(time);
  change.removed = {config::SelectorKey::since};
  return change;
}

void add_roles(const RotationSituation& situation, const std::vector<config::SelectorChange>& changes,
               PlannedStep& step) {
  const RotationInput& input = situation.input;
  if (!input.call.has_settings()) {
    step.actions.push_back(next_command(input, role_words(situation, changes)));
    return;
  }
  RotationAction action{"change the settings file", {}, ActionKind::settings, changes};
  for (auto& change : action.changes) {
    const SelectorView* const view = find_view(situation, change.selector);
    std::erase_if(change.removed,
                  [&](config::SelectorKey key) { return view == nullptr || !has(*view->planned, key); });
  }
  const std::string text = config::selector_yaml(input.domain, action.changes);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    action.lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  step.actions.push_back(std::move(action));
  Words flags{"--step", std::string(to_string(step.step))};
  if (situation.compromised) append(flags, {"--compromised", situation.compromised->to_string()});
  append(flags, input.call.flags);
  step.actions.push_back({"or let this command write it; it shows the change and asks",
                          {command_text(input.call, {"rotation", "apply"}, input.domain, {}, flags)}});
}

void add_command_for_later(const RotationSituation& situation, PlannedStep& step) {
  if (situation.input.call.has_settings()) return;
  step.actions.push_back(next_command(situation.input, role_words(situation, {})));
  step.actions.back().summary = "then run this";
}

void add_leaving(const RotationSituation& situation, const Selector& selector, PlannedStep& step) {
  const RotationInput& input = situation.input;
  if (std::ranges::find(input.ring, selector) != input.ring.end()) return;
  if (input.selectors.size() == 1) {
    step.actions.push_back({"nothing is left of the plan", {}});
  } else if (input.call.has_settings()) {
    add_roles(situation, {{.selector = selector, .leaves = true}}, step);
  } else {
    step.actions.push_back(next_command(input, role_words(situation, {}, selector)));
  }
}

std::string plan_command(const RotationSituation& situation) {
  const RotationInput& input = situation.input;
  RoleWords words;
  if (!input.call.has_settings()) words = role_words(situation, {});
  append(words.flags, input.call.flags);
  return command_text(input.call, {"rotation", "plan"}, input.domain, words.selectors, words.flags);
}

PlannedStep step_of(RotationStep step, StepState state, std::string summary) {
  PlannedStep planned;
  planned.step = step;
  planned.state = state;
  planned.summary = std::move(summary);
  return planned;
}

StepState state_of(Readiness readiness) {
  switch (readiness) {
    case Readiness::ready:
      return StepState::due;
    case Readiness::wait:
      return StepState::pending;
    case Readiness::not_ready:
      return StepState::blocked;
    case Readiness::unknown:
      return StepState::unknown;
  }
  return StepState::unknown;
}

std::string change_text(const RotationChange& change) {
  if (!change.from) return fmt::format("to {}", change.to ? change.to->to_string() : "none");
  if (!change.to) return fmt::format("from {}", change.from->to_string());
  return fmt::format("from {} to {}", change.from->to_string(), change.to->to_string());
}

}  // namespace dkimprobe::checks
