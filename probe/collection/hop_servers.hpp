// The servers of a hop: the delegation where no walk is needed, which addresses of a delegation are asked,
// and what each is asked.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/named_server.hpp"
#include "probe/collection/chain_probe.hpp"
#include "probe/collection/questioner.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// The delegation to the servers that the operator named for the domain.
[[nodiscard]] Delegation pinned_delegation(const config::DomainName& domain,
                                           const std::vector<config::NamedServer>& servers);

/// The delegation of a name that an earlier probe found, with the times of its exchanges relative to `now`.
/// Nothing when the servers have to be discovered anew.
[[nodiscard]] std::optional<Delegation> known_delegation(const config::DomainName& owner,
                                                         const std::vector<Observation>& earlier,
                                                         WallTime now);

/// Adds servers to the hops of one probe. Where several names have the same server, only one of them asks it
/// about its zone, and one gate guards it.
class HopServers {
 public:
  HopServers(const ProbeContext& context, bool is_quick, std::optional<config::DomainName> wildcard_probe)
      : context_(context), is_quick_(is_quick), wildcard_probe_(std::move(wildcard_probe)) {}

  /// Adds every address to which the hop's delegation leads; says why some are not asked.
  void add(const ChainProbe& chain, HopProbe& hop);

 private:
  using ServerOfZone = std::pair<config::ServerAddress, config::DomainName>;

  /// `stray_of` is the server's zone when it is not a server of the hop's zone.
  void add(const ChainProbe& chain, HopProbe& hop, const std::vector<config::DomainName>& names,
           const config::ServerAddress& address, const std::optional<config::DomainName>& stray_of);
  /// Whether the chain asks as many addresses as it may: a hostile zone can name those of somebody else.
  [[nodiscard]] bool asks_enough(const ChainProbe& chain, const config::ServerAddress& address) const;
  [[nodiscard]] std::vector<config::ServerAddress> addresses_of(const HopProbe& hop,
                                                                const Nameserver& nameserver) const;
  [[nodiscard]] PlanLimits plan_limits(const ChainProbe& chain, const HopProbe& hop,
                                       const config::DomainName& zone) const;
  [[nodiscard]] WatchedGate* gate_of(const HopProbe& hop, const ServerOfZone& server);

  ProbeContext context_;
  bool is_quick_;
  std::optional<config::DomainName> wildcard_probe_;
  std::map<ServerOfZone, const ServerProbe*> zone_facts_{};  ///< which probe of a server asks about the zone
  std::map<ServerOfZone, WatchedGate> gates_{};
};

}  // namespace dkimprobe::probe
