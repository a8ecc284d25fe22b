#include "checks/verifiers/reading.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "checks/record/tag_list.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr auto unicode_space = std::to_array<std::string_view>(
    {" ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085", "\u00a0", "\u1680",
     "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
     "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"});

template <class Equal>
bool has_element(std::string_view value, std::string_view space, Equal equal) {
  while (true) {
    const std::size_t end = value.find(':');
    if (equal(trimmed(value.substr(0, end), space))) return true;
    if (end == std::string_view::npos) return false;
    value.remove_prefix(end + 1);
  }
}

/// What the key is for a verifier that wants an RSA key in a SubjectPublicKeyInfo.
std::string other_form(const PublicKey& key) {
  switch (key.form) {
    case KeyForm::rsa_pkcs1:
      return "p= is an RSAPublicKey (PKCS#1) without its SubjectPublicKeyInfo";
    case KeyForm::ed25519_raw:
    case KeyForm::ed25519_spki:
      return "p= is an Ed25519 key, not an RSA key";
    case KeyForm::mldsa44_raw:
    case KeyForm::mldsa44_spki:
      return "p= is an ML-DSA-44 key, not an RSA key";
    case KeyForm::private_key:
      return "p= is a private key";
    case KeyForm::other:
      return fmt::format("p= is not an RSA key but of another type ({})", key.algorithm);
    case KeyForm::truncated:
      return "the end of the key is missing";
    case KeyForm::rsa_spki:
    case KeyForm::invalid:
      return "p= is not a public key";
  }
  return {};
}

}  // namespace

std::string_view to_string(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::rsa:
      return "rsa";
    case SignatureAlgorithm::ed25519:
      return "ed25519";
  }
  return {};
}

SignatureAlgorithm algorithm_of(const KeyRecord& record) {
  return record.key && record.key->is_ed25519() ? SignatureAlgorithm::ed25519 : SignatureAlgorithm::rsa;
}

const PublicKey& Reading::key(const std::string& octets) const {
  if (octets_ != octets) {
    key_ = read_public_key(octets);
    octets_ = octets;
  }
  return key_;
}

