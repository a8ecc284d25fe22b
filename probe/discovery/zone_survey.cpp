#include "probe/discovery/zone_survey.hpp"

#include <algorithm>
#include <utility>

#include "probe/discovery/address_policy.hpp"
#include "probe/discovery/zone_hosts.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using std::chrono::seconds;

// The most concurrent address searches for one zone's nameservers.
constexpr std::size_t most_searches_at_once = 4;
// Number of answering servers in a sample, which stand for all.
constexpr std::size_t sample_size = 2;
// RFC 9156 section 2.3: after this many added labels, ask for the full name, which finds the same cuts.
constexpr std::size_t most_minimised = 10;

DomainName domain_of(DomainName target) {
  while (target.has_domainkey_label()) target = target.parent();
  return target;
}

}  // namespace

ZoneSurvey::ZoneSurvey(WalkBoard& board, HostSearches& hosts, WalkZone& zone, RegistryUse use)
    : board_(board), hosts_(hosts), zone_(zone), use_(use), domain_(domain_of(board.target())) {
  zone_.is_surveyed = true;
  needs_completion_ = !is_registry() && zone_.parent != nullptr && !zone_.facts.outcome;
  start_labels();
  if (is_sample()) find_known_cut();
}

/// The longest suffix of the target to ask for after a server denied a shorter one or returned an error. A
/// registry is asked at most for the domain, and the root at most for the top-level domain.
std::size_t ZoneSurvey::longest_label() const {
  if (!is_registry()) return board_.target().label_count();
  return zone_.parent == nullptr ? 1 : domain_.label_count();
}

/// The root and top-level domains serve delegations for everyone: they are asked only for the referral.
bool ZoneSurvey::is_registry() const {
  return zone_.apex().label_count() <= 1 && domain_.label_count() > zone_.apex().label_count();
}

bool ZoneSurvey::needs_addresses(const Nameserver& nameserver) const {
  if (zone_.parent == nullptr || zone_.facts.outcome) return false;
  if (nameserver.glue.empty()) return true;
  // Ask the zone itself for addresses beyond the glue only if some server serves it.
  return needs_completion_ && (zone_.facts.answers || !nameserver.name.is_at_or_below(zone_.apex()));
}

/// Skips labels at which all servers are known to have no cut.
void ZoneSurvey::start_labels() {
  const std::size_t target_labels = board_.target().label_count();
  first_label_ = zone_.apex().label_count() + 1;
  if (zone_.parent == nullptr) return;
  while (first_label_ < target_labels) {
    const DomainName name = board_.target().suffix(first_label_);
    const auto fact = board_.cache().no_cut(name, zone_.apex(), board_.now());
    if (!fact || !fact->by_all) return;
    if (fact->denied) {
      denied_.push_back(name);
      first_label_ = target_labels;
      return;
    }
    ++first_label_;
  }
}

/// A cached referral can outlive what is known about the registry itself.
void ZoneSurvey::find_known_cut() {
  for (std::size_t labels = domain_.label_count(); labels > zone_.apex().label_count(); --labels) {
    const DomainName apex = domain_.suffix(labels);
    const auto below = board_.cache().zone(apex, board_.now());
    if (!below || !below->parents_asked || !(below->parent == zone_.apex())) continue;
    known_cut_ = apex;
    return;
  }
}

// ---- The servers ----

void ZoneSurvey::add_members() {
  for (NamedAddress& known : board_.addresses_of(zone_)) {
    const auto same = std::ranges::find(members_, known.address,
                                        [](const ZoneMember& member) { return member.server.address; });
    if (same != members_.end()) {
      if (!known.names.empty()) same->server.names = std::move(known.names);
      continue;
    }
    ZoneMember& member = members_.emplace_back();
    member.server = std::move(known);
    member.next_label = first_label_;
    member.not_asked = why_not_asked(board_.settings(), board_.cache(), board_.now(),
                                     member.server.address.ip, members_.size() - 1);
    if (member.not_asked != NotAsked::asked) member.end = CutAnswer::not_asked;
    member.chosen = !is_sample();
    board_.changed();
  }
}

