// The bytes of a query: one question of class IN, always with RD=0 (no option can set RD, so no server is
// ever asked to recurse), with EDNS if wanted. Built once and patched for each use; it sends nothing.
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

/// The options after `edns` apply only when `edns` is set.
struct QueryOptions {
  bool edns = false;  ///< an OPT record (RFC 6891 section 6.1)
  std::uint16_t payload_bytes = 1232;
  bool nsid = false;                                           ///< RFC 5001
  bool dnssec_ok = false;                                      ///< RFC 3225
  std::optional<std::array<std::uint8_t, 8>> client_cookie{};  ///< RFC 7873 section 4.1
  std::string server_cookie{};  ///< raw, 8 to 32 octets; sent only after a client cookie
};

/// The query with id 0 and all flags 0. Equal arguments give equal bytes, so it can serve as a template.
[[nodiscard]] std::vector<std::uint8_t> build_query(const config::DomainName& name, RecordType type,
                                                    const QueryOptions& options);

/// Writes the id into a query from `build_query`.
void set_query_id(std::span<std::uint8_t> query, std::uint16_t id);

/// One bit for each letter that a name can have.
using CaseBits = std::array<std::uint64_t, 4>;

/// Sets the case of each ASCII letter in the question's name by its bit (draft-vixie-dnsext-dns0x20-00).
/// Nothing else in the query changes. The case of the answer is then compared too.
void mix_case(std::span<std::uint8_t> query, const CaseBits& random_bits);

}  // namespace dkimprobe::probe
