// Reads the tags of a key record (RFC 6376 section 3.6.1) into values. It judges nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "checks/record/changed_value.hpp"
#include "checks/record/public_key.hpp"
#include "checks/record/tag_list.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// What k= means; rsa without k=.
enum class KeyType : std::uint8_t { rsa, ed25519, mldsa44, other };

/// The name that k= must have: "rsa"; empty for `other`.
[[nodiscard]] std::string_view to_string(KeyType type);

/// The hashes that h= allows.
struct Hashes {
  bool sha1 = false;
  bool sha256 = false;
  bool sha256_in_other_case = false;
  std::string_view in_other_case{};  ///< the last name that is not in lower case

  [[nodiscard]] bool lists_sha256() const { return sha256 || sha256_in_other_case; }
};

/// A value of p= that decodes to another base64 text, or to a PEM file.
struct EncodedTwice {
  std::string head{};    ///< the beginning of the inner text, raw
  bool is_file = false;  ///< the inner text has BEGIN and END lines
};

/// A value of p= that is not empty.
struct KeyValue {
  bool is_armored = false;  ///< it contains the lines of a PEM file, which are left out
  Base64Text base64{};
  PublicKey key{};  ///< the intended key, if it can be recognized
  std::optional<EncodedTwice> encoded_twice{};
  std::optional<ChangedValue> change{};  ///< the one cause of every other fault
};

/// Refers to the tag list. Offsets are those of the text that was parsed.
struct KeyTags {
  KeyTags(const TagList& tag_list, config::Service wanted);

  const TagList& list;
  std::string_view service;  ///< that the key is for

  const Tag* version;
  const Tag* type;
  const Tag* hashes;
  const Tag* services;
  const Tag* flags;
  const Tag* granularity;
  const Tag* notes;
  const Tag* key;  ///< p=, otherwise P=

  KeyType key_type = KeyType::rsa;  ///< letters in any case
  std::optional<Hashes> allowed{};  ///< empty when h= is absent or empty, or not read
  std::optional<KeyValue> key_value{};
  bool has_broken_lines = false;  ///< reported as damage to the text

  /// Whether s= allows the service. DKIM2 does not read it.
  [[nodiscard]] bool serves() const;

  /// An empty g= allows every address in DomainKeys and no address in RFC 4871. Only DKIM has v=.
  [[nodiscard]] bool is_domainkeys() const {
    return granularity != nullptr && granularity->value.empty() && version == nullptr;
  }
};

}  // namespace dkimprobe::checks
