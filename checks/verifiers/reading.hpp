// The steps in which verifiers read a key record, and why they refuse it. Verifiers differ in which steps
// they take and how strictly, so each step is a function that several of them use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/record/key_record.hpp"
#include "checks/record/public_key.hpp"
#include "checks/report/report.hpp"

namespace dkimprobe::checks {

/// The first part of `a=` of a signature (RFC 6376 section 3.5); the second is sha256.
enum class SignatureAlgorithm : std::uint8_t { rsa, ed25519 };

/// Its name in a= and k=.
[[nodiscard]] std::string_view to_string(SignatureAlgorithm algorithm);

/// What the key in the record signs with; rsa without a key.
[[nodiscard]] SignatureAlgorithm algorithm_of(const KeyRecord& record);

/// Why a verifier does not accept a record.
struct Refusal {
  std::string reason{};  ///< a clause: "there is no p="
  Acceptance acceptance = Acceptance::rejected;
  bool after_reading = false;  ///< the text is a key record to it, but not for this signature
};

/// One text as verifiers get it, and the algorithm of the signature that they verify.
class Reading {
 public:
  Reading(std::string_view text, SignatureAlgorithm algorithm) : text_(text), algorithm_(algorithm) {}

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] SignatureAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] bool is_ed25519() const { return algorithm_ == SignatureAlgorithm::ed25519; }
  /// The key in the octets of p=. The last one is remembered: most verifiers find the same.
  [[nodiscard]] const PublicKey& key(const std::string& octets) const;

 private:
  std::string_view text_;
  SignatureAlgorithm algorithm_;
  mutable std::optional<std::string> octets_{};
  mutable PublicKey key_{};
};

/// A tag as a verifier finds it in the text.
struct ReadTag {
  std::string_view name{};
  std::string_view value{};
};

using ReadTags = std::vector<ReadTag>;

/// What `isspace` of C takes as white space.
inline constexpr std::string_view c_space = " \t\n\v\f\r";

[[nodiscard]] std::string_view trimmed(std::string_view text, std::string_view space);
/// Without the white space of Unicode (UTF-8) around it.
[[nodiscard]] std::string_view trimmed_of_unicode_space(std::string_view text);

/// The text without each of these characters.
[[nodiscard]] std::string without(std::string_view text, std::string_view characters);

/// Up to the first NUL, which ends a string of C.
[[nodiscard]] std::string_view c_string(std::string_view text);

/// The value of the last tag of that name; empty without one.
[[nodiscard]] std::optional<std::string_view> last_value(const ReadTags& tags, std::string_view name);

/// Whether one of the elements between colons, without white space around it, is `wanted`.
[[nodiscard]] bool lists(std::string_view value, std::string_view wanted, std::string_view space = {});
[[nodiscard]] bool lists_in_any_case(std::string_view value, std::string_view wanted,
                                     std::string_view space = {});

/// Base64 with all its padding, or without any; nothing else may be in the text.
[[nodiscard]] std::optional<std::string> decode_padded(std::string_view text);
[[nodiscard]] std::optional<std::string> decode_with_optional_padding(std::string_view text);

/// The octets of the base64 digits up to the first `=`; other characters are skipped.
[[nodiscard]] std::string octets_before_padding(std::string_view text);

/// What a verifier demands of an RSA key.
struct RsaDemands {
  bool pkcs1_too = false;            ///< it takes an RSAPublicKey alone, too
  bool trailing_octets_too = false;  ///< it does not look at octets after the key
  std::uint32_t fewest_bits = 1'024;
  std::uint32_t most_bits = 16'384;  ///< the most of OpenSSL
};

[[nodiscard]] std::optional<Refusal> refuse_rsa_key(const PublicKey& key, const RsaDemands& demands);
/// For a verifier that takes only the 32 octets of RFC 8463 section 4.2.
[[nodiscard]] std::optional<Refusal> refuse_ed25519_octets(std::string_view octets);

// The reasons that several verifiers share.
[[nodiscard]] Refusal refuse_version(std::string_view value);
[[nodiscard]] Refusal refuse_key_type(std::string_view value);
/// Of a verifier that uses a key only for signatures of its type.
[[nodiscard]] Refusal refuse_algorithm(SignatureAlgorithm signature, std::string_view key_type);
[[nodiscard]] Refusal refuse_hashes(std::string_view value);
[[nodiscard]] Refusal refuse_services(std::string_view value);
/// Of a value that does not follow the grammar of RFC 6376 section 3.6.1.
[[nodiscard]] Refusal refuse_value(std::string_view name, std::string_view value);
/// Of what stands between two semicolons without being a tag.
[[nodiscard]] Refusal refuse_element(std::string_view element, bool is_last);
[[nodiscard]] Refusal refuse_duplicate(std::string_view name);
[[nodiscard]] Refusal refuse_base64(std::string_view value);
[[nodiscard]] Refusal no_text();
[[nodiscard]] Refusal no_key();
[[nodiscard]] Refusal revoked_key();

}  // namespace dkimprobe::checks
