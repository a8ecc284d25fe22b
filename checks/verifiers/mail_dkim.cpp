// Mail::DKIM of Perl. An empty tag counts as absent; the last of several tags counts. White space is removed
// around tags and from p=, but not around the elements of lists. An empty g= permits no address. Before
// 1.20240618, it knows only RSA.
#include <algorithm>

#include <tl/expected.hpp>

#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

tl::expected<ReadTags, Refusal> split_as_mail_dkim(std::string_view text) {
  ReadTags tags;
  while (true) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view element = trimmed_of_unicode_space(text.substr(0, end));
    if (!element.empty()) {
      const std::size_t sign = element.find('=');
      if (sign == std::string_view::npos) return tl::unexpected(refuse_element(element, false));
      tags.push_back({trimmed_of_unicode_space(element.substr(0, sign)),
                      trimmed_of_unicode_space(element.substr(sign + 1))});
    }
    if (end == text.size()) return tags;
    text.remove_prefix(end + 1);
  }
}

/// Perl takes "0" for false as it does the empty text.
bool is_true(const std::optional<std::string_view>& value) {
  return value && !value->empty() && *value != "0";
}

/// Whether mail from any address may be signed: the local part of i= is empty by default.
std::optional<Refusal> refuse_granularity(const ReadTags& tags) {
  const auto g = last_value(tags, "g");
  if (!g || *g == "*") return std::nullopt;
  return refuse_value("g", *g);
}

std::optional<Refusal> take_mail_dkim_rsa(const Reading& reading, const std::string& value) {
  const auto octets = decode_padded(value);
  if (!octets) return refuse_base64(value);
  return refuse_rsa_key(reading.key(*octets), {.trailing_octets_too = true, .fewest_bits = 0});
}

std::optional<Refusal> take_mail_dkim_key(const Reading& reading, std::string_view p, bool is_ed25519) {
  const std::string value = without(p, "\r\n \t\"");
  if (value.empty()) return revoked_key();
  const auto is_allowed = [](char c) { return config::is_base64_digit(c) || c == '='; };
  if (!std::ranges::all_of(value, is_allowed)) return refuse_base64(value);
  return is_ed25519 ? refuse_ed25519_octets(octets_before_padding(value))
                    : take_mail_dkim_rsa(reading, value);
}

/// What the record does not allow the key to be used for.
std::optional<Refusal> refuse_mail_dkim_use(const ReadTags& tags) {
  if (const auto s = last_value(tags, "s"); is_true(s) && !lists(*s, "*") && !lists(*s, "email"))
    return refuse_services(*s);
  if (const auto h = last_value(tags, "h"); is_true(h) && !lists(*h, "sha256")) return refuse_hashes(*h);
  return refuse_granularity(tags);
}

std::optional<Refusal> read_mail_dkim(const Reading& reading, bool knows_ed25519) {
  if (!knows_ed25519 && reading.is_ed25519())
    return Refusal{"it knows only RSA keys", Acceptance::unsupported};
  if (reading.text().empty() || reading.text() == "0") return no_text();
  const auto tags = split_as_mail_dkim(reading.text());
  if (!tags) return tags.error();
  if (const auto v = last_value(*tags, "v"); is_true(v) && *v != "DKIM1") return refuse_version(*v);
  const auto k = last_value(*tags, "k");
  const bool is_ed25519 = knows_ed25519 && k == "ed25519";
  if (is_true(k) && *k != "rsa" && !is_ed25519) return refuse_key_type(*k);
  const auto p = last_value(*tags, "p");
  if (!p) return no_key();
  if (knows_ed25519 && k && k->empty()) return refuse_key_type(*k);
  if (auto refusal = take_mail_dkim_key(reading, *p, is_ed25519)) return refusal;
  if (is_ed25519 != reading.is_ed25519())
    return refuse_algorithm(reading.algorithm(), is_ed25519 ? "ed25519" : "rsa");
  return refuse_mail_dkim_use(*tags);
}

}  // namespace

std::optional<Refusal> read_as_mail_dkim_2023(const Reading& reading) {
  return read_mail_dkim(reading, false);
}

std::optional<Refusal> read_as_mail_dkim_2024(const Reading& reading) {
  return read_mail_dkim(reading, true);
}

}  // namespace dkimprobe::checks
