// rspamd. It looks for p= and k= and reads nothing else; the name of a tag is the last character before `=`.
// Every value but that of p= ends at white space. From 4.1.5, k= must be known, and keys are at most 4,096
// characters and 8,192 bits.
#include <algorithm>

#include <fmt/format.h>

#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::size_t rspamd_4_room = 4'096;
constexpr std::uint32_t rspamd_4_bits = 8'192;

struct RspamdTags {
  std::optional<std::string_view> p{};
  std::optional<std::string_view> k{};
};

RspamdTags split_as_rspamd(std::string_view text) {
  RspamdTags tags;
  while (true) {
    const std::size_t sign = text.find('=');
    const std::size_t begin =
        sign == std::string_view::npos ? sign : text.find_first_not_of(c_space, sign + 1);
    if (begin == std::string_view::npos) return tags;
    const std::string_view before = trimmed(text.substr(0, sign), c_space);
    const char name = before.empty() ? '\0' : before.back();
    text.remove_prefix(begin);
    const std::string_view ends = name == 'p' ? ";" : "; \t\n\v\f\r";
    const std::size_t end = std::min(text.find_first_of(ends), text.size());
    if (name == 'p') tags.p = text.substr(0, end);
    if (name == 'k') tags.k = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// What is not base64 is skipped, except at the end. Padding is optional, and must be right if there is any.
std::optional<std::string> decode_as_rspamd(std::string_view text) {
  std::string octets;
  std::string digits;
  const auto end_group = [&] {
    octets += octets_before_padding(digits);
    digits.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (config::is_base64_digit(text[i])) {
      digits.push_back(text[i]);
      continue;
    }
    const std::size_t place = text[i] == '=' ? digits.size() % 4 : 0;
    const std::string_view after = text.substr(i + 1);
    if (place >= 2 && (after.empty() || (place == 2 && after == "="))) break;
    if (place == 2) {  // the character after the sign is lost
      end_group();
      ++i;
    }
    while (i + 1 < text.size() && !config::is_base64_digit(text[i + 1])) ++i;
    if (i + 1 >= text.size()) return std::nullopt;
  }
  end_group();
  return octets;
}

std::optional<Refusal> use_key_as_rspamd(const Reading& reading, std::string_view p, bool is_ed25519,
                                         const RsaDemands& demands) {
  const std::string value = without(p, c_space);
  const auto octets = decode_as_rspamd(value);
  if (!octets) return refuse_base64(value);
  auto refusal = is_ed25519 ? refuse_ed25519_octets(*octets) : refuse_rsa_key(reading.key(*octets), demands);
  if (refusal) return refusal;
  if (is_ed25519 != reading.is_ed25519())
    return refuse_algorithm(reading.algorithm(), is_ed25519 ? "ed25519" : "rsa");
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_as_rspamd_3(const Reading& reading) {
  const RspamdTags tags = split_as_rspamd(c_string(reading.text()));
  if (!tags.p) return no_key();
  if (tags.p->empty()) return revoked_key();
  const bool is_ed25519 = tags.k && config::equal_ignoring_case(*tags.k, "ed25519");
  return use_key_as_rspamd(reading, *tags.p, is_ed25519, {.trailing_octets_too = true, .fewest_bits = 0});
}

std::optional<Refusal> read_as_rspamd_4(const Reading& reading) {
  const RspamdTags tags = split_as_rspamd(c_string(reading.text()));
  if (!tags.p) return no_key();
  if (tags.p->empty()) return revoked_key();
  const std::string_view k = tags.k && !tags.k->empty() ? *tags.k : "rsa";
  const bool is_ed25519 = config::equal_ignoring_case(k, "ed25519");
  if (!is_ed25519 && !config::equal_ignoring_case(k, "rsa")) return refuse_key_type(k);
  if (tags.p->size() > rspamd_4_room) return Refusal{fmt::format("p= has {} characters", tags.p->size())};
  return use_key_as_rspamd(reading, *tags.p, is_ed25519,
                           {.trailing_octets_too = true, .fewest_bits = 0, .most_bits = rspamd_4_bits});
}

}  // namespace dkimprobe::checks
