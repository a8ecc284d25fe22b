#include "probe/discovery/delegation_walk.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "probe/discovery/host_search.hpp"
#include "probe/wire/response_reader.hpp"

namespace dkimprobe::probe {

using config::DomainName;

class DelegationWalk::State {
 public:
  State(DomainName target, const config::ProbeSettings& settings, ZoneCache& cache, RegistryUse use,
        MonotonicTime now)
      : board_(std::move(target), settings, cache, now), hosts_(board_), use_(use) {
    survey(deepest_known());
  }

  std::vector<WalkQuestion> next(MonotonicTime now) {
    if (done_) return {};
    board_.set_now(now);
    if (now >= board_.deadline()) {
      end(DiscoveryOutcome::budget_exhausted);
      return {};
    }
    if (!board_.watch().waits()) advance();
    if (!done_) board_.ask_for_watch();
    std::vector<WalkQuestion> questions = board_.take_questions();
    if (questions.empty() && under_way_.empty() && board_.out_of_questions() && !done_)
      end(DiscoveryOutcome::budget_exhausted);
    if (done_) return {};
    for (const WalkQuestion& question : questions) {
      board_.watch().asked(question.server, question.zone);
      under_way_.emplace(question.ticket, question);
    }
    return questions;
  }

  void finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now) {
    const auto found = under_way_.find(ticket);
    if (done_ || found == under_way_.end()) return;
    board_.set_now(now);
    const WalkQuestion question = std::move(found->second);
    under_way_.erase(found);
    WalkExchange& kept = exchanges_.emplace_back(question.server, question.zone, exchange);
    board_.watch().saw(kept);
    if (kept.exchange.response) {
      keep_evidence(*kept.exchange.response);
      kept.exchange.response->sets.clear();  // the referral has them
    }
    const bool is_hosts = hosts_.finished(question, exchange);
    if (!is_hosts) {
      static_cast<void>(
          std::ranges::any_of(surveys_, [&](const auto& one) { return one->finished(question, exchange); }));
    }
    if (std::vector<Interception> signs = board_.watch().conclusion(); !signs.empty())
      return end_intercepted(std::move(signs));
    if (now >= board_.deadline()) end(DiscoveryOutcome::budget_exhausted);
  }

