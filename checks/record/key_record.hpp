// Reads one text as a DKIM key record (RFC 6376 section 3.6.1): its tags, its key, what else it might be, and
// every fault of the text with its offset. Damage from people and control panels (quotes, escapes, pieces of
// a zone file) is reported, then removed, so that the text behind it is read too. Any text gives a result.
// Servers, roles and policy play no part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/record/public_key.hpp"
#include "checks/record/tag_list.hpp"
#include "checks/report/report.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// The faults of the text alone; each has the name of its check in the catalogue.
enum class RecordFault : std::uint8_t {
  txt_not_dkim,
  txt_escaped_semicolon,
  txt_embedded_quotes,
  txt_seam_quotes,
  txt_html_entity,
  txt_escape_sequence,
  txt_smart_punctuation,
  txt_zonefile_leak,
  txt_non_ascii,
  txt_control_char,
  txt_outer_space,
  txt_trailing_semicolon_space,
  version_bad,
  version_bad_case,
  version_missing,
  version_not_first,
  tag_duplicate,
  tag_missing_semicolon,
  tag_comma_separator,
  tag_stray_token,
  tag_name_bad,
  tag_double_semicolon,
  tag_syntax_error,
  tag_unknown,
  notes_bad_qp,
  notes_oversize,
  domainkeys_legacy_key,
  keytype_unknown,
  keytype_mismatch,
  keytype_case,
  keytype_empty,
  hash_excludes_sha256,
  hash_case,
  hash_empty,
  hash_allows_sha1,
  service_excludes,
  service_empty,
  service_case,
  service_list,
  flag_testing,
  flags_empty,
  flag_unknown,
  granularity_restrictive,
  granularity_legacy,
  key_missing_p,
  key_revoked,
  key_base64_invalid,
  key_base64_urlsafe,
  key_base64_unpadded,
  key_base64_junk,
  key_base64_whitespace,
  key_double_base64,
  key_truncated,
  key_pem_armor,
  key_private_leaked,
  key_der_invalid,
  key_der_trailing_bytes,
  key_pkcs1_encoding,
  key_ed25519_spki,
  key_not_supported,
  key_ed25519_bad_length,
  key_ed25519_bad_point,
};

struct TextFault {
  RecordFault fault = RecordFault::txt_not_dkim;
  std::optional<std::size_t> offset{};
  std::string detail{};  ///< what was found and what was expected; escaped, one clause
  std::string remedy{};  ///< what to do with this text; escaped, begins with a verb in lower case
  std::optional<Severity> severity{};  ///< if it differs from that of the check
};

struct KeyRecord {
  RecordClass record_class = RecordClass::not_dkim;
  /// What the text is if it is not a key record: "an SPF record"; empty for a key record.
  std::string other_kind{};
  TagList list{};
  std::optional<PublicKey> key{};  ///< of a `p=` that is not empty
  std::vector<TextFault> faults{};

  [[nodiscard]] bool is_key_record() const { return other_kind.empty(); }
  [[nodiscard]] bool has(RecordFault fault) const;
  /// Whether a verifier that follows the RFCs can use the key for mail.
  [[nodiscard]] bool usable() const { return record_class == RecordClass::valid; }
};

/// `service` is the service that the key is for (`s=`).
[[nodiscard]] KeyRecord read_key_record(std::string_view text,
                                        config::Service service = config::Service::email);

/// Whether all tags are those of a DomainKeys sending policy, such as `t=y; o=~` (RFC 4870 section 3.6). At a
/// name that is not `_domainkey`, only o= identifies a policy: see `is_domainkeys_policy`.
[[nodiscard]] bool has_policy_tags_alone(const TagList& list);
[[nodiscard]] bool is_domainkeys_policy(const TagList& list);

/// Short, for people: "RSA 2048", "Ed25519", "revoked", "an SPF record", "invalid key".
[[nodiscard]] std::string describe(const KeyRecord& record);

}  // namespace dkimprobe::checks
