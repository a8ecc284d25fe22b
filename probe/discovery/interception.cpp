#include "probe/discovery/interception.hpp"

#include <algorithm>
#include <iterator>

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;
using Servers = std::vector<ServerAddress>;

// Number of other root servers to ask when a root server behaves as none should, and when another server
// answers as a resolver.
constexpr std::size_t other_roots = 3;
constexpr std::size_t roots_for_a_doubt = 2;
// Number of a zone's servers to ask for the root's SOA when nothing else distinguishes a cache from a server.
constexpr std::size_t most_root_soa_questions = 4;
// Caches count in whole seconds.
constexpr std::chrono::milliseconds until_ttls_differ{1'100};

bool contains(const Servers& servers, const ServerAddress& server) {
  return std::find(servers.begin(), servers.end(), server) != servers.end();
}

void add(Servers& servers, const ServerAddress& server) {
  if (!contains(servers, server)) servers.push_back(server);
}

bool has_answer_beside_soa(const Response& response) {
  return !response.ns.empty() || !response.addresses.empty() || !response.aliases.empty() ||
         response.answers_elsewhere > 0;
}

/// A referral from `zone` to a zone below it.
bool refers_below(const Response& response, const DomainName& zone) {
  if (response.rcode != Rcode::noerror || has_answer_beside_soa(response)) return false;
  return std::ranges::any_of(response.referral, [&](const NsRecord& record) {
    return !(record.owner == zone) && record.owner.is_at_or_below(zone);
  });
}

bool has_root_soa(const Response& response) {
  return std::any_of(response.soa.begin(), response.soa.end(),
                     [](const SoaRecord& soa) { return soa.in_answer && soa.owner.is_root(); });
}

bool has_answer(const Response& response) {
  return has_answer_beside_soa(response) || std::ranges::any_of(response.soa, &SoaRecord::in_answer);
}

std::optional<std::uint32_t> ttl_of(const Response& response) {
  if (!response.ns.empty()) return response.ns.front().ttl_seconds;
  if (!response.addresses.empty()) return response.addresses.front().ttl_seconds;
  if (!response.aliases.empty()) return response.aliases.front().ttl_seconds;
  for (const SoaRecord& soa : response.soa) {
    if (soa.in_answer) return soa.ttl_seconds;
  }
  return std::nullopt;
}

/// Root servers serve only these zones besides the root.
bool root_servers_have(const DomainName& name) {
  static const DomainName arpa = DomainName::parse("arpa").value();
  static const DomainName root_servers_net = DomainName::parse("root-servers.net").value();
  return name == arpa || name.is_at_or_below(root_servers_net);
}

/// A server of another zone claims authority for the root zone. Few really have it.
bool claims_the_root(const WalkExchange& walked, const Response& response) {
  const Exchange& exchange = walked.exchange;
  return !walked.zone.is_root() && exchange.question_name.is_root() &&
         exchange.question_type == RecordType::soa && response.authoritative && has_root_soa(response);
}

InterceptionWatch::Question question_of(const WalkExchange& walked) {
  return {walked.server, walked.zone, walked.exchange.question_name, walked.exchange.question_type, {}};
}

bool is_same(const InterceptionWatch::Question& a, const InterceptionWatch::Question& b) {
  return a.server == b.server && a.name == b.name && a.type == b.type;
}

}  // namespace

bool answers_as_resolver(const Response& response, const DomainName& zone) {
  return response.recursion_available && !response.authoritative && !refers_below(response, zone);
}

bool InterceptionWatch::is_root(const ServerAddress& server) const {
  return contains(root_servers_, server);
}

bool InterceptionWatch::root_of_family_is_good(config::Family family) const {
  return std::ranges::any_of(good_roots_,
                             [&](const ServerAddress& root) { return root.ip.family() == family; });
}

// ---- Answers ----

