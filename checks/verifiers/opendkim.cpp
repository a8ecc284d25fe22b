// OpenDKIM. It reads the first 1,024 octets. A text that is not a list of tags is a temporary error to it,
// and so is p= if it is missing or cannot be decoded. The last of several tags counts. The signature, not
// k=, decides how the key is read.
#include <algorithm>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "checks/record/tag_list.hpp"
#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::size_t opendkim_room = 1'024;

tl::unexpected<Refusal> for_now(Refusal refusal) {
  refusal.acceptance = Acceptance::temporary_error;
  return tl::unexpected<Refusal>(std::move(refusal));
}

bool is_printable_or_space(char c) {
  return (c >= ' ' && c <= '~') || c_space.find(c) != std::string_view::npos;
}

/// The tags in order, with white space inside names and values.
tl::expected<ReadTags, Refusal> split_as_opendkim(std::string_view text) {
  const auto bad = std::ranges::find_if_not(text, is_printable_or_space);
  if (bad != text.end())
    return for_now({fmt::format("the text contains `{}`, which is not ASCII text", shown({&*bad, 1}))});
  ReadTags tags;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(c_space), text.size()));
    if (text.empty()) return tags;
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::size_t sign = text.find('=');
    const std::string_view name = trimmed(text.substr(0, std::min(sign, end)), c_space);
    if (sign >= end || !config::is_letter_or_digit(text.front()) ||
        name.find_first_of(c_space) != std::string_view::npos)
      return for_now(refuse_element(text.substr(0, end), false));
    tags.push_back({name, text.substr(sign + 1, end - sign - 1)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::optional<Refusal> use_key_as_opendkim(const Reading& reading, const ReadTags& tags) {
  const auto p = last_value(tags, "p");
  if (!p) return Refusal{.reason = no_key().reason, .acceptance = Acceptance::temporary_error};
  const std::string value = without(*p, c_space);
  if (value.empty()) return revoked_key();
  const std::string_view digits = std::string_view(value).substr(0, value.find('='));
  if (std::ranges::count_if(digits, config::is_base64_digit) % 4 == 1)
    return Refusal{.reason = "a character of p= is missing", .acceptance = Acceptance::temporary_error};
  const std::string octets = octets_before_padding(value);
  return reading.is_ed25519() ? refuse_ed25519_octets(octets)
                              : refuse_rsa_key(reading.key(octets), {.trailing_octets_too = true});
}

std::optional<Refusal> read_opendkim_buffer(const Reading& reading, std::string_view text) {
  if (text.empty()) return Refusal{.reason = no_text().reason, .acceptance = Acceptance::temporary_error};
  const auto tags = split_as_opendkim(text);
  if (!tags) return tags.error();
  const auto value = [&](std::string_view name) -> std::optional<std::string> {
    const auto last = last_value(*tags, name);
    if (!last) return std::nullopt;
    return without(*last, c_space);
  };
  if (const auto v = value("v"); v && *v != "DKIM1") return refuse_version(*v);
  if (const auto h = value("h"); h && !lists_in_any_case(*h, "sha256")) return refuse_hashes(*h);
  if (const auto s = value("s"); s && !lists(*s, "*") && !lists_in_any_case(*s, "email"))
    return refuse_services(*s);
  if (const auto k = value("k");
      k && !config::equal_ignoring_case(*k, "rsa") && !config::equal_ignoring_case(*k, "ed25519"))
    return refuse_key_type(*k);
  return use_key_as_opendkim(reading, *tags);
}

}  // namespace

std::optional<Refusal> read_as_opendkim(const Reading& reading) {
  auto refusal = read_opendkim_buffer(reading, c_string(reading.text().substr(0, opendkim_room)));
  if (refusal && reading.text().size() > opendkim_room)
    refusal->reason = fmt::format("it reads only the first {} of {} octets: {}", opendkim_room,
                                  reading.text().size(), refusal->reason);
  return refusal;
}

}  // namespace dkimprobe::checks
