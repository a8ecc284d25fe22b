// What a round knows so far of the names that it asks about: plain values that grow while it runs, and the
// chain of an observation that they become at the end.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/collection/query_plan.hpp"
#include "probe/discovery/delegation_walk.hpp"
#include "probe/discovery/name_gate.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

struct ServerProbe;
struct HopProbe;
struct ChainProbe;

/// A gate, and who waits before it.
struct WatchedGate {
  struct Waiting {
    ChainProbe* chain = nullptr;
    HopProbe* hop = nullptr;
    ServerProbe* server = nullptr;
  };

  NameGate gate;
  std::vector<Waiting> waiting{};
  std::vector<Exchange> exchanges{};
  std::optional<Outcome> soa{};  ///< of the question for the zone's own SOA, once it is over
};

/// One server address that is asked about one name.
struct ServerProbe {
  ServerProbe(QuestionSet questions, const PlanLimits& limits) : plan(questions, limits) {}

  WatchedGate* gate = nullptr;  ///< null where nothing speaks against telling it the name

  ServerObservation seen{};
  QueryPlan plan;
  const ServerProbe* zone_facts_from =
      nullptr;  ///< who asks this server about the zone, when this one does not
};

/// One name of a chain.
struct HopProbe {
  config::DomainName owner{};
  Delegation delegation{};
  std::optional<DelegationWalk> walk{};
  MonotonicTime wake_at = MonotonicTime::min();  ///< of the timer that was set last for the walk
  /// Those that the walk was not told of: answers asked for again, and what came after its end.
  std::vector<WalkExchange> walk_exchanges{};
  std::deque<ServerProbe> servers{};
  bool probing = false;
};

/// A name, and the names that its aliases lead to.
struct ChainProbe {
  bool is_adsp = false;
  ChainOutcome outcome = ChainOutcome::complete;
  std::deque<HopProbe> hops{};
  std::vector<std::pair<config::DomainName, config::DomainName>>
      aliases{};  ///< from owner to target, both legs

  /// Whether the aliases lead from one name to the other.
  [[nodiscard]] bool leads_to(const config::DomainName& from, const config::DomainName& to) const;
};

[[nodiscard]] bool is_about_zone(const Exchange& exchange);

/// The chain as observations show it.
[[nodiscard]] Chain gather(const ChainProbe& chain);

}  // namespace dkimprobe::probe