/// Chooses two of a registry's servers; others replace those that are of no use.
void ZoneSurvey::choose_sample() {
  if (!is_sample() || known_cut_) return;
  std::size_t hopeful = 0;
  std::vector<ZoneMember*> spare;
  std::vector<ZoneMember*> hopeless;
  for (ZoneMember& member : members_) {
    const bool is_of_no_use = member.end && !member.is_conclusive();
    if (member.chosen && !is_of_no_use) ++hopeful;
    if (!member.chosen && !member.end) (is_hopeless(member) ? hopeless : spare).push_back(&member);
  }
  if (hopeful >= sample_size || spare.size() + hopeless.size() == 0) return;
  if (!spare.empty()) {
    const auto first = static_cast<std::ptrdiff_t>(board_.cache().next_turn() * sample_size % spare.size());
    std::ranges::rotate(spare, spare.begin() + first);
  }
  spare.insert(spare.end(), hopeless.begin(), hopeless.end());
  for (std::size_t i = 0; i < spare.size() && hopeful < sample_size; ++i, ++hopeful) spare[i]->chosen = true;
  board_.changed();
}

bool ZoneSurvey::is_hopeless(const ZoneMember& member) {
  const WalkBoard::Server& memory = board_.server(member.server.address);
  return memory.silent || (memory.was_silent_before && !memory.answered);
}

/// Begins the search for the addresses of a name, if the limit of concurrent searches permits it.
HostFacts* ZoneSurvey::begin_host(const DomainName& name, const std::vector<DomainName>& running,
                                  bool& waiting) {
  const auto& budgets = board_.settings().budgets;
  const std::size_t allowed = std::min<std::size_t>(
      most_searches_at_once,
      budgets.unresolvable_nameservers - std::min(hosts_.unresolvable(), budgets.unresolvable_nameservers));
  // The first of several names in one zone finds the zone; the others then start there.
  const bool beside = std::ranges::any_of(running, [&](const DomainName& other) {
    return hosts_.is_descending(other) && other.parent() == name.parent();
  });
  if (!running.empty() && (running.size() >= allowed || beside)) {
    waiting = true;
    return nullptr;
  }
  return hosts_.begin(name, 1, is_registry() ? ZoneServers::any : ZoneServers::every);
}

/// The nameservers whose addresses are to be looked up.
std::vector<DomainName> ZoneSurvey::wanted_hosts() const {
  std::vector<DomainName> names;
  // Names inside the zone first: its own servers know them, whatever the result for the others.
  for (const bool inside : {true, false}) {
    for (const Nameserver& nameserver : zone_.facts.nameservers) {
      if (needs_addresses(nameserver) && nameserver.name.is_at_or_below(zone_.apex()) == inside)
        names.push_back(nameserver.name);
    }
  }
  return names;
}

/// False when the searches for all wanted names have ended.
bool ZoneSurvey::advance_hosts() {
  const std::vector<DomainName> names = wanted_hosts();
  std::vector<DomainName> running;
  bool waiting = false;
  for (const DomainName& name : names) {
    hosts_.advance(name);
    if (hosts_.is_waiting(name)) running.push_back(name);
  }
  for (const DomainName& name : names) {
    HostFacts* facts = board_.host(name);
    // Another path out of the loop may have been found since.
    if (facts != nullptr && facts->ended && facts->outcome == HostOutcome::loop) hosts_.repeat(name);
    if (facts == nullptr) facts = begin_host(name, running, waiting);
    if (facts == nullptr || facts->ended) continue;
    if (std::ranges::find(running, name) == running.end()) running.push_back(name);
  }
  return !running.empty() || waiting;
}

// ---- The questions ----

void ZoneSurvey::advance(bool may_end) {
  if (ended_) return;
  if (zone_.facts.is_dead() && members_.empty()) {
    ended_ = true;
    board_.changed();
    return;
  }
  const bool hosts_run = advance_hosts();
  add_members();
  choose_sample();
  for (std::size_t i = 0; i < members_.size(); ++i) advance_member(i);
  if (hosts_run || is_waiting()) return;
  if (ask_serials() || ask_addresses() || !may_end) return;
  ended_ = true;
  remember_missing_cuts();
  board_.changed();
}

