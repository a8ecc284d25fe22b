// What a validation concludes: a state, and the link of the chain that breaks with its reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "checks/report/report.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::checks::dnssec {

using State = Security;

enum class Reason : std::uint8_t {
  // insecure
  delegation_unsigned,  ///< the parent proves that the zone has no DS record (RFC 4035 section 5.2)
  opt_out,              ///< only an NSEC3 record with Opt-Out covers the name (RFC 5155 section 9.2)
  algorithm_retired,    ///< all DS records have retired algorithms or digests, such as SHA-1 (RFC 9905)
  algorithm_unknown,    ///< all DS records have unknown or retired ones (RFC 4035 section 5.2)
  iterations_too_many,  ///< NSEC3 with more than 100 iterations (RFC 9276 section 3.2)
  // bogus
  ds_mismatch,          ///< no key of the zone matches a DS record or a trust anchor
  keys_missing,         ///< the zone has a DS record but no DNSKEY record
  signature_missing,    ///< there is no RRSIG record
  signature_malformed,  ///< an RRSIG record cannot be parsed, or its times or labels are impossible
  signer_wrong,         ///< the signer is not the zone (RFC 4035 section 5.3.1)
  signing_key_missing,  ///< no key of the zone has the key tag and algorithm of the signature
  signature_not_begun,  ///< the inception is in the future
  signature_expired,
  signature_wrong,       ///< the records, the signature or the key were changed
  wildcard_not_allowed,  ///< a DS, DNSKEY, NSEC or NSEC3 record expanded from a wildcard
  records_malformed,
  denial_missing,       ///< nothing was returned, and no NSEC or NSEC3 record either
  denial_incomplete,    ///< the NSEC or NSEC3 records do not prove the absence
  wildcard_not_proven,  ///< no proof that the name itself does not exist (RFC 4035 section 5.3.4)
  alias_wrong,  ///< the CNAME record is not the one that the DNAME record gives (RFC 6672 section 5.3)
  // indeterminate
  anchor_missing,    ///< no trust anchor for the first zone
  not_collected,     ///< what a link needs was not asked for, or no answer arrived
  type_unsupported,  ///< the type asked for is not TXT, CNAME, DNAME or SOA
  key_unsupported,   ///< a key of a size that is not verified here
  work_limit,        ///< the validation would take more signature checks or hashes than its budget
};

/// "the root zone", "the zone example.com"
[[nodiscard]] std::string zone_text(const config::DomainName& zone);

[[nodiscard]] State state_of(Reason reason);
/// The enumerator as text: `signature_expired`.
[[nodiscard]] std::string_view to_string(Reason reason);

/// The first link that does not hold.
struct Break {
  Reason reason = Reason::not_collected;
  config::DomainName zone{};               ///< the zone whose records break the chain
  std::optional<std::uint16_t> key_tag{};  ///< of the signature or DS record in question
  std::string sentence{};                  ///< for people; names zone and key tag, never a server
};

template <class T>
using Checked = tl::expected<T, Break>;

/// What was shown to be true. Only of a secure validation.
enum class Proven : std::uint8_t { nothing, records, alias, no_data, name_error };

struct Validation {
  State state = State::indeterminate;
  Proven proven = Proven::nothing;
  std::optional<Break> broken{};  ///< set unless the state is secure
};

}  // namespace dkimprobe::checks::dnssec
