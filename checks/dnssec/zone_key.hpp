// The keys of a zone and what vouches for them: DNSKEY and DS records (RFC 4034 sections 2 and 5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/names/domain_name.hpp"

namespace dkimprobe::checks::dnssec {

/// A DNSKEY record.
struct ZoneKey {
  std::string rdata{};
  std::uint16_t tag = 0;
  std::uint8_t algorithm = 0;
  /// Has the Zone Key flag, not the REVOKE flag (RFC 5011 section 2.1), and protocol 3. Others sign nothing.
  bool may_sign = false;

  [[nodiscard]] std::string_view public_key() const { return std::string_view(rdata).substr(4); }
};

/// Empty if `rdata` is shorter than its fixed fields.
[[nodiscard]] std::optional<ZoneKey> read_zone_key(std::string_view rdata);

/// The key tag (RFC 4034 appendix B); different keys can have the same.
[[nodiscard]] std::uint16_t key_tag(std::string_view dnskey_rdata);

/// A DS record.
struct DelegationSigner {
  std::uint16_t key_tag = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t digest_type = 0;
  std::string digest{};
};

/// Empty if `rdata` is shorter than its fixed fields.
[[nodiscard]] std::optional<DelegationSigner> read_delegation_signer(std::string_view rdata);

/// Whether tag and algorithm are those of the key, so that the digest is worth computing.
[[nodiscard]] bool may_match(const DelegationSigner& ds, const ZoneKey& key);
/// Whether the DS record of `zone` has the digest of this key (RFC 4034 section 5.1.4). Its digest type must
/// be supported.
[[nodiscard]] bool has_digest_of(const DelegationSigner& ds, const config::DomainName& zone,
                                 const ZoneKey& key);

}  // namespace dkimprobe::checks::dnssec
