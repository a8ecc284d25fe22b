// Escapes of other languages that were left in a record: of C and JSON (`\n`, `\/`, `\u002b`), of URLs
// (`%2B`), of zone files (`\059`), of HTML (`<br>`).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::checks {

struct EscapeSequence {
  std::size_t size = 0;   ///< how many octets of the text it takes
  std::string meant{};    ///< what it stands for; a line break and a quotation mark stand for nothing
  bool is_break = false;  ///< a line break, a tab or white space
};

/// The escape at the beginning of `text`.
[[nodiscard]] std::optional<EscapeSequence> read_escape(std::string_view text);

/// The element of HTML at the beginning of `text`, such as `<br>` or `</p>`: how many octets it takes, else
/// 0.
[[nodiscard]] std::size_t html_element_size(std::string_view text);

}  // namespace dkimprobe::checks
