// Composes the texts of records to publish: a key, a revocation, signing practices. `judge_record` checks
// them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"
#include "config/keys/key_identity.hpp"

namespace dkimprobe::checks {

/// The tags of a key record other than its key (RFC 6376 section 3.6.1); empty ones are omitted.
struct KeyRecordTags {
  std::vector<std::string> hashes{};    ///< `h=`
  std::vector<std::string> services{};  ///< `s=`
  std::vector<std::string> flags{};     ///< `t=`
  std::string notes{};                  ///< `n=`, not encoded yet

  friend bool operator==(const KeyRecordTags&, const KeyRecordTags&) = default;
};

/// The value of `p=` for the public key.
[[nodiscard]] std::string compose_key_value(const config::KeyIdentity& key);

/// The record of the public key. `k=` is omitted for rsa, its default.
[[nodiscard]] std::string compose_key_record(const config::KeyIdentity& key, const KeyRecordTags& tags);

/// The record of a revoked key, with an empty `p=`.
[[nodiscard]] std::string compose_revocation(const KeyRecordTags& tags);

/// `unknown`, `all` or `discardable` (RFC 5617 section 4.2.1).
[[nodiscard]] std::string compose_practices(AdspPolicy policy);

/// The DMARC record (RFC 7489 section 6.3) that replaces the practices. Unlike ADSP, DMARC also lets mail
/// pass by SPF.
[[nodiscard]] std::string compose_dmarc_in_place_of(AdspPolicy policy);

/// Quoted-printable for `n=` (RFC 6376 section 2.11, and section 3.2 for the semicolon). It also encodes the
/// quotation mark and the backslash, which control panels and zone files often corrupt.
[[nodiscard]] std::string encode_notes(std::string_view text);

/// The text in strings of at most 255 octets (RFC 1035 section 3.3); at least one.
[[nodiscard]] std::vector<std::string> strings_of(std::string_view text);

}  // namespace dkimprobe::checks
