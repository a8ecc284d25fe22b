// How to probe: every setting of the network side with its unit and its default. Plain values; the table
// of `config/options.hpp` says the name, the limits and the meaning of each scalar once for all its readers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/address.hpp"
#include "config/domain_name.hpp"

namespace dkimprobe::config {

/// A server to start from or to stay with: its name and one of its addresses.
struct NamedServer {
  DomainName name{};
  Address ip{};
  std::optional<std::uint16_t> port{};  ///< `ProbeSettings::port` when empty

  friend bool operator==(const NamedServer&, const NamedServer&) = default;
};

/// The bounds of discovery and probing; what they cut off is told by name, never dropped in silence.
struct Budgets {
  std::uint32_t nameservers_per_zone = 16;
  std::uint32_t unresolvable_nameservers = 5;
  std::uint32_t discovery_depth = 8;  ///< walks begun by walks, for addresses of nameservers
  std::uint32_t queries_per_zone = 200;
  std::chrono::milliseconds discovery_time{10'000};
  std::uint32_t addresses_per_zone = 32;
  std::uint32_t exchanges_per_server = 24;  ///< for each name asked of it; all tries of all questions fit
  std::uint32_t chain_steps = 12;           ///< CNAME and DNAME steps from the selector's own name
  std::chrono::milliseconds domain_time{30'000};
};

struct ProbeSettings {
  std::uint16_t port = 53;                   ///< of authoritative servers
  std::chrono::milliseconds first_try{400};  ///< how long the first try waits; each next one twice as long
  std::uint32_t tries = 3;
  std::chrono::milliseconds tcp_time{3'000};  ///< one TCP exchange, connection included
  std::uint32_t pace_burst = 20;              ///< queries to one address that may go at once
  double pace_per_second = 5.0;  ///< queries a second to one address after the burst; 0 lifts the pace
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  bool mixed_case = false;  ///< the question with EDNS in random case, as some resolvers ask ("0x20")
  std::uint16_t edns_payload_bytes = 1232;
  std::vector<Network> allowed_networks{};  ///< special-purpose networks that may be asked all the same
  std::vector<NamedServer> root_servers{};  ///< where discovery starts
  std::vector<NamedServer>
      pinned_servers{};  ///< when not empty: the servers of the domain, without discovery
  Budgets budgets{};
};

}  // namespace dkimprobe::config
