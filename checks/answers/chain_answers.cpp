#include "checks/answers/chain_answers.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "checks/record/digest.hpp"
#include "checks/record/key_record.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

/// A group before it gets its letter, with the values that it is ordered by.
struct Draft {
  AnswerGroup group{};
  std::vector<const ServerAnswer*> members{};
  std::size_t weight = 0;
  int rank = 0;              ///< how close it is to what should be published, see `rank`
  bool can_verify = false;   ///< it is one record that verifiers can use
  std::string key_sha256{};  ///< the key of its one record
  std::optional<std::uint32_t> newest_serial{};

  void see(const ServerAnswer& answer) {
    members.push_back(&answer);
    group.servers.push_back(answer.id);
    if (answer.soa_record == nullptr) return;
    const std::uint32_t serial = answer.soa_record->serial;
    if (!newest_serial || serial_is_newer(serial, *newest_serial)) newest_serial = serial;
  }
  [[nodiscard]] config::ServerAddress lowest_address() const {
    return std::min_element(group.servers.begin(), group.servers.end(),
                            [](const ServerId& a, const ServerId& b) { return a.address < b.address; })
        ->address;
  }
};

/// A digest that does not depend on the split into strings or the order of the records. The length before
/// each text distinguishes two short texts from one long text.
std::string digest(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const std::string& text : texts) {
    bytes += std::to_string(text.size());
    bytes += ':';
    bytes += text;
  }
  return sha256_hex(bytes);
}

bool belongs(const Draft& draft, const ServerAnswer& answer, const std::vector<std::string>& texts,
             const std::optional<DomainName>& alias) {
  return draft.group.outcome == answer.outcome && draft.group.alias == alias &&
         std::equal(texts.begin(), texts.end(), draft.group.texts.begin(), draft.group.texts.end(),
                    [](const std::string& a, const PublishedText& b) { return a == b.text; });
}

/// The split of the text that most members use, and their longest TTL.
PublishedText common_text(const Draft& draft, const std::string& text) {
  PublishedText published{text, {}, 0};
  std::map<std::vector<std::string>, std::size_t> splits;
  for (const ServerAnswer* member : draft.members) {
    for (const auto& record : member->whole()->txt) {
      if (join_strings(record.strings) != text) continue;
      ++splits[record.strings];
      published.ttl_seconds = std::max(published.ttl_seconds, record.ttl_seconds);
    }
  }
  published.strings = std::max_element(splits.begin(), splits.end(), [](const auto& a, const auto& b) {
                        return a.second < b.second;
                      })->first;
  return published;
}

bool goes_before(const Draft& a, const Draft& b) {
  if (a.rank != b.rank) return a.rank > b.rank;
  if (a.weight != b.weight) return a.weight > b.weight;
  if (a.group.servers.size() != b.group.servers.size())
    return a.group.servers.size() > b.group.servers.size();
  if (a.newest_serial && b.newest_serial && a.newest_serial != b.newest_serial)
    return serial_is_newer(*a.newest_serial, *b.newest_serial);
  return a.lowest_address() < b.lowest_address();
}

constexpr int rank_of_expected_key = 2;
constexpr int rank_of_record = 1;

/// Ranks what the group itself publishes; an alias has the rank of what it leads to.
void rank(Draft& draft, const Expected& expected) {
  AnswerGroup& group = draft.group;
  const bool is_one = group.texts.size() == 1;
  for (const PublishedText& text : group.texts) {
    // Of several texts it only matters whether one is a key record.
    if (!is_one && (!expected.record || draft.rank == rank_of_record)) break;
    const KeyRecord record = read_key_record(text.text, expected.service);
    if (expected.record && record.is_key_record()) draft.rank = rank_of_record;
    if (!is_one || !record.key) continue;
    draft.can_verify = record.can_verify();
    draft.key_sha256 = record.key->sha256;
    group.has_expected_key = draft.can_verify && draft.key_sha256 == expected.key_sha256;
    if (group.has_expected_key) draft.rank = rank_of_expected_key;
  }
}