void InterceptionWatch::saw(const WalkExchange& walked) {
  const Question ended = question_of(walked);
  const auto same =
      std::ranges::find_if(under_way_, [&](const Question& each) { return is_same(each, ended); });
  if (same != under_way_.end()) under_way_.erase(same);

  if (walked.zone.is_root()) std::erase(roots_under_way_, walked.server);
  saw_transport(walked);
  if (walked.exchange.response) saw_response(walked, *walked.exchange.response);
}

void InterceptionWatch::saw_transport(const WalkExchange& walked) {
  const bool over_tcp = walked.exchange.transport == Transport::tcp;
  switch (walked.exchange.outcome) {
    case Outcome::answered:
    case Outcome::malformed:
      if (over_tcp) {
        tcp_answered_ = true;
      } else {
        add(udp_answered_, walked.server);
      }
      break;
    case Outcome::timed_out:
    case Outcome::unreachable:
    case Outcome::connection_refused:
    case Outcome::connection_reset:
    case Outcome::connection_closed:
      if (over_tcp) add(tcp_failed_, walked.server);
      break;
    case Outcome::no_route:
    case Outcome::local_error:
    case Outcome::interrupted:
    case Outcome::superseded:
      break;
  }
}

void InterceptionWatch::saw_response(const WalkExchange& walked, const Response& response) {
  if (response.edns && response.edns->nsid && !response.edns->nsid->empty()) {
    (is_root(walked.server) ? root_identities_ : other_identities_)
        .emplace_back(*response.edns->nsid, walked.server);
  }
  if (claims_the_root(walked, response)) {
    note_ttl(walked, response);
    Question again = question_of(walked);
    again.delay = until_ttls_differ;
    return want(std::move(again));
  }
  // What a server answers for names outside its zone shows nothing.
  if (!walked.exchange.question_name.is_at_or_below(walked.zone)) return;
  switch (walked.zone.label_count()) {
    case 0:
      return saw_root(walked, response);
    case 1:
      return saw_top_level_domain(walked, response);
    default:
      return saw_zone_below(walked, response);
  }
}

/// Keeps the TTL of an answer, or compares it with the one kept.
void InterceptionWatch::note_ttl(const WalkExchange& walked, const Response& response) {
  const auto ttl = ttl_of(response);
  if (!ttl) return;
  const Question question = question_of(walked);
  const auto known =
      std::ranges::find_if(timed_, [&](const TimedAnswer& each) { return is_same(each.question, question); });
  if (known == timed_.end()) {
    timed_.push_back({question, *ttl});
  } else if (*ttl < known->ttl_seconds) {
    add(counting_down_, walked.server);
  }
}

void InterceptionWatch::note_resolver_at_top(const WalkExchange& walked, const Response& response,
                                             Servers& among) {
  add(among, walked.server);
  if (has_answer(response) && !(walked.exchange.question_name == walked.zone))
    add(answer_below_, walked.server);
}

void InterceptionWatch::saw_root(const WalkExchange& walked, const Response& response) {
  const DomainName& name = walked.exchange.question_name;
  const bool below = !name.is_root();
  add(answered_roots_, walked.server);
  add(answered_at_top_, walked.server);
  if (response.recursion_available) add(recursive_, walked.server);
  if (refers_below(response, walked.zone)) {
    if (!response.recursion_available) add(good_roots_, walked.server);
    return;
  }
  if (response.rcode == Rcode::refused) add(refused_, walked.server);
  const bool is_conclusive = response.rcode == Rcode::noerror || response.rcode == Rcode::nxdomain;
  if (is_conclusive && !response.authoritative) add(without_authority_, walked.server);
  if (below) note_ttl(walked, response);

  // For a top-level domain, no root server answers NOERROR without a referral, whether with records or
  // without.
  const bool in_place_of_referral = below && (has_answer(response) || response.rcode == Rcode::noerror);
  if (response.recursion_available && (!response.authoritative || in_place_of_referral)) {
    note_resolver_at_top(walked, response, resolver_roots_);
    return ask_other_roots(below ? name.suffix(1) : name, other_roots);
  }
  if (response.recursion_available || !response.authoritative || !is_conclusive) return;
  add(good_roots_, walked.server);
  if (below && has_answer(response) && !root_servers_have(name)) add(serving_roots_, walked.server);
}

