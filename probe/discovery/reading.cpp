#include "probe/discovery/reading.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using std::chrono::seconds;

/// DS records and their denial often live for a shorter time than the delegation, and are then asked for
/// anew; but a registry is not asked more often than that.
constexpr seconds shortest_signed_life{3600};

seconds negative_life(const Response& response) {
  seconds life{0};
  for (const SoaRecord& soa : response.soa) {
    life = std::max(life, seconds{std::min(soa.ttl_seconds, soa.minimum_seconds)});
  }
  return life;
}

/// The records of `from` with this owner, each target once.
std::vector<NsRecord> ns_set(const std::vector<NsRecord>& from, const DomainName& owner) {
  std::vector<NsRecord> set;
  std::unordered_set<DomainName> seen;
  for (const NsRecord& record : from) {
    if (set.size() >= most_names_of_a_zone) break;
    if (record.owner == owner && seen.insert(record.target).second) set.push_back(record);
  }
  return set;
}

/// Addresses of the nameservers in `ns` that are in bailiwick for a server of the zone `vouched_for`.
std::vector<AddressRecord> glue_of(const std::vector<NsRecord>& ns, const DomainName& vouched_for,
                                   const Response& response) {
  std::unordered_set<DomainName> named;
  for (const NsRecord& record : ns) named.insert(record.target);
  std::vector<AddressRecord> glue;
  for (const AddressRecord& record : response.glue) {
    if (record.owner.is_at_or_below(vouched_for) && named.contains(record.owner)) glue.push_back(record);
  }
  return glue;
}

/// Reads a referral from the zone `apex` towards `name`. A referral upwards, to the same zone or to a zone
/// beside the name does not count.
bool read_referral(const DomainName& apex, const DomainName& name, const Response& response,
                   Reading& reading) {
  const auto first =
      std::find_if(response.referral.begin(), response.referral.end(), [&](const NsRecord& record) {
        return !(record.owner == apex) && record.owner.is_at_or_below(apex) &&
               name.is_at_or_below(record.owner);
      });
  if (first == response.referral.end()) return false;
  reading.kind = Reading::Kind::referral;
  reading.cut = name.suffix(first->owner.label_count());
  reading.ns = ns_set(response.referral, first->owner);
  reading.life = seconds{shortest_ttl(reading.ns)};
  reading.glue = glue_of(reading.ns, apex, response);
  for (const DsRecord& record : response.ds) {
    if (record.owner == reading.cut) reading.ds.push_back(record);
  }
  for (const RecordSet& set : response.sets) {
    const auto type = static_cast<RecordType>(set.type);
    if (type != RecordType::ds && type != RecordType::nsec && type != RecordType::nsec3) continue;
    reading.life = std::min(reading.life, std::max(seconds{set.ttl_seconds}, shortest_signed_life));
    reading.sets.push_back(set);
  }
  return true;
}

bool read_apex(const DomainName& name, const Response& response, Reading& reading) {
  reading.ns = ns_set(response.ns, name);
  if (reading.ns.empty()) return false;
  reading.kind = Reading::Kind::apex_here;
  reading.cut = name;
  reading.glue = glue_of(reading.ns, name, response);
  reading.life = seconds{shortest_ttl(reading.ns)};
  return true;
}

bool read_addresses(const DomainName& name, config::Family family, const Response& response,
                    Reading& reading) {
  std::uint32_t ttl = std::numeric_limits<std::uint32_t>::max();
  for (const AddressRecord& record : response.addresses) {
    if (!(record.owner == name) || record.address.family() != family) continue;
    reading.addresses.push_back(record.address);
    ttl = std::min(ttl, record.ttl_seconds);
  }
  if (reading.addresses.empty()) return false;
  reading.kind = Reading::Kind::addresses;
  reading.life = seconds{ttl};
  return true;
}

bool read_positive(const DomainName& name, RecordType type, const Response& response, Reading& reading) {
  if (type == RecordType::ns) return read_apex(name, response, reading);
  const config::Family family = type == RecordType::a ? config::Family::ipv4 : config::Family::ipv6;
  return read_addresses(name, family, response, reading);
}

}  // namespace

std::uint32_t shortest_ttl(const std::vector<NsRecord>& set) {
  if (set.empty()) return 0;
  return std::ranges::min(set, {}, &NsRecord::ttl_seconds).ttl_seconds;
}

std::uint32_t longest_ttl(const std::vector<NsRecord>& set) {
  if (set.empty()) return 0;
  return std::ranges::max(set, {}, &NsRecord::ttl_seconds).ttl_seconds;
}

Reading read_answer(const DomainName& apex, const DomainName& name, RecordType type,
                    const Response& response) {
  Reading reading;
  reading.from_recursor = response.recursion_available && !response.authoritative;
  reading.ds_known = response.edns && response.edns->dnssec_ok;
  if (response.edns) reading.nsid = response.edns->nsid;
  for (const SoaRecord& soa : response.soa) {
    if (soa.owner == apex) reading.serial = soa.serial;
  }
  const bool existence_known = response.rcode == Rcode::noerror || response.rcode == Rcode::nxdomain;
  if (!existence_known) return reading;
  const bool empty = response.ns.empty() && response.addresses.empty() && response.aliases.empty();
  // Some servers set AA on referrals, so an empty answer without SOA that names a zone below counts as one.
  if (response.rcode == Rcode::noerror && empty && (!response.authoritative || response.soa.empty()) &&
      read_referral(apex, name, response, reading)) {
    return reading;
  }
  if (!response.authoritative || read_positive(name, type, response, reading)) return reading;
  // A truncated answer does not show what is missing.
  if (response.truncated) return reading;
  reading.life = negative_life(response);
  if (!response.aliases.empty()) {
    reading.kind = Reading::Kind::alias;
  } else {
    reading.kind = response.rcode == Rcode::nxdomain ? Reading::Kind::denied : Reading::Kind::no_data;
  }
  return reading;
}

}  // namespace dkimprobe::probe