/// The one that more than half of the servers of these drafts have; else the only one that verifiers can use,
/// if all have the same key. Null if there is none.
const Draft* right_one(const std::vector<const Draft*>& drafts) {
  std::size_t servers = 0;
  for (const Draft* const draft : drafts) servers += draft->weight;
  const auto majority =
      std::ranges::find_if(drafts, [&](const Draft* draft) { return draft->weight * 2 > servers; });
  if (majority != drafts.end()) return *majority;
  const Draft* usable = nullptr;
  for (const Draft* const draft : drafts) {
    if (draft->key_sha256.empty() || draft->key_sha256 != drafts.front()->key_sha256) return nullptr;
    if (draft->can_verify && usable != nullptr) return nullptr;
    if (draft->can_verify) usable = draft;
  }
  return usable;
}

/// Only drafts with the highest rank can be right. If a key is expected and none has it, none is.
void decide(std::vector<Draft>& drafts, const Expected& expected) {
  if (drafts.empty()) return;
  const int highest = std::ranges::max_element(drafts, {}, &Draft::rank)->rank;
  if (expected.key_sha256 && highest != rank_of_expected_key) return;
  std::vector<const Draft*> candidates;
  for (const Draft& draft : drafts) {
    if (draft.rank == highest) candidates.push_back(&draft);
  }
  const Draft* const right = right_one(candidates);
  for (Draft& draft : drafts) {
    if (draft.rank < highest || right != nullptr)
      draft.group.standing = &draft == right ? Standing::right : Standing::differs;
  }
}

/// Serials have no total order (RFC 1982 section 3.2), so std::sort cannot be used: sorts by address, then
/// takes the first of the remaining drafts repeatedly.
std::vector<AnswerGroup> in_order(std::vector<Draft> drafts, const Expected& expected) {
  decide(drafts, expected);
  std::sort(drafts.begin(), drafts.end(),
            [](const Draft& a, const Draft& b) { return a.lowest_address() < b.lowest_address(); });
  std::vector<AnswerGroup> groups;
  while (!drafts.empty()) {
    auto first = drafts.begin();
    for (auto other = std::next(first); other != drafts.end(); ++other) {
      if (goes_before(*other, *first)) first = other;
    }
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    first->group.letter = letters[std::min(groups.size(), letters.size() - 1)];
    groups.push_back(std::move(first->group));
    drafts.erase(first);
  }
  return groups;
}

std::vector<Draft> draft_groups(const HopAnswers& hop) {
  std::vector<Draft> drafts;
  for (const ServerAnswer& answer : hop.servers) {
    if (!is_whole(answer.outcome) || answer.is_stray()) continue;
    const auto texts = sorted_texts(*answer.whole());
    const auto alias = alias_target(*answer.whole());
    auto draft = std::find_if(drafts.begin(), drafts.end(),
                              [&](const Draft& d) { return belongs(d, answer, texts, alias); });
    if (draft == drafts.end()) {
      AnswerGroup group;
      group.owner = hop.hop->owner;
      group.outcome = answer.outcome;
      group.alias = alias;
      if (!texts.empty()) group.sha256 = digest(texts);
      for (const std::string& text : texts) group.texts.push_back({text, {}, 0});
      draft = drafts.insert(drafts.end(), Draft{.group = std::move(group)});
    }
    draft->see(answer);
  }
  for (Draft& draft : drafts) {
    draft.weight = draft.group.servers.size();
    for (PublishedText& text : draft.group.texts) text = common_text(draft, text.text);
  }
  return drafts;
}

std::optional<std::uint32_t> ttl_of(const probe::Response& response) {
  std::optional<std::uint32_t> lowest;
  const auto see = [&](std::uint32_t ttl) { lowest = std::min(lowest.value_or(ttl), ttl); };
  for (const auto& record : response.txt) see(record.ttl_seconds);
  if (!lowest) {
    for (const auto& alias : response.aliases) see(alias.ttl_seconds);
  }
  return lowest;
}