void InterceptionWatch::saw_top_level_domain(const WalkExchange& walked, const Response& response) {
  const DomainName& name = walked.exchange.question_name;
  add(answered_at_top_, walked.server);
  if (response.recursion_available) add(recursive_, walked.server);
  if (refers_below(response, walked.zone)) return;
  if (name.label_count() > 1) note_ttl(walked, response);
  if (!response.recursion_available) return;
  if (!response.authoritative) {
    note_resolver_at_top(walked, response, resolver_top_level_);
    return ask_other_roots(name.suffix(1), other_roots);
  }
  // It may serve the zone below and offer recursion by mistake; it is less likely to serve the root zone too.
  if (name.label_count() > 1 && has_answer(response)) {
    add(answer_below_, walked.server);
    ask_for_root_soa(walked.server, walked.zone);
  }
}

void InterceptionWatch::saw_zone_below(const WalkExchange& walked, const Response& response) {
  if (answers_as_resolver(response, walked.zone)) {
    add(resolvers_below_, walked.server);
    // Most likely only this server lacks the zone. A root server shows whether the network intercepts.
    if (!root_of_family_is_good(walked.server.ip.family()))
      ask_other_roots(walked.zone.suffix(1), roots_for_a_doubt);
  } else if (response.recursion_available && response.authoritative) {
    add(authoritative_resolvers_, walked.server);
  }
}

bool InterceptionWatch::is_resolver(const ServerAddress& server) const {
  return contains(resolver_roots_, server) || contains(resolver_top_level_, server);
}

bool InterceptionWatch::holds_back() const {
  const bool doubts = !resolver_roots_.empty() || !resolver_top_level_.empty();
  return waits() || (doubts && !roots_under_way_.empty());
}

// ---- Additional questions ----

void InterceptionWatch::asked(const ServerAddress& server, const DomainName& zone) {
  if (zone.is_root()) roots_under_way_.push_back(server);
}

void InterceptionWatch::want(Question question) {
  const auto is_known = [&](const Question& each) {
    return is_same(each, question) && each.delay == question.delay;
  };
  if (std::ranges::any_of(asked_, is_known)) return;
  asked_.push_back(question);
  wanted_.push_back(std::move(question));
}

/// Whether the walk or this watch asked it as a server of the root.
bool InterceptionWatch::root_was_asked(const ServerAddress& root) const {
  return contains(roots_under_way_, root) || contains(answered_roots_, root) ||
         std::ranges::any_of(
             asked_, [&](const Question& each) { return each.server == root && each.zone.is_root(); });
}

/// Asks some root servers that were not asked yet, of both families where possible.
void InterceptionWatch::ask_other_roots(const DomainName& name, std::size_t most) {
  if (is_sure_by_number()) return;
  const auto asked_of = [&](config::Family family) {
    return std::ranges::count_if(asked_, [&](const Question& each) {
      return each.zone.is_root() && each.server.ip.family() == family;
    });
  };
  auto asked = static_cast<std::size_t>(asked_of(config::Family::ipv4) + asked_of(config::Family::ipv6));
  for (const bool other_family : {true, false}) {
    for (const ServerAddress& root : root_servers_) {
      if (asked >= most) return;
      if (root_was_asked(root) || (other_family && asked_of(root.ip.family()) > 0)) continue;
      want({root, DomainName{}, name, name.is_root() ? RecordType::soa : RecordType::ns, {}});
      ++asked;
    }
  }
}

