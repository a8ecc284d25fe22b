#include "checks/dnssec/nsec3.hpp"

#include <algorithm>
#include <cstddef>

#include "checks/dnssec/algorithms.hpp"
#include "checks/dnssec/canonical_form.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

using config::DomainName;

constexpr std::uint8_t hash_sha1 = 1;
constexpr std::size_t hash_octets = 20;
constexpr std::uint8_t opt_out_flag = 1;

/// Base32 with the extended hex alphabet, without padding (RFC 4648 section 7); empty if it is none.
std::string read_base32hex(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  for (const char letter : text) {
    std::uint32_t value = 0;
    if (letter >= '0' && letter <= '9')
      value = static_cast<std::uint32_t>(letter - '0');
    else if (letter >= 'a' && letter <= 'v')
      value = static_cast<std::uint32_t>(letter - 'a') + 10;
    else if (letter >= 'A' && letter <= 'V')
      value = static_cast<std::uint32_t>(letter - 'A') + 10;
    else
      return {};
    bits = bits << 5U | value;
    bit_count += 5;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<char>(bits >> bit_count));
  }
  return bytes;
}

/// Whether a hash lies between two that follow each other; the last is followed by the first.
bool is_between(const std::string& owner, const std::string& hash, const std::string& next) {
  if (owner < next) return owner < hash && hash < next;
  return hash > owner || hash < next;
}

bool is_of_chain(const Nsec3Record& record, const Nsec3Record& first) {
  return record.iterations == first.iterations && record.salt == first.salt;
}

}  // namespace

std::optional<Nsec3Record> read_nsec3(const RecordSet& set, const DomainName& zone) {
  if (set.rdata.size() != 1 || set.owner.is_root() || set.owner.parent() != zone) return std::nullopt;
  RdataReader reader(set.rdata.front());
  const std::uint8_t algorithm = reader.u8();
  const std::uint8_t flags = reader.u8();
  Nsec3Record record;
  record.iterations = reader.u16();
  record.salt = reader.octets(reader.u8());
  record.next = reader.octets(reader.u8());
  const auto types = TypeBitmap::read(reader.rest());
  record.hash = read_base32hex(set.owner.first_label());
  record.opt_out = flags == opt_out_flag;
  if (reader.failed() || !types || algorithm != hash_sha1 || flags > opt_out_flag ||
      record.next.size() != hash_octets || record.hash.size() != hash_octets)
    return std::nullopt;
  record.types = *types;
  return record;
}

std::string Nsec3Chain::hash(const DomainName& name) {
  const Nsec3Record& first = records_.front();
  exhausted_ =
      exhausted_ || first.iterations > most_iterations || !budget_.take_hashes(first.iterations + 1U);
  return exhausted_ ? std::string() : nsec3_hash(canonical_name(name), first.salt, first.iterations);
}

const Nsec3Record* Nsec3Chain::find_match(const DomainName& name) {
  const std::string hashed = hash(name);
  const auto found = std::ranges::find_if(records_, [&](const Nsec3Record& record) {
    return record.hash == hashed && is_of_chain(record, records_.front());
  });
  return found == records_.end() ? nullptr : &*found;
}

const Nsec3Record* Nsec3Chain::find_cover(const DomainName& name) {
  const std::string hashed = hash(name);
  const auto found = std::ranges::find_if(records_, [&](const Nsec3Record& record) {
    return !hashed.empty() && is_between(record.hash, hashed, record.next) &&
           is_of_chain(record, records_.front());
  });
  return found == records_.end() ? nullptr : &*found;
}

std::optional<Nsec3Chain::Encloser> Nsec3Chain::find_encloser(const DomainName& name) {
  DomainName next_closer = name;
  while (!exhausted_ && next_closer != zone_) {
    const DomainName encloser = next_closer.parent();
    if (const Nsec3Record* const match = find_match(encloser)) {
      const Nsec3Record* const cover = find_cover(next_closer);
      if (match->types.is_cut() || cover == nullptr) return std::nullopt;
      return Encloser{.name = encloser, .opt_out = cover->opt_out};
    }
    next_closer = encloser;
  }
  return std::nullopt;
}

Proof Nsec3Chain::within_limits(Proof proof) const {
  if (!exhausted_) return proof;
  return records_.front().iterations > most_iterations ? Proof::iterations_too_many : Proof::work_limit;
}

Proof Nsec3Chain::no_data(const DomainName& name, std::uint16_t type) {
  if (const Nsec3Record* const match = find_match(name))
    return match->types.lacks(type) ? Proof::complete : Proof::none;
  const auto encloser = find_encloser(name);
  const auto wildcard = encloser ? encloser->name.child("*") : std::nullopt;
  if (!wildcard) return within_limits(Proof::none);
  const Nsec3Record* const match = find_match(*wildcard);
  if (match != nullptr && !match->types.lacks(type)) return Proof::none;
  if (encloser->opt_out) return within_limits(Proof::opt_out);
  return within_limits(match != nullptr ? Proof::complete : Proof::none);
}

Proof Nsec3Chain::name_error(const DomainName& name) {
  const auto encloser = find_encloser(name);
  const auto wildcard = encloser ? encloser->name.child("*") : std::nullopt;
  if (!wildcard || find_cover(*wildcard) == nullptr) return within_limits(Proof::none);
  return within_limits(encloser->opt_out ? Proof::opt_out : Proof::complete);
}

Proof Nsec3Chain::expansion(const DomainName& name, const DomainName& wildcard_parent) {
  const Nsec3Record* const cover = find_cover(name.suffix(wildcard_parent.label_count() + 1));
  if (cover == nullptr) return within_limits(Proof::none);
  return within_limits(cover->opt_out ? Proof::opt_out : Proof::complete);
}

Proof Nsec3Chain::unsigned_delegation(const DomainName& child) {
  if (const Nsec3Record* const match = find_match(child))
    return match->types.has(type::ns) && match->types.lacks(type::ds) ? Proof::complete : Proof::none;
  const auto encloser = find_encloser(child);
  return within_limits(encloser && encloser->opt_out ? Proof::opt_out : Proof::none);
}

}  // namespace dkimprobe::checks::dnssec
