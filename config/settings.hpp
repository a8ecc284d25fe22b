// What to probe, how, and what to make of it: every setting with its unit and its default. Plain values; the
// table of `config/options.hpp` says the name, the limits and the meaning of each scalar once for all its
// readers.
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

/// The bounds of discovery and probing; what they cut off is told by name, never dropped in silence.
struct Budgets {
  std::uint32_t nameservers_per_zone = 16;
  std::uint32_t unresolvable_nameservers = 5;
  std::uint32_t discovery_depth = 8;  ///< walks begun by walks, for addresses of nameservers
  std::uint32_t queries_per_zone = 200;
  std::chrono::milliseconds discovery_timeout{10'000};
  std::uint32_t addresses_per_zone = 32;
  std::uint32_t exchanges_per_server = 24;  ///< for each name asked of it; all tries of all questions fit
  std::uint32_t chain_steps = 12;           ///< CNAME and DNAME steps from the selector's own name
  std::chrono::milliseconds domain_time{30'000};
};

struct ProbeSettings {
  std::uint16_t port = 53;  ///< of authoritative servers
  std::chrono::milliseconds initial_timeout{
      400};  ///< how long the first try waits; each next one twice as long
  std::uint32_t attempts = 3;
  std::chrono::milliseconds tcp_timeout{3'000};  ///< one TCP exchange, connection included
  std::uint32_t rate_burst = 20;                 ///< queries to one address that may go at once
  double rate_per_second = 5.0;  ///< queries a second to one address after the burst; 0 lifts the pace
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  bool mixed_case = true;  ///< the question with EDNS in random case, as some resolvers ask ("0x20")
  std::uint16_t edns_payload_bytes = 1232;
  std::vector<Network> allowed_networks{};  ///< special-purpose networks that may be asked all the same
  std::vector<NamedServer> root_servers{};  ///< where discovery starts
  std::vector<NamedServer>
      pinned_servers{};  ///< when not empty: the servers of the domain, without discovery
  Budgets budgets{};
};

/// A selector of a domain, and what the operator says of it.
struct SelectorSettings {
  Selector selector{};
  Role role = Role::active;
  Service service = Service::email;
  std::optional<KeyIdentity> expected_key{};
  bool subdomain_identities = false;          ///< whether i= of its signatures may be at a subdomain of d=
  std::optional<Timestamp> since{};           ///< when its role began
  std::optional<Timestamp> last_signature{};  ///< the last with its key, or with an earlier key of it
  bool never_used = false;                    ///< it never signed, and nobody was told of it
};

/// How often keys change, where nothing else is said.
struct RotationTimes {
  std::chrono::milliseconds max_key_age{0};  ///< the highest age of a key; 0 for no limit
  std::chrono::milliseconds selector_cooldown{
      std::chrono::days{7}};  ///< how long a selector rests before its next key
};

/// How the keys of a domain change.
struct RotationPlan {
  std::vector<Selector> ring{};  ///< they sign in turn; empty: each key has a new selector
  RotationTimes times{};
  std::optional<std::chrono::milliseconds> retention{};  ///< in place of the policy's
};

/// A domain with what its group says of it already put in.
struct DomainSettings {
  DomainName domain{};
  std::string group{};                        ///< empty without one; escaped
  std::chrono::milliseconds interval{0};      ///< between two looks, for what looks again and again
  std::vector<NamedServer> nameservers{};     ///< when not empty: its servers, without discovery
  std::vector<SelectorSettings> selectors{};  ///< at least one, each of them once
  RotationPlan rotation{};
};

/// Planned work: what is found until then shall wake nobody.
struct MaintenanceSettings {
  std::optional<DomainName> domain{};  ///< a whole group without one
  std::optional<Selector> selector{};  ///< of the domain; all of them without one
  std::string group{};                 ///< empty with a domain
  WallTime until{};
  std::string reason{};  ///< raw
};

/// How `/probe` looks when a scraper names it.
struct ModuleSettings {
  std::string name{};  ///< escaped
  std::chrono::milliseconds timeout{10'000};
  // What the settings of `probe` do not ask over, no module asks over.
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  Role role = Role::active;  ///< of selectors that are not watched
};

/// Domains that `/probe` may be asked for although they are not watched.
struct ProbePattern {
  DomainName domain{};
  bool below = false;  ///< those below it, and not it itself; with the root: all
};

/// All that a settings file says.
struct Settings {
  ProbeSettings probe{};
  Policy policy{};
  std::chrono::milliseconds interval{300'000};     ///< of domains that say none, and whose group says none
  RotationTimes rotation{};                        ///< likewise
  std::vector<DomainSettings> domains{};           ///< each of them once
  std::vector<std::string> target_files{};         ///< patterns of names; see config/target_files.hpp
  std::vector<MaintenanceSettings> maintenance{};  ///< those that have ended too
  std::vector<ModuleSettings> modules{};           ///< sorted by name, each of them once
  std::vector<ProbePattern> probe_allow{};
  /// What is allowed and yet worth telling, such as a private key that everybody can read.
  Errors warnings{};
};

}  // namespace dkimprobe::config
