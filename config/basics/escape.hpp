// The only way in which foreign bytes become text for people, logs and JSON: printable ASCII as it is, a
// backslash as `\\`, everything else as `\xHH`.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace dkimprobe::config {

/// Escapes `bytes`. If there are more than `longest`, only those are shown, followed by `... (N bytes)` with
/// the true length N.
[[nodiscard]] std::string escape_text(std::string_view bytes,
                                      std::size_t longest = std::numeric_limits<std::size_t>::max());

/// The inverse of `escape_text`; empty if `text` does not have that form. Each byte string has exactly one
/// text.
[[nodiscard]] std::optional<std::string> unescape_text(std::string_view text);

/// A text for people, in printable ASCII. Its words are this program's; foreign bytes in it went through
/// `escape_text`.
class EscapedText {
 public:
  EscapedText() = default;
  /// A text with another octet is a mistake of this program: it ends if it checks assertions. Otherwise the
  /// octet becomes `\xHH`.
  EscapedText(std::string text);
  EscapedText(std::string_view text) : EscapedText(std::string(text)) {}
  EscapedText(const char* text) : EscapedText(std::string(text)) {}

  [[nodiscard]] const std::string& str() const { return text_; }
  operator std::string_view() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  EscapedText& operator+=(const EscapedText& text) {
    text_ += text.text_;
    return *this;
  }

  friend bool operator==(const EscapedText& a, const EscapedText& b) = default;
  friend std::ostream& operator<<(std::ostream& stream, const EscapedText& text) {
    return stream << text.text_;
  }

 private:
  std::string text_{};
};

}  // namespace dkimprobe::config

template <>
struct fmt::formatter<dkimprobe::config::EscapedText> : formatter<string_view> {
  template <class Context>
  auto format(const dkimprobe::config::EscapedText& text, Context& context) const {
    return formatter<string_view>::format(text.str(), context);
  }
};
