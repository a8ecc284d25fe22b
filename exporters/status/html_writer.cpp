#include "exporters/status/html_writer.hpp"

namespace dkimprobe::exporters {

HtmlWriter::Element::~Element() {
  html_.page_ += "</";
  html_.page_ += name_.text();
  html_.page_ += '>';
}

HtmlWriter::Element HtmlWriter::open(Markup name, Attributes attributes) {
  start(name, attributes);
  page_ += '>';
  return {*this, name};
}

void HtmlWriter::leaf(Markup name, Attributes attributes, const config::EscapedText& words) {
  const auto element = open(name, attributes);
  text(words);
}

void HtmlWriter::empty(Markup name, Attributes attributes) {
  start(name, attributes);
  page_ += "/>";
}

void HtmlWriter::text(const config::EscapedText& text) {
  for (const char c : text.str()) {
    switch (c) {
      case '&':
        page_ += "&amp;";
        break;
      case '<':
        page_ += "&lt;";
        break;
      case '>':
        page_ += "&gt;";
        break;
      case '"':
        page_ += "&quot;";
        break;
      case '\'':
        page_ += "&#39;";
        break;
      default:
        page_ += c;
    }
  }
}

void HtmlWriter::foreign(std::string_view bytes, std::size_t longest) {
  text(config::escape_text(bytes, longest));
}

void HtmlWriter::start(Markup name, Attributes attributes) {
  page_ += '<';
  page_ += name.text();
  for (const auto& attribute : attributes) {
    page_ += ' ';
    page_ += attribute.name.text();
    page_ += "=\"";
    text(attribute.value);
    page_ += '"';
  }
}

}  // namespace dkimprobe::exporters
