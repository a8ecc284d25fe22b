// Writes HTML and inline SVG so that no input can become markup: markup consists only of literals in the
// source code, and all other text is escaped. Elements close in reverse order of opening, at the end of their
// scope.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "config/basics/escape.hpp"

namespace dkimprobe::exporters {

/// Markup from the source code. It is only constructible from a literal: text that is made at run time does
/// not compile.
class Markup {
 public:
  template <std::size_t size>
  consteval Markup(const char (&literal)[size]) : text_(literal, size - 1) {}

  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

struct Attribute {
  Markup name;
  config::EscapedText value{};  ///< written like `HtmlWriter::text`
};

class HtmlWriter {
 public:
  /// An element that closes at the end of its scope.
  class Element {
   public:
    Element(HtmlWriter& html, Markup name) : html_(html), name_(name) {}
    Element(const Element&) = delete;
    Element& operator=(const Element&) = delete;
    ~Element();

   private:
    HtmlWriter& html_;
    Markup name_;
  };

  using Attributes = std::initializer_list<Attribute>;

  [[nodiscard]] Element open(Markup name, Attributes attributes = {});
  /// An element that contains only text.
  void leaf(Markup name, Attributes attributes, const config::EscapedText& text);
  void leaf(Markup name, const config::EscapedText& text) { leaf(name, {}, text); }
  /// An element without content: `<meta .../>`, `<rect .../>`.
  void empty(Markup name, Attributes attributes);

  void raw(Markup markup) { page_ += markup.text(); }
  /// Writes text; the characters of HTML's syntax become references such as `&lt;`.
  void text(const config::EscapedText& text);
  /// Writes foreign bytes, escaped by config::escape_text and cut after `longest` bytes.
  void foreign(std::string_view bytes, std::size_t longest = std::string_view::npos);

  [[nodiscard]] std::string take() { return std::move(page_); }

 private:
  void start(Markup name, Attributes attributes);

  std::string page_{};
};

}  // namespace dkimprobe::exporters