/// Why the server was not asked. Without a route to it, a query was tried.
probe::NotAsked reason_not_asked(const ServerAnswer& answer) {
  const bool was_tried = answer.outcome == ServerOutcome::not_asked && answer.plain.deciding != nullptr;
  return was_tried && answer.server->not_asked == probe::NotAsked::asked ? probe::NotAsked::no_route
                                                                         : answer.server->not_asked;
}

/// The complete answer, otherwise the first response to a query for the record.
const probe::Response* record_response(const ServerAnswer& answer) {
  if (answer.whole() != nullptr) return answer.whole();
  for (const TransportAttempts* attempts : answer.record_attempts()) {
    if (attempts->response() != nullptr) return attempts->response();
  }
  return nullptr;
}

bool was_truncated(const ServerAnswer& answer) {
  return std::ranges::any_of(answer.record_attempts(), [](const TransportAttempts* attempts) {
    return attempts->response() != nullptr && attempts->response()->truncated;
  });
}

/// What any response shows about the server: the first NSID, and the first round trip over UDP.
void add_server_properties(ServerRow& row, const ServerAnswer& answer) {
  for (const TransportAttempts* attempts : answer.all()) {
    const probe::Response* response = attempts->response();
    if (response == nullptr) continue;
    if (!row.nsid && response->edns) row.nsid = response->edns->nsid;
    if (!row.round_trip && attempts->deciding->transport == probe::Transport::udp)
      row.round_trip = attempts->deciding->took;
  }
}

ServerRow make_row(const ServerAnswer& answer, const probe::Hop& hop) {
  ServerRow row;
  row.id = answer.id;
  row.owner = hop.owner;
  row.outcome = answer.outcome;
  row.not_asked = reason_not_asked(answer);
  row.truncated = was_truncated(answer);
  if (const probe::Response* response = record_response(answer)) {
    row.rcode = static_cast<std::uint16_t>(response->rcode);
    row.authoritative = response->authoritative;
  }
  if (answer.soa_record != nullptr && !answer.is_stray()) row.serial = answer.soa_record->serial;
  if (const probe::Response* whole = answer.whole()) {
    row.ttl_seconds = ttl_of(*whole);
    if (!whole->txt.empty()) row.answer_sha256 = digest(sorted_texts(*whole));
  }
  row.answer = answer.is_stray() ? fmt::format("{} (as a server of {})", describe(answer),
                                               answer.server->stray_of->to_string())
                                 : describe(answer);
  row.disagrees_with_itself = answer.disagrees_with_itself;
  add_server_properties(row, answer);
  if (answer.plain.response() != nullptr) row.udp_bytes = answer.plain.deciding->bytes_received;
  return row;
}

HopAnswers read_hop(const probe::Hop& hop) {
  HopAnswers answers;
  answers.hop = &hop;
  for (const auto& server : hop.servers) {
    answers.servers.push_back(read_server(server, hop.delegation.zone));
    answers.rows.push_back(make_row(answers.servers.back(), hop));
  }
  return answers;
}

/// Puts the groups into order and gives each row the letter of its group.
void set_groups(HopAnswers& answers, const std::vector<Draft>& drafts, const Expected& expected) {
  answers.groups = in_order(drafts, expected);
  for (ServerRow& row : answers.rows) {
    for (const AnswerGroup& group : answers.groups) {
      if (std::ranges::find(group.servers, row.id) == group.servers.end()) continue;
      row.group = group.letter;
      row.standing = group.standing;
    }
  }
  answers.cuts = read_cuts(answers);
}

std::optional<std::size_t> hop_of(const probe::Chain& chain, const DomainName& owner) {
  for (std::size_t i = 0; i < chain.hops.size(); ++i) {
    if (chain.hops[i].owner == owner) return i;
  }
  return std::nullopt;
}

