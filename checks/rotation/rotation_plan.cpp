#include "checks/rotation/rotation_plan.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {
namespace {

using config::Role;
using config::Selector;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long before the time is over a change should begin: caches and mistakes take days.
constexpr days longest_preparation{7};
/// Servers of which a sentence names each; of more only their number is told.
constexpr std::size_t most_named = 3;

// ---- Words ----

/// `text` as one word of a POSIX shell.
std::string shell_word(std::string_view text) {
  const auto plain = [](char c) {
    return config::is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '/';
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word.push_back(c);
    }
  }
  return word + "'";
}

bool is_wrong(Progress progress) {
  return progress != Progress::right && progress != Progress::unknown;
}
bool is_right(Progress progress) {
  return progress == Progress::right;
}
bool is_unknown(Progress progress) {
  return progress == Progress::unknown;
}

std::string server_text(const ServerProgress& server) {
  const std::string address = server.server.address.ip.to_string();
  std::string text = server.server.name;
  if (server.server.has_address()) text = text.empty() ? address : fmt::format("{} ({})", text, address);
  if (text.empty()) text = server.owner.to_string();
  if (!server.detail.empty() && !is_right(server.progress)) text += ": " + server.detail;
  return text;
}

/// Those of the servers of which `wanted` is true, for the end of a sentence.
template <class Predicate>
std::string servers_text(const std::vector<ServerProgress>& servers, Predicate wanted) {
  std::string text;
  std::size_t count = 0;
  for (const auto& server : servers) {
    if (!wanted(server.progress)) continue;
    if (++count <= most_named) text += (text.empty() ? "" : "; ") + server_text(server);
  }
  if (count > most_named) text += fmt::format("; and {} more", count - most_named);
  return text;
}

// ---- What was seen of a selector ----

/// The usable keys among the texts of a span.
std::vector<std::string> keys_of(const AnswerSpan& span) {
  std::vector<std::string> keys;
  for (const auto& strings : span.texts) {
    std::string text;
    for (const auto& part : strings) text += part;
    const KeyRecord record = read_key_record(text);
    if (record.usable() && record.key) keys.push_back(record.key->sha256);
  }
  return keys;
}

/// A selector with what follows from its history.
struct View {
  const PlannedSelector* planned = nullptr;
  config::DomainName name{};
  SignVerdict sign{};
  std::string key{};  ///< the usable key that is there, the expected one before others; empty without one
  std::optional<WallTime> key_first_seen{};
  std::optional<WallTime> other_key_last_seen{};  ///< a usable key that is not `key`
  std::optional<std::uint32_t> ttl_seconds{};     ///< the largest seen of its texts
  std::optional<std::uint32_t> longest_ttl{};     ///< the largest seen of anything, absence included
  std::optional<config::DomainName> alias{};      ///< where its own name leads now

  [[nodiscard]] const Selector& selector() const { return planned->selector; }
  [[nodiscard]] bool looked() const { return planned->history.last_look.has_value(); }
  [[nodiscard]] std::size_t count(Progress progress) const {
    return static_cast<std::size_t>(std::ranges::count(sign.servers, progress, &ServerProgress::progress));
  }
  /// No server has any key: what signs with it fails already.
  [[nodiscard]] bool missing_everywhere() const {
    return !sign.servers.empty() && count(Progress::absent) + count(Progress::revoked) == sign.servers.size();
  }
  [[nodiscard]] bool right_everywhere() const {
    return !sign.servers.empty() && count(Progress::right) == sign.servers.size();
  }
  /// The key there is one that the selector signed with in an earlier rotation.
  [[nodiscard]] bool holds_earlier_key() const {
    return !planned->key_sha256 && planned->last_signature && key_first_seen &&
           *key_first_seen < planned->last_signature->first;
  }
  /// Whether some server has the key that is to sign next.
  [[nodiscard]] bool has_next_key() const { return count(Progress::right) > 0 && !holds_earlier_key(); }
};

View view_of(const RotationInput& input, const PlannedSelector& planned, WallTime now) {
  View view;
  view.planned = &planned;
  view.name = planned.selector.owner_name(input.domain).value_or(config::DomainName{});
  NewKey wanted;
  wanted.sha256 = planned.key_sha256;
  wanted.never_used = planned.never_used;
  const bool has_neighbour = std::ranges::any_of(input.selectors, [&](const PlannedSelector& other) {
    return &other != &planned && (other.role == Role::active || other.role == Role::retired);
  });
  if (!has_neighbour) wanted.domainkey_absence = planned.probed.domainkey_absence;
  view.sign = safe_to_sign(planned.history, wanted, {}, input.policy, now);

  if (SafeTime& safe = view.sign.safe;
      !planned.probed.doubts.empty() &&
      (safe.readiness == Readiness::ready || safe.readiness == Readiness::wait)) {
    safe.readiness = Readiness::unknown;
    safe.at.reset();
    safe.because.insert(safe.because.begin(), planned.probed.doubts.begin(), planned.probed.doubts.end());
  }
  if (!planned.probed.faults.empty() && view.right_everywhere()) {
    SafeTime& safe = view.sign.safe;
    safe.readiness = Readiness::not_ready;
    safe.at.reset();
    safe.because.insert(safe.because.begin(), planned.probed.faults.begin(), planned.probed.faults.end());
  }

  struct Seen {
    WallTime first{};
    WallTime last{};
    std::size_t servers = 0;  ///< that have it now
  };
  std::map<std::string, Seen> keys;
  for (const auto& timeline : planned.history.servers) {
    for (const auto& span : timeline.spans) {
      const bool is_present = &span == &timeline.spans.back();
      for (const auto& key : keys_of(span)) {
        const auto [at, is_new] = keys.try_emplace(key, Seen{span.first_seen, span.last_seen, 0});
        at->second.first = std::min(at->second.first, span.first_seen);
        at->second.last = std::max(at->second.last, span.last_seen);
        if (is_present) ++at->second.servers;
      }
      if (span.ttl_seconds) view.longest_ttl = std::max(view.longest_ttl.value_or(0), *span.ttl_seconds);
      if (span.kind == PublishedKind::texts)
        view.ttl_seconds = std::max(view.ttl_seconds.value_or(0), span.ttl_seconds.value_or(0));
      if (is_present && timeline.owner == view.name && span.kind == PublishedKind::alias)
        view.alias = span.alias;
    }
  }
  const auto is_there = [](const auto& key) { return key.second.servers > 0; };
  auto chosen = planned.key_sha256 ? keys.find(*planned.key_sha256) : keys.end();
  if (chosen == keys.end() || !is_there(*chosen)) {
    const auto most = std::ranges::max_element(keys, {}, [](const auto& key) { return key.second.servers; });
    if (most != keys.end() && is_there(*most)) chosen = most;
  }
  if (chosen != keys.end() && is_there(*chosen)) {
    view.key = chosen->first;
    view.key_first_seen = chosen->second.first;
  }
  for (const auto& [key, seen] : keys) {
    if (key != view.key)
      view.other_key_last_seen = std::max(view.other_key_last_seen.value_or(seen.last), seen.last);
  }
  return view;
}

/// What the whole of a rotation is planned from.
struct Situation {
  const RotationInput& input;
  WallTime now{};
  std::vector<View> views{};
  const View* current = nullptr;
  const View* next = nullptr;        ///< pending or standby
  const View* comes_next = nullptr;  ///< of a ring: whose turn it is, where none is pending or standby
};

