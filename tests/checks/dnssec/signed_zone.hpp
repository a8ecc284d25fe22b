// Signed zones for tests: those in zones/, which make_zones.py made, answered as a server with the zone does;
// and keys that sign further records. By ldns, which the validation itself does not use.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <stdbool.h>  // without it, ldns defines bool and false itself

#include <ldns/ldns.h>

#include "checks/dnssec/chain.hpp"

namespace dkimprobe::tests {

namespace dnssec = checks::dnssec;

struct LdnsFree {
  void operator()(ldns_rr* rr) const { ldns_rr_free(rr); }
  void operator()(ldns_rr_list* list) const { ldns_rr_list_deep_free(list); }
  void operator()(ldns_key_list* keys) const { ldns_key_list_free(keys); }  // and the keys
  void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
};
template <class T>
using LdnsOwned = std::unique_ptr<T, LdnsFree>;

/// A time at which all signatures in zones/ are valid: 2027-06-01.
inline constexpr std::chrono::sys_seconds valid_time{std::chrono::sys_days{std::chrono::year{2027} / 6 / 1}};

[[nodiscard]] config::DomainName name_of(std::string_view text);

/// The records of a set, or those of type RRSIG over it, for ldns.
[[nodiscard]] LdnsOwned<ldns_rr_list> ldns_records(const dnssec::RecordSet& set);
[[nodiscard]] LdnsOwned<ldns_rr_list> ldns_signatures(const dnssec::RecordSet& set);

class SignedZone {
 public:
  /// `stem` is the name of a file: `root`, `ldns.test`.
  explicit SignedZone(const std::string& stem);

  [[nodiscard]] const config::DomainName& name() const { return name_; }
  [[nodiscard]] const std::vector<dnssec::RecordSet>& sets() const { return sets_; }
  /// What a server with this zone replies, except that all NSEC or NSEC3 records of the zone are in each
  /// reply that needs one.
  [[nodiscard]] dnssec::Reply reply(const config::DomainName& name, std::uint16_t type) const;
  [[nodiscard]] dnssec::Question question(std::string_view name, std::uint16_t type) const;

 private:
  [[nodiscard]] const dnssec::RecordSet* find(const config::DomainName& owner, std::uint16_t type) const;
  [[nodiscard]] bool exists(const config::DomainName& name) const;
  [[nodiscard]] dnssec::Reply with_denial(dnssec::Reply reply) const;

  config::DomainName name_{};
  std::vector<dnssec::RecordSet> sets_{};
};

/// The DS record of zones/root, from zones/anchor.zone.
[[nodiscard]] std::vector<dnssec::TrustAnchor> root_anchors();
/// The replies about the root, test. and the zone `stem` below it.
[[nodiscard]] std::vector<dnssec::ZoneReplies> zones_to(const std::string& stem);

/// A new ECDSA P-256 key of a zone.
class TestKey {
 public:
  explicit TestKey(std::string_view zone);

  [[nodiscard]] const config::DomainName& zone() const { return zone_; }
  /// Of its DNSKEY record.
  [[nodiscard]] const std::string& rdata() const { return rdata_; }
  /// Adds a signature, valid for 30 days around `valid_time`.
  void sign(dnssec::RecordSet& set) const;

 private:
  config::DomainName zone_{};
  LdnsOwned<ldns_key_list> keys_{};
  std::string rdata_{};
};

}  // namespace dkimprobe::tests