bool ZoneSurvey::is_waiting() const {
  const bool members_run =
      std::ranges::any_of(members_, [](const ZoneMember& member) { return member.chosen && !member.end; });
  return members_run || std::ranges::any_of(under_way_, [&](const auto& asked) {
           return members_[asked.second.member].end != CutAnswer::silent;
         });
}

/// When other servers of the zone answer, the survey does not wait for all attempts of a server that has not
/// answered yet: it is asked for the record anyway, which would show its referral. A registry's servers are
/// not asked for the record, so the survey waits for each of them.
bool ZoneSurvey::is_given_up(const ZoneMember& member) {
  if (is_registry() || !zone_.facts.answers || board_.server(member.server.address).answered) return false;
  if (board_.now() >= member.patience_until) return true;
  if (member.patience_until != MonotonicTime::max()) board_.wake_by(member.patience_until);
  return false;
}

bool ZoneSurvey::ask(std::size_t index, About about, const DomainName& name, RecordType type) {
  WalkQuestion question;
  question.server = members_[index].server.address;
  question.zone = zone_.apex();
  question.name = name;
  question.type = type;
  question.purpose = about == About::soa       ? Purpose::zone_soa
                     : about == About::address ? Purpose::host_address
                                               : Purpose::cut;
  const auto ticket = board_.ask(std::move(question));
  if (!ticket) return false;
  under_way_[*ticket] = {index, about};
  // The waits of the first two attempts.
  members_[index].patience_until =
      std::min(members_[index].patience_until, board_.now() + 3 * board_.settings().initial_timeout);
  if (about == About::way) members_[index].ticket = ticket;
  return true;
}

void ZoneSurvey::advance_member(std::size_t index) {
  ZoneMember& member = members_[index];
  if (member.end || !member.chosen) return;
  if (board_.server(member.server.address).silent || is_given_up(member))
    return end(member, CutAnswer::silent, 0);
  if (needs_completion_ && !member.ns_asked) {
    if (!ask(index, About::ns, zone_.apex(), RecordType::ns)) return;
    member.ns_asked = true;
  }
  if (member.ticket) return;
  if (member.met_error) return take_error(member);
  const std::size_t target_labels = board_.target().label_count();
  if (member.next_label > target_labels)
    return end(member, member.met_denial ? CutAnswer::denied : CutAnswer::no_cut, target_labels);
  if (member.next_label - zone_.apex().label_count() > most_minimised) member.next_label = target_labels;
  const DomainName name = board_.target().suffix(member.next_label);
  if (may_be_sent(member, name)) static_cast<void>(ask(index, About::way, name, RecordType::ns));
}

/// Only servers that have answered for their zone and show no sign of a resolver may be asked for a name at
/// or below `_domainkey`.
bool ZoneSurvey::may_be_sent(ZoneMember& member, const DomainName& name) {
  if (!name.has_domainkey_label()) return true;
  if (needs_completion_ && !member.serves) return false;  // the answer to the NS query decides
  // An earlier walk found its answers for the zone useless.
  const bool was_useless = !needs_completion_ && WalkBoard::is_useless(zone_, member.server.address);
  if (was_useless || board_.watch().is_resolver(member.server.address)) {
    end(member, CutAnswer::useless, zone_.apex().label_count());
    return false;
  }
  board_.watch().about_to_ask(zone_.apex(), board_.servers_of(zone_));
  return !board_.watch().holds_back();
}

bool ZoneSurvey::finished(const WalkQuestion& question, const Exchange& exchange) {
  const auto found = under_way_.find(question.ticket);
  if (found == under_way_.end()) return false;
  const UnderWay asked = found->second;
  under_way_.erase(found);
  board_.changed();
  ZoneMember& member = members_[asked.member];
  const std::optional<Reading> reading = board_.note(zone_, question, exchange);
  met_local_error_ |= exchange.outcome == Outcome::local_error || exchange.outcome == Outcome::interrupted;
  if (reading && reading->serial) member.serial = reading->serial;
  if (reading && reading->nsid) member.nsid = reading->nsid;
  switch (asked.about) {
    case About::way:
      member.ticket.reset();
      take_way_answer(member, question, reading);
      break;
    case About::ns:
      member.serves = reading && reading->kind == Reading::Kind::apex_here;
      if (reading && reading->from_recursor && !member.end)
        end(member, CutAnswer::useless, zone_.apex().label_count());
      if (*member.serves) {
        board_.add_child_set(zone_, *reading);
        member.ns = reading->ns;
        member.given = reading->glue;
      }
      break;
    case About::address:
      if (!reading) break;
      for (const config::Address& address : reading->addresses)
        board_.add_given(zone_, {question.name, address, 0});
      break;
    case About::soa:
      break;
  }
  return true;
}

