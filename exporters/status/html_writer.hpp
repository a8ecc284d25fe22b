// Writes HTML and inline SVG in which nothing from outside can become markup: markup is made of literals of
// the source code alone, and every other text is escaped on its way in. Elements close in the order in which
// they were opened. It knows no page.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace dkimprobe::exporters {

/// Markup as it stands in the source code. Only a literal can become one: the compiler refuses any text that
/// is made while the program runs.
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
  std::string value{};  ///< written as `HtmlWriter::text` writes it
};

class HtmlWriter {
 public:
  /// An element that ends where its scope does.
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
  /// An element that holds a text, as `text` writes it.
  void leaf(Markup name, Attributes attributes, std::string_view text);
  void leaf(Markup name, std::string_view text) { leaf(name, {}, text); }
  /// One that holds nothing: `<meta .../>`, `<rect .../>`.
  void empty(Markup name, Attributes attributes);

  void raw(Markup markup) { page_ += markup.text(); }
  /// A text of this program. What is foreign in it is escaped already; control characters and whatever is not
  /// ASCII become `\xHH` all the same, so that no mark of direction and no invisible letter gets through.
  void text(std::string_view text);
  /// Bytes as they came from outside, by config::escape_text; of more than `longest` only the first.
  void foreign(std::string_view bytes, std::size_t longest = std::string_view::npos);

  [[nodiscard]] std::string take() { return std::move(page_); }

 private:
  void start(Markup name, Attributes attributes);

  std::string page_{};
};

}  // namespace dkimprobe::exporters
