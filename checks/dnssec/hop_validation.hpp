// What a validating resolver concludes about each server of a name, from what one probe saw: the chain of
// trust down to the zone, and each server's own keys and answer.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checks/dnssec/chain.hpp"
#include "checks/dnssec/signature.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks::dnssec {

/// The answer of one server for the record.
struct ServerValidation {
  const probe::ServerObservation* server = nullptr;
  Validation validation{};
  /// Of the signatures over the zone's keys and over the answer, the one that expires first.
  std::optional<SignaturePeriod> first_to_expire{};
  /// It returns the record, and for another name an NSEC or NSEC3 record by which the record's name does not
  /// exist: caches that synthesise denials (RFC 8198) then deny it.
  bool denies_own_record = false;
};

/// One zone of the chain, from the root down.
struct ZoneLink {
  config::DomainName zone{};
  State state = State::indeterminate;
  std::vector<std::uint16_t> key_tags{};  ///< of its DS records, or of the trust anchors
};

/// One name and the servers of its zone.
struct HopValidation {
  std::vector<ZoneLink> zones{};  ///< as far as the chain is secure, and the zone where it ends
  /// The first link above the servers that does not hold; then each server has it as its own.
  std::optional<Break> broken{};
  std::vector<ServerValidation> servers{};  ///< that were asked with DO=1, or for which the chain ends above

  [[nodiscard]] bool is_validated() const { return !servers.empty(); }
};

/// `now` is the time of the observation. Without servers if nothing was collected to validate: the operator
/// named the servers, or gave no trust anchor.
[[nodiscard]] HopValidation validate_hop(const probe::Hop& hop, std::span<const TrustAnchor> anchors,
                                         std::chrono::sys_seconds now);

}  // namespace dkimprobe::checks::dnssec
