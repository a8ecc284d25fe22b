#include "probe/discovery/host_search.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "probe/discovery/host_answers.hpp"

namespace dkimprobe::probe {

using config::DomainName;
using config::ServerAddress;
using std::chrono::seconds;
using State = ZoneQuestion::State;

/// A question of a search, and the searches for servers to send it to.
struct HostSearches::Question : ZoneQuestion {
  Search* asker = nullptr;
  std::vector<Search*> waiting_for{};
  bool met_loop = false;
  bool met_budget = false;
};

/// The search for the addresses of one nameserver.
struct HostSearches::Search {
  DomainName name{};
  HostFacts* facts = nullptr;
  std::uint32_t depth = 0;
  ZoneServers servers = ZoneServers::any;
  WalkZone* zone = nullptr;  ///< the deepest known zone on the path
  std::size_t labels = 0;    ///< labels of the name, from the right, that are done
  std::size_t zones_seen = 0;
  enum class Asking : std::uint8_t { nothing, label, apex };
  Asking asking = Asking::nothing;
  bool straight_to_name = false;  ///< a minimised name was denied or got only errors
  bool descending = true;
  std::optional<DiscoveryOutcome> failure{};  ///< set when it ended at a zone without a useful server
  QuestionPointer label{};
  QuestionPointer a{};
  QuestionPointer aaaa{};
  bool repeated = false;
  std::uint64_t advanced_in = 0;
};

HostSearches::HostSearches(WalkBoard& board) : board_(board) {}
HostSearches::~HostSearches() = default;

HostFacts* HostSearches::begin(const DomainName& name, std::uint32_t depth, ZoneServers servers) {
  if (depth > board_.settings().budgets.discovery_depth) return nullptr;
  HostFacts& facts = board_.add_host(name);
  board_.changed();
  if (const auto known = board_.cache().host(name, board_.now())) {
    facts = {
        true, known->outcome, known->addresses, known->ipv4_told, known->ipv6_told, ZoneCache::shortest_life};
    // Counts too: otherwise each walk of a probe would ask for as many further names.
    if (known->outcome != HostOutcome::found) ++unresolvable_;
    return &facts;
  }
  if (unresolvable_ >= board_.settings().budgets.unresolvable_nameservers) {
    facts.ended = true;
    facts.outcome = HostOutcome::budget_exhausted;
    return &facts;
  }
  auto search = std::make_unique<Search>();
  search->name = name;
  search->facts = &facts;
  search->depth = depth;
  search->servers = servers;
  start(*search);
  searches_[name] = std::move(search);
  return &facts;
}

void HostSearches::start(Search& search) const {
  search.facts->ended = false;
  search.facts->outcome = HostOutcome::unknown;
  search.facts->life = seconds::max();
  search.zone = &board_.root();
  search.labels = 0;
  search.zones_seen = 0;
  search.asking = Search::Asking::nothing;
  search.straight_to_name = false;
  search.descending = true;
  search.failure.reset();
  search.label.reset();
  search.a.reset();
  search.aaaa.reset();
}

bool HostSearches::repeat(const DomainName& name) {
  const auto found = searches_.find(name);
  if (found == searches_.end() || found->second->repeated) return false;
  found->second->repeated = true;
  start(*found->second);
  board_.changed();
  return true;
}

bool HostSearches::is_descending(const DomainName& name) const {
  const auto found = searches_.find(name);
  return found != searches_.end() && found->second->descending;
}

bool HostSearches::has_asked(const DomainName& name, const ServerAddress& server) const {
  const auto found = searches_.find(name);
  return found != searches_.end() && found->second->a && found->second->a->was_put_to(server);
}

void HostSearches::advance(const DomainName& name) {
  const auto found = searches_.find(name);
  if (found == searches_.end()) return;
  Search& search = *found->second;
  if (!search.facts->ended) return advance(search);
  for (const QuestionPointer& asked : {search.a, search.aaaa}) {
    if (asked && asked->is_for_all()) static_cast<void>(ask_more(asked));
  }
}

bool HostSearches::is_waiting(const DomainName& name) {
  const auto found = searches_.find(name);
  if (found == searches_.end()) return false;
  const Search& search = *found->second;
  if (!search.facts->ended) return true;
  const auto waits = [&](const QuestionPointer& asked) { return asked && asked->has_patience(board_); };
  return waits(search.a) || waits(search.aaaa);
}

void HostSearches::collect(const DomainName& name) {
  if (const auto found = searches_.find(name); found != searches_.end()) collect(*found->second);
}

bool HostSearches::finished(const WalkQuestion& question, const Exchange& exchange) {
  const auto found = under_way_.find(question.ticket);
  if (found == under_way_.end()) return false;
  const QuestionPointer answered = std::move(found->second);
  under_way_.erase(found);
  board_.changed();
  HostFacts& facts = *answered->asker->facts;
  const bool is_late = !answered->finished(question, exchange, board_);
  facts.met_local_error |= answered->met_local_error();
  // The search may be over; its addresses still count.
  if (is_late && answered->is_for_all()) add_addresses(facts, *answered, most_addresses());
  return true;
}

// ---- The walk down ----

/// Continues at the deepest zone on the path that any search or survey has found meanwhile.
void HostSearches::jump(Search& search) {
  if (search.zones_seen == board_.zone_count()) return;
  const std::size_t top = search.zone->apex().label_count();
  for (std::size_t labels = search.name.label_count(); labels > top; --labels) {
    WalkZone* zone = board_.load_zone(search.name.suffix(labels));
    if (zone == nullptr) continue;
    search.zone = zone;
    search.labels = std::max(search.labels, labels);
    search.straight_to_name = false;
    break;
  }
  search.zones_seen = board_.zone_count();
}

void HostSearches::fail(Search& search, DiscoveryOutcome outcome) {
  search.descending = false;
  search.failure = outcome;
  search.label.reset();
  board_.changed();
}

void HostSearches::descend(Search& search) {
  const std::size_t name_labels = search.name.label_count();
  while (search.descending) {
    if (search.label) {
      advance(search.label);
      if (search.label->state() == State::open) return;
      if (search.label->state() == State::answered) {
        take_label_answer(search);
      } else {
        take_label_failure(search);
      }
      board_.changed();
      continue;
    }
    jump(search);
    if (search.zone->facts.is_dead()) return fail(search, *search.zone->facts.outcome);
    const std::size_t labels = search.straight_to_name || asks_all(search) ? name_labels : search.labels + 1;
    // The full name is asked for its addresses instead; a referral then shows a cut.
    if (labels >= name_labels) {
      search.descending = false;
      board_.changed();
      return;
    }
    const DomainName name = search.name.suffix(labels);
    if (const auto fact = board_.cache().no_cut(name, search.zone->apex(), board_.now())) {
      search.labels = labels;
      search.straight_to_name |= fact->denied;
      continue;
    }
    search.asking = Search::Asking::label;
    search.label = make_question(search, name, RecordType::ns);
  }
}

void HostSearches::take_label_answer(Search& search) {
  const QuestionPointer answered = std::exchange(search.label, nullptr);
  const auto& [from, reading] = answered->answers().front();
  if (std::exchange(search.asking, Search::Asking::nothing) == Search::Asking::apex) {
    // The zone is served after all, so the errors concerned only the name.
    board_.add_child_set(*search.zone, reading);
    search.straight_to_name = true;
    return;
  }
  search.labels = answered->name().label_count();
  switch (reading.kind) {
    case Reading::Kind::referral:
    case Reading::Kind::apex_here:
      search.zone = &board_.enter_zone(*search.zone, reading, from);
      search.labels = reading.cut.label_count();
      search.straight_to_name = false;
      return;
    case Reading::Kind::denied:
    case Reading::Kind::no_data:
    case Reading::Kind::alias:
    case Reading::Kind::addresses: {
      const bool denied = reading.kind == Reading::Kind::denied;
      board_.cache().put_no_cut(answered->name(), search.zone->apex(), {denied, false}, reading.life,
                                board_.now());
      search.straight_to_name |= denied;
      return;
    }
    case Reading::Kind::useless:
      return;
  }
}

void HostSearches::take_label_failure(Search& search) {
  const QuestionPointer failed = std::exchange(search.label, nullptr);
  const bool about_apex = std::exchange(search.asking, Search::Asking::nothing) == Search::Asking::apex;
  WalkZone& zone = *search.zone;
  if (!about_apex && (zone.facts.answers || failed->heard_anything())) {
    // The error may concern this name alone: ask for the full name next. A zone that returned only errors
    // must first show that it is served at all.
    search.labels = failed->name().label_count();
    if (zone.facts.answers) {
      search.straight_to_name = true;
    } else {
      search.asking = Search::Asking::apex;
      search.label = make_question(search, zone.apex(), RecordType::ns);
    }
    return;
  }
  const DiscoveryOutcome why = why_failed(*failed);
  // Remember this for later searches. A loop or an exceeded budget depends on who asks, so it is not
  // remembered.
  if (why == DiscoveryOutcome::no_servers && !zone.is_surveyed)
    board_.give_up(zone, why, failed->met_local_error());
  fail(search, why);
}

// ---- Searches ----

void HostSearches::advance(Search& search) {
  if (search.facts->ended || search.advanced_in == pass_) return;
  search.advanced_in = pass_;
  while (!search.facts->ended) {
    if (search.descending) descend(search);
    if (search.descending) return;
    if (search.failure) return settle_failure(search);
    ask_for_addresses(search);
    if (search.descending) continue;
    if (search.a->state() == State::open || search.aaaa->state() == State::open) return;
    return settle(search);
  }
}

/// Asks for both families. A referral leads further down; addresses from other servers are kept.
void HostSearches::ask_for_addresses(Search& search) {
  if (!search.a) {
    const ZoneServers servers = asks_all(search) ? ZoneServers::every : ZoneServers::any;
    search.a = make_question(search, search.name, RecordType::a, servers);
    search.aaaa = make_question(search, search.name, RecordType::aaaa, servers);
  }
  advance(search.a);
  advance(search.aaaa);
  const auto is_open = [](const QuestionPointer& asked) { return asked->state() == State::open; };
  if (search.a->is_for_all() && (is_open(search.a) || is_open(search.aaaa))) return;
  collect(search);
  WalkZone* below = nullptr;
  for (const QuestionPointer& asked : {search.a, search.aaaa}) {
    for (const auto& [from, reading] : asked->answers()) {
      if (reading.kind != Reading::Kind::referral) continue;
      WalkZone& zone = board_.enter_zone(*search.zone, reading, from);
      if (below == nullptr || below->apex().label_count() < zone.apex().label_count()) below = &zone;
    }
  }
  if (below == nullptr) return;
  search.zone = below;
  search.labels = below->apex().label_count();
  search.straight_to_name = false;
  search.descending = true;
  search.a.reset();
  search.aaaa.reset();
}

/// Whether to ask each server of the nameserver's own zone: they may return different addresses, and a
/// resolver may use any of them. Not for registries. Nor for a surveyed zone's own nameservers: the survey
/// asks where its servers differ.
bool HostSearches::asks_all(const Search& search) {
  const WalkZone& zone = *search.zone;
  return search.servers == ZoneServers::every && zone.apex().label_count() > 1 &&
         !(zone.is_surveyed && std::ranges::find(zone.facts.nameservers, search.name, &Nameserver::name) !=
                                   zone.facts.nameservers.end());
}

/// Both questions are over.
void HostSearches::settle(Search& search) {
  if (const auto outcome = settle_answers(*search.facts, *search.a, *search.aaaa))
    return end(search, *outcome);
  const Question& failed = search.a->state() == State::failed ? *search.a : *search.aaaa;
  search.failure = why_failed(failed);
  // If no server answered at all, the whole zone is dead; spare later searches the wait.
  WalkZone& zone = *search.zone;
  const bool dead = !failed.heard_anything() && !zone.facts.answers && !zone.is_surveyed;
  if (search.failure == DiscoveryOutcome::no_servers && dead)
    board_.give_up(zone, DiscoveryOutcome::no_servers, failed.met_local_error());
  settle_failure(search);
}

void HostSearches::settle_failure(Search& search) {
  HostFacts& facts = *search.facts;
  if (!facts.addresses.empty()) {
    // Servers further up returned addresses; others referred to servers that do not answer.
    facts.life = std::min<seconds>(facts.life, ZoneCache::failure_life);
    return end(search, HostOutcome::found);
  }
  switch (*search.failure) {
    case DiscoveryOutcome::loop:
      return end(search, HostOutcome::loop);
    case DiscoveryOutcome::budget_exhausted:
      return end(search, HostOutcome::budget_exhausted);
    case DiscoveryOutcome::complete:
    case DiscoveryOutcome::pinned:
    case DiscoveryOutcome::no_servers:
    case DiscoveryOutcome::intercepted:
    case DiscoveryOutcome::interrupted:
      return end(search, HostOutcome::unknown);
  }
}

void HostSearches::collect(Search& search) {
  search.facts->ipv4_known = search.a && !search.a->answers().empty();
  search.facts->ipv6_known = search.aaaa && !search.aaaa->answers().empty();
  for (const QuestionPointer& asked : {search.a, search.aaaa}) {
    if (asked) add_addresses(*search.facts, *asked, most_addresses());
  }
}

std::size_t HostSearches::most_addresses() const {
  return board_.settings().budgets.addresses_per_zone;
}

void HostSearches::end(Search& search, HostOutcome outcome) {
  HostFacts& facts = *search.facts;
  facts.ended = true;
  facts.outcome = outcome;
  if (outcome != HostOutcome::found && !search.repeated) ++unresolvable_;
  board_.changed();
  switch (outcome) {
    case HostOutcome::found:
    case HostOutcome::is_alias:
    case HostOutcome::name_missing:
    case HostOutcome::no_address:
      board_.cache().put_host(search.name, {outcome, facts.addresses, facts.ipv4_known, facts.ipv6_known},
                              facts.life, board_.now());
      break;
    case HostOutcome::unknown:
    case HostOutcome::loop:
    case HostOutcome::budget_exhausted:
      break;
  }
}

bool HostSearches::depends_on(const Search& search, const Search& other) {
  std::vector<const Search*> open{&search};
  std::unordered_set<const Search*> seen{&search};
  while (!open.empty()) {
    const Search* at = open.back();
    open.pop_back();
    if (at->facts->ended) continue;
    if (at == &other) return true;
    for (const QuestionPointer& question : {at->label, at->a, at->aaaa}) {
      if (!question || question->state() != State::open) continue;
      for (const Search* next : question->waiting_for) {
        if (seen.insert(next).second) open.push_back(next);
      }
    }
  }
  return false;
}

// ---- Questions ----

HostSearches::QuestionPointer HostSearches::make_question(Search& search, DomainName name, RecordType type,
                                                          ZoneServers servers) {
  board_.changed();
  return std::make_shared<Question>(ZoneQuestion{*search.zone, std::move(name), type, servers}, &search);
}

DiscoveryOutcome HostSearches::why_failed(const Question& question) {
  const KnownZone& zone = question.zone().facts;
  if (zone.is_dead()) return *zone.outcome;
  if (question.met_budget) return DiscoveryOutcome::budget_exhausted;
  if (question.met_loop && !question.was_put()) return DiscoveryOutcome::loop;
  return DiscoveryOutcome::no_servers;
}

void HostSearches::advance(const QuestionPointer& question) {
  if (question->state() != State::open) return;
  if (question->zone().facts.is_dead()) return question->close(board_);
  const bool waits = question->has_patience(board_);
  if (waits && !question->is_for_all()) return;
  if (ask_more(question)) return;
  if (question->answers().empty()) {
    // All known addresses were tried: look up nameserver names that came without an address.
    find_servers_for(*question);
    if (!question->waiting_for.empty()) {
      // The end of a search counts as a change, so this question is advanced again.
      const std::vector<Search*> waiting_for = question->waiting_for;
      for (Search* search : waiting_for) advance(*search);
      return;
    }
    if (ask_more(question) || question->is_under_way()) return;
  }
  if (!waits) question->close(board_);
}

/// False when no server is left.
bool HostSearches::ask_more(const QuestionPointer& question) {
  const std::vector<std::uint32_t> tickets = question->ask_more(board_);
  for (const std::uint32_t ticket : tickets) under_way_[ticket] = question;
  if (!tickets.empty()) question->waiting_for.clear();
  return !tickets.empty() || board_.out_of_questions();
}

/// The search for a nameserver of the question's zone; null when it cannot help.
HostSearches::Search* HostSearches::search_for(Question& question, const DomainName& nameserver) {
  const HostFacts* facts = board_.host(nameserver);
  if (facts == nullptr) {
    // Names with the same parent most likely share their outcome and their questions.
    const bool beside = std::ranges::any_of(question.waiting_for, [&](const Search* other) {
      return other->name.parent() == nameserver.parent();
    });
    if (beside) return nullptr;
    facts = begin(nameserver, question.asker->depth + 1, ZoneServers::any);
    if (facts == nullptr) {
      question.met_budget = true;
      return nullptr;
    }
  }
  if (facts->ended) {
    question.met_loop |= facts->outcome == HostOutcome::loop;
    question.met_budget |= facts->outcome == HostOutcome::budget_exhausted;
    return nullptr;
  }
  Search* search = searches_.at(nameserver).get();
  if (depends_on(*search, *question.asker)) {
    question.met_loop = true;
    return nullptr;
  }
  return search;
}

void HostSearches::find_servers_for(Question& question) {
  constexpr std::size_t most_at_once = 2;
  const WalkZone& zone = question.zone();
  question.waiting_for.clear();
  if (zone.parent == nullptr) return;
  for (const Nameserver& nameserver : zone.facts.nameservers) {
    if (!nameserver.glue.empty() && nameserver.name.is_at_or_below(zone.apex())) continue;
    if (Search* search = search_for(question, nameserver.name)) question.waiting_for.push_back(search);
    if (question.waiting_for.size() == most_at_once) break;
  }
}

}  // namespace dkimprobe::probe