  void interrupt() {
    if (!done_) end(DiscoveryOutcome::interrupted);
  }

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] MonotonicTime wake() const { return board_.wake(); }
  Delegation take_result() { return std::move(result_); }

 private:
  /// The zone where the survey begins: earlier walks have surveyed every zone above it.
  WalkZone& deepest_known() {
    const auto is_surveyed = [](const WalkZone* zone) {
      while (zone != nullptr && zone->facts.parents_asked) zone = zone->parent;
      return zone == nullptr;
    };
    for (std::size_t labels = board_.target().label_count(); labels > 0; --labels) {
      WalkZone* zone = board_.load_zone(board_.target().suffix(labels));
      if (zone != nullptr && is_surveyed(zone)) return *zone;
    }
    return board_.root();
  }

  void survey(WalkZone& zone) {
    board_.allow_zone();
    board_.changed();
    surveys_.push_back(std::make_unique<ZoneSurvey>(board_, hosts_, zone, use_));
  }

  [[nodiscard]] bool is_surveyed(const DomainName& apex) const {
    return std::ranges::any_of(surveys_, [&](const auto& one) { return one->zone().apex() == apex; });
  }

  [[nodiscard]] bool all_above_ended(const ZoneSurvey& survey) const {
    const std::size_t labels = survey.zone().apex().label_count();
    return std::ranges::all_of(surveys_, [&](const auto& one) {
      return one->ended() || one->zone().apex().label_count() >= labels;
    });
  }

  void advance() {
    std::uint64_t before = 0;
    do {
      before = board_.changes();
      hosts_.begin_pass();
      // Surveys that begin here are appended.
      for (std::size_t i = 0; i < surveys_.size(); ++i) {
        surveys_[i]->advance(all_above_ended(*surveys_[i]));
        for (const DomainName& cut : surveys_[i]->cuts()) {
          if (is_surveyed(cut)) continue;
          if (surveys_.size() > board_.settings().budgets.discovery_depth)
            return end(DiscoveryOutcome::budget_exhausted);
          survey(*board_.load_zone(cut));
        }
      }
    } while (board_.changes() != before);
    const bool all_ended = std::ranges::all_of(surveys_, [](const auto& one) { return one->ended(); });
    if (all_ended) return end_complete();
    if (board_.out_of_questions() && under_way_.empty()) end(DiscoveryOutcome::budget_exhausted);
  }

  // ---- The end ----

  void end_complete() {
    const auto deepest = std::ranges::max_element(
        surveys_, {}, [](const auto& one) { return one->zone().apex().label_count(); });
    const WalkZone& zone = (*deepest)->zone();
    board_.watch().about_to_ask(zone.apex(), board_.servers_of(zone));
    if (board_.watch().holds_back()) return;
    if (!zone.facts.answers) {
      if (std::vector<Interception> signs = board_.watch().conclusion_without_servers(); !signs.empty())
        return end_intercepted(std::move(signs));
    }
    end(std::nullopt);
  }

  /// Whatever answered may have put anything into the cache.
  void end_intercepted(std::vector<Interception> signs) {
    end(DiscoveryOutcome::intercepted);
    result_.outcome = DiscoveryOutcome::intercepted;
    result_.interception = std::move(signs);
    board_.cache().forget_everything();
  }

  /// `cut_off` is set when the walk ends before it is complete.
  void end(std::optional<DiscoveryOutcome> cut_off) {
    done_ = true;
    std::ranges::sort(surveys_, {}, [](const auto& one) { return one->zone().apex().label_count(); });
    for (const auto& one : surveys_) gather_parents(*one);
    gather_strays();
    DiscoveryOutcome outcome = DiscoveryOutcome::complete;
    for (const auto& one : surveys_) outcome = one->settle(cut_off);
    const WalkZone& zone = surveys_.back()->zone();
    result_.zone = zone.apex();
    result_.outcome = outcome;
    if (outcome != DiscoveryOutcome::complete) result_.stopped_at = zone.apex();
    for (const WalkZone* at = &zone; at != nullptr; at = at->parent) {
      // The root has no zone cut; include it only when nothing below it was found.
      if (at->parent != nullptr || at == &zone) result_.cuts.push_back(at->facts.cut);
    }
    std::ranges::reverse(result_.cuts);
    result_.nameservers = zone.facts.nameservers;
    result_.nameservers_cut_off = zone.facts.nameservers_cut_off;
    result_.strays = zone.facts.strays;
    for (const auto& one : surveys_)
      result_.denied.insert(result_.denied.end(), one->denied().begin(), one->denied().end());
    result_.exchanges = std::move(exchanges_);
  }

  /// Collects what the servers of a zone answer about each cut below it that some server refers to.
  void gather_parents(const ZoneSurvey& above) {
    for (const auto& below : surveys_) {
      if (below.get() == &above || !below->zone().apex().is_at_or_below(above.zone().apex())) continue;
      WalkZone& zone = below->zone();
      ZoneCut& cut = zone.facts.cut;
      const bool is_parent = zone.parent == &above.zone();
      if (above.known_cut() == zone.apex()) continue;
      for (ParentAnswer& answer : above.answers_about(zone)) {
        const bool leads_here = answer.answer == CutAnswer::refers || answer.answer == CutAnswer::serves_it;
        if (is_parent || leads_here) cut.parents.push_back(std::move(answer));
      }
      std::ranges::sort(cut.parents, {}, &ParentAnswer::address);
      if (!is_parent) continue;
      zone.facts.parents_asked = above.zone().facts.parents_asked && (above.ended() || above.is_sample());
    }
  }

  /// A server that refers to no zone below is a stray for every zone that others refer to.
  void gather_strays() {
    std::vector<StrayServer> above = surveys_.front()->zone().facts.strays;
    for (const auto& one : surveys_) {
      WalkZone& zone = one->zone();
      const std::vector<NamedAddress> own = board_.addresses_of(zone);
      zone.facts.strays = above;
      std::erase_if(zone.facts.strays, [&](const StrayServer& stray) {
        return std::ranges::find(own, stray.address, &NamedAddress::address) != own.end();
      });
      add_serving_parents(zone);
      const std::vector<StrayServer> ends = one->ends();
      above.insert(above.end(), ends.begin(), ends.end());
    }
  }

  /// Adds servers of the zone above that answer for the zone although none of its NS records names them.
  static void add_serving_parents(WalkZone& zone) {
    for (const ParentAnswer& parent : zone.facts.cut.parents) {
      const auto& nameservers = zone.facts.nameservers;
      const bool is_named = std::ranges::any_of(nameservers, [&](const Nameserver& nameserver) {
        return std::ranges::find(nameserver.glue, parent.address.ip) != nameserver.glue.end() ||
               std::ranges::find(parent.names, nameserver.name) != parent.names.end();
      });
      if (parent.answer == CutAnswer::serves_it && !is_named)
        zone.facts.strays.push_back({parent.names, parent.address, zone.facts.parent, parent.answer});
    }
  }

  WalkBoard board_;
  HostSearches hosts_;
  RegistryUse use_;
  std::vector<std::unique_ptr<ZoneSurvey>> surveys_{};  ///< sorted from the top down at the end
  std::unordered_map<std::uint32_t, WalkQuestion> under_way_{};
  std::vector<WalkExchange> exchanges_{};
  bool done_ = false;
  Delegation result_{};
};

DelegationWalk::DelegationWalk(DomainName target, const config::ProbeSettings& settings, ZoneCache& cache,
                               RegistryUse use, MonotonicTime now)
    : state_(std::make_unique<State>(std::move(target), settings, cache, use, now)) {}
DelegationWalk::~DelegationWalk() = default;
DelegationWalk::DelegationWalk(DelegationWalk&&) noexcept = default;
DelegationWalk& DelegationWalk::operator=(DelegationWalk&&) noexcept = default;

std::vector<WalkQuestion> DelegationWalk::next(MonotonicTime now) {
  return state_->next(now);
}
void DelegationWalk::finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now) {
  state_->finished(ticket, exchange, now);
}
bool DelegationWalk::done() const {
  return state_->done();
}
MonotonicTime DelegationWalk::wake() const {
  return state_->wake();
}
void DelegationWalk::interrupt() {
  state_->interrupt();
}
Delegation DelegationWalk::take_result() {
  return state_->take_result();
}

}  // namespace dkimprobe::probe
