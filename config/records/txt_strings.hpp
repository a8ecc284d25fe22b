// The strings of a TXT record as they are written, with quotation marks and escapes (RFC 1035 section 5.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkimprobe::config {

/// What three digits after a backslash are: RFC 1035 says decimal, Route 53 octal.
enum class Escapes : bool { decimal, octal };

/// The text without its escapes.
[[nodiscard]] std::string unescaped(std::string_view text, Escapes escapes = Escapes::decimal);

struct TxtString {
  std::string text{};
  bool is_quoted = false;
};

/// Strings in quotation marks, or words between white space. Empty if a quotation mark is not closed.
[[nodiscard]] std::optional<std::vector<TxtString>> split_strings(std::string_view text, Escapes escapes);

}  // namespace dkimprobe::config
