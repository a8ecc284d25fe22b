// Whether a key of a zone signed a set of records (RFC 4035 section 5.3).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "checks/dnssec/budget.hpp"
#include "checks/dnssec/outcome.hpp"
#include "checks/dnssec/record_set.hpp"
#include "checks/dnssec/zone_key.hpp"

namespace dkimprobe::checks::dnssec {

/// A zone with the keys that may sign its records.
struct ZoneKeys {
  config::DomainName zone{};
  std::vector<ZoneKey> keys{};
};

/// A set whose signature holds.
struct SignedSet {
  /// The name whose wildcard the records expanded from (RFC 4035 section 5.3.4): that of the records without
  /// so many labels. Whoever uses them needs the proof that no closer name exists.
  std::optional<config::DomainName> wildcard_parent{};
};

/// Holds if one signature over the set was made by the zone with one of the keys, and is valid at `now`.
/// Otherwise the reason is that of the signature that came closest. Key tags that several keys share are
/// tried until the budget is used.
[[nodiscard]] Checked<SignedSet> verify_set(const RecordSet& set, const ZoneKeys& zone,
                                            std::chrono::sys_seconds now, Budget& budget);

/// How long after `now` a time of a signature is: times count modulo 2^32, so it is the one nearest to now
/// (RFC 1982 section 3.2, RFC 4034 section 3.1.5).
[[nodiscard]] std::chrono::seconds seconds_after(std::chrono::sys_seconds now, std::uint32_t time);

/// From when to when a signature is valid.
struct SignaturePeriod {
  std::chrono::sys_seconds inception{};
  std::chrono::sys_seconds expiration{};
};

/// That of the signature over the set that expires last; empty without a signature.
[[nodiscard]] std::optional<SignaturePeriod> signature_period(const RecordSet& set,
                                                              std::chrono::sys_seconds now);

/// The sentence's name of a set: `TXT of s1._domainkey.example.com`.
[[nodiscard]] std::string set_text(const RecordSet& set);
[[nodiscard]] std::string type_text(std::uint16_t type);

}  // namespace dkimprobe::checks::dnssec
