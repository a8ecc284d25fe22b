#include "checks/dnssec/nsec.hpp"

#include <algorithm>

#include "checks/dnssec/canonical_form.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

using config::DomainName;

Proof proof_if(bool proven) {
  return proven ? Proof::complete : Proof::none;
}

/// The wildcard of the closest encloser: of the longest name above `name` that exists because the owner or
/// the next name of the gap is at or below it.
std::optional<DomainName> wildcard_of_gap(const NsecRecord& gap, const DomainName& name) {
  DomainName encloser = name.parent();
  while (!gap.owner.is_at_or_below(encloser) && !gap.next.is_at_or_below(encloser))
    encloser = encloser.parent();
  return encloser.child("*");
}

}  // namespace

std::optional<NsecRecord> read_nsec(const RecordSet& set) {
  if (set.rdata.size() != 1) return std::nullopt;
  RdataReader reader(set.rdata.front());
  DomainName next = reader.name();
  const auto types = TypeBitmap::read(reader.rest());
  if (reader.failed() || !types) return std::nullopt;
  return NsecRecord{.owner = set.owner, .next = std::move(next), .types = *types};
}

bool NsecChain::covers(const NsecRecord& record, const DomainName& name) const {
  if (record.types.is_cut() && name.is_at_or_below(record.owner)) return false;
  return record.owner < name && (name < record.next || record.next == zone);
}

const NsecRecord* NsecChain::find_gap(const DomainName& name) const {
  const auto found = std::ranges::find_if(records, [&](const NsecRecord& record) {
    return covers(record, name) && !record.next.is_at_or_below(name);
  });
  return found == records.end() ? nullptr : &*found;
}

bool NsecChain::lacks(const DomainName& name, std::uint16_t type) const {
  return std::ranges::any_of(records, [&](const NsecRecord& record) {
    return record.owner == name ? record.types.lacks(type)
                                : covers(record, name) && record.next.is_at_or_below(name);
  });
}

Proof NsecChain::no_data(const DomainName& name, std::uint16_t type) const {
  if (lacks(name, type)) return Proof::complete;
  const NsecRecord* const gap = find_gap(name);
  if (gap == nullptr) return Proof::none;
  const auto wildcard = wildcard_of_gap(*gap, name);
  return proof_if(wildcard && lacks(*wildcard, type));
}

Proof NsecChain::name_error(const DomainName& name) const {
  const NsecRecord* const gap = find_gap(name);
  if (gap == nullptr) return Proof::none;
  const auto wildcard = wildcard_of_gap(*gap, name);
  return proof_if(wildcard && find_gap(*wildcard) != nullptr);
}

Proof NsecChain::expansion(const DomainName& name, const DomainName& wildcard_parent) const {
  return proof_if(find_gap(name.suffix(wildcard_parent.label_count() + 1)) != nullptr);
}

Proof NsecChain::unsigned_delegation(const DomainName& child) const {
  return proof_if(std::ranges::any_of(records, [&](const NsecRecord& record) {
    return record.owner == child && record.types.has(type::ns) && record.types.lacks(type::ds);
  }));
}

}  // namespace dkimprobe::checks::dnssec
