#include "config/keys/key_text.hpp"

#include <algorithm>
#include <string_view>

#include "config/basics/ascii.hpp"
#include "config/basics/base64.hpp"
#include "config/basics/text_encoding.hpp"
#include "config/keys/key_identity.hpp"

namespace dkimprobe::config {
namespace {

constexpr char der_sequence = 0x30;

void drop_front(SecretBytes& bytes, std::size_t count) {
  const std::string_view text = bytes.view();
  std::ranges::copy(text.substr(count), bytes.room().begin());
  bytes.set_size(text.size() - count);
}

/// Windows PowerShell writes redirected output as UTF-16. Characters beyond ASCII do not occur in a key.
void narrow_utf16(SecretBytes& bytes) {
  const std::string_view text = bytes.view();
  const bool has_symbol = text.starts_with(utf16_little_mark) || text.starts_with(utf16_big_mark);
  const auto nuls = static_cast<std::size_t>(std::ranges::count(text, '\0'));
  if (text.size() < 4 || (!has_symbol && nuls != text.size() / 2)) return;
  const bool is_big = text.starts_with(utf16_big_mark) || text.starts_with('\0');
  std::size_t written = 0;
  for (std::size_t i = has_symbol ? 2 : 0; i + 1 < text.size(); i += 2) {
    const char high = text[is_big ? i : i + 1];
    const char low = text[is_big ? i + 1 : i];
    bytes.room()[written++] = high == '\0' ? low : '?';
  }
  bytes.set_size(written);
}

/// PEM in a variable or in JSON has line breaks written as two characters.
void break_lines(SecretBytes& bytes) {
  const std::string_view text = bytes.view();
  if (text.find("-----BEGIN ") == std::string_view::npos) return;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '\\' || (text[i + 1] != 'n' && text[i + 1] != 'r')) continue;
    bytes.room()[i] = ' ';
    bytes.room()[i + 1] = '\n';
  }
}

bool is_base64_text(std::string_view text) {
  return !without_outer_space(text).empty() &&
         std::ranges::all_of(text, [](char c) { return is_base64_digit(c) || is_space(c) || c == '='; });
}

void decode_bare_base64(SecretBytes& bytes) {
  if (!is_base64_text(bytes.view())) return;
  SecretBytes der(bytes.room().size());
  const auto size = decode_base64(bytes.view(), der.room());
  if (!size || *size == 0 || (der.room().front() != der_sequence && *size != mldsa44_octets)) return;
  der.set_size(*size);
  std::ranges::copy(der.view(), bytes.room().begin());
  bytes.set_size(*size);
}

}  // namespace

void undo_wrapping(SecretBytes& bytes) {
  narrow_utf16(bytes);
  if (bytes.view().starts_with(utf8_mark)) drop_front(bytes, utf8_mark.size());
  break_lines(bytes);
  decode_bare_base64(bytes);
}

bool is_raw_key_text(std::string_view text) {
  constexpr std::size_t octets_of_a_key = 32;
  SecretBytes octets(text.size());
  return is_base64_text(text) && decode_base64(text, octets.room()) == octets_of_a_key;
}

}  // namespace dkimprobe::config