const View* find(const Situation& situation, const Selector& selector) {
  const auto found = std::ranges::find(situation.views, selector, &View::selector);
  return found == situation.views.end() ? nullptr : &*found;
}

bool is_candidate(const View& view) {
  return view.planned->role == Role::pending || view.planned->role == Role::standby;
}

/// When the key of a selector that signs was first there.
std::optional<WallTime> key_since(const View& view) {
  const auto& history = view.planned->history;
  if (view.key_first_seen && history.first_look && *view.key_first_seen > *history.first_look)
    return view.key_first_seen;
  const auto& since = view.planned->since;
  if (!since) return view.key_first_seen;
  return view.key_first_seen ? std::min(*view.key_first_seen, since->first) : since->first;
}

/// Whether the key was there before anything was seen or told of it.
bool key_may_be_older(const View& view) {
  const auto& history = view.planned->history;
  const bool appeared =
      view.key_first_seen && history.first_look && *view.key_first_seen > *history.first_look;
  return !appeared && !view.planned->since;
}

void find_current(Situation& situation) {
  const auto& ring = situation.input.ring;
  for (const auto& view : situation.views) {
    if (view.planned->role != Role::active) continue;
    if (!ring.empty() && std::ranges::find(ring, view.selector()) == ring.end()) continue;
    // Of several that sign, the oldest key has to change first.
    if (situation.current == nullptr ||
        key_since(view).value_or(situation.now) < key_since(*situation.current).value_or(situation.now)) {
      situation.current = &view;
    }
  }
}

void find_next(Situation& situation) {
  const auto& ring = situation.input.ring;
  std::vector<const View*> turns;
  if (ring.empty()) {
    for (const auto& view : situation.views) turns.push_back(&view);
  } else {
    auto at =
        situation.current == nullptr ? ring.end() : std::ranges::find(ring, situation.current->selector());
    if (at != ring.end()) ++at;
    for (std::size_t i = 0; i < ring.size(); ++i, ++at) {
      if (at == ring.end()) at = ring.begin();
      const View* const view = find(situation, *at);
      if (view != nullptr && view != situation.current) turns.push_back(view);
    }
  }
  for (const Role role : {Role::pending, Role::standby}) {
    const auto found =
        std::ranges::find_if(turns, [&](const View* view) { return view->planned->role == role; });
    if (found != turns.end() && situation.next == nullptr) situation.next = *found;
  }
  if (!ring.empty() && situation.next == nullptr && !turns.empty()) situation.comes_next = turns.front();
}

Situation look(const RotationInput& input, WallTime now) {
  Situation situation{input, now};
  for (const auto& planned : input.selectors) situation.views.push_back(view_of(input, planned, now));
  find_current(situation);
  find_next(situation);
  return situation;
}

// ---- Names and commands ----

