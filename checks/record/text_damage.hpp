// Damage to the text of a record from people, control panels and copying: quotes and backslashes of a zone
// file, HTML, escapes, typographic characters, control characters, UTF-16. Reports the damage and removes it,
// without reading the meaning of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dkimprobe::checks {

enum class DamageKind : std::uint8_t {
  escaped_semicolon,
  embedded_quotes,  ///< around the whole text
  boundary_quotes,  ///< `" "` inside
  html,             ///< entities and elements
  escape_sequence,  ///< of C, JSON, URLs or zone files
  utf16,            ///< each character has a NUL octet next to it
  smart_punctuation,
  zonefile_leak,
  non_ascii,
  control_char,
  line_break_in_key,  ///< CR or LF alone inside p=
  bad_folding,        ///< CRLF without white space after it
};

/// A piece of the text and its replacement; empty if the piece is to be deleted.
struct Rewrite {
  std::string from{};  ///< raw
  std::string to{};
};

struct Damage {
  DamageKind kind = DamageKind::escaped_semicolon;
  std::size_t offset = 0;  ///< of the first one, in the text as published
  std::size_t count = 0;
  std::string text{};               ///< raw: the first one
  std::vector<Rewrite> rewrites{};  ///< each different one once, the first few
  bool is_in_names = false;         ///< one of them is outside the value of p=
};

struct CleanText {
  std::string text{};
  std::vector<Damage> damage{};  ///< each kind once

  [[nodiscard]] bool has(DamageKind kind) const;

  /// The offset in the text as published of the octet at `offset` of `text`.
  [[nodiscard]] std::size_t origin(std::size_t offset) const;

  std::vector<std::size_t> origins{};  ///< empty when nothing was removed
};

[[nodiscard]] CleanText clean_text(std::string_view published);

}  // namespace dkimprobe::checks