void ZoneSurvey::end(ZoneMember& member, CutAnswer answer, std::size_t labels) {
  member.end = answer;
  member.end_labels = labels;
  board_.changed();
}

void ZoneSurvey::take_way_answer(ZoneMember& member, const WalkQuestion& question,
                                 const std::optional<Reading>& reading) {
  const std::size_t labels = question.name.label_count();
  if (!reading) return end(member, CutAnswer::silent, labels);
  switch (reading->kind) {
    case Reading::Kind::referral:
    case Reading::Kind::apex_here: {
      const bool refers = reading->kind == Reading::Kind::referral;
      board_.enter_zone(zone_, *reading, member.server.address);
      member.cut = reading->cut;
      member.reading = *reading;
      return end(member, refers ? CutAnswer::refers : CutAnswer::serves_it, reading->cut.label_count());
    }
    case Reading::Kind::no_data:
    case Reading::Kind::alias:
    case Reading::Kind::addresses:
      if (labels == board_.target().label_count() || zone_.parent == nullptr)
        return end(member, CutAnswer::no_cut, labels);
      member.next_label = labels + 1;
      return;
    case Reading::Kind::denied:
      return take_denial(member, labels);
    case Reading::Kind::useless:
      // Never send a longer name to a resolver that answers in a server's place.
      if (reading->from_recursor) return end(member, CutAnswer::useless, labels);
      member.next_label = labels;
      member.met_error = true;
      return;
  }
}

/// Some servers deny a name although names exist below it, so ask for the full name as well.
void ZoneSurvey::take_denial(ZoneMember& member, std::size_t labels) {
  const std::size_t last = longest_label();
  if (labels < board_.target().label_count()) {
    const DomainName name = board_.target().suffix(labels);
    if (std::ranges::find(denied_, name) == denied_.end()) denied_.push_back(name);
  }
  if (labels >= last) return end(member, CutAnswer::denied, labels);
  member.met_denial = true;
  member.next_label = last;
}

/// The error may concern this name alone: ask for the full name, if the server has shown that it serves the
/// zone.
void ZoneSurvey::take_error(ZoneMember& member) {
  const std::size_t last = longest_label();
  const std::size_t labels = member.next_label;
  if (labels >= last) return end(member, CutAnswer::useless, labels);
  const bool serves_known = !needs_completion_ || member.serves;
  if (!serves_known) return;  // the answer to the NS query decides
  const bool serves = needs_completion_ ? *member.serves : zone_.facts.answers;
  if (!serves) return end(member, CutAnswer::useless, labels);
  member.met_error = false;
  member.next_label = last;
  board_.changed();
}

/// Lets later walks skip the labels at which no server has a cut.
void ZoneSurvey::remember_missing_cuts() {
  if (zone_.parent == nullptr) return;
  const std::size_t target_labels = board_.target().label_count();
  std::size_t labels = target_labels;
  bool denied = false;
  bool anybody = false;
  for (const ZoneMember& member : members_) {
    if (!member.is_conclusive()) continue;
    anybody = true;
    if (member.leads_on()) labels = std::min(labels, member.end_labels);
    denied |= *member.end == CutAnswer::denied || member.met_denial;
  }
  if (!anybody || denied) return;
  for (std::size_t at = zone_.apex().label_count() + 1; at < labels; ++at) {
    board_.cache().put_no_cut(board_.target().suffix(at), zone_.apex(), {false, true},
                              ZoneCache::longest_negative_life, board_.now());
  }
}

// ---- Servers that differ ----

/// If the servers differ, asks for their serials, which show the stale one. False when there is nothing to
/// ask.
bool ZoneSurvey::ask_serials() {
  if (!members_differ(members_)) return false;
  bool asked = false;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    ZoneMember& member = members_[i];
    const bool answers =
        member.end && *member.end != CutAnswer::not_asked && *member.end != CutAnswer::silent;
    if (!answers || member.serial || std::exchange(member.soa_asked, true)) continue;
    asked |= ask(i, About::soa, zone_.apex(), RecordType::soa);
  }
  return asked;
}

