// DKIM Verifier, the add-on of Thunderbird. It follows the grammar of RFC 6376 section 3.6.1 to the letter,
// except that v= need not be the first tag. By default it does not accept keys that are for tests (t=y).
#include <algorithm>
#include <set>

#include <tl/expected.hpp>

#include "checks/record/tag_list.hpp"
#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::string_view folding_space = " \t\r\n";

/// Whether all white space in `text` is folding white space (RFC 6376 section 2.8), and all else printable.
bool is_folded_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\r\n") {
      const char next = i + 2 < text.size() ? text[i + 2] : '\0';
      if (next != ' ' && next != '\t') return false;
      ++i;
    } else if (text[i] != '\t' && (text[i] < ' ' || text[i] > '~')) {
      return false;
    }
  }
  return true;
}

tl::expected<ReadTags, Refusal> split_as_dkim_verifier(std::string_view text) {
  ReadTags tags;
  std::set<std::string_view> names;
  if (text.ends_with(';')) text.remove_suffix(1);
  while (true) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view element = text.substr(0, end);
    const std::size_t sign = element.find('=');
    const std::string_view name = trimmed(element.substr(0, sign), folding_space);
    if (sign == std::string_view::npos || !is_tag_name(name))
      return tl::unexpected(refuse_element(element, end == text.size()));
    const std::string_view value = trimmed(element.substr(sign + 1), folding_space);
    if (!is_folded_text(element)) return tl::unexpected(refuse_value(name, value));
    if (!names.insert(name).second) return tl::unexpected(refuse_duplicate(name));
    tags.push_back({name, value});
    if (end == text.size()) return tags;
    text.remove_prefix(end + 1);
  }
}

bool is_word(std::string_view text) {
  return is_hyphenated_word(text);
}

bool are_words(std::string_view value, bool star_too) {
  return std::ranges::all_of(separated(value, ':'), [&](std::string_view element) {
    return is_word(element) || (star_too && element == "*");
  });
}

/// `=` only before two hexadecimal digits (RFC 6376 section 2.11).
bool are_notes(std::string_view value) {
  const auto is_hex = [](char c) { return config::is_digit(c) || (c >= 'A' && c <= 'F'); };
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '=' && !(i + 2 < value.size() && is_hex(value[i + 1]) && is_hex(value[i + 2])))
      return false;
  }
  return true;
}

std::optional<Refusal> refuse_grammar(const ReadTags& tags) {
  for (const ReadTag& tag : tags) {
    const bool is_right = tag.name == "k"                      ? is_word(tag.value)
                          : tag.name == "h" || tag.name == "t" ? are_words(tag.value, false)
                          : tag.name == "s"                    ? are_words(tag.value, true)
                          : tag.name == "n"                    ? are_notes(tag.value)
                                                               : true;
    if (!is_right) return refuse_value(tag.name, tag.value);
  }
  return std::nullopt;
}

std::optional<Refusal> use_key_as_dkim_verifier(const Reading& reading, std::string_view p, bool is_ed25519) {
  const std::string value = without(p, folding_space);
  const auto octets = decode_with_optional_padding(value);
  if (!octets) return refuse_base64(value);
  return is_ed25519 ? refuse_ed25519_octets(*octets) : refuse_rsa_key(reading.key(*octets), {});
}

}  // namespace

std::optional<Refusal> read_as_dkim_verifier(const Reading& reading) {
  if (reading.text().empty()) return no_text();
  const auto tags = split_as_dkim_verifier(reading.text());
  if (!tags) return tags.error();
  if (const auto v = last_value(*tags, "v"); v && *v != "DKIM1") return refuse_version(*v);
  if (auto refusal = refuse_grammar(*tags)) return refusal;
  const std::string_view k = last_value(*tags, "k").value_or("rsa");
  if (k != "rsa" && k != "ed25519") return refuse_key_type(k);
  const auto p = last_value(*tags, "p");
  if (!p) return no_key();
  if (p->empty()) return revoked_key();
  if (const auto s = last_value(*tags, "s");
      s && !lists(*s, "*", folding_space) && !lists(*s, "email", folding_space))
    return refuse_services(*s);
  if (const auto t = last_value(*tags, "t"); t && lists(*t, "y", folding_space))
    return Refusal{"t=y says that the key is for tests"};
  if (k != to_string(reading.algorithm())) return refuse_algorithm(reading.algorithm(), k);
  if (const auto h = last_value(*tags, "h"); h && !lists(*h, "sha256", folding_space))
    return refuse_hashes(*h);
  return use_key_as_dkim_verifier(reading, *p, k == "ed25519");
}

}  // namespace dkimprobe::checks
