#include "checks/record/key_tags.hpp"

#include <algorithm>
#include <utility>

#include "checks/record/leaked_key.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

Hashes read_hashes(std::string_view value) {
  Hashes hashes;
  for (const std::string_view hash : colon_separated(value)) {
    const bool is_sha256 = config::equal_ignoring_case(hash, "sha256");
    if (hash == "sha1") {
      hashes.sha1 = true;
    } else if (hash == "sha256") {
      hashes.sha256 = true;
    } else if (is_sha256 || config::equal_ignoring_case(hash, "sha1")) {
      hashes.in_other_case = hash;
      hashes.sha256_in_other_case = hashes.sha256_in_other_case || is_sha256;
    }
  }
  return hashes;
}

/// Puts the intended key into `value` if `value` is base64 of base64, or of a whole PEM file.
void read_inner_text(KeyValue& value) {
  std::string inside = value.base64.bytes;
  const bool is_file = take_off_armor(inside);
  const Base64Text again = decode_base64(inside);
  if (!again.strict()) return;
  PublicKey meant = read_public_key(again.bytes);
  if (!meant.was_read()) return;
  value.key = std::move(meant);
  value.encoded_twice = {inside.substr(inside.find_first_not_of(" \t\r\n"), 24), is_file};
}

KeyValue read_key_value(const std::string& text, KeyType type) {
  KeyValue value;
  std::string digits = text;
  value.is_armored = take_off_armor(digits);
  value.base64 = decode_base64(digits);
  value.key = read_public_key(value.base64.bytes);
  if (!value.key.was_read()) read_inner_text(value);
  if (!value.key.was_read() && type != KeyType::other)
    value.change = explain_value(text, value.base64, value.key);
  if (value.change && value.change->meant) value.key = *value.change->meant;
  return value;
}

}  // namespace

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return "rsa";
    case KeyType::ed25519:
      return "ed25519";
    case KeyType::mldsa44:
      return "mldsa44";
    case KeyType::other:
      return {};
  }
  return {};
}

KeyTags::KeyTags(const TagList& tag_list, config::Service wanted)
    : list(tag_list),
      service(config::to_string(wanted)),
      version(list.find("v")),
      type(list.find("k")),
      hashes(list.find("h")),
      services(list.find("s")),
      flags(list.find("t")),
      granularity(list.find("g")),
      notes(list.find("n")),
      key(list.find("p")) {
  if (key == nullptr) key = list.find("P");
  if (type != nullptr) {
    const std::string_view name = type->value;
    key_type = name.empty() || config::equal_ignoring_case(name, "rsa") ? KeyType::rsa
               : config::equal_ignoring_case(name, "ed25519")           ? KeyType::ed25519
               : config::equal_ignoring_case(name, "mldsa44")           ? KeyType::mldsa44
                                                                        : KeyType::other;
  }
  // DKIM2 does not read h=.
  if (hashes != nullptr && !hashes->value.empty() && key_type != KeyType::mldsa44)
    allowed = read_hashes(hashes->value);
  if (key != nullptr && !key->value.empty()) key_value = read_key_value(key->value, key_type);
}

bool KeyTags::serves() const {
  return services == nullptr || key_type == KeyType::mldsa44 ||
         std::ranges::any_of(colon_separated(services->value),
                             [&](std::string_view element) { return element == "*" || element == service; });
}

}  // namespace dkimprobe::checks
