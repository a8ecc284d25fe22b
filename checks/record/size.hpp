// The size of the answer with a record, as a whole DNS message over UDP, computed from names and texts alone.
// The observation has the sizes that servers really sent.
//
//   direct  12 (header) + owner + 4 (question) + for each TXT record 12 + its text + 1 octet per string
//   chain   the same for the selector's own name, plus 12 + the target's wire form for each alias
//
// Owner names in the answer are compressed to the question's name. Alias targets are not, so `chain` is an
// upper bound. EDNS adds 11 octets for OPT, and 4 + its length for NSID. Authority and additional sections
// are not counted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "checks/report/report.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::checks {

inline constexpr std::uint32_t udp_limit_bytes = 512;     ///< RFC 1035 section 4.2.1
inline constexpr std::uint32_t edns_limit_bytes = 1232;   ///< what fits every path without fragments
inline constexpr std::uint32_t edns_overhead_bytes = 11;  ///< OPT (RFC 6891 section 6.1.2)

/// The data of a TXT record: each string with its length octet. No string at all counts as one.
[[nodiscard]] std::uint32_t txt_rdata_bytes(std::span<const std::string> strings);

/// `rdata` has one element per TXT record.
[[nodiscard]] std::uint32_t answer_bytes(const config::DomainName& owner,
                                         std::span<const std::uint32_t> rdata,
                                         std::span<const config::DomainName> alias_targets = {});

/// A tag that can be deleted, and the octets that this saves with its semicolon and spaces.
struct DroppableTag {
  std::string name{};
  std::string text{};  ///< `k=rsa`, raw
  std::uint32_t bytes = 0;
};

/// Tags that a verifier assumes anyway (`k=rsa`, `s=email`, `s=*`, `h=` with sha256) or does not read (`n=`),
/// in the order in which to delete them.
[[nodiscard]] std::vector<DroppableTag> droppable_tags(std::span<const Tag> tags);

}  // namespace dkimprobe::checks
