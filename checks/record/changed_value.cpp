#include "checks/record/changed_value.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/record/placeholder.hpp"
#include "checks/record/tag_list.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/base64.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

// An Ed25519 key has 43 base64 digits; no key has fewer.
constexpr std::size_t fewest_digits = 43;
// For longer values, a fault of DER or of the length is more precise.
constexpr std::size_t surely_too_few = 16;
// This many letters of a key are never all of one case by chance.
constexpr std::ptrdiff_t enough_letters = 40;
constexpr std::size_t most_listed = 4;

std::optional<ChangedValue> explain_spaces(std::string_view value) {
  if (value.find(' ') == std::string_view::npos) return std::nullopt;
  std::string meant(value);
  std::ranges::replace(meant, ' ', '+');
  const Base64Text base64 = decode_base64(meant);
  PublicKey key = read_public_key(base64.bytes);
  if (!base64.strict() || !key.was_read()) return std::nullopt;
  return ChangedValue{"each `+` of the key became a space, as in a web form",
                      "write `+` instead of each space inside p=", std::move(key)};
}

std::optional<ChangedValue> explain_hexadecimal(std::string_view value) {
  if (value.size() < 64 || value.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < value.size(); i += 2) {
    unsigned octet = 0;
    const auto [end, error] = std::from_chars(value.data() + i, value.data() + i + 2, octet, 16);
    if (error != std::errc() || end != value.data() + i + 2) return std::nullopt;
    bytes.push_back(static_cast<char>(octet));
  }
  PublicKey key = read_public_key(bytes);
  if (!key.was_read()) return std::nullopt;
  return ChangedValue{"p= contains the key in hexadecimal digits instead of base64", std::string(key_anew),
                      std::move(key)};
}

std::optional<ChangedValue> explain_case(std::string_view value) {
  const auto small = std::ranges::count_if(value, [](char c) { return c >= 'a' && c <= 'z'; });
  const auto capital = std::ranges::count_if(value, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (std::min(small, capital) > 0 || std::max(small, capital) < enough_letters) return std::nullopt;
  return ChangedValue{
      fmt::format("all letters of p= are {}: some software changed their case, and base64 is case-sensitive",
                  small > 0 ? "lower case" : "upper case"),
      "enter the key again in a way that keeps the case of its letters"};
}

}  // namespace

std::optional<ChangedValue> explain_value(std::string_view value, const Base64Text& base64,
                                          const PublicKey& key) {
  if (is_placeholder(value)) {
    return ChangedValue{
        fmt::format("p= is \"{}\", a placeholder: the software that wrote the record had no key",
                    shown(value)),
        fmt::format("replace \"{}\" with the public key, as `openssl pkey -in PRIVATE.pem -pubout` prints it "
                    "between its BEGIN and END lines",
                    shown(value))};
  }
  if (auto change = explain_spaces(value)) return change;
  if (auto change = explain_hexadecimal(value)) return change;
  if (auto change = explain_case(value)) return change;
  const bool is_short = value.size() < surely_too_few && key.form == KeyForm::invalid;
  if (is_short && !base64.bytes.starts_with('\x30')) {
    return ChangedValue{fmt::format("p= is \"{}\", {} character{}; the shortest key has {}", shown(value),
                                    value.size(), value.size() == 1 ? "" : "s", fewest_digits),
                        std::string(key_anew)};
  }
  return std::nullopt;
}

std::string foreign_characters(std::string_view value) {
  std::vector<char> seen;
  std::string list;
  for (const char c : value) {
    if (config::is_base64_digit(c) || config::is_space(c) || c == '=' || c == '-' || c == '_') continue;
    if (std::ranges::find(seen, c) != seen.end()) continue;
    seen.push_back(c);
    if (seen.size() > most_listed) return list + " and others";
    const std::string sign = c == '\\' ? std::string("\\") : config::escape_text(std::string(1, c), 8);
    list += fmt::format("{}`{}`", list.empty() ? "" : ", ", sign);
  }
  return list;
}

std::string padding_fault(std::string_view value) {
  const auto digits = static_cast<std::size_t>(std::ranges::count_if(value, config::is_base64_digit));
  const std::size_t end = value.find('=');
  if (end != std::string_view::npos && value.find_first_not_of("= \t\r\n", end) != std::string_view::npos)
    return fmt::format("p= has an `=` after {} characters, but base64 has it only at the end", end);
  if (end != std::string_view::npos && digits % 4 != 1)
    return fmt::format("p= ends with the wrong number of `=` for its {} base64 digits", digits);
  return fmt::format("p= has {} base64 digits, an impossible number: one was lost or added", digits);
}

}  // namespace dkimprobe::checks
