// dkimpy of Python. A tag that occurs twice or lacks its `=` makes the record invalid. It does not read h=,
// takes s= for one word, and leaves out of p= what is not base64.
#include <algorithm>
#include <set>

#include <tl/expected.hpp>

#include "checks/record/tag_list.hpp"
#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

tl::expected<ReadTags, Refusal> split_as_dkimpy(std::string_view text) {
  ReadTags tags;
  std::set<std::string_view> names;
  text = trimmed(text, c_space);
  if (text.ends_with(';')) text.remove_suffix(1);
  while (true) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view element = text.substr(0, end);
    const std::size_t sign = element.find('=');
    const std::string_view name = trimmed(element.substr(0, sign), c_space);
    if (sign == std::string_view::npos || name.empty() || !config::is_letter(name.front()))
      return tl::unexpected(refuse_element(element, false));
    if (!names.insert(name).second) return tl::unexpected(refuse_duplicate(name));
    tags.push_back({name, trimmed(element.substr(sign + 1), c_space)});
    if (end == text.size()) return tags;
    text.remove_prefix(end + 1);
  }
}

/// What is not base64 is skipped, and all after the padding. Incomplete padding is an error.
std::optional<std::string> decode_as_python(std::string_view text) {
  std::size_t digits = 0;
  std::size_t signs = 0;
  std::size_t end = text.size();
  for (std::size_t i = 0; i < text.size() && end == text.size(); ++i) {
    if (config::is_base64_digit(text[i])) {
      ++digits;
      signs = 0;
    } else if (text[i] == '=' && digits % 4 >= 2 && digits % 4 + ++signs >= 4) {
      end = i;
    }
  }
  if (digits % 4 != 0 && end == text.size()) return std::nullopt;
  std::string rest(text.substr(0, end));
  std::erase(rest, '=');
  return octets_before_padding(rest);
}

}  // namespace

std::optional<Refusal> read_as_dkimpy(const Reading& reading) {
  if (reading.text().empty()) return no_text();
  const auto tags = split_as_dkimpy(reading.text());
  if (!tags) return tags.error();
  if (const auto v = last_value(*tags, "v"); v && *v != "DKIM1") return refuse_version(*v);
  const auto p = last_value(*tags, "p");
  if (!p) return no_key();
  const std::string_view k = last_value(*tags, "k").value_or("rsa");
  if (k != "rsa" && k != "ed25519") return refuse_key_type(k);
  if (p->empty()) return revoked_key();
  const auto octets = decode_as_python(*p);
  if (!octets) return refuse_base64(*p);
  auto refusal = k == "ed25519"
                     ? refuse_ed25519_octets(*octets)
                     : refuse_rsa_key(reading.key(*octets), {.pkcs1_too = true, .trailing_octets_too = true});
  if (refusal) return refusal;
  if (k != to_string(reading.algorithm())) return refuse_algorithm(reading.algorithm(), k);
  if (const auto s = last_value(*tags, "s"); s && *s != "*" && *s != "email") return refuse_services(*s);
  return std::nullopt;
}

}  // namespace dkimprobe::checks