/// Servers of the zone may have different addresses for its nameservers: asks each for those that it did not
/// return with its NS set, and for all if the servers differ. False when there is nothing to ask.
bool ZoneSurvey::ask_addresses() {
  if (!needs_completion_) return false;
  const auto has_other_ns = [&](const ZoneMember& member) {
    return !member.ns.empty() && member.ns.size() != zone_.facts.cut.child_ns.size();
  };
  const bool differ =
      members_differ(members_) || serials_differ(members_) || std::ranges::any_of(members_, has_other_ns);
  bool asked = false;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i].serves.value_or(false) || std::exchange(members_[i].addresses_asked, true)) continue;
    for (const Nameserver& nameserver : zone_.facts.nameservers) {
      const auto& given = members_[i].given;
      const bool is_given = std::ranges::find(given, nameserver.name, &AddressRecord::owner) != given.end();
      if (!nameserver.name.is_at_or_below(zone_.apex()) || (is_given && !differ) ||
          hosts_.has_asked(nameserver.name, members_[i].server.address))
        continue;
      asked |= ask(i, About::address, nameserver.name, RecordType::a);
      asked |= ask(i, About::address, nameserver.name, RecordType::aaaa);
    }
  }
  return asked;
}

std::vector<DomainName> ZoneSurvey::cuts() const {
  if (known_cut_) return {*known_cut_};
  std::vector<DomainName> all;
  for (const ZoneMember& member : members_) {
    if (member.reading && std::ranges::find(all, member.cut) == all.end()) all.push_back(member.cut);
  }
  return all;
}

std::vector<StrayServer> ZoneSurvey::ends() const {
  std::vector<StrayServer> all;
  if (is_registry()) return all;
  for (const ZoneMember& member : members_) {
    if (member.end == CutAnswer::no_cut || member.end == CutAnswer::denied)
      all.push_back({member.server.names, member.server.address, zone_.apex(), *member.end});
  }
  return all;
}

std::vector<ParentAnswer> ZoneSurvey::answers_about(WalkZone& below) const {
  std::vector<ParentAnswer> answers;
  for (const ZoneMember& member : members_) {
    if (auto answer = member.about(below.facts.cut)) answers.push_back(*std::move(answer));
  }
  return answers;
}

// ---- The end ----

DiscoveryOutcome ZoneSurvey::settle(std::optional<DiscoveryOutcome> cut_off) {
  KnownZone& facts = zone_.facts;
  if (facts.outcome) return *facts.outcome;
  const bool out_of_budget = cut_off == DiscoveryOutcome::budget_exhausted;
  settle_hosts(board_, hosts_, zone_, out_of_budget);
  if (cut_off) {
    // Spare the next walk from finding out again that the zone is silent, or which addresses cannot be found.
    const bool silent = !facts.answers && facts.useless_at.empty() && !members_.empty();
    const bool half_done = facts.answers && needs_completion_;
    if (out_of_budget && (silent || half_done)) board_.give_up(zone_, *cut_off, met_local_error_);
    // Keep what the zone above answered, too.
    if (is_registry() && (facts.answers || known_cut_)) board_.store(zone_, seconds{0});
    return *cut_off;
  }
  if (!facts.answers && !known_cut_) {
    const bool asked_somebody = std::ranges::any_of(
        members_, [](const ZoneMember& member) { return member.end && *member.end != CutAnswer::not_asked; });
    const DiscoveryOutcome why = why_nobody_answered(board_, zone_, asked_somebody);
    board_.give_up(zone_, why, met_local_error_);
    return why;
  }
  const ZoneKnowledge knowledge = knowledge_of(board_, zone_, wanted_hosts());
  const DiscoveryOutcome outcome =
      knowledge.met_budget ? DiscoveryOutcome::budget_exhausted : DiscoveryOutcome::complete;
  if (needs_completion_) facts.outcome = outcome;
  board_.store(zone_, needs_completion_ ? knowledge.life : seconds{0});
  return outcome;
}

}  // namespace dkimprobe::probe
