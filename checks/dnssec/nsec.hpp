// What NSEC records prove (RFC 4035 section 5.4, RFC 6840 section 4). Their signatures were verified before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "checks/dnssec/record_set.hpp"
#include "checks/dnssec/type_bitmap.hpp"

namespace dkimprobe::checks::dnssec {

struct NsecRecord {
  config::DomainName owner{};
  config::DomainName next{};
  TypeBitmap types{};
};

/// Empty if the set is malformed; a set of NSEC has one record.
[[nodiscard]] std::optional<NsecRecord> read_nsec(const RecordSet& set);

/// The records of one zone; each question as in denial.hpp, answered by `none` or `complete`.
struct NsecChain {
  const config::DomainName& zone;
  std::span<const NsecRecord> records{};

  [[nodiscard]] Proof no_data(const config::DomainName& name, std::uint16_t type) const;
  [[nodiscard]] Proof name_error(const config::DomainName& name) const;
  [[nodiscard]] Proof expansion(const config::DomainName& name,
                                const config::DomainName& wildcard_parent) const;
  [[nodiscard]] Proof unsigned_delegation(const config::DomainName& child) const;

 private:
  [[nodiscard]] bool covers(const NsecRecord& record, const config::DomainName& name) const;
  /// The record that proves that there is neither `name` nor a name below it.
  [[nodiscard]] const NsecRecord* find_gap(const config::DomainName& name) const;
  /// Whether `name` itself lacks `type`, also as an empty non-terminal.
  [[nodiscard]] bool lacks(const config::DomainName& name, std::uint16_t type) const;
};

}  // namespace dkimprobe::checks::dnssec
