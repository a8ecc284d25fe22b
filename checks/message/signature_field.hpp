// Reads the DKIM-Signature fields of a message (RFC 6376 section 3.5) and every fault of a field by itself.
// Only the header is read: no hash is computed and no signature is verified. ARC-Message-Signature is
// ignored. A domain in U-labels is converted to A-labels (RFC 8616 section 5). Any octets give a list of
// fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/record/tag_list.hpp"
#include "config/basics/escape.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// Each has the name of its check in the catalogue.
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
  config::EscapedText detail{};  ///< what was found and what was expected
  config::EscapedText
      remedy{};               ///< for the operator of the signing software; begins with a verb in lower case
  bool is_tolerated = false;  ///< by some verifiers, although the RFC requires failure
};

struct SignatureField {
  std::size_t number = 0;  ///< among the DKIM-Signature fields, from 1
  std::size_t line = 0;    ///< of the message, from 1, where the field begins
  TagList list{};
  /// `d=` and `s=`: both or neither, because a key query needs both.
  std::optional<config::DomainName> domain{};
  std::optional<config::Selector> selector{};
  std::string key_type{};  ///< of `a=`: "rsa" or "ed25519"; empty for an unknown algorithm
  std::string hash{};      ///< of `a=`: "sha1" or "sha256"; empty likewise
  std::optional<std::size_t> signature_octets{};      ///< of `b=`, decoded
  std::optional<config::DomainName> identity{};       ///< the domain of `i=`; that of `d=` without `i=`
  std::optional<std::uint64_t> signed_at_seconds{};   ///< `t=`; with more than 19 digits, the largest number
  std::optional<std::uint64_t> expires_at_seconds{};  ///< `x=`; likewise
  std::vector<FieldFault> faults{};

  /// Whether it names a key.
  [[nodiscard]] bool names_key() const { return domain.has_value(); }
};

struct MessageSignatures {
  std::vector<SignatureField> fields{};  ///< in the order of the message, the first `most_signatures`
  std::size_t count = 0;                 ///< of all of them
  /// The header does not end within `longest_header_octets`: fields may be missing.
  bool header_too_long = false;
};

inline constexpr std::size_t longest_header_octets = 1U << 20U;
inline constexpr std::size_t most_signatures = 100;

/// `message` may end anywhere after its header, or be only a header. Lines end with LF or CRLF; a byte order
/// mark, empty lines and an mbox line ("From ...") before the header are skipped.
[[nodiscard]] MessageSignatures read_signatures(std::string_view message);

struct TimeUnit {
  std::string_view name{};
  std::uint64_t in_a_second = 1;
};

/// The unit that a time most likely has if it is not in seconds: some programs count in milliseconds or less.
[[nodiscard]] std::optional<TimeUnit> unit_of(std::uint64_t time);

/// A time of `t=` or `x=` for people.
[[nodiscard]] std::string time_text(std::uint64_t seconds_since_1970);

}  // namespace dkimprobe::checks
