// What people, panels and copying do to the text of a record: quotes and backslashes that belong to a zone
// file, HTML, escapes, typographic characters, control characters, UTF-16. Names the damage and takes it off;
// the meaning of the text is none of its business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dkimprobe::checks {

enum class DamageKind : std::uint8_t {
  escaped_semicolon,
  embedded_quotes,  ///< around the whole
  boundary_quotes,  ///< `" "` inside
  html,             ///< entities and elements
  escape_sequence,  ///< of C, JSON, URLs or zone files
  utf16,            ///< each character has a NUL octet beside it
  smart_punctuation,
  zonefile_leak,
  non_ascii,
  control_char,
  line_break_in_key,  ///< CR or LF alone inside p=
  bad_folding,        ///< CRLF without white space behind it
};

/// What stands in the text, and what it stands for: empty where it is to be deleted.
struct Rewrite {
  std::string from{};  ///< raw
  std::string to{};
};

struct Damage {
  DamageKind kind = DamageKind::escaped_semicolon;
  std::size_t offset = 0;  ///< of the first of them, in the text as published
  std::size_t count = 0;
  std::string text{};               ///< raw: the first of them
  std::vector<Rewrite> rewrites{};  ///< each different one once, the first few
  bool is_in_names = false;         ///< one of them stands outside the value of p=
};

struct CleanText {
  std::string text{};
  std::vector<Damage> damage{};  ///< each kind once

  [[nodiscard]] bool has(DamageKind kind) const;

  /// Where the octet at `offset` of `text` stands in the text as published.
  [[nodiscard]] std::size_t origin(std::size_t offset) const;

  std::vector<std::size_t> origins{};  ///< empty when nothing was taken off
};

[[nodiscard]] CleanText clean_text(std::string_view published);

}  // namespace dkimprobe::checks