void InterceptionWatch::ask_for_root_soa(const ServerAddress& server, const DomainName& zone) {
  if (!is_root(server)) want({server, zone, DomainName{}, RecordType::soa, {}});
}

void InterceptionWatch::about_to_ask(const DomainName& zone, const Servers& servers) {
  std::size_t left = most_root_soa_questions;
  bool any_other = false;
  for (const ServerAddress& server : servers) {
    if (is_root(server)) continue;
    any_other = true;
    if (left == 0 || (serving_roots_.empty() && !contains(authoritative_resolvers_, server))) continue;
    ask_for_root_soa(server, zone);
    --left;
  }
  if (serving_roots_.empty() || any_other) return;
  // Only root servers are known: ask one of them the same question again.
  const auto first = std::ranges::find_if(
      timed_, [&](const TimedAnswer& each) { return each.question.server == serving_roots_.front(); });
  if (first == timed_.end()) return;
  Question again = first->question;
  again.delay = until_ttls_differ;
  want(std::move(again));
}

std::vector<InterceptionWatch::Question> InterceptionWatch::take_questions() {
  std::vector<Question> taken = std::exchange(wanted_, {});
  under_way_.insert(under_way_.end(), taken.begin(), taken.end());
  return taken;
}

// ---- Conclusions ----

bool InterceptionWatch::is_sure_by_number() const {
  if (!counting_down_.empty()) return true;
  const std::size_t at_top = resolver_roots_.size() + resolver_top_level_.size();
  return at_top > 1 || (at_top == 1 && !resolvers_below_.empty());
}

bool InterceptionWatch::is_sure() const {
  return is_sure_by_number() ||
         (!resolver_roots_.empty() && good_roots_.empty() && !waits() && roots_under_way_.empty());
}

std::vector<Interception> InterceptionWatch::signs() const {
  std::vector<Interception> found;
  const auto report = [&](InterceptionSign sign, Servers servers) {
    if (!servers.empty()) found.push_back({sign, std::move(servers)});
  };
  Servers answering;
  for (const ServerAddress& server : answer_below_) {
    if (contains(resolver_roots_, server) || contains(resolver_top_level_, server)) add(answering, server);
  }
  if (!counting_down_.empty()) std::ranges::copy(serving_roots_, std::back_inserter(answering));
  report(InterceptionSign::recursion_available, recursive_);
  report(InterceptionSign::answers_below, std::move(answering));
  const bool none_is_good = good_roots_.empty();
  if (none_is_good) report(InterceptionSign::no_authority, without_authority_);
  if (none_is_good) report(InterceptionSign::refused, refused_);
  report(InterceptionSign::ttl_counts_down, counting_down_);
  Servers alike;
  for (const auto& [identity, server] : other_identities_) {
    for (const auto& [root_identity, root] : root_identities_) {
      if (root_identity != identity || contains(root_servers_, server)) continue;
      add(alike, root);
      add(alike, server);
    }
  }
  report(InterceptionSign::one_identity, std::move(alike));
  if (!tcp_answered_ && !udp_answered_.empty()) report(InterceptionSign::tcp_closed, tcp_failed_);
  return found;
}

std::vector<Interception> InterceptionWatch::conclusion() const {
  return is_sure() ? signs() : std::vector<Interception>{};
}

std::vector<Interception> InterceptionWatch::conclusion_without_servers() const {
  if (is_sure()) return signs();
  // A cache may return referrals for zones that it knows.
  if (!resolvers_below_.empty() && !answered_at_top_.empty() && recursive_.size() == answered_at_top_.size())
    return signs();
  if (!good_roots_.empty()) return {};
  // A single server may just lack the zone.
  const bool all_refuse = refused_.size() == answered_roots_.size();
  const bool none_has_authority = without_authority_.size() == answered_roots_.size();
  if (answered_roots_.size() < 2 || (!all_refuse && !none_has_authority)) return {};
  return signs();
}

}  // namespace dkimprobe::probe
