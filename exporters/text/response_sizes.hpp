// The two sizes of a report that are compared with 512 and 1232 bytes, chosen the same way for every output.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "checks/report/report.hpp"

namespace dkimprobe::exporters {

inline constexpr std::uint32_t plain_limit_bytes = 512;   ///< RFC 1035 section 4.2.1
inline constexpr std::uint32_t edns_limit_bytes = 1'232;  ///< passes every path unfragmented

/// Size of the answer over UDP without EDNS: computed, else as seen.
[[nodiscard]] inline std::optional<std::uint32_t> plain_bytes(const checks::SizeFacts& size) {
  return size.direct ? size.direct : size.observed_udp;
}

/// Size of the answer over UDP with EDNS: the largest seen (with NSID, if a server returns one), at least the
/// plain answer plus the 11 octets of an OPT record (RFC 6891 section 6.1.2).
[[nodiscard]] inline std::optional<std::uint32_t> edns_bytes(const checks::SizeFacts& size) {
  constexpr std::uint32_t opt_bytes = 11;
  const auto plain = plain_bytes(size);
  if (!plain) return size.observed_edns;
  return std::max(*plain + opt_bytes, size.observed_edns.value_or(0));
}

}  // namespace dkimprobe::exporters