std::string_view trimmed(std::string_view text, std::string_view space) {
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

std::string_view trimmed_of_unicode_space(std::string_view text) {
  const auto at_front = [&](std::string_view space) { return text.starts_with(space); };
  const auto at_back = [&](std::string_view space) { return text.ends_with(space); };
  for (const auto* at = std::ranges::find_if(unicode_space, at_front); at != unicode_space.end();
       at = std::ranges::find_if(unicode_space, at_front))
    text.remove_prefix(at->size());
  for (const auto* at = std::ranges::find_if(unicode_space, at_back); at != unicode_space.end();
       at = std::ranges::find_if(unicode_space, at_back))
    text.remove_suffix(at->size());
  return text;
}

std::string without(std::string_view text, std::string_view characters) {
  std::array<bool, 256> is_left_out{};
  for (const char c : characters) is_left_out[static_cast<unsigned char>(c)] = true;
  std::string rest(text);
  std::erase_if(rest, [&](char c) { return is_left_out[static_cast<unsigned char>(c)]; });
  return rest;
}

std::string_view c_string(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

std::optional<std::string_view> last_value(const ReadTags& tags, std::string_view name) {
  const auto found =
      std::find_if(tags.rbegin(), tags.rend(), [&](const ReadTag& tag) { return tag.name == name; });
  if (found == tags.rend()) return std::nullopt;
  return found->value;
}

bool lists(std::string_view value, std::string_view wanted, std::string_view space) {
  return has_element(value, space, [&](std::string_view element) { return element == wanted; });
}

bool lists_in_any_case(std::string_view value, std::string_view wanted, std::string_view space) {
  return has_element(value, space,
                     [&](std::string_view element) { return config::equal_ignoring_case(element, wanted); });
}

std::optional<std::string> decode_padded(std::string_view text) {
  Base64Text base64 = decode_base64(text);
  if (!base64.strict() || base64.first_space) return std::nullopt;
  return std::move(base64.bytes);
}

std::optional<std::string> decode_with_optional_padding(std::string_view text) {
  Base64Text base64 = decode_base64(text);
  const bool is_unpadded = base64.padding == config::Base64Reading::Padding::missing;
  if (is_unpadded) base64.padding = config::Base64Reading::Padding::right;
  if (!base64.strict() || base64.first_space) return std::nullopt;
  return std::move(base64.bytes);
}

std::string octets_before_padding(std::string_view text) {
  std::string digits(text.substr(0, text.find('=')));
  std::erase_if(digits, [](char c) { return !config::is_base64_digit(c); });
  return decode_base64(digits).bytes;
}

std::optional<Refusal> refuse_rsa_key(const PublicKey& key, const RsaDemands& demands) {
  if (key.form != KeyForm::rsa_spki && !(demands.pkcs1_too && key.form == KeyForm::rsa_pkcs1))
    return Refusal{other_form(key)};
  if (key.trailing_bytes > 0 && !demands.trailing_octets_too)
    return Refusal{fmt::format("{} octets follow the key inside p=", key.trailing_bytes)};
  if (key.bits < demands.fewest_bits || key.bits > demands.most_bits)
    return Refusal{fmt::format("the RSA key has {} bits", key.bits)};
  return std::nullopt;
}

std::optional<Refusal> refuse_ed25519_octets(std::string_view octets) {
  if (octets.size() == 32) return std::nullopt;
  return Refusal{fmt::format("p= has {} octets, and an Ed25519 key 32", octets.size())};
}

Refusal refuse_version(std::string_view value) {
  return {value.empty() ? "v= is empty" : fmt::format("v= is \"{}\", not \"DKIM1\"", shown(value))};
}

Refusal refuse_key_type(std::string_view value) {
  return {value.empty() ? "k= is empty" : fmt::format("k= is \"{}\", which it does not know", shown(value))};
}

Refusal refuse_algorithm(SignatureAlgorithm signature, std::string_view key_type) {
  return {.reason = fmt::format("the record is for {} signatures, and the key signs with {}", key_type,
                                to_string(signature)),
          .after_reading = true};
}

Refusal refuse_hashes(std::string_view value) {
  return {value.empty() ? "h= is empty" : fmt::format("h= is \"{}\", without \"sha256\"", shown(value))};
}

Refusal refuse_services(std::string_view value) {
  return {value.empty() ? "s= is empty" : fmt::format("s= is \"{}\", which is not for mail", shown(value))};
}

Refusal refuse_value(std::string_view name, std::string_view value) {
  return {value.empty() ? fmt::format("{}= is empty", name)
                        : fmt::format("{}= is \"{}\", which is not valid", name, shown(value))};
}

Refusal refuse_element(std::string_view element, bool is_last) {
  if (!trimmed(element, c_space).empty())
    return {fmt::format("\"{}\" is not a tag", shown(trimmed(element, c_space)))};
  return {is_last ? "white space follows the last semicolon" : "there is no tag between two semicolons"};
}

Refusal refuse_duplicate(std::string_view name) {
  return {fmt::format("{}= occurs a second time", shown(name))};
}

Refusal refuse_base64(std::string_view value) {
  const Base64Text base64 = decode_base64(value);
  if (base64.strict()) return {"white space is in the base64 of p="};
  if (base64.first_junk || base64.first_url_safe) {
    const std::size_t at = base64.first_junk.value_or(base64.first_url_safe.value_or(0));
    return {fmt::format("p= contains \"{}\", which is not base64", shown(value.substr(at, 1)))};
  }
  return {base64.padding == config::Base64Reading::Padding::missing
              ? "the padding of p= is missing"
              : "the base64 of p= is cut off or has `=` in a wrong place"};
}

Refusal no_text() {
  return {"the record is empty"};
}

Refusal no_key() {
  return {"there is no p="};
}

Refusal revoked_key() {
  return {"p= is empty, as for a revoked key"};
}

}  // namespace dkimprobe::checks