/// A selector of the day, which no selector of the domain is called.
Selector new_selector(const Situation& situation) {
  const std::chrono::year_month_day date(std::chrono::floor<days>(situation.now));
  const std::string day = fmt::format("s{:04}{:02}{:02}", static_cast<int>(date.year()),
                                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  for (char suffix = 'a'; suffix <= 'z'; ++suffix) {
    auto selector = Selector::parse(suffix == 'a' ? day : day + suffix);
    if (selector && find(situation, *selector) == nullptr) return *selector;
  }
  return Selector{};
}

/// Whose key it is stands in the name, so that two domains do not share a file.
std::string key_file(const RotationInput& input, const Selector& selector) {
  const std::string name = fmt::format("{}.{}.pem", selector.to_string(), input.domain.to_string());
  // No program takes it for a flag.
  return shell_word(name.starts_with('-') ? "./" + name : name);
}

/// A command of this program about a selector. A name that begins with `-` is one behind `--` only.
std::string command_of(std::string_view command, const RotationInput& input, const Selector& selector,
                       const std::string& flags) {
  const std::string domain = input.domain.to_string();
  const std::string name = selector.to_string();
  const std::string names = shell_word(domain) + ' ' + shell_word(name);
  return domain.starts_with('-') || name.starts_with('-')
             ? fmt::format("dkimprobe {} {} -- {}", command, flags, names)
             : fmt::format("dkimprobe {} {} {}", command, names, flags);
}

RotationAction make_key_action(const RotationInput& input, const Selector& selector) {
  return {"make the key pair; the file can be read by you alone",
          // openssl writes over a file that is there, and that may be the key that signs.
          fmt::format("test ! -e {1} && (umask 077 && openssl genpkey -algorithm RSA -pkeyopt "
                      "rsa_keygen_bits:{0} -out {1})",
                      input.rsa_bits, key_file(input, selector))};
}

RotationAction record_action(const RotationInput& input, const Selector& selector) {
  return {"publish its record; this prints the line for a zone file",
          command_of("record", input, selector,
                     fmt::format("--key {} --format zone", key_file(input, selector)))};
}

RotationAction preflight_action(const RotationInput& input, const Selector& selector,
                                bool never_used = false) {
  std::string flags =
      fmt::format("--key {} --wait 30m{}", key_file(input, selector), never_used ? " --never-used" : "");
  for (const auto& flag : input.flags) flags += ' ' + shell_word(flag);
  return {"see it on every nameserver; this ends with 0 when it is safe to sign",
          command_of("preflight", input, selector, flags)};
}

/// The record with an empty `p=` (RFC 6376 section 3.6.1), where the operator of the domain can publish it.
RotationAction revoke_action(const RotationInput& input, const View& view) {
  const auto line = [&](const config::DomainName& name) {
    return fmt::format("{}. {} IN TXT \"v=DKIM1; p=\"", name.to_string(), view.ttl_seconds.value_or(3'600));
  };
  if (!view.alias)
    return {"revoke the key: this record takes the place of the one with the key", line(view.name), true};
  if (view.alias->is_at_or_below(input.domain))
    return {
        fmt::format("revoke the key where the alias {} leads: this record takes the place of the one with "
                    "the key",
                    view.name.to_string()),
        line(*view.alias), true};
  return {
      fmt::format("revoke the key: this record takes the place of the alias (CNAME) to {}; tell those who "
                  "run that name too",
                  view.alias->to_string()),
      line(view.name), true};
}

RotationAction sign_action(const std::optional<Selector>& from, const Selector& to) {
  return {
      from ? fmt::format("sign with {} (s={} in the signer's settings) in place of {}, and note the time of "
                         "the last signature with {}",
                         to.to_string(), to.to_string(), from->to_string(), from->to_string())
           : fmt::format("sign with {} (s={} in the signer's settings)", to.to_string(), to.to_string()),
      {}};
}

// ---- Steps ----

PlannedStep step_of(RotationStep step, StepState state, std::string says) {
  PlannedStep planned;
  planned.step = step;
  planned.state = state;
  planned.says = std::move(says);
  return planned;
}

/// The state that a readiness means for a step whose earlier steps are done.
StepState state_of(Readiness readiness) {
  switch (readiness) {
    case Readiness::ready:
      return StepState::now;
    case Readiness::wait:
      return StepState::later;
    case Readiness::not_ready:
      return StepState::blocked;
    case Readiness::unknown:
      return StepState::unknown;
  }
  return StepState::unknown;
}

/// How long a selector rests before its next key: mail that its last key signed has to arrive, too.
seconds rest_of(const RotationInput& input) {
  return std::max(input.unused, input.policy.transit);
}

/// Until when the selector rests, by its last signature, or by the last sight of an earlier key.
std::optional<WallTime> rests_until(const RotationInput& input, const View& view) {
  if (view.planned->never_used) return std::nullopt;
  const auto& last = view.planned->last_signature;
  if (last) return last->last + rest_of(input);
  const auto& since = view.planned->since;
  if (view.planned->role == Role::retired && since) return since->last + rest_of(input);
  if (view.planned->role == Role::retired && view.key_first_seen)
    return view.planned->history.last_look.value_or(*view.key_first_seen) + rest_of(input);
  if (view.other_key_last_seen) return *view.other_key_last_seen + rest_of(input);
  return std::nullopt;
}

/// When the current key is old, and when the change should begin.
struct Due {
  std::optional<WallTime> at{};
  std::optional<WallTime> begin{};
};

Due due_of(const Situation& situation) {
  Due due;
  if (situation.current == nullptr || !situation.input.every) return due;
  const auto since = key_since(*situation.current);
  if (!since) return due;
  due.at = *since + *situation.input.every;
  due.begin = *due.at - std::min<seconds>(longest_preparation, *situation.input.every / 4);
  return due;
}

bool is_reached(const std::optional<WallTime>& time, WallTime now) {
  return time && *time <= now;
}

PlannedStep choose_step(const Situation& situation, const RotationChange& change) {
  const WallTime now = situation.now;
  const std::string to = change.to->to_string();
  if (situation.next != nullptr) {
    const auto rest = rests_until(situation.input, *situation.next);
    if (rest && *rest > now) {
      auto step =
          step_of(RotationStep::choose, StepState::later,
                  fmt::format("{} signed, or had another key, not long ago: it rests for {} before its "
                              "next key",
                              to, duration_text(rest_of(situation.input))));
      step.earliest = rest;
      if (situation.next->has_next_key()) {
        step.state = StepState::blocked;
        step.says += ", and yet it has one already";
      }
      return step;
    }
    auto step =
        step_of(RotationStep::choose, StepState::done,
                rest ? fmt::format("{} has rested for long enough", to)
                : situation.next->planned->never_used
                    ? fmt::format("{} was never used", to)
                    : fmt::format("{} is the next one; nothing is known of an earlier use of it", to));
    if (const auto& since = situation.next->planned->since) step.since = since->first;
    return step;
  }
  const Due due = due_of(situation);
  auto step = step_of(RotationStep::choose, StepState::later, "");
  std::optional<WallTime> earliest = due.begin;
  if (situation.comes_next != nullptr) {
    step.says = fmt::format("{} is the next one of the ring", to);
    if (const auto rest = rests_until(situation.input, *situation.comes_next); rest && *rest > now) {
      earliest = std::max(earliest.value_or(*rest), *rest);
      step.says += fmt::format("; it rests until {}", time_text(*rest));
    }
    step.actions.push_back({fmt::format("give {} the role pending in the settings", to), {}});
  } else {
    step.says = fmt::format("a new selector, called after the day, such as {}", to);
    step.actions.push_back({fmt::format("add {} with the role pending to the settings", to), {}});
  }
  step.earliest = earliest;
  if (!due.at) {
    step.says += situation.input.every ? "; when the key is due is not known, since none was seen"
                                       : "; no highest age of a key is set, so it is due when you say so";
    if (situation.current == nullptr) step.state = StepState::now;
  } else {
    step.says +=
        fmt::format("; the key of {} is due to change at {}", change.from->to_string(), time_text(*due.at));
    if (is_reached(earliest, now)) step.state = StepState::now;
  }
  return step;
}

/// The steps in which the next key comes to be on every server.
void add_publishing(const Situation& situation, RotationChange& change) {
  const RotationInput& input = situation.input;
  const View* const next = situation.next;
  const std::string to = change.to->to_string();
  const bool chosen = change.steps.back().state == StepState::done;
  const bool is_there = next != nullptr && next->has_next_key();
  const bool is_made = is_there || (next != nullptr && next->planned->key_sha256);

  auto make = step_of(RotationStep::make_key,
                      is_made  ? StepState::done
                      : chosen ? StepState::now
                               : StepState::later,
                      is_there  ? fmt::format("there is a key for {}", to)
                      : is_made ? "the settings name the key"
                      : chosen  ? fmt::format("no key of {} is published, and the settings name none", to)
                                : fmt::format("a new key pair for {}, never one that was used before", to));
  if (is_made && is_there) make.since = next->key_first_seen;
  if (!is_made) make.actions.push_back(make_key_action(input, *change.to));

  auto publish = step_of(RotationStep::publish, StepState::later, fmt::format("the record of {}", to));
  auto see = step_of(RotationStep::see, StepState::later, "every nameserver, each asked by itself");
  if (next == nullptr) {
    publish.actions.push_back(record_action(input, *change.to));
    see.actions.push_back(preflight_action(input, *change.to));
    change.steps.insert(change.steps.end(), {std::move(make), std::move(publish), std::move(see)});
    return;
  }

  const auto& servers = next->sign.servers;
  const std::size_t right = next->holds_earlier_key() ? 0 : next->count(Progress::right);
  const bool damaged = next->count(Progress::damaged) > 0;
  const bool none_seen = next->count(Progress::unknown) == servers.size();
  if (right > 0) {
    publish.state = StepState::done;
    publish.says = fmt::format("{} of {} servers {} it", right, servers.size(), right == 1 ? "has" : "have");
    for (const auto& server : servers) {
      if (!is_right(server.progress) || !server.since) continue;
      publish.since = std::min(publish.since.value_or(*server.since), *server.since);
    }
  } else if (damaged) {
    publish.state = StepState::blocked;
    publish.says = "what is published is no record that verifiers can use: " +
                   servers_text(servers, [](Progress progress) { return progress == Progress::damaged; });
  } else if (none_seen) {
    publish.state = StepState::unknown;
    publish.says = next->looked() ? "no server could be seen" : "no server was asked yet";
  } else {
    if (chosen && is_made) publish.state = StepState::now;
    publish.says = next->holds_earlier_key()
                       ? fmt::format("{} still has the key with which it signed before", to)
                       : "no server has the key";
    publish.actions.push_back(record_action(input, *change.to));
  }
  if (chosen) publish.servers = servers;

  if (right > 0 && right == servers.size()) {
    see.state = StepState::done;
    see.says = servers.size() == 1 ? "the only server has the right key"
                                   : fmt::format("all {} servers have the right key", servers.size());
    for (const auto& server : servers) {
      if (server.since) see.since = std::max(see.since.value_or(*server.since), *server.since);
    }
  } else if (right > 0) {
    see.state = damaged                              ? StepState::blocked
                : next->count(Progress::unknown) > 0 ? StepState::unknown
                                                     : StepState::later;
    see.says = fmt::format("{} of {} servers {} the right key; not so ", right, servers.size(),
                           right == 1 ? "has" : "have") +
               servers_text(servers, [&](Progress progress) { return !is_right(progress); });
    see.actions.push_back(preflight_action(input, *change.to));
  }
  change.steps.insert(change.steps.end(), {std::move(make), std::move(publish), std::move(see)});
}

PlannedStep sign_step(const Situation& situation, const RotationChange& change) {
  const View* const next = situation.next;
  auto step =
      step_of(RotationStep::sign, StepState::later, "when it is safe is known once every server has the key");
  step.actions.push_back(sign_action(change.from, *change.to));
  if (next == nullptr || !next->has_next_key()) return step;
  if (change.steps.front().state != StepState::done) {
    step.says = fmt::format("not before {} has rested", change.to->to_string());
    return step;
  }
  const SafeTime& safe = next->sign.safe;
  step.state = state_of(safe.readiness);
  step.earliest = safe.at;
  step.because = safe.because;
  switch (safe.readiness) {
    case Readiness::ready: {
      const Due due = due_of(situation);
      step.says = fmt::format("no cache can deny the key of {} any more", change.to->to_string());
      // A standby key is there in time, so that it can take over at once; its turn is another matter.
      if (next->planned->role == Role::standby && situation.current != nullptr &&
          !is_reached(due.at, situation.now)) {
        step.state = StepState::later;
        step.says = due.at
                        ? fmt::format("{} stands by and may sign at any time; its turn comes at {}",
                                      change.to->to_string(), time_text(*due.at))
                        : fmt::format("{} stands by and may sign at any time; no highest age of a key is set",
                                      change.to->to_string());
        step.earliest = due.at;
        step.because.clear();
      }
      break;
    }
    case Readiness::wait:
      step.says =
          fmt::format("a cache may still say that the key of {} is not there", change.to->to_string());
      break;
    case Readiness::not_ready:
      step.says = next->right_everywhere() ? fmt::format("mail signed with it would fail: {}",
                                                         next->planned->probed.faults.front().detail)
                                           : "not every server has the key";
      if (change.steps.back().state == StepState::later) step.state = StepState::later;
      break;
    case Readiness::unknown:
      step.says = next->right_everywhere() && !next->planned->probed.doubts.empty()
                      ? next->planned->probed.doubts.front().detail
                      : "not every server could be seen, and what was not seen is not ready";
      break;
  }
  return step;
}

/// Waiting and removing, for a change whose last signature is still to come.
void add_ending(const Situation& situation, RotationChange& change) {
  if (!change.from) {
    change.steps.push_back(step_of(RotationStep::wait, StepState::done, "no other key signs"));
    change.steps.push_back(step_of(RotationStep::remove, StepState::done, "there is no old key"));
    return;
  }
  const PlannedStep& sign = change.steps.back();
  const seconds transit = situation.input.policy.transit;
  auto wait =
      step_of(RotationStep::wait, StepState::later,
              fmt::format("{} after the last signature with {}, so that mail on its way can be verified",
                          duration_text(transit), change.from->to_string()));
  auto remove = step_of(RotationStep::remove, StepState::later,
                        fmt::format("first revoke the key of {} with an empty p=, later delete the record",
                                    change.from->to_string()));
  const View* const old = find(situation, *change.from);
  if (old != nullptr && old->missing_everywhere()) {
    wait.says = fmt::format("no server has the key of {}: mail that it signed cannot be verified now",
                            change.from->to_string());
    remove.says = fmt::format("no server has the key of {} that could be removed", change.from->to_string());
  } else {
    if (sign.earliest) wait.earliest = std::max(*sign.earliest, situation.now) + transit;
    remove.earliest = wait.earliest;
    if (old != nullptr) remove.actions.push_back(revoke_action(situation.input, *old));
  }
  change.steps.push_back(std::move(wait));
  change.steps.push_back(std::move(remove));
}

RotationChange next_change(const Situation& situation) {
  RotationChange change;
  if (situation.current != nullptr) change.from = situation.current->selector();
  if (situation.next != nullptr) {
    change.to = situation.next->selector();
  } else if (situation.comes_next != nullptr) {
    change.to = situation.comes_next->selector();
  } else {
    change.to = new_selector(situation);
    change.to_is_new = true;
  }
  change.steps.push_back(choose_step(situation, change));
  add_publishing(situation, change);
  change.steps.push_back(sign_step(situation, change));
  add_ending(situation, change);
  return change;
}

// ---- The old key ----

/// A key that signs no longer, with all that is known of its end.
struct Ending {
  const View* view = nullptr;
  OldKey facts{};
  GoneVerdict gone{};
  bool removed_somewhere = false;
};

Ending ending_of(const Situation& situation, const View& view) {
  Ending ending;
  ending.view = &view;
  const auto& planned = *view.planned;
  std::optional<WallTime> last;
  if (planned.last_signature) {
    last = planned.last_signature->last;
  } else if (planned.since) {
    last = planned.since->last;
  }
  ending.facts.selector = planned.selector;
  ending.facts.remove = safe_to_remove(last, situation.input.policy, situation.now);
  ending.gone = gone(planned.history, planned.key_sha256, situation.input.policy, situation.now);
  ending.facts.gone = ending.gone.gone;
  for (const auto& server : ending.gone.servers) {
    switch (server.progress) {
      case Progress::right:
        ending.facts.published = true;
        break;
      case Progress::other_key:
      case Progress::damaged:
      case Progress::revoked:
      case Progress::absent:
        ending.removed_somewhere = true;
        break;
      case Progress::unknown:
        break;
    }
  }
  const Readiness ready = ending.facts.remove.readiness;
  ending.facts.still_published = ending.facts.published && ready == Readiness::ready;
  ending.facts.removed_too_early = ending.removed_somewhere && ready == Readiness::wait;
  return ending;
}

/// Whether nothing is left to do or to wait for.
bool is_over(const Ending& ending) {
  if (ending.facts.published || ending.facts.removed_too_early) return false;
  return ending.facts.gone.readiness == Readiness::ready ||
         (ending.facts.gone.readiness == Readiness::unknown && ending.removed_somewhere);
}

PlannedStep wait_step(const Ending& ending, const RotationInput& input) {
  const std::string from = ending.facts.selector.to_string();
  const SafeTime& remove = ending.facts.remove;
  auto step = step_of(RotationStep::wait, StepState::unknown, "");
  step.because = remove.because;
  if (!ending.facts.published && ending.removed_somewhere && remove.readiness == Readiness::unknown) {
    step.state = StepState::done;
    step.says = fmt::format(
        "the key of {} is not there any more; whether that was too early nobody can tell "
        "without its last signature",
        from);
    return step;
  }
  switch (remove.readiness) {
    case Readiness::ready:
      step.state = StepState::done;
      step.since = remove.at;
      step.says = fmt::format("the last signature with {} is more than {} ago", from,
                              duration_text(input.policy.transit));
      break;
    case Readiness::wait:
    case Readiness::not_ready:
      step.state = StepState::later;
      step.earliest = remove.at;
      step.says = fmt::format("mail that {} signed may be on its way for {}", from,
                              duration_text(input.policy.transit));
      break;
    case Readiness::unknown:
      step.says = fmt::format("when {} signed last is not known", from);
      step.actions.push_back(
          {fmt::format("tell it in the settings: last_signature of the selector {}", from), {}});
      break;
  }
  return step;
}

PlannedStep remove_step(const Ending& ending, const RotationInput& input, StepState waiting) {
  const std::string from = ending.facts.selector.to_string();
  auto step = step_of(RotationStep::remove, StepState::later, "");
  step.servers = ending.gone.servers;
  if (ending.facts.published) {
    step.actions.push_back(revoke_action(input, *ending.view));
    if (waiting == StepState::done) {
      step.state = StepState::now;
      step.earliest = ending.facts.remove.at;
      step.says = "still published by " + servers_text(ending.gone.servers, is_right);
    } else {
      step.state = waiting == StepState::unknown ? StepState::unknown : StepState::later;
      step.earliest = ending.facts.remove.at;
      step.says = fmt::format(
          "the key of {} stays published until then; first revoke it with an empty p=, later "
          "delete the record",
          from);
    }
    return step;
  }
  step.because = ending.facts.gone.because;
  switch (ending.facts.gone.readiness) {
    case Readiness::ready:
      step.state = StepState::done;
      step.since = ending.facts.gone.at;
      step.says = fmt::format("no server has the key of {}, and no cache can hold it", from);
      break;
    case Readiness::wait:
      step.earliest = ending.facts.gone.at;
      step.says = fmt::format(
          "no server has the key of {} any more; caches may hold it until then, and after that "
          "the record may be deleted",
          from);
      break;
    case Readiness::not_ready:
    case Readiness::unknown:
      step.state = StepState::unknown;
      step.says = ending.view->looked() ? "not every server could be seen" : "no server was asked yet";
      break;
  }
  return step;
}

RotationChange closing_change(const Situation& situation, const Ending& ending) {
  RotationChange change;
  change.from = ending.facts.selector;
  const View* const current = situation.current;
  if (current != nullptr) change.to = current->selector();
  const std::string to = current == nullptr ? "" : change.to->to_string();
  const std::string nobody = "no selector of the plan signs now";
  for (const RotationStep step : {RotationStep::choose, RotationStep::make_key, RotationStep::publish}) {
    auto done = step_of(step, StepState::done, current == nullptr ? nobody : "");
    if (current != nullptr && step != RotationStep::choose) done.since = current->key_first_seen;
    change.steps.push_back(std::move(done));
  }
  auto see = step_of(RotationStep::see, StepState::done, current == nullptr ? nobody : "");
  if (current != nullptr) {
    see.servers = current->sign.servers;
    if (current->right_everywhere()) {
      see.says = fmt::format("every server has the key of {}", to);
    } else if (std::ranges::any_of(see.servers, is_wrong, &ServerProgress::progress)) {
      see.state = StepState::blocked;
      see.says =
          fmt::format("{} signs, and yet it is not right at ", to) + servers_text(see.servers, is_wrong);
    } else {
      see.state = StepState::unknown;
      see.says = current->looked() ? "not seen: " + servers_text(see.servers, is_unknown)
                                   : "no server was asked yet";
    }
  }
  change.steps.push_back(std::move(see));
  auto sign =
      step_of(RotationStep::sign, StepState::done, current == nullptr ? nobody : fmt::format("{} signs", to));
  if (current != nullptr && current->planned->since) sign.since = current->planned->since->first;
  change.steps.push_back(std::move(sign));
  change.steps.push_back(wait_step(ending, situation.input));
  PlannedStep remove = remove_step(ending, situation.input, change.steps.back().state);
  const PlannedStep& seen = change.steps[3];
  if (remove.state != StepState::done && ending.facts.published && seen.state == StepState::blocked) {
    // It may be the only key that still works.
    remove.state = StepState::blocked;
    remove.earliest.reset();
    remove.actions.clear();
    remove.says = fmt::format("not as long as the key of {}, which signs, is not right on every server", to);
  }
  change.steps.push_back(std::move(remove));
  return change;
}

// ---- Faults ----

/// A fault with the severity of its row, unless the case says another one.
RotationFault fault_of(RotationFaultKind kind, const Selector& selector, std::string clause,
                       std::string evidence, std::string remedy,
                       std::optional<Severity> severity = std::nullopt) {
  const RotationFaultRow& row = row_of(kind);
  return {&row,
          severity.value_or(row.severity),
          selector,
          std::move(clause),
          std::move(evidence),
          std::move(remedy)};
}

void add_fault(RotationOverview& overview, RotationFault fault) {
  const auto at = std::ranges::find_if(
      overview.faults, [&](const RotationFault& other) { return other.severity < fault.severity; });
  overview.faults.insert(at, std::move(fault));
}

void find_faults_of_signer(const View& signer, RotationOverview& overview) {
  const auto& servers = signer.sign.servers;
  const std::string name = signer.selector().to_string();
  if (std::ranges::any_of(servers, is_wrong, &ServerProgress::progress)) {
    add_fault(
        overview,
        fault_of(RotationFaultKind::signing_key_not_right, signer.selector(),
                 fmt::format("{} signs, and its key is not right on every server", name),
                 servers_text(servers, is_wrong),
                 fmt::format("publish the key of {} there, or sign with a selector that is right on every "
                             "server",
                             name)));
  } else if (signer.count(Progress::unknown) > 0 && signer.count(Progress::right) > 0) {
    add_fault(overview, fault_of(RotationFaultKind::signing_key_not_seen, signer.selector(),
                                 fmt::format("{} signs, and its key was not seen on every server", name),
                                 servers_text(servers, is_unknown), "see why these servers give no answer"));
  }
}

/// What is wrong with the key itself that signs, where every server has it.
void find_faults_of_key(const View& signer, RotationOverview& overview) {
  const auto& planned = *signer.planned;
  const auto add = [&](RotationFaultKind fault, std::string_view says, const std::vector<Because>& reasons) {
    if (reasons.empty()) return;
    std::string evidence = reasons.front().detail;
    if (reasons.size() > 1) evidence += fmt::format("; and {} more", reasons.size() - 1);
    add_fault(
        overview,
        fault_of(fault, signer.selector(),
                 fmt::format("{} signs, and {}", signer.selector().to_string(), says), std::move(evidence),
                 fmt::format("change to a new key; dkimprobe explain {} says more", reasons.front().name())));
  };
  if (!signer.right_everywhere()) return;
  add(RotationFaultKind::signing_key_faulty, "mail with its signature fails", planned.probed.faults);
  add(RotationFaultKind::signing_key_weak, "its key is weak", planned.probed.weaknesses);
}

void find_faults_of_next(const View& next, const Situation& situation, RotationOverview& overview) {
  const RotationInput& input = situation.input;
  const std::string name = next.selector().to_string();
  const auto rest = rests_until(input, next);
  if (rest && *rest > situation.now && next.has_next_key()) {
    // Mail with a signature of the earlier key is verified with the new one, and fails.
    const WallTime used = *rest - rest_of(input);
    const bool breaks_mail = used + input.policy.transit > situation.now;
    add_fault(
        overview,
        fault_of(
            RotationFaultKind::selector_reused_too_soon, next.selector(),
            fmt::format("{} has a new key, but an earlier one was in use until {}", name, time_text(used)),
            breaks_mail ? "mail that the earlier key signed cannot be verified any more" : "",
            breaks_mail
                ? fmt::format("give the new key a selector of its own, and publish the earlier key of {} "
                              "again until {}",
                              name, time_text(used + input.policy.transit))
                : fmt::format("do not sign with {} before {}", name, time_text(*rest)),
            breaks_mail ? std::nullopt : std::optional(Severity::warning)));
  }
  const std::size_t right = next.holds_earlier_key() ? 0 : next.count(Progress::right);
  if (right == 0 || right == next.sign.servers.size()) return;
  std::optional<WallTime> first;
  for (const auto& server : next.sign.servers) {
    if (is_right(server.progress) && server.since)
      first = std::min(first.value_or(*server.since), *server.since);
  }
  if (!first || *first + input.policy.unknown_wait > situation.now) return;
  add_fault(overview,
            fault_of(RotationFaultKind::next_key_not_everywhere, next.selector(),
                     fmt::format("a server has the key of {} since {}, and others still do not", name,
                                 time_text(*first)),
                     servers_text(next.sign.servers, [](Progress progress) { return !is_right(progress); }),
                     "let these servers transfer the zone again"));
}

void find_faults_of_old(const Ending& ending, WallTime now, RotationOverview& overview) {
  const std::string name = ending.facts.selector.to_string();
  const WallTime date = ending.facts.remove.at.value_or(now);
  if (ending.facts.removed_too_early) {
    add_fault(overview,
              fault_of(RotationFaultKind::removed_too_early, ending.facts.selector,
                       fmt::format("mail that {} signed may be on its way until {}, and its key was removed",
                                   name, time_text(date)),
                       servers_text(ending.gone.servers, is_wrong),
                       fmt::format("publish the record with the key of {} again until then", name)));
  }
  if (ending.facts.still_published) {
    add_fault(overview, fault_of(RotationFaultKind::old_key_still_published, ending.facts.selector,
                                 fmt::format("the key of {} was to be removed by {}, and is still published",
                                             name, time_text(date)),
                                 servers_text(ending.gone.servers, is_right), ""));
  }
}

/// What signs, the current one first. Of the others those that were looked at: of one that nobody asked for
/// nothing can be wrong yet.
std::vector<const View*> signers_of(const Situation& situation) {
  std::vector<const View*> signers;
  if (situation.current != nullptr) signers.push_back(situation.current);
  for (const auto& view : situation.views) {
    if (view.planned->role == Role::active && view.looked() && &view != situation.current)
      signers.push_back(&view);
  }
  return signers;
}

/// Nothing is known of its key: no server let it be seen.
bool is_unseen(const View& signer) {
  return signer.count(Progress::unknown) == signer.sign.servers.size();
}

void find_faults(const Situation& situation, const std::vector<Ending>& endings, RotationOverview& overview) {
  for (const View* const signer : signers_of(situation)) {
    find_faults_of_signer(*signer, overview);
    find_faults_of_key(*signer, overview);
  }
  if (overview.state.overdue) {
    add_fault(overview,
              fault_of(RotationFaultKind::rotation_overdue, *overview.state.current,
                       fmt::format("the key of {} was to change by {}", overview.state.current->to_string(),
                                   time_text(*overview.state.due_at)),
                       fmt::format("it is older than {}", duration_text(*situation.input.every)), ""));
  }
  if (situation.next != nullptr) find_faults_of_next(*situation.next, situation, overview);
  for (const auto& ending : endings) find_faults_of_old(ending, situation.now, overview);
}

// ---- The whole ----

RotationState state_of(const Situation& situation, const std::vector<Ending>& endings) {
  RotationState state;
  if (const View* const current = situation.current) {
    state.current = current->selector();
    state.key_since = key_since(*current);
    state.key_may_be_older = state.key_since && key_may_be_older(*current);
    state.due_at = due_of(situation).at;
    state.overdue = is_reached(state.due_at, situation.now);
  }
  if (const View* const next = situation.next) {
    state.next = next->selector();
    state.next_everywhere = next->right_everywhere() && !next->holds_earlier_key();
    if (next->has_next_key() || next->count(Progress::unknown) > 0)
      state.sign = next->sign.safe;
    else
      state.sign.readiness = Readiness::not_ready;
  } else if (situation.comes_next != nullptr) {
    state.next = situation.comes_next->selector();
    state.sign.readiness = Readiness::not_ready;
  }
  for (const auto& ending : endings) state.old_keys.push_back(ending.facts);
  return state;
}

/// The first step that is not done: what comes next in this change.
const PlannedStep* next_step(const RotationChange& change) {
  const auto step = std::ranges::find_if(
      change.steps, [](const PlannedStep& each) { return each.state != StepState::done; });
  return step == change.steps.end() ? nullptr : &*step;
}

std::string change_text(const RotationChange& change) {
  if (!change.from) return fmt::format("to {}", change.to ? change.to->to_string() : "none");
  if (!change.to) return fmt::format("from {}", change.from->to_string());
  return fmt::format("from {} to {}", change.from->to_string(), change.to->to_string());
}

bool is_in(const RotationOverview& overview, std::initializer_list<StepState> states) {
  return std::ranges::any_of(overview.changes, [&](const RotationChange& change) {
    return std::ranges::any_of(change.steps, [&](const PlannedStep& step) {
      return std::ranges::find(states, step.state) != states.end();
    });
  });
}

bool next_is_unknown(const RotationOverview& overview) {
  return std::ranges::any_of(overview.changes, [](const RotationChange& change) {
    const PlannedStep* const step = next_step(change);
    return step != nullptr && step->state == StepState::unknown;
  });
}

std::string_view words_of(RotationStep step) {
  switch (step) {
    case RotationStep::choose:
      return "choose a selector";
    case RotationStep::make_key:
      return "make a key pair";
    case RotationStep::publish:
      return "publish the key";
    case RotationStep::see:
      return "see the key on every server";
    case RotationStep::sign:
      return "sign with the new key";
    case RotationStep::wait:
      return "wait for mail on its way";
    case RotationStep::remove:
      return "remove the old key";
    case RotationStep::stop_signing:
    case RotationStep::replace:
    case RotationStep::revoke:
    case RotationStep::gone:
    case RotationStep::clean_up:
      // An emergency has headlines of its own.
      return {};
  }
  return {};
}

std::string words_of(const PlannedStep& step) {
  const std::string_view words = words_of(step.step);
  switch (step.state) {
    case StepState::done:
      return std::string(words);
    case StepState::now:
      return fmt::format("now {}", words);
    case StepState::later:
      if (!step.earliest) return fmt::format("wait to {}", words);
      return step.step == RotationStep::wait ? fmt::format("{} until {}", words, time_text(*step.earliest))
                                             : fmt::format("{} from {} on", words, time_text(*step.earliest));
    case StepState::blocked:
      return fmt::format("something is in the way: {}", words);
    case StepState::unknown:
      return fmt::format("not known: {}", words);
  }
  return {};
}

/// What matters most, in one clause.
std::string headline_of(const Situation& situation, const RotationOverview& overview) {
  if (!overview.faults.empty() && overview.faults.front().severity == Severity::critical)
    return overview.faults.front().clause;
  // Of the current one the steps tell it; the others are in none.
  for (const View* const signer : signers_of(situation)) {
    if (signer != situation.current && is_unseen(*signer))
      return fmt::format("{} signs, and its key was not seen on any server", signer->selector().to_string());
  }
  for (const StepState state : {StepState::unknown, StepState::blocked, StepState::now, StepState::later}) {
    for (const auto& change : overview.changes) {
      const PlannedStep* const step = next_step(change);
      if (step == nullptr || step->state != state) continue;
      const bool is_idle = state == StepState::later && !step->earliest && change.from &&
                           (step->step == RotationStep::choose || step->step == RotationStep::sign);
      if (is_idle) return fmt::format("{} signs, and nothing is due", change.from->to_string());
      return fmt::format("{}: {}", change_text(change), words_of(*step));
    }
  }
  return "nothing is left to do";
}

Status status_of(const Situation& situation, const RotationOverview& overview) {
  if (!overview.faults.empty() && overview.faults.front().severity == Severity::critical)
    return Status::critical;
  if (std::ranges::any_of(signers_of(situation), [](const View* signer) { return is_unseen(*signer); }))
    return Status::unknown;
  if (next_is_unknown(overview)) return Status::unknown;
  if (!overview.faults.empty() || is_in(overview, {StepState::now, StepState::blocked}))
    return Status::warning;
  return Status::ok;
}

/// Where others of the zone were not asked, nothing here is said of all servers.
void add_note_of_servers(const RotationInput& input, RotationOverview& overview) {
  if (!input.only_given_servers) return;
  overview.notes.insert(overview.notes.begin(),
                        "As far as the given servers tell: others of the zone were not asked.");
}

void add_notes(const Situation& situation, RotationOverview& overview) {
  add_note_of_servers(situation.input, overview);
  if (overview.state.key_may_be_older) {
    overview.notes.push_back(
        fmt::format("the key of {} was there at the first look already and may be older; `since` in the "
                    "settings would say "
                    "when it began to sign",
                    overview.state.current->to_string()));
  }
  for (const auto& view : situation.views) {
    if (view.planned->role != Role::active || &view == situation.current) continue;
    const View* const current = situation.current;
    std::string note = fmt::format("{} is active too{}; the plan is about {}", view.selector().to_string(),
                                   view.key.empty() ? ", and no key of it was seen" : "",
                                   current == nullptr ? "the ring" : current->selector().to_string());
    // Ages are compared where there are keys.
    if (current != nullptr && !current->key.empty() && !view.key.empty())
      note += situation.input.ring.empty() ? ", whose key is older" : ", whose key is in the ring";
    overview.notes.push_back(std::move(note));
  }
  if (situation.next == nullptr || !situation.next->has_next_key()) return;
  for (const auto& limit : situation.next->sign.limits) overview.notes.push_back(limit);
}

// ---- Emergency ----

PlannedStep stop_step(const View& bad) {
  const std::string from = bad.selector().to_string();
  const auto& planned = *bad.planned;
  if (planned.role == Role::active) {
    auto step = step_of(
        RotationStep::stop_signing, StepState::now,
        "no nameserver shows who signs; with the role retired in the settings this is taken for done");
    step.actions.push_back({fmt::format("stop signing with {} on every machine that has its key", from), {}});
    return step;
  }
  auto step = step_of(RotationStep::stop_signing, StepState::done,
                      fmt::format("the role of {} is {}", from, config::to_string(planned.role)));
  if (planned.last_signature) step.since = planned.last_signature->last;
  return step;
}

PlannedStep replace_step(const Situation& situation, const View& bad, RotationChange& change) {
  const View* ready = nullptr;
  const View* soon = nullptr;
  for (const auto& view : situation.views) {
    if (&view == &bad || !view.right_everywhere()) continue;
    if (view.planned->role == Role::active) {
      change.to = view.selector();
      return step_of(RotationStep::replace, StepState::done,
                     fmt::format("{} signs, and is right on every server", view.selector().to_string()));
    }
    if (!is_candidate(view) || view.holds_earlier_key()) continue;
    const SafeTime& safe = view.sign.safe;
    if (safe.readiness == Readiness::ready && ready == nullptr) ready = &view;
    if (safe.readiness == Readiness::wait && safe.at &&
        (soon == nullptr || *safe.at < soon->sign.safe.at.value_or(WallTime::max()))) {
      soon = &view;
    }
  }
  if (ready != nullptr) {
    change.to = ready->selector();
    auto step = step_of(
        RotationStep::replace, StepState::now,
        fmt::format("{} is ready: right on every server, and no cache can deny it", change.to->to_string()));
    step.earliest = ready->sign.safe.at;
    step.actions.push_back(sign_action(std::nullopt, *change.to));
    return step;
  }
  change.to = new_selector(situation);
  change.to_is_new = true;
  auto step =
      step_of(RotationStep::replace, StepState::now,
              "no other selector is ready; a new name that nobody can have asked for is safe to sign with "
              "as soon as every server has it");
  if (soon != nullptr) {
    step.says += fmt::format(" ({} would be safe at {})", soon->selector().to_string(),
                             time_text(*soon->sign.safe.at));
  }
  step.actions = {make_key_action(situation.input, *change.to), record_action(situation.input, *change.to),
                  preflight_action(situation.input, *change.to, true), sign_action(std::nullopt, *change.to)};
  return step;
}

PlannedStep revoke_step(const Situation& situation, const View& bad, const Ending& ending) {
  const auto& servers = ending.gone.servers;
  const auto has_none = [](const ServerProgress& server) {
    return server.progress != Progress::right && server.progress != Progress::unknown;
  };
  auto step = step_of(RotationStep::revoke, StepState::now, "");
  step.servers = servers;
  const auto without = static_cast<std::size_t>(std::ranges::count_if(servers, has_none));
  if (!servers.empty() && without == servers.size()) {
    step.state = StepState::done;
    for (const auto& server : servers) {
      if (server.since) step.since = std::max(step.since.value_or(*server.since), *server.since);
    }
    step.says = "no server publishes the key any more";
    return step;
  }
  if (!ending.facts.published) {
    step.state = StepState::unknown;
    step.says = bad.looked() ? "not every server could be seen" : "no server was asked yet";
  } else {
    step.says = without == 0
                    ? "without any wait: every server still publishes the key"
                    : fmt::format("{} of {} servers do not publish the key any more; still published by {}",
                                  without, servers.size(), servers_text(servers, is_right));
  }
  step.actions.push_back(revoke_action(situation.input, bad));
  step.actions.push_back(
      {"or delete the record; and let every server transfer the zone at once (NOTIFY). A lower TTL "
       "now has no effect on copies that are out already",
       {}});
  return step;
}

PlannedStep gone_step(const Ending& ending) {
  const SafeTime& gone = ending.facts.gone;
  auto step = step_of(RotationStep::gone, state_of(gone.readiness), "");
  step.because = gone.because;
  switch (gone.readiness) {
    case Readiness::ready:
      step.state = StepState::done;
      step.since = gone.at;
      step.says = "no cache that keeps to the TTL can hold the key any more";
      break;
    case Readiness::wait:
      step.earliest = gone.at;
      step.says = "caches may hold the key until then, and who has it can sign for as long";
      break;
    case Readiness::not_ready:
      step.state = StepState::later;
      step.says = "the time counts from when the last server has let go of the key";
      break;
    case Readiness::unknown:
      step.says =
          "the time counts from when the last server has let go of the key, and not every one could be seen";
      break;
  }
  return step;
}

PlannedStep clean_up_step(const RotationInput& input, const View& bad, const PlannedStep& gone) {
  const std::string from = bad.selector().to_string();
  auto step =
      step_of(RotationStep::clean_up, gone.state == StepState::done ? StepState::now : StepState::later,
              fmt::format("leave the revoked record for as long as you like; {} should not get a new key "
                          "before {} are over",
                          from, duration_text(rest_of(input))));
  step.earliest = gone.state == StepState::done ? gone.since : gone.earliest;
  step.actions.push_back(
      {"destroy the private key, and look for how it got out: the new one must not go the same "
       "way",
       {}});
  return step;
}

/// Where the nameservers were not heard, what is known from before stays, and nothing of now is told.
void tell_interception(const RotationInput& input, RotationOverview& overview) {
  const auto probed = std::ranges::find_if(
      input.selectors, [](const PlannedSelector& each) { return !each.probed.path_intercepted.empty(); });
  if (probed == input.selectors.end()) return;
  overview.status = Status::unknown;
  overview.headline = find_check("path_intercepted")->summary;
  overview.faults.clear();
  overview.notes.insert(overview.notes.begin(), probed->probed.path_intercepted);
}

}  // namespace

RotationOverview plan_rotation(const RotationInput& input, WallTime now) {
  const Situation situation = look(input, now);
  std::vector<Ending> endings;
  for (const auto& view : situation.views) {
    if (view.planned->role == Role::retired) endings.push_back(ending_of(situation, view));
  }
  RotationOverview overview;
  overview.domain = input.domain;
  overview.now = now;
  overview.state = state_of(situation, endings);
  find_faults(situation, endings, overview);
  for (const auto& ending : endings) {
    if (!is_over(ending)) overview.changes.push_back(closing_change(situation, ending));
  }
  overview.changes.push_back(next_change(situation));
  add_notes(situation, overview);
  overview.status = status_of(situation, overview);
  overview.headline = headline_of(situation, overview);
  tell_interception(input, overview);
  return overview;
}

RotationOverview plan_emergency(const RotationInput& input, const Selector& compromised, WallTime now) {
  const Situation situation = look(input, now);
  RotationOverview overview;
  overview.domain = input.domain;
  overview.now = now;
  const View* const bad = find(situation, compromised);
  if (bad == nullptr) return overview;
  const Ending ending = ending_of(situation, *bad);
  overview.state = state_of(situation, {ending});
  // No time to wait for, so none that is missed.
  overview.state.old_keys.front().still_published = ending.facts.published;
  overview.state.old_keys.front().removed_too_early = false;

  RotationChange change;
  change.emergency = true;
  change.from = compromised;
  change.steps.push_back(stop_step(*bad));
  change.steps.push_back(replace_step(situation, *bad, change));
  change.steps.push_back(revoke_step(situation, *bad, ending));
  change.steps.push_back(gone_step(ending));
  change.steps.push_back(clean_up_step(input, *bad, change.steps.back()));
  const StepState revoked = change.steps[2].state;
  const PlannedStep& copies = change.steps[3];
  const std::string from = compromised.to_string();
  if (revoked == StepState::now) {
    overview.status = Status::critical;
    overview.headline = fmt::format("{} is compromised and still published: revoke it now", from);
    add_fault(overview, fault_of(RotationFaultKind::compromised_key_published, compromised,
                                 fmt::format("the key of {} is still published", from), "", ""));
  } else if (revoked == StepState::unknown || copies.state == StepState::unknown) {
    overview.status = Status::unknown;
    overview.headline = fmt::format("whether every server has let go of {} could not be seen", from);
  } else if (bad->key.empty() && !bad->other_key_last_seen) {
    overview.status = Status::warning;
    overview.headline =
        fmt::format("no server publishes {}, and no look ever saw a key there: is that the name?", from);
  } else if (copies.state == StepState::later) {
    overview.status = Status::warning;
    overview.headline = fmt::format("no server publishes {} any more; caches may", from);
    if (copies.earliest) overview.headline += fmt::format(" until {}", time_text(*copies.earliest));
  } else {
    // Whoever asks this way asks for the key; what else is due stands in the steps.
    overview.status = Status::ok;
    overview.headline = fmt::format("{} is gone from servers and caches", from);
    if (change.steps[0].state != StepState::done) {
      overview.headline += "; see that nothing signs with it";
    } else if (change.steps[1].state != StepState::done) {
      overview.headline += "; signing with another key is due";
    }
  }
  overview.changes.push_back(std::move(change));
  overview.notes = ending.gone.limits;
  add_note_of_servers(input, overview);
  tell_interception(input, overview);
  return overview;
}

RotationOverview plan_next(const RotationInput& input, const std::optional<Selector>& chosen, WallTime now) {
  const Situation situation = look(input, now);
  RotationOverview overview;
  overview.domain = input.domain;
  overview.now = now;
  overview.status = Status::ok;
  overview.state = state_of(situation, {});

  RotationChange change = next_change(situation);
  if (chosen) {
    change.to = chosen;
    change.to_is_new = find(situation, *chosen) == nullptr;
  }
  change.steps.clear();
  const std::string to = change.to->to_string();
  const View* const view = find(situation, *change.to);
  // Of a name that somebody thought of nobody here knows whether it was used before.
  const bool never_used = (change.to_is_new && !chosen) || (view != nullptr && view->planned->never_used);
  const auto add = [&](RotationStep step, std::string says, std::optional<WallTime> earliest,
                       std::vector<RotationAction> actions) {
    auto planned = step_of(step, StepState::later, std::move(says));
    planned.earliest = earliest;
    planned.actions = std::move(actions);
    change.steps.push_back(std::move(planned));
  };

  WallTime time = now;
  std::string why = "it is given on the command line";
  if (!chosen) why = change.to_is_new ? "a new one, called after the day" : "the next one of the plan";
  if (view != nullptr) {
    if (const auto rest = rests_until(input, *view); rest && *rest > now) {
      time = *rest;
      why += fmt::format("; it rests until {}", time_text(*rest));
    }
  }
  add(RotationStep::choose, fmt::format("{}: {}", to, why), time,
      {{fmt::format("in the settings: {} with the role pending{}", to,
                    never_used ? " and never_used: yes" : ""),
        {}}});
  add(RotationStep::make_key, "never a key that was used before", time, {make_key_action(input, *change.to)});
  add(RotationStep::publish, "in every zone file or panel that serves the name", time,
      {record_action(input, *change.to)});
  add(RotationStep::see, "every nameserver has it, and no cache denies it", time,
      {preflight_action(input, *change.to, never_used)});

  seconds wait = input.policy.unknown_wait;
  std::string sign_why = fmt::format(
      "{} after it is on every server, since nothing is known of what caches hold", duration_text(wait));
  if (never_used) {
    wait = seconds{0};
    sign_why = "as soon as it is on every server, since nobody can have asked for it before";
  } else if (view != nullptr && view->longest_ttl) {
    wait = seconds{*view->longest_ttl};
    sign_why = fmt::format("{} after it is on every server: for so long caches hold what was there",
                           duration_text(wait));
  }
  time += wait;
  add(RotationStep::sign, sign_why + "; preflight tells the exact time", time,
      {sign_action(change.from, *change.to),
       {change.from
            ? fmt::format("in the settings: {} with the role active and since, {} with the role retired and "
                          "last_signature",
                          to, change.from->to_string())
            : fmt::format("in the settings: {} with the role active and since", to),
        {}}});
  if (change.from) {
    const View& old = *situation.current;
    const std::string from = change.from->to_string();
    time += input.policy.transit;
    add(RotationStep::wait,
        fmt::format("{} after the last signature with {}, so that mail on its way can be verified",
                    duration_text(input.policy.transit), from),
        time, {});
    const seconds copies = old.ttl_seconds ? seconds{*old.ttl_seconds} : input.policy.unknown_wait;
    add(RotationStep::remove, "first revoke, later delete", time,
        {revoke_action(input, old),
         {fmt::format(
              "delete the record of {} once no cache can hold its key: {} after every server has it revoked, "
              "so from {} on",
              from, duration_text(copies), time_text(time + copies)),
          {}}});
  }
  overview.headline = fmt::format("{}, if it began now", change_text(change));
  overview.changes.push_back(std::move(change));
  return overview;
}

std::string_view to_string(RotationStep step) {
  switch (step) {
    case RotationStep::choose:
      return "choose";
    case RotationStep::make_key:
      return "make_key";
    case RotationStep::publish:
      return "publish";
    case RotationStep::see:
      return "see";
    case RotationStep::sign:
      return "sign";
    case RotationStep::wait:
      return "wait";
    case RotationStep::remove:
      return "remove";
    case RotationStep::stop_signing:
      return "stop_signing";
    case RotationStep::replace:
      return "replace";
    case RotationStep::revoke:
      return "revoke";
    case RotationStep::gone:
      return "gone";
    case RotationStep::clean_up:
      return "clean_up";
  }
  return {};
}

std::string_view to_string(StepState state) {
  switch (state) {
    case StepState::done:
      return "done";
    case StepState::now:
      return "now";
    case StepState::later:
      return "later";
    case StepState::blocked:
      return "blocked";
    case StepState::unknown:
      return "unknown";
  }
  return {};
}

}  // namespace dkimprobe::checks
