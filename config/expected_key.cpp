#include "config/expected_key.hpp"

#include <optional>
#include <string>

#include <fmt/format.h>

#include "config/escape.hpp"
#include "config/private_key.hpp"

namespace dkimprobe::config {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view without_outer_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<unsigned> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0' + 52);
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

/// RFC 4648 section 4, with white space between the digits (RFC 6376 section 3.6.1).
std::optional<std::string> decode_base64(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  unsigned held = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto digit = base64_digit(c);
    if (!digit || padding > 0) return std::nullopt;
    ++digits;
    bits = (bits << 6U | *digit) & 0xffffU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<char>(bits >> held & 0xffU));
    }
  }
  if ((digits + padding) % 4 != 0 || padding > 2) return std::nullopt;
  return bytes;
}

}  // namespace

Result<KeyIdentity> read_fingerprint(std::string_view text) {
  KeyIdentity identity;
  const auto wrong = [&] {
    return mistake("",
                   fmt::format("`{}` cannot be used: it must be 64 hexadecimal digits, as `openssl pkey -in "
                               "FILE -pubout -outform DER | sha256sum` prints them",
                               escape_text(text, 80)));
  };
  bool colon_allowed = false;
  for (const char c : text) {
    if (c == ':' && colon_allowed) {
      colon_allowed = false;
      continue;
    }
    if (c >= '0' && c <= '9') {
      identity.sha256.push_back(c);
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      identity.sha256.push_back(static_cast<char>(c | 0x20));
    } else {
      return wrong();
    }
    colon_allowed = identity.sha256.size() % 2 == 0;
  }
  if (identity.sha256.size() != 64 || text.back() == ':') return wrong();
  return identity;
}

Result<KeyIdentity> read_expected_record(std::string_view text) {
  std::optional<std::string_view> key;
  std::optional<std::string_view> type;
  while (!text.empty()) {
    const std::size_t semicolon = text.find(';');
    const std::string_view tag = text.substr(0, semicolon);
    text.remove_prefix(semicolon == std::string_view::npos ? text.size() : semicolon + 1);
    const std::size_t equals = tag.find('=');
    if (equals == std::string_view::npos) {
      if (without_outer_space(tag).empty()) continue;
      return mistake("", fmt::format("`{}` is no tag of a key record (RFC 6376 section 3.2)",
                                     escape_text(without_outer_space(tag), 40)));
    }
    const std::string_view name = without_outer_space(tag.substr(0, equals));
    const std::string_view value = without_outer_space(tag.substr(equals + 1));
    auto* const wanted = name == "p" ? &key : name == "k" ? &type : nullptr;
    if (wanted == nullptr) continue;
    if (wanted->has_value()) return mistake("", fmt::format("{}= is there twice", name));
    *wanted = value;
  }
  if (!key) return mistake("", "there is no p= in this record, and so no key to expect");
  if (key->empty()) return mistake("", "p= is empty: the record of a revoked key holds none to expect");
  const auto bytes = decode_base64(*key);
  if (!bytes) return mistake("", "p= is no base64 (RFC 4648 section 4)");
  if (type && *type == "ed25519") return read_raw_ed25519(*bytes);
  if (type && *type != "rsa") {
    return mistake("", fmt::format("k= is `{}`; DKIM has rsa and ed25519 alone", escape_text(*type, 40)));
  }
  auto identity = read_public_key_bytes(*bytes);
  if (!identity) return mistake("", "p= holds no public key (SubjectPublicKeyInfo in DER)");
  return identity;
}

}  // namespace dkimprobe::config
