#include "config/basics/base64.hpp"

#include <cstdint>

namespace dkimprobe::config {
namespace {

constexpr std::string_view digits_of_base64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::size_t> decode_base64(std::string_view text, std::span<char> room) {
  std::size_t written = 0;
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t digit = digits_of_base64.find(c);
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    ++digits;
    bits = (bits << 6U | static_cast<std::uint32_t>(digit)) & 0xffffU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      if (written == room.size()) return std::nullopt;
      room[written++] = static_cast<char>(bits >> held & 0xffU);
    }
  }
  if ((digits + padding) % 4 != 0 || padding > 2) return std::nullopt;
  return written;
}

std::string encode_base64(std::string_view octets) {
  std::string text;
  for (std::size_t at = 0; at < octets.size(); at += 3) {
    const std::string_view group = octets.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text.push_back(i <= group.size() ? digits_of_base64[bits >> (18U - 6U * i) & 0x3fU] : '=');
    }
  }
  return text;
}

}  // namespace dkimprobe::config