/// Every hop that the alias of `group` leads to, with the number of steps; each once, so that loops end.
std::map<std::size_t, std::size_t> hops_behind(const probe::Chain& chain,
                                               const std::vector<std::vector<Draft>>& drafts,
                                               const AnswerGroup& group) {
  std::map<std::size_t, std::size_t> steps;
  std::vector<std::pair<std::size_t, std::size_t>> open;
  const auto follow = [&](const AnswerGroup& from, std::size_t step) {
    if (!from.alias) return;
    const auto target = hop_of(chain, *from.alias);
    if (target && steps.emplace(*target, step).second) open.emplace_back(*target, step);
  };
  follow(group, 1);
  // Breadth first: a hop is first reached by its shortest path.
  for (std::size_t next = 0; next < open.size(); ++next) {
    const auto [hop, step] = open[next];
    for (const Draft& further : drafts[hop]) follow(further.group, step + 1);
  }
  return steps;
}

void rank_drafts(const probe::Chain& chain, const Expected& expected,
                 std::vector<std::vector<Draft>>& drafts) {
  const auto differ = [](const std::vector<Draft>& hop) { return hop.size() > 1; };
  if (std::ranges::none_of(drafts, differ)) return;
  const auto each = [&](auto&& set_rank) {
    for (auto& hop : drafts) std::ranges::for_each(hop, set_rank);
  };
  each([&](Draft& draft) { rank(draft, expected); });
  each([&](Draft& draft) {
    for (const auto& [hop, steps] : hops_behind(chain, drafts, draft.group)) {
      for (const Draft& end : drafts[hop]) draft.rank = std::max(draft.rank, end.rank);
    }
  });
}

void add_published(std::vector<Draft>& published, const Draft& draft, const std::vector<ServerId>& led_here) {
  auto same = std::find_if(published.begin(), published.end(), [&](const Draft& d) {
    return draft.group.has_texts() ? d.group.sha256 == draft.group.sha256
                                   : d.group.outcome == draft.group.outcome && !d.group.has_texts() &&
                                         d.group.owner == draft.group.owner;
  });
  if (same == published.end()) {
    published.push_back(draft);
    same = std::prev(published.end());
    same->weight = 0;
  } else {
    for (const ServerAnswer* member : draft.members) {
      const auto& known = same->group.servers;
      if (std::find(known.begin(), known.end(), member->id) == known.end()) same->see(*member);
    }
  }
  for (const ServerId& server : led_here) {
    auto& known = same->group.led_here;
    if (std::find(known.begin(), known.end(), server) == known.end()) {
      known.push_back(server);
      ++same->weight;
    }
  }
}

void follow_aliases(const probe::Chain& chain, const std::vector<std::vector<Draft>>& drafts,
                    const Expected& expected, ChainAnswers& answers) {
  std::vector<Draft> published;
  for (const Draft& draft : drafts.front()) {
    if (!draft.group.alias) {
      add_published(published, draft, {});
      published.back().weight += draft.group.servers.size();
    }
  }
  for (const Draft& draft : drafts.front()) {
    for (const auto& [hop, steps] : hops_behind(chain, drafts, draft.group)) {
      answers.longest_path = std::max(answers.longest_path, steps);
      for (const Draft& end : drafts[hop]) {
        if (!end.group.alias) add_published(published, end, draft.group.servers);
      }
    }
  }
  answers.published = in_order(std::move(published), expected);
}

/// Whether a resolver that asks the zones' own servers reaches the name. Strays may have other aliases.
bool is_on_the_way(const ChainAnswers& answers, const HopAnswers& hop) {
  if (&hop == &answers.hops.front()) return true;
  return std::ranges::any_of(answers.hops, [&](const HopAnswers& from) {
    // Without an answer at a hop, it is not known whose alias points to the name.
    return from.groups.empty() || std::ranges::any_of(from.groups, [&](const AnswerGroup& group) {
             return group.alias == hop.hop->owner;
           });
  });
}

