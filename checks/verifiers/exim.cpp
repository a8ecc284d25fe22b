// Exim. A text that begins with `v=` but not with `v=dkim` is not a DKIM record to it: a temporary error. k=
// is not read: the signature decides how the key is read, which for Ed25519 may be a SubjectPublicKeyInfo,
// too. s= is one word. Before 4.98, the name of a tag is its first character, white space around `=` belongs
// to the value, and two semicolons stand for one inside a value.
#include <algorithm>

#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

struct EximTag {
  char name = '\0';
  std::string value{};
};

using EximTags = std::vector<EximTag>;

/// The elements of a list of Exim, in which a doubled separator stands for one.
std::vector<std::string> exim_list(std::string_view text, char separator) {
  std::vector<std::string> elements;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(c_space), text.size()));
    if (text.empty()) return elements;
    std::string element;
    std::size_t i = 0;
    for (; i < text.size(); ++i) {
      if (text[i] == separator && !text.substr(i + 1).starts_with(separator)) break;
      if (text[i] == separator) ++i;
      element.push_back(text[i]);
    }
    element.resize(element.find_last_not_of(c_space) + 1);
    elements.push_back(std::move(element));
    text.remove_prefix(std::min(i + 1, text.size()));
  }
}

EximTags split_as_exim_4_96(std::string_view text) {
  EximTags tags;
  for (const std::string& element : exim_list(text, ';')) {
    const std::size_t sign = element.find('=');
    if (sign != std::string::npos) tags.push_back({element.front(), element.substr(sign + 1)});
  }
  return tags;
}

EximTags split_as_exim_4_98(std::string_view text) {
  EximTags tags;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view element = trimmed(text.substr(0, end), c_space);
    const std::size_t sign = element.find('=');
    const std::string_view name = trimmed(element.substr(0, sign), c_space);
    if (sign != std::string_view::npos && name.size() == 1)
      tags.push_back({name.front(), std::string(trimmed(element.substr(sign + 1), c_space))});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return tags;
}

const std::string* last_of(const EximTags& tags, char name) {
  const auto found =
      std::find_if(tags.rbegin(), tags.rend(), [&](const EximTag& tag) { return tag.name == name; });
  return found == tags.rend() ? nullptr : &found->value;
}

std::optional<Refusal> use_key_as_exim(const Reading& reading, const std::string& p) {
  const auto octets = decode_padded(without(p, c_space));
  if (!octets) return refuse_base64(p);
  if (octets->empty()) return revoked_key();
  if (!reading.is_ed25519()) return refuse_rsa_key(reading.key(*octets), {});
  // The last 32 octets of a SubjectPublicKeyInfo are the key.
  if (reading.key(*octets).form == KeyForm::ed25519_spki && reading.key(*octets).trailing_bytes == 0)
    return std::nullopt;
  return refuse_ed25519_octets(*octets);
}

std::optional<Refusal> read_exim(const Reading& reading, EximTags (*split)(std::string_view)) {
  const std::string_view text = c_string(reading.text());
  if (text.empty()) return Refusal{.reason = no_text().reason, .acceptance = Acceptance::temporary_error};
  if (text.starts_with("v=") && !config::starts_with_ignoring_case(text, "v=dkim"))
    return Refusal{.reason = "the text does not begin with v=DKIM1",
                   .acceptance = Acceptance::temporary_error};
  const EximTags tags = split(text);
  if (const auto* v = last_of(tags, 'v'); v != nullptr && *v != "DKIM1") return refuse_version(*v);
  const auto* const p = last_of(tags, 'p');
  if (p == nullptr) return no_key();
  if (const auto* s = last_of(tags, 's'); s != nullptr && *s != "*" && *s != "email")
    return refuse_services(*s);
  if (auto refusal = use_key_as_exim(reading, *p)) return refusal;
  const auto* const h = last_of(tags, 'h');
  if (h == nullptr) return std::nullopt;
  const std::vector<std::string> hashes = exim_list(*h, ':');
  if (std::ranges::find(hashes, "sha256") == hashes.end()) return refuse_hashes(*h);
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_as_exim_4_96(const Reading& reading) {
  return read_exim(reading, split_as_exim_4_96);
}

std::optional<Refusal> read_as_exim_4_98(const Reading& reading) {
  return read_exim(reading, split_as_exim_4_98);
}

}  // namespace dkimprobe::checks
