// Reads the DKIM-Signature fields of a message (RFC 6376 section 3.5) and every fault that a field alone
// shows. Only the header is read: no hash is computed and no signature is verified. ARC-Message-Signature is
// left out; a domain in U-labels is read as its A-labels (RFC 8616 section 5). It is total: any octets give a
// list of fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/record/tag_list.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// Each has the name of its row in the catalogue.
enum class SignatureFault : std::uint8_t {
  signature_syntax_error,
  signature_tag_missing,
  signature_value_bad,
  signature_version_bad,
  signature_algorithm_unknown,
  signature_algorithm_sha1,
  signature_canonicalization_unknown,
  signature_query_unsupported,
  signature_identity_outside,
  signature_from_unsigned,
  signature_body_limited,
  signature_expiry_before_time,
};

struct FieldFault {
  SignatureFault fault = SignatureFault::signature_syntax_error;
  std::string detail{};  ///< what was seen and what was wanted; escaped
  std::string remedy{};  ///< for whoever runs the signing software; escaped, begins with a verb in lower case
  bool is_tolerated = false;  ///< by some verifiers, though the RFC demands failure
};

struct SignatureField {
  std::size_t number = 0;  ///< among the DKIM-Signature fields, from 1
  std::size_t line = 0;    ///< of the message, from 1, where the field begins
  TagList list{};
  /// `d=` and `s=`; both are there, or neither: without both there is no key to look for.
  std::optional<config::DomainName> domain{};
  std::optional<config::Selector> selector{};
  std::string key_type{};  ///< of `a=`: "rsa" or "ed25519"; empty for an algorithm that is not known
  std::string hash{};      ///< of `a=`: "sha1" or "sha256"; empty likewise
  std::optional<std::size_t> signature_octets{};      ///< of `b=` without base64
  std::optional<config::DomainName> identity{};       ///< the domain of `i=`; that of `d=` without `i=`
  std::optional<std::uint64_t> signed_at_seconds{};   ///< `t=`; a time beyond 19 digits is the largest number
  std::optional<std::uint64_t> expires_at_seconds{};  ///< `x=`; likewise
  std::vector<FieldFault> faults{};

  /// Whether it names a key.
  [[nodiscard]] bool names_key() const { return domain.has_value(); }
};

struct MessageSignatures {
  std::vector<SignatureField> fields{};  ///< in the order of the message, the first `most_signatures`
  std::size_t count = 0;                 ///< of all of them
  /// No end of the header within `longest_header_octets`: fields may be missing.
  bool header_too_long = false;
};

inline constexpr std::size_t longest_header_octets = 1U << 20U;
inline constexpr std::size_t most_signatures = 100;

/// `message` may end anywhere behind its header, or be a header alone. Lines end with LF or CRLF; a byte
/// order mark, empty lines and an mbox line ("From ...") before the header are passed over.
[[nodiscard]] MessageSignatures read_signatures(std::string_view message);

struct TimeUnit {
  std::string_view name{};
  std::uint64_t in_a_second = 1;
};

/// The unit in which a time was most likely written that is none in seconds: programs count in milliseconds
/// too.
[[nodiscard]] std::optional<TimeUnit> unit_of(std::uint64_t time);

/// A time of `t=` or `x=` for people.
[[nodiscard]] std::string time_text(std::uint64_t seconds_since_1970);

}  // namespace dkimprobe::checks
