#include "checks/record/leaked_key.hpp"

#include <string>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr int most_encodings = 3;
constexpr std::size_t mldsa44_seed_octets = 32;
constexpr std::size_t mldsa44_private_octets = 2'560;

/// Whether a line announces a private key.
bool announces_private_key(std::string_view text) {
  const std::size_t begin = text.find("-----BEGIN");
  return (begin != std::string_view::npos && text.find("PRIVATE KEY", begin) != std::string_view::npos) ||
         text.find("PuTTY-User-Key-File") != std::string_view::npos;
}

std::optional<PublicKey> read_private(std::string_view value) {
  const bool announced = announces_private_key(value);
  std::string text(value);
  take_off_armor(text);
  for (int depth = 0; depth < most_encodings; ++depth) {
    const Base64Text base64 = decode_base64(text);
    const std::string& bytes = base64.bytes;
    if (bytes.starts_with(std::string_view("openssh-key-v1\0", 15)))
      return leaked_private_key("OpenSSH", "it is the content of a `BEGIN OPENSSH PRIVATE KEY` file");
    PublicKey key = read_public_key(bytes);
    if (key.form == KeyForm::private_key) return key;
    if (announced || announces_private_key(bytes)) {
      text = bytes;
      take_off_armor(text);
      const PublicKey inner = read_public_key(decode_base64(text).bytes);
      return inner.form == KeyForm::private_key ? inner : leaked_private_key("unknown algorithm", "");
    }
    // Octets that are not text again may look like the beginning of anything.
    if (depth > 0 && base64.first_junk) break;
    text = bytes;
  }
  return std::nullopt;
}

/// The seed of a key pair, or its expanded private key (FIPS 204 section 4, table 2), in place of the public
/// key.
std::optional<PublicKey> read_private_mldsa44(const TagList& list) {
  const Tag* const type = list.find("k");
  const Tag* const key = list.find("p");
  if (type == nullptr || key == nullptr || !config::equal_ignoring_case(type->value, "mldsa44"))
    return std::nullopt;
  const std::size_t octets = decode_base64(key->value).bytes.size();
  if (octets == mldsa44_seed_octets)
    return leaked_private_key("ML-DSA-44", "it has 32 octets, as the seed from which the key pair is made");
  if (octets == mldsa44_private_octets)
    return leaked_private_key("ML-DSA-44", "it has 2560 octets, as the private key; the public key has 1312");
  return std::nullopt;
}

}  // namespace

std::optional<PublicKey> find_leaked_key(std::string_view text, const TagList& list) {
  if (auto key = read_private(text)) return key;
  for (const auto& tag : list.tags) {
    if (auto key = read_private(tag.value)) return key;
  }
  for (const auto& fault : list.faults) {
    if (fault.kind != TagFaultKind::stray_token) continue;
    if (auto key = read_private(fault.text)) return key;
  }
  return read_private_mldsa44(list);
}

bool take_off_armor(std::string& value) {
  bool armored = false;
  for (const std::string_view word : {"BEGIN", "END"}) {
    const std::size_t begin = value.find(fmt::format("-----{}", word));
    if (begin == std::string::npos) continue;
    armored = true;
    const std::size_t close = value.find("-----", begin + 5);
    value.erase(begin, close == std::string::npos ? std::string::npos : close + 5 - begin);
  }
  return armored;
}

}  // namespace dkimprobe::checks