void collect_aliases(ChainAnswers& answers) {
  for (const HopAnswers& hop : answers.hops) {
    for (const ServerAnswer& server : hop.servers) {
      if (server.whole() == nullptr || server.is_stray()) continue;
      for (const auto& alias : server.whole()->aliases) {
        const DomainName target = alias.is_dname ? own_target(alias, hop.hop->owner) : alias.target;
        const auto known =
            std::find_if(answers.aliases.begin(), answers.aliases.end(), [&](const AliasFact& a) {
              return a.owner == alias.owner && a.target == target && a.is_dname == alias.is_dname;
            });
        if (known == answers.aliases.end()) {
          answers.aliases.push_back({alias.owner, target, alias.ttl_seconds, alias.is_dname});
        } else {
          known->ttl_seconds = std::max(known->ttl_seconds, alias.ttl_seconds);
        }
      }
    }
  }
}

/// Whether the server returns this failure to every client, in any network. A server that answers as a
/// resolver may not be the intended machine.
bool fails_for_all(const ServerAnswer& answer) {
  switch (answer.outcome) {
    case ServerOutcome::servfail:
    case ServerOutcome::refused:
    case ServerOutcome::formerr:
    case ServerOutcome::notimp:
    case ServerOutcome::other_rcode:
    case ServerOutcome::upward_referral:
    case ServerOutcome::self_referral:
    case ServerOutcome::not_authoritative:
      return std::ranges::none_of(answer.all(), [](const TransportAttempts* attempts) {
        const probe::Response* const response = attempts->response();
        return response != nullptr && !response->authoritative &&
               (response->recursion_available || response->has_txt() || !response->aliases.empty());
      });
    case ServerOutcome::answered:
    case ServerOutcome::nodata:
    case ServerOutcome::nxdomain:
    case ServerOutcome::timeout:
    case ServerOutcome::unreachable:
    case ServerOutcome::tcp_failed:
    case ServerOutcome::malformed:
    case ServerOutcome::too_large:
    case ServerOutcome::local_error:
    case ServerOutcome::not_asked:
      return false;
  }
  return false;
}

/// Whether another address of the same nameserver was asked.
bool is_stood_for(const HopAnswers& hop, const ServerAnswer& answer) {
  return std::ranges::any_of(hop.servers, [&](const ServerAnswer& other) {
    return other.server->not_asked == probe::NotAsked::asked && !other.is_stray() &&
           std::ranges::find_first_of(other.server->names, answer.server->names) != other.server->names.end();
  });
}

}  // namespace

std::size_t HopAnswers::answered() const {
  return static_cast<std::size_t>(std::count_if(servers.begin(), servers.end(), [](const ServerAnswer& s) {
    return is_whole(s.outcome) && !s.is_stray();
  }));
}

const probe::SoaRecord* newest_serial(const HopAnswers& hop, const ServerAnswer& answer) {
  const probe::SoaRecord* newest = answer.soa_record;
  if (newest == nullptr || answer.is_stray()) return nullptr;
  for (const ServerAnswer& other : hop.servers) {
    const probe::SoaRecord* const soa = other.soa_record;
    if (soa != nullptr && !other.is_stray() && soa->mname == newest->mname && soa->rname == newest->rname &&
        serial_is_newer(soa->serial, newest->serial))
      newest = soa;
  }
  return newest == answer.soa_record ? nullptr : newest;
}

const HopAnswers* hop_at(const ChainAnswers& answers, const DomainName& owner) {
  const auto hop =
      std::ranges::find(answers.hops, owner, [](const HopAnswers& each) -> auto& { return each.hop->owner; });
  return hop == answers.hops.end() ? nullptr : &*hop;
}

