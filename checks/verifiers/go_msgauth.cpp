// go-msgauth. A tag that occurs twice or lacks its `=` makes the record invalid; empty tags do not. It
// removes spaces from p=, but no tabs.
#include <algorithm>
#include <set>

#include <tl/expected.hpp>

#include "checks/verifiers/models.hpp"

namespace dkimprobe::checks {

namespace {

tl::expected<ReadTags, Refusal> split_as_go(std::string_view text) {
  ReadTags tags;
  std::set<std::string_view> names;
  while (true) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view element = text.substr(0, end);
    const std::size_t sign = element.find('=');
    if (sign != std::string_view::npos) {
      const std::string_view name = trimmed_of_unicode_space(element.substr(0, sign));
      if (!names.insert(name).second) return tl::unexpected(refuse_duplicate(name));
      tags.push_back({name, trimmed_of_unicode_space(element.substr(sign + 1))});
    } else if (!trimmed_of_unicode_space(element).empty()) {
      return tl::unexpected(refuse_element(element, false));
    }
    if (end == text.size()) return tags;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<Refusal> read_as_go_msgauth(const Reading& reading) {
  const auto tags = split_as_go(reading.text());
  if (!tags) return tags.error();
  if (const auto v = last_value(*tags, "v"); v && *v != "DKIM1") return refuse_version(*v);
  const auto p = last_value(*tags, "p");
  if (!p) return no_key();
  if (p->empty()) return revoked_key();
  const auto octets = decode_padded(without(*p, " \r\n"));
  if (!octets) return refuse_base64(*p);
  const auto k = last_value(*tags, "k");
  const bool is_ed25519 = k == "ed25519";
  if (k && !k->empty() && *k != "rsa" && !is_ed25519) return refuse_key_type(*k);
  auto refusal =
      is_ed25519 ? refuse_ed25519_octets(*octets) : refuse_rsa_key(reading.key(*octets), {.pkcs1_too = true});
  if (refusal) return refusal;
  const auto names = [&](std::string_view name, std::string_view wanted) {
    return lists(without(last_value(*tags, name).value_or(wanted), c_space), wanted);
  };
  if (!names("h", "sha256")) return refuse_hashes(*last_value(*tags, "h"));
  if (is_ed25519 != reading.is_ed25519())
    return refuse_algorithm(reading.algorithm(), is_ed25519 ? "ed25519" : "rsa");
  if (!names("s", "email") && !names("s", "*")) return refuse_services(*last_value(*tags, "s"));
  return std::nullopt;
}

}  // namespace dkimprobe::checks
