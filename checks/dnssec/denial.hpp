// Proofs that a name or a type does not exist, by NSEC (RFC 4035 section 5.4, RFC 6840 section 4) or NSEC3
// (RFC 5155 section 8).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "checks/dnssec/nsec.hpp"
#include "checks/dnssec/nsec3.hpp"
#include "checks/dnssec/signature.hpp"

namespace dkimprobe::checks::dnssec {

/// The NSEC and NSEC3 records of one reply whose signatures hold.
struct Denial {
  std::vector<NsecRecord> nsec{};
  std::vector<Nsec3Record> nsec3{};
  std::optional<Break> broken{};  ///< of the first record whose signature does not hold
};

[[nodiscard]] Denial verified_denial(const Reply& reply, const ZoneKeys& zone, std::chrono::sys_seconds now,
                                     Budget& budget);

/// That `name` exists without records of `type`, or a wildcard without them answers for it.
[[nodiscard]] Proof prove_no_data(const Denial& denial, const config::DomainName& zone,
                                  const config::DomainName& name, std::uint16_t type, Budget& budget);
/// That neither `name` nor a wildcard for it exists.
[[nodiscard]] Proof prove_name_error(const Denial& denial, const config::DomainName& zone,
                                     const config::DomainName& name, Budget& budget);
/// That nothing closer to `name` than the wildcard below `wildcard_parent` exists.
[[nodiscard]] Proof prove_expansion(const Denial& denial, const config::DomainName& zone,
                                    const config::DomainName& name, const config::DomainName& wildcard_parent,
                                    Budget& budget);
/// That `child` is delegated without a DS record.
[[nodiscard]] Proof prove_unsigned_delegation(const Denial& denial, const config::DomainName& zone,
                                              const config::DomainName& child, Budget& budget);

}  // namespace dkimprobe::checks::dnssec
