// What to probe, how to probe it and how to judge the results: every setting with its unit and default. Plain
// values; `config/options.hpp` declares the name, limits and meaning of each scalar.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/basics/result.hpp"
#include "config/basics/timestamp.hpp"
#include "config/keys/key_identity.hpp"
#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/named_server.hpp"
#include "config/names/selector.hpp"
#include "config/policy.hpp"

namespace dkimprobe::config {

/// The limits of discovery and probing; reports name whatever they cut off.
struct Budgets {
  std::uint32_t nameservers_per_zone = 16;
  std::uint32_t unresolvable_nameservers = 5;
  std::uint32_t discovery_depth = 8;  ///< nesting depth of searches for addresses of nameservers
  std::uint32_t queries_per_zone = 200;
  std::chrono::milliseconds discovery_timeout{10'000};
  std::uint32_t addresses_per_zone = 32;
  std::uint32_t exchanges_per_server = 24;  ///< per queried name; enough for all attempts of all queries
  std::uint32_t chain_steps = 12;           ///< CNAME and DNAME steps from the selector's own name
  std::chrono::milliseconds domain_time{30'000};
};

struct ProbeSettings {
  std::uint16_t port = 53;  ///< of authoritative servers
  std::chrono::milliseconds initial_timeout{
      400};  ///< how long the first attempt waits; each further attempt waits twice as long
  std::uint32_t attempts = 3;
  std::chrono::milliseconds tcp_timeout{3'000};  ///< one TCP exchange, connection included
  std::uint32_t rate_burst = 20;                 ///< queries that may be sent to one address at once
  double rate_per_second = 5.0;  ///< queries per second to one address, after the burst; 0: unlimited
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  bool mixed_case = true;  ///< EDNS queries in random letter case, as some resolvers send ("0x20")
  std::uint16_t edns_payload_bytes = 1232;
  std::vector<Network> allowed_networks{};  ///< special-purpose networks whose servers may be asked
  std::vector<NamedServer> root_servers{};  ///< where discovery starts
  bool collects_signatures = false;         ///< what `Policy::validates_dnssec` needs is asked for
  std::vector<NamedServer>
      pinned_servers{};  ///< when not empty: the servers of the domain, without discovery
  Budgets budgets{};
};

/// A selector of a domain, and the operator's settings for it.
struct SelectorSettings {
  Selector selector{};
  Role role = Role::active;
  Service service = Service::email;
  Signs signs = Signs::not_stated;
  std::optional<KeyIdentity> expected_key{};
  std::string expected_record{};              ///< its text, if the settings give the key so; raw
  bool subdomain_identities = false;          ///< whether i= of its signatures may name a subdomain of d=
  std::optional<Timestamp> since{};           ///< when its role began
  std::optional<Timestamp> last_signature{};  ///< with its current key or an earlier one
  bool never_used = false;                    ///< it never signed, and nobody knows of it
  bool compromised = false;                   ///< somebody else has its private key
};

/// How often keys change.
struct RotationTimes {
  std::chrono::milliseconds max_key_age{0};  ///< maximum age of a key; 0: no limit
  std::chrono::milliseconds selector_cooldown{
      std::chrono::days{7}};  ///< how long a selector stays unused before its next key
};

/// How the keys of a domain change.
struct RotationPlan {
  std::vector<Selector> ring{};  ///< they sign in turn; empty: each key gets a new selector
  RotationTimes times{};
  std::optional<std::chrono::milliseconds> retention{};  ///< overrides the policy
};

/// A domain, with the settings of its group applied.
struct DomainSettings {
  DomainName domain{};
  std::string group{};                        ///< empty without one; escaped
  std::chrono::milliseconds interval{0};      ///< between two probes of the daemon
  std::vector<NamedServer> nameservers{};     ///< when not empty: its servers, without discovery
  std::vector<SelectorSettings> selectors{};  ///< at least one, each of them once
  RotationPlan rotation{};
  std::optional<KeySizeRule> key_size{};  ///< overrides the policy
};

/// A maintenance window: findings before its end raise no alert.
struct MaintenanceSettings {
  std::optional<DomainName> domain{};  ///< without one, the whole group
  std::optional<Selector> selector{};  ///< of the domain; without one, all selectors
  std::string group{};                 ///< empty with a domain
  WallTime until{};
  std::string reason{};  ///< raw
};

/// How `/probe` works when a request names this module.
struct ModuleSettings {
  std::string name{};  ///< escaped
  std::chrono::milliseconds timeout{10'000};
  // A module cannot enable a family that `probe` disables.
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  Role role = Role::active;  ///< of selectors that are not watched
};

/// Domains that `/probe` may be asked for although they are not watched.
struct ProbePattern {
  DomainName domain{};
  bool below = false;  ///< the domains below it, not itself; with the root: all domains
};

/// The whole content of a settings file.
struct Settings {
  ProbeSettings probe{};
  Policy policy{};
  std::chrono::milliseconds interval{300'000};     ///< of domains without an own or a group's value
  RotationTimes rotation{};                        ///< likewise
  std::vector<DomainSettings> domains{};           ///< each of them once
  std::vector<std::string> target_files{};         ///< patterns of names; see config/target_files.hpp
  std::vector<MaintenanceSettings> maintenance{};  ///< including those that have ended
  std::vector<ModuleSettings> modules{};           ///< sorted by name, each of them once
  std::vector<ProbePattern> probe_allow{};
  /// Settings that are allowed but questionable, such as a private key that everybody can read.
  Errors warnings{};
};

}  // namespace dkimprobe::config
