// The bytes of a query: one question of class IN, RD=0 always (no option can set it, so that no server is
// ever asked to recurse), with EDNS where wanted. Built once and patched for each use; it sends nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Everything after `edns` is sent only when `edns` is set.
struct QueryOptions {
  bool edns = false;  ///< an OPT record (RFC 6891 section 6.1)
  std::uint16_t payload_bytes = 1232;
  bool nsid = false;                                           ///< RFC 5001
  bool dnssec_ok = false;                                      ///< RFC 3225
  std::optional<std::array<std::uint8_t, 8>> client_cookie{};  ///< RFC 7873 section 4.1
  std::string server_cookie{};  ///< raw, 8 to 32 octets; sent only behind a client cookie
};

/// The query with id 0 and every flag 0. The same arguments give the same bytes, so it may serve as a
/// template.
[[nodiscard]] std::vector<std::uint8_t> build_query(const config::DomainName& name, RecordType type,
                                                    const QueryOptions& options);

/// Writes the id into a query of `build_query`.
void set_query_id(std::span<std::uint8_t> query, std::uint16_t id);

/// A bit for each letter that a name can have.
using CaseBits = std::array<std::uint64_t, 4>;

/// Gives each ASCII letter of the question's name the case that its bit says (draft-vixie-dnsext-dns0x20-00);
/// nothing else of the query changes. The answer is then matched with its case.
void mix_case(std::span<std::uint8_t> query, const CaseBits& random_bits);

}  // namespace dkimprobe::probe
