#include "checks/dnssec/zone_key.hpp"

#include <cstddef>

#include "checks/dnssec/algorithms.hpp"
#include "checks/dnssec/canonical_form.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

constexpr std::uint16_t zone_key_flag = 0x0100;
constexpr std::uint16_t revoke_flag = 0x0080;
constexpr std::uint8_t dnssec_protocol = 3;

}  // namespace

std::optional<ZoneKey> read_zone_key(std::string_view rdata) {
  RdataReader reader(rdata);
  const std::uint16_t flags = reader.u16();
  const std::uint8_t protocol = reader.u8();
  const std::uint8_t algorithm = reader.u8();
  if (reader.failed()) return std::nullopt;
  return ZoneKey{
      .rdata = std::string(rdata),
      .tag = key_tag(rdata),
      .algorithm = algorithm,
      .may_sign = (flags & (zone_key_flag | revoke_flag)) == zone_key_flag && protocol == dnssec_protocol};
}

std::uint16_t key_tag(std::string_view dnskey_rdata) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < dnskey_rdata.size(); ++at) {
    const auto octet = static_cast<unsigned char>(dnskey_rdata[at]);
    sum += at % 2 == 0 ? static_cast<std::uint32_t>(octet) << 8U : octet;
  }
  return static_cast<std::uint16_t>(sum + (sum >> 16U));
}

std::optional<DelegationSigner> read_delegation_signer(std::string_view rdata) {
  RdataReader reader(rdata);
  DelegationSigner ds;
  ds.key_tag = reader.u16();
  ds.algorithm = reader.u8();
  ds.digest_type = reader.u8();
  ds.digest = reader.rest();
  return reader.failed() ? std::nullopt : std::optional(std::move(ds));
}

bool may_match(const DelegationSigner& ds, const ZoneKey& key) {
  return key.may_sign && ds.key_tag == key.tag && ds.algorithm == key.algorithm;
}

bool has_digest_of(const DelegationSigner& ds, const config::DomainName& zone, const ZoneKey& key) {
  return ds_digest(ds.digest_type, canonical_name(zone) + key.rdata) == ds.digest;
}

}  // namespace dkimprobe::checks::dnssec
