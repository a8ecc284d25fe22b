// What a validation reads: records of one owner and type as a server sent them, with their signatures.
// Nothing here was verified.
#pragma once

#include <cstdint>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks::dnssec {

/// Types of records (the registry of RFC 6895 section 3.1) that a validation knows.
namespace type {
inline constexpr std::uint16_t ns = 2;
inline constexpr std::uint16_t cname = 5;
inline constexpr std::uint16_t soa = 6;
inline constexpr std::uint16_t txt = 16;
inline constexpr std::uint16_t dname = 39;
inline constexpr std::uint16_t ds = 43;
inline constexpr std::uint16_t nsec = 47;
inline constexpr std::uint16_t dnskey = 48;
inline constexpr std::uint16_t nsec3 = 50;
}  // namespace type

using RecordSet = probe::RecordSet;

/// What a server replied to one question with DO=1: the sets of the answer and authority sections.
struct Reply {
  bool name_error = false;  ///< NXDOMAIN; otherwise NOERROR
  std::vector<RecordSet> sets{};

  [[nodiscard]] const RecordSet* find(const config::DomainName& owner, std::uint16_t type) const {
    for (const RecordSet& set : sets)
      if (set.type == type && set.owner == owner) return &set;
    return nullptr;
  }
};

}  // namespace dkimprobe::checks::dnssec
