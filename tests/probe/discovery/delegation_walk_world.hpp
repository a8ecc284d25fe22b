// A small internet made of text: servers with zones and with faults, and a driver that walks through it in
// virtual time. No packet leaves.
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

/// Each of these throws `std::runtime_error` when the text is wrong: the vector is wrong then.
config::DomainName name_of(std::string_view text);
config::Address address_of(std::string_view text);

/// What a server does beside answering as it should.
enum class Fault : std::uint8_t {
  none,
  silent,
  refused,
  servfail,
  malformed,
  unreachable,
  local_error,
  no_authority,    ///< right answers without AA
  upward,          ///< refers to the root
  self,            ///< refers to the zone that it was asked for
  wildcard_probe,  ///< refers to a zone beside the name asked
  denies_between,  ///< NXDOMAIN for empty non-terminals
  aa_on_referrals,
  truncates,  ///< TC=1 and nothing in it, over TCP as well
  poisons,    ///< adds addresses of names outside its zone, and NS records of names not asked
  // What is no server but stands in the place of one. The worlds of the property test have none of these.
  offers_recursion,         ///< right answers with RA=1
  resolver,                 ///< answers for every zone of the world, without authority, and has RA=1
  resolver_with_authority,  ///< the same with AA=1; the TTL of an answer falls each time that it is asked for
  resolver_in_disguise,     ///< the same without RA
  refuses_without_rd,       ///< a resolver that refuses whoever asks without recursion
};

struct FakeZone {
  config::DomainName apex{};
  std::vector<probe::NsRecord> ns{};
  std::vector<probe::AddressRecord> addresses{};
  std::vector<probe::AliasRecord> aliases{};
  std::map<config::DomainName, std::string> texts{};  ///< of names with a TXT record
};

struct FakeServer {
  std::vector<std::string> zones{};  ///< keys of `World::zones`
  Fault fault = Fault::none;
  bool is_minimal = false;  ///< no addresses come with an answer, only with a referral
  std::set<config::DomainName> servfail_for{};
  std::set<config::DomainName> servfail_for_aaaa{};
};

struct World {
  std::map<std::string, FakeZone> zones{};  ///< the apex as key, `#` and a word after it for another version
  std::map<config::Address, FakeServer> servers{};
  std::vector<config::NamedServer> roots{};

  /// Adds `OWNER [TTL] TYPE DATA` to a zone; `{1..60}` in it makes sixty records.
  void add_record(const std::string& zone, std::string_view text);
  /// The zone from which a server answers for a name: the deepest that it has; null for none.
  [[nodiscard]] const FakeZone* zone_at(const config::Address& server, const config::DomainName& name) const;
  /// How a question to one server goes, all but the time.
  [[nodiscard]] probe::Exchange ask(const probe::WalkQuestion& question) const;

 private:
  [[nodiscard]] probe::Response from_cache(const probe::WalkQuestion& question) const;

  /// How often a cache was asked, by server, name and type.
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

/// Performs the walk: an answer takes 10 ms, silence all waits of its attempts, no route nothing.
WalkRecord drive(const config::DomainName& target, const config::ProbeSettings& settings,
                 probe::ZoneCache& cache, probe::MonotonicTime start, const Answerer& answer,
                 probe::RegistryUse use = probe::RegistryUse::all);

/// What every walk must keep to, whatever it met; a sentence for each breach. `hosts` grows by the names of
/// nameservers met: later walks with the same cache know them too.
std::vector<std::string> breaches(const config::DomainName& target, const config::ProbeSettings& settings,
                                  const WalkRecord& record, std::set<config::DomainName>& hosts);

}  // namespace dkimprobe::tests
