#include "config/basics/escape.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "tests/catch.hpp"

using dkimprobe::config::escape_text;
using dkimprobe::config::EscapedText;
using dkimprobe::config::unescape_text;

TEST_CASE("any bytes survive escaping and unescaping") {
  CHECK(rc::check([](const std::string& bytes) { RC_ASSERT(unescape_text(escape_text(bytes)) == bytes); }));
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all.push_back(static_cast<char>(octet));
  CHECK(unescape_text(escape_text(all)) == all);
}

TEST_CASE("each byte string has exactly one escaped text") {
  CHECK(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('\\', 'x', '0', '1', '7', 'f', 'a', 'A'));
    const auto bytes = unescape_text(text);
    if (bytes) RC_ASSERT(escape_text(*bytes) == text);
  }));
}

TEST_CASE("unescaping rejects what escape_text never writes") {
  const auto* text =
      GENERATE("\\", "\\x", "\\x0", "\\x0g", "\\xFF", "\\x41", "\\x5c", "\\n", "a\n", "\xff", "\\X00");
  INFO(text);
  CHECK_FALSE(unescape_text(text));
}

TEST_CASE("an escaped text is printable ASCII, and foreign bytes get into it escaped") {
  CHECK(rc::check([](const std::string& bytes) {
    EscapedText text = "it has " + escape_text(bytes);
    text += "!";
    RC_ASSERT(text == "it has " + escape_text(bytes) + "!");
    RC_ASSERT(std::ranges::all_of(text.str(), [](char c) { return c >= ' ' && c <= '~'; }));
  }));
  CHECK(EscapedText().empty());
  CHECK(fmt::format("{:>4}|", EscapedText("ab")) == "  ab|");
}
