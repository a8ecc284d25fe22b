// A small internet described by text: servers with zones and faults, and a driver that walks through it in
// virtual time. No packet is sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/discovery/delegation_walk.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::tests {

/// Each of these throws `std::runtime_error` for an invalid text: the vector is wrong then.
config::DomainName name_of(std::string_view text);
config::Address address_of(std::string_view text);

/// How a server deviates from correct answers.
enum class Fault : std::uint8_t {
  none,
  silent,
  refused,
  servfail,
  malformed,
  unreachable,
  local_error,
  no_authority,       ///< correct answers without AA
  upward,             ///< refers to the root
  self,               ///< refers to the zone that it was asked about
  sideways_referral,  ///< refers to a zone beside the queried name
  denies_between,     ///< NXDOMAIN for empty non-terminals
  aa_on_referrals,
  truncates,  ///< TC=1 and no records, over TCP as well
  poisons,    ///< adds addresses of names outside its zone, and NS records of names that were not queried
  // Not servers, but interceptors in place of one. The worlds of the property test have none of these.
  offers_recursion,         ///< correct answers with RA=1
  resolver,                 ///< answers for every zone of the world, with AA=0 and RA=1
  resolver_with_authority,  ///< the same with AA=1; the TTL of an answer falls with each query
  resolver_in_disguise,     ///< the same with RA=0
  refuses_without_rd,       ///< a resolver that refuses queries with RD=0
};

struct FakeZone {
  config::DomainName apex{};
  std::vector<probe::NsRecord> ns{};
  std::vector<probe::AddressRecord> addresses{};
  std::vector<probe::AliasRecord> aliases{};
  std::map<config::DomainName, std::string> texts{};  ///< by name, where there is a TXT record
};

struct FakeServer {
  std::vector<std::string> zones{};  ///< keys of `World::zones`
  Fault fault = Fault::none;
  bool is_minimal = false;  ///< adds addresses only to referrals, not to answers
  std::set<config::DomainName> servfail_for{};
  std::set<config::DomainName> servfail_for_aaaa{};
};

struct World {
  std::map<std::string, FakeZone> zones{};  ///< by apex; `#` and a word follow for another version
  std::map<config::Address, FakeServer> servers{};
  std::vector<config::NamedServer> roots{};

  /// Adds `OWNER [TTL] TYPE DATA` to a zone; `{1..60}` in it makes sixty records.
  void add_record(const std::string& zone, std::string_view text);
  /// The zone from which a server answers for a name: its deepest one; null for none.
  [[nodiscard]] const FakeZone* zone_at(const config::Address& server, const config::DomainName& name) const;
  /// The result of a question to one server, except for the time.
  [[nodiscard]] probe::Exchange ask(const probe::WalkQuestion& question) const;

 private:
  [[nodiscard]] probe::Response from_cache(const probe::WalkQuestion& question) const;

  /// Number of queries to a cache, by server, name and type.
  mutable std::map<std::string, std::uint32_t> asked_of_caches_{};
};

/// What a driven walk did.
struct WalkRecord {
  probe::Delegation delegation{};
  std::vector<probe::WalkQuestion> asked{};
  std::chrono::milliseconds took{0};
  std::size_t most_under_way = 0;
};

using Answerer = std::function<probe::Exchange(const probe::WalkQuestion&)>;

/// Performs the walk: an answer takes 10 ms, silence the waits of all attempts, a missing route no time.
WalkRecord drive(const config::DomainName& target, const config::ProbeSettings& settings,
                 probe::ZoneCache& cache, probe::MonotonicTime start, const Answerer& answer,
                 probe::RegistryUse use = probe::RegistryUse::all);

/// The rules for every walk, with one sentence for each breach. Adds the nameserver names that were found to
/// `hosts`: later walks with the same cache know them too.
std::vector<std::string> breaches(const config::DomainName& target, const config::ProbeSettings& settings,
                                  const WalkRecord& record, std::set<config::DomainName>& hosts);

}  // namespace dkimprobe::tests
