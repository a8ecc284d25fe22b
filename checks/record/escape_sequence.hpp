// Escapes left in a record: of C and JSON (`\n`, `\/`, `\u002b`), URLs (`%2B`), zone files (`\059`) and HTML
// (`<br>`).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::checks {

struct EscapeSequence {
  std::size_t size = 0;   ///< its octets in the text
  std::string meant{};    ///< what it stands for; empty for a line break and a quotation mark
  bool is_break = false;  ///< a line break, a tab or white space
};

/// The escape at the beginning of `text`.
[[nodiscard]] std::optional<EscapeSequence> read_escape(std::string_view text);

/// The octets of the HTML element at the beginning of `text`, such as `<br>` or `</p>`; 0 if there is none.
[[nodiscard]] std::size_t html_element_size(std::string_view text);

}  // namespace dkimprobe::checks
