#include "config/keys/pem_block.hpp"

#include <string>

#include <fmt/format.h>

#include "config/basics/base64.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::config {
namespace {

/// Takes the next block off the start of `text`.
std::optional<PemBlock> take_block(std::string_view& text) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr std::string_view dashes = "-----";
  const std::size_t start = text.find(begin);
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start + begin.size());
  PemBlock block;
  const std::size_t label_end = text.find(dashes);
  if (label_end == std::string_view::npos) return std::nullopt;
  block.label = text.substr(0, label_end);
  text.remove_prefix(label_end + dashes.size());
  const std::size_t end = text.find("-----END ");
  block.ends = end != std::string_view::npos && text.substr(end + 9).starts_with(block.label);
  block.text = text.substr(0, end);
  text.remove_prefix(block.text.size());
  // RFC 1421 section 4.4: fields of a header end with an empty line.
  if (block.text.find(':') != std::string_view::npos) {
    for (const std::string_view empty_line : {"\n\n", "\n\r\n"}) {
      const std::size_t at = block.text.find(empty_line);
      if (at == std::string_view::npos) continue;
      block.headers = block.text.substr(0, at + 1);
      block.text.remove_prefix(at);
      break;
    }
  }
  return block;
}

}  // namespace

bool is_pem(std::string_view bytes) {
  return bytes.find("-----BEGIN ") != std::string_view::npos;
}

std::optional<PemBlock> find_block(std::string_view text, std::string_view label) {
  while (const auto block = take_block(text)) {
    if (block->label.ends_with(label)) return block;
  }
  return std::nullopt;
}

std::string_view header_field(std::string_view headers, std::string_view name) {
  const std::size_t at = headers.find(name);
  if (at == std::string_view::npos) return {};
  std::string_view value = headers.substr(at + name.size());
  value = value.substr(0, value.find('\n'));
  while (!value.empty() && (value.front() == ' ' || value.front() == ':')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\r')) value.remove_suffix(1);
  return value;
}

Result<void> decode_block(const PemBlock& block, SecretBytes& der) {
  const std::string label = escape_text(block.label, 40);
  if (!block.ends)
    return failure("", fmt::format("END {} is missing: the text of the key is cut off", label));
  const auto size = decode_base64(block.text, der.room());
  if (!size) return failure("", fmt::format("the text after BEGIN {} is not base64", label));
  der.set_size(*size);
  return {};
}

}  // namespace dkimprobe::config
