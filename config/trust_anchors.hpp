// What DNSSEC validation starts with: the keys of the root zone that are trusted without proof (RFC 4035
// section 4.4).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::config {

/// A DS or DNSKEY record.
struct TrustAnchor {
  DomainName zone{};
  std::uint16_t type = 43;  ///< DS; 48 is DNSKEY
  std::string rdata{};      ///< raw octets (RFC 4034 sections 2.1 and 5.1)
};

using TrustAnchors = std::vector<TrustAnchor>;

/// The keys of the root zone as IANA publishes them: those of 2017 and of 2024.
[[nodiscard]] TrustAnchors builtin_trust_anchors();

/// Reads the DS and DNSKEY records of a file in the form of a zone file of at most 1 MiB; of a file that a
/// resolver keeps by RFC 5011, only the keys that are valid. Errors, each with its file and line: lines that
/// cannot be read, a record of another zone than the root, no record.
[[nodiscard]] Result<TrustAnchors> read_trust_anchors(const std::filesystem::path& path);

}  // namespace dkimprobe::config
