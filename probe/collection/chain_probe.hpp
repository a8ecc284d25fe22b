// What a running probe knows so far about the names that it asks for. These plain values become the chains of
// its observations at the end.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/collection/query_plan.hpp"
#include "probe/discovery/delegation_walk.hpp"
#include "probe/discovery/name_gate.hpp"
#include "probe/discovery/trust_search.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

struct ServerProbe;
struct HopProbe;
struct ChainProbe;

/// A gate, and the servers that wait for it to open.
struct WatchedGate {
  struct Waiting {
    ChainProbe* chain = nullptr;
    HopProbe* hop = nullptr;
    ServerProbe* server = nullptr;
  };

  NameGate gate;
  std::vector<Waiting> waiting{};
  std::vector<Exchange> exchanges{};
  std::optional<Outcome> soa{};  ///< outcome of the query for the zone's own SOA, once it is over
};

/// One server address that is asked for one name.
struct ServerProbe {
  ServerProbe(QuestionSet questions, const PlanLimits& limits) : plan(questions, limits) {}

  WatchedGate* gate = nullptr;  ///< null where nothing suggests that it is a resolver

  ServerObservation seen{};
  QueryPlan plan;
  const ServerProbe* zone_facts_from =
      nullptr;  ///< the probe of the same server that asks about the zone, when this one does not
};

/// One name of a chain.
struct HopProbe {
  config::DomainName owner{};
  Delegation delegation{};
  std::optional<DelegationWalk> walk{};
  MonotonicTime wake_at = MonotonicTime::min();  ///< time of the walk's latest timer
  /// Exchanges that the walk did not see: attempts that did not decide, and those that ended after the walk.
  std::vector<WalkExchange> walk_exchanges{};
  std::deque<ServerProbe> servers{};
  TrustSearch* trust = nullptr;  ///< null where signatures are not validated
  bool probing = false;
};

/// A name, and the names that its aliases point to.
struct ChainProbe {
  bool is_adsp = false;
  ChainOutcome outcome = ChainOutcome::complete;
  std::deque<HopProbe> hops{};
  std::vector<std::pair<config::DomainName, config::DomainName>>
      aliases{};  ///< from owner to target; both are hops

  /// Whether a chain of aliases leads from one name to the other.
  [[nodiscard]] bool leads_to(const config::DomainName& from, const config::DomainName& to) const;
};

[[nodiscard]] bool is_about_zone(const Exchange& exchange);

/// Converts the chain to the form that an observation holds.
[[nodiscard]] Chain gather(const ChainProbe& chain);

}  // namespace dkimprobe::probe
