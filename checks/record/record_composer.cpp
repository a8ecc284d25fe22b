#include "checks/record/record_composer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/record/ed25519_point.hpp"
#include "config/basics/base64.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {
namespace {

std::string compose(std::string_view key_type, std::string_view key, const KeyRecordTags& tags) {
  std::string text = "v=DKIM1";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("; {}={}", name, value);
  };
  add("h", fmt::format("{}", fmt::join(tags.hashes, ":")));
  add("k", key_type);
  add("s", fmt::format("{}", fmt::join(tags.services, ":")));
  add("t", fmt::format("{}", fmt::join(tags.flags, ":")));
  add("n", encode_notes(tags.notes));
  return text + fmt::format("; p={}", key);
}

}  // namespace

std::string compose_key_value(const config::KeyIdentity& key) {
  if (key.algorithm == "rsa") return config::encode_base64(key.spki);
  // RFC 8463 section 4.2: only the octets of the key, which are the end of its SubjectPublicKeyInfo.
  const std::size_t octets = key.algorithm == "mldsa44" ? config::mldsa44_octets : ed25519_octets;
  const std::size_t size = std::min(key.spki.size(), octets);
  return config::encode_base64(std::string_view(key.spki).substr(key.spki.size() - size));
}

std::string compose_key_record(const config::KeyIdentity& key, const KeyRecordTags& tags) {
  return compose(key.algorithm == "rsa" ? "" : key.algorithm, compose_key_value(key), tags);
}

std::string compose_revocation(const KeyRecordTags& tags) {
  return compose("", "", tags);
}

std::string compose_practices(AdspPolicy policy) {
  return fmt::format("dkim={}", to_string(policy));
}

std::string compose_dmarc_in_place_of(AdspPolicy policy) {
  switch (policy) {
    case AdspPolicy::all:
      return "v=DMARC1; p=quarantine";
    case AdspPolicy::discardable:
      return "v=DMARC1; p=reject";
    case AdspPolicy::unknown:
    case AdspPolicy::none:
    case AdspPolicy::invalid:
    case AdspPolicy::out_of_scope:
    case AdspPolicy::not_known:
      break;
  }
  return "v=DMARC1; p=none";
}

std::string encode_notes(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool safe = c > 0x20 && c < 0x7f && c != '=' && c != ';' && c != '"' && c != '\\';
    if (safe) {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::vector<std::string> strings_of(std::string_view text) {
  std::vector<std::string> strings;
  do {
    strings.emplace_back(text.substr(0, probe::longest_string));
    text.remove_prefix(strings.back().size());
  } while (!text.empty());
  return strings;
}

}  // namespace dkimprobe::checks
