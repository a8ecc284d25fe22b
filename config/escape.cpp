#include "config/escape.hpp"

#include <iterator>

#include <fmt/format.h>

namespace dkimprobe::config {

std::string escape_text(std::string_view bytes, std::size_t longest) {
  std::string text;
  text.reserve(bytes.size() < longest ? bytes.size() : longest);
  for (const char c : bytes.substr(0, longest)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet == '\\') {
      text += R"(\\)";
    } else if (octet >= 0x20 && octet < 0x7f) {
      text.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", octet);
    }
  }
  if (bytes.size() > longest) fmt::format_to(std::back_inserter(text), "... ({} bytes)", bytes.size());
  return text;
}

}  // namespace dkimprobe::config
