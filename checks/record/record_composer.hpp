// Writes the texts of records that an operator is to publish: a key, a revocation, signing practices. It does
// not judge them; `judge_record` does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"
#include "config/keys/key_identity.hpp"

namespace dkimprobe::checks {

/// What a key record says beside its key (RFC 6376 section 3.6.1); what is empty is left out.
struct KeyRecordTags {
  std::vector<std::string> hashes{};    ///< `h=`
  std::vector<std::string> services{};  ///< `s=`
  std::vector<std::string> flags{};     ///< `t=`
  std::string notes{};                  ///< `n=`, not encoded yet
};

/// The record of the public key. `k=` is there when it is not rsa, which is what is taken without it.
[[nodiscard]] std::string compose_key_record(const config::KeyIdentity& key, const KeyRecordTags& tags);

/// The record that says that the key is revoked: an empty `p=`.
[[nodiscard]] std::string compose_revocation(const KeyRecordTags& tags);

/// `unknown`, `all` or `discardable` (RFC 5617 section 4.2.1).
[[nodiscard]] std::string compose_practices(AdspPolicy policy);

/// The DMARC record (RFC 7489 section 6.3) that asks receivers for what the practices asked for. DMARC lets
/// mail pass by SPF too, which ADSP did not know.
[[nodiscard]] std::string compose_dmarc_in_place_of(AdspPolicy policy);

/// Quoted-printable that fits `n=` (RFC 6376 section 2.11, and its section 3.2 for the semicolon), with codes
/// too for the quotation mark and the backslash, which panels and zone files get wrong.
[[nodiscard]] std::string encode_notes(std::string_view text);

/// The text in strings of at most 255 octets (RFC 1035 section 3.3); at least one.
[[nodiscard]] std::vector<std::string> strings_of(std::string_view text);

}  // namespace dkimprobe::checks
