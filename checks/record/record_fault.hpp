// The faults of one text that is read as a DKIM key record, and what each means to verifiers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "checks/report/report.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

/// What is said of DKIM2 and of ML-DSA keys follows this draft.
inline constexpr std::string_view dkim2_draft = "draft-ietf-dkim-dkim2-dns-03 (2 November 2026)";

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
  keytype_dkim2_only,
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
  key_mldsa44_bad_length,
};

/// What a verifier that follows the RFCs cannot do with the record; the first one that applies decides the
/// class of the record.
enum class Impact : std::uint8_t {
  syntax,      ///< read it as a list of tags
  version,     ///< accept v=
  structure,   ///< find v= at the beginning, or any p=
  key_type,    ///< recognize k=
  revoked,     ///< find a key in p=
  scope,       ///< use the key for this service, or with any hash
  key,         ///< read the key
  numbers,     ///< compute with the numbers of the key
  dkim2_only,  ///< verify DKIM1 signatures with the key
  strength,    ///< trust the key or the hash
  none,
};

struct TextFault {
  RecordFault fault = RecordFault::txt_not_dkim;
  std::optional<std::size_t> offset{};
  config::EscapedText detail{};  ///< what was found and what was expected: one clause
  config::EscapedText remedy{};  ///< what to do with this text; begins with a verb in lower case
  Impact impact = Impact::none;
  std::optional<Severity> severity{};  ///< if it differs from that of the check
};

}  // namespace dkimprobe::checks
