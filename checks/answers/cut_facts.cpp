#include "checks/answers/cut_facts.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using probe::CutAnswer;
using probe::ParentAnswer;
using probe::ZoneCut;

using Parents = std::vector<const ParentAnswer*>;

bool is_one_of(const Parents& servers, const config::ServerAddress& address) {
  return std::ranges::find(servers, address, &ParentAnswer::address) != servers.end();
}

/// Whether the server does not know the zone: it denies with the SOA record of a parent zone.
bool answers_from_above(const ServerAnswer& answer, const DomainName& zone) {
  const probe::Response* const response = answer.soa.response();
  return response != nullptr && response->authoritative &&
         std::ranges::any_of(response->soa, [&](const probe::SoaRecord& soa) {
           return !soa.in_answer && soa.owner != zone && zone.is_at_or_below(soa.owner);
         });
}

/// Whether a server of the zone below the cut `at` has this address and knows that zone.
bool serves_below(const HopAnswers& hop, std::size_t at, const config::ServerAddress& address) {
  const auto& cuts = hop.hop->delegation.cuts;
  if (at + 1 < cuts.size()) {
    const auto& below = cuts[at + 1].parents;
    const auto same = std::ranges::find(below, address, &ParentAnswer::address);
    // A denial carries the SOA record of its own zone.
    return same != below.end() && (same->answer != CutAnswer::denied || same->serial);
  }
  return std::ranges::any_of(hop.servers, [&](const ServerAnswer& answer) {
    return !answer.is_stray() && answer.id.address == address && !answers_from_above(answer, cuts[at].apex);
  });
}

void read_knowledge(const HopAnswers& hop, std::size_t at, const Parents& without_above, CutFacts& facts) {
  for (const ParentAnswer& parent : hop.hop->delegation.cuts[at].parents) {
    // A server that does not know the parent zone is reported at the cut above.
    if (is_one_of(without_above, parent.address)) continue;
    const bool has_none = parent.answer == CutAnswer::no_cut || parent.answer == CutAnswer::denied ||
                          parent.answer == CutAnswer::serves_it;
    // A server of both parent and child counts as if it gave a referral.
    if (parent.answer == CutAnswer::refers || (has_none && serves_below(hop, at, parent.address))) {
      facts.with.push_back(&parent);
    } else if (has_none) {
      facts.without.push_back(&parent);
    }
  }
  if (facts.with.empty()) facts.without.clear();
}

void read_referrals(const ZoneCut& cut, CutFacts& facts) {
  for (const ParentAnswer& parent : cut.parents) {
    if (parent.answer != CutAnswer::refers || !parent.referral) continue;
    std::set<DomainName> names;
    for (const auto& record : cut.referrals[*parent.referral].ns) names.insert(record.target);
    auto group = std::ranges::find(facts.groups, names, &ReferralGroup::nameservers);
    if (group == facts.groups.end())
      group = facts.groups.insert(facts.groups.end(), ReferralGroup{std::move(names), {}, {}});
    group->parents.push_back(&parent);
  }
}

/// A key for the answer of one server: the record, an alias, or "none". Empty when not known.
std::string answer_key(const ServerAnswer& answer) {
  if (answer.whole() == nullptr) return {};
  if (const auto alias = alias_target(*answer.whole())) return "alias " + alias->lower_case().to_string();
  const auto texts = sorted_texts(*answer.whole());
  if (texts.empty()) return "none";
  std::string key = "texts";
  for (const auto& text : texts) key += fmt::format(" {}:{}", text.size(), text);
  return key;
}

/// Computes the answers behind each cut, from the last cut upwards.
class WayUp {
 public:
  WayUp(const HopAnswers& hop, std::vector<CutFacts>& facts) : hop_(hop), facts_(facts) {
    for (const ServerAnswer& answer : hop.servers) at_server_.push_back(ids_of(answer_key(answer)));
  }

  void follow(std::size_t at) {
    CutFacts& facts = facts_[at];
    for (ReferralGroup& group : facts.groups) group.answers = behind(at, group.nameservers);
    for (const ParentAnswer& parent : cuts()[at].parents) facts.answers.push_back(from(at, parent));
  }

 private:
  [[nodiscard]] const std::vector<ZoneCut>& cuts() const { return hop_.hop->delegation.cuts; }

  AnswerIds ids_of(std::string key) {
    if (key.empty()) return {};
    return {numbers_.try_emplace(std::move(key), numbers_.size()).first->second};
  }

  /// The answers of the servers of the zone below that have one of these names.
  [[nodiscard]] AnswerIds behind(std::size_t at, const std::set<DomainName>& nameservers) const {
    AnswerIds answers;
    const auto take = [&](const std::vector<DomainName>& names, const config::ServerAddress& address,
                          const AnswerIds& given) {
      if (names_any(names, nameservers) && !is_one_of(facts_[at].without, address))
        answers.insert(given.begin(), given.end());
    };
    if (at + 1 < cuts().size()) {
      const auto& below = cuts()[at + 1].parents;
      for (std::size_t i = 0; i < below.size(); ++i)
        take(below[i].names, below[i].address, facts_[at + 1].answers[i]);
      return answers;
    }
    for (std::size_t i = 0; i < hop_.servers.size(); ++i) {
      if (hop_.servers[i].is_stray()) continue;
      take(hop_.servers[i].server->names, hop_.servers[i].id.address, at_server_[i]);
    }
    return answers;
  }

  [[nodiscard]] AnswerIds from(std::size_t at, const ParentAnswer& parent) {
    for (const ReferralGroup& group : facts_[at].groups) {
      if (std::ranges::find(group.parents, &parent) != group.parents.end()) return group.answers;
    }
    if (at + 1 < cuts().size() && serves_below(hop_, at, parent.address)) {
      const auto& below = cuts()[at + 1].parents;
      const auto same = std::ranges::find(below, parent.address, &ParentAnswer::address);
      return facts_[at + 1].answers[static_cast<std::size_t>(std::distance(below.begin(), same))];
    }
    const auto own = std::ranges::find(hop_.servers, parent.address,
                                       [](const ServerAnswer& answer) { return answer.id.address; });
    if (own != hop_.servers.end()) {
      const AnswerIds& given = at_server_[static_cast<std::size_t>(std::distance(hop_.servers.begin(), own))];
      if (!given.empty()) return given;
    }
    return parent.answer == CutAnswer::denied ? ids_of("none") : AnswerIds{};
  }

  const HopAnswers& hop_;
  std::vector<CutFacts>& facts_;
  std::map<std::string, std::size_t> numbers_{};
  std::vector<AnswerIds> at_server_{};  ///< one for each of `HopAnswers::servers`
};

}  // namespace

bool names_any(const std::vector<DomainName>& names, const std::set<DomainName>& wanted) {
  return std::ranges::any_of(names, [&](const DomainName& name) { return wanted.contains(name); });
}

std::vector<CutFacts> read_cuts(const HopAnswers& hop) {
  const auto& cuts = hop.hop->delegation.cuts;
  std::vector<CutFacts> facts(cuts.size());
  for (std::size_t at = 0; at < cuts.size(); ++at) {
    read_knowledge(hop, at, at == 0 ? Parents{} : facts[at - 1].without, facts[at]);
    read_referrals(cuts[at], facts[at]);
  }
  if (std::ranges::all_of(facts, &CutFacts::is_agreed)) return facts;
  WayUp way(hop, facts);
  for (std::size_t at = cuts.size(); at-- > 0;) way.follow(at);
  return facts;
}

}  // namespace dkimprobe::checks