std::optional<std::uint32_t> negative_ttl(const HopAnswers& hop) {
  std::optional<std::uint32_t> ttl;
  for (const ServerAnswer& answer : hop.servers) {
    if (answer.soa_record != nullptr) ttl = std::max(ttl.value_or(0), negative_ttl(*answer.soa_record));
  }
  return ttl;
}

bool refers_down(const ServerAnswer& answer, const HopAnswers& hop) {
  if (answer.outcome != ServerOutcome::not_authoritative) return false;
  const DomainName& zone = hop.hop->delegation.zone;
  return std::ranges::any_of(answer.all(), [&](const TransportAttempts* attempts) {
    const probe::Response* const response = attempts->response();
    if (response == nullptr || response->referral.empty()) return false;
    const DomainName& owner = response->referral.front().owner;
    return owner != zone && owner.is_at_or_below(zone) && hop.hop->owner.is_at_or_below(owner);
  });
}

bool fails_everywhere(const HopAnswers& hop) {
  const probe::Delegation& delegation = hop.hop->delegation;
  // The walk also ends at a zone whose own servers are useless: then these are all its servers.
  const bool knows_servers =
      delegation.outcome == probe::DiscoveryOutcome::complete ||
      (delegation.outcome == probe::DiscoveryOutcome::no_servers && delegation.stopped_at == delegation.zone);
  if (!knows_servers || !delegation.nameservers_cut_off.empty()) return false;
  const auto may_have_more = [&](const probe::Nameserver& nameserver) {
    // Only these servers could give more addresses of a name inside the zone.
    if (!nameserver.glue.empty() && nameserver.name.is_at_or_below(delegation.zone)) return false;
    return nameserver.host == probe::HostOutcome::unknown ||
           nameserver.host == probe::HostOutcome::budget_exhausted || nameserver.ipv4_unknown ||
           nameserver.ipv6_unknown;
  };
  if (std::ranges::any_of(delegation.nameservers, may_have_more)) return false;
  bool fails = false;
  for (const ServerAnswer& answer : hop.servers) {
    // The public cannot reach a private address.
    if (answer.is_stray() || answer.server->not_asked == probe::NotAsked::address_refused) continue;
    if (answer.server->not_asked == probe::NotAsked::family_disabled && is_stood_for(hop, answer)) continue;
    if (!fails_for_all(answer) || refers_down(answer, hop)) return false;
    fails = true;
  }
  return fails;
}

ChainAnswers read_answers(const probe::Chain& chain, const Expected& expected) {
  ChainAnswers answers;
  if (chain.hops.empty()) return answers;
  std::vector<std::vector<Draft>> drafts(chain.hops.size());
  // The drafts point to the answers of their hop, which must not move.
  answers.hops.reserve(chain.hops.size());
  for (std::size_t i = 0; i < chain.hops.size(); ++i) {
    answers.hops.push_back(read_hop(chain.hops[i]));
    drafts[i] = draft_groups(answers.hops[i]);
  }
  rank_drafts(chain, expected, drafts);
  for (std::size_t i = 0; i < chain.hops.size(); ++i) set_groups(answers.hops[i], drafts[i], expected);
  follow_aliases(chain, drafts, expected, answers);
  collect_aliases(answers);
  answers.known = std::all_of(answers.hops.begin(), answers.hops.end(), [&](const HopAnswers& hop) {
    return hop.answered() > 0 || !is_on_the_way(answers, hop);
  });
  return answers;
}

std::string group_text(const AnswerGroup& group) {
  if (group.alias) return "an alias to " + group.alias->to_string();
  if (group.outcome == ServerOutcome::nxdomain) return "NXDOMAIN";
  if (!group.has_texts()) return "no TXT";
  if (group.texts.size() > 1) return fmt::format("{} TXT", group.texts.size());
  return fmt::format("TXT of {} bytes", group.texts.front().text.size());
}

}  // namespace dkimprobe::checks
