#include "config/keys/known_moduli.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "config/basics/regular_file.hpp"

namespace dkimprobe::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = 64U << 20U;

std::optional<std::string> read_hex(std::string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return std::nullopt;
  std::string octets;
  octets.reserve(digits.size() / 2 + 1);
  for (std::size_t size = digits.size() % 2 == 0 ? 2 : 1; !digits.empty(); size = 2) {
    const std::string_view pair = digits.substr(0, size);
    unsigned octet = 0;
    if (std::from_chars(pair.begin(), pair.end(), octet, 16).ptr != pair.end()) return std::nullopt;
    octets.push_back(static_cast<char>(octet));
    digits.remove_prefix(size);
  }
  return octets;
}

}  // namespace

Result<std::shared_ptr<const KnownModuli>> read_known_moduli(const fs::path& path) {
  const std::string place = escape_text(path.string());
  const auto content = read_regular_file(path, largest_file, "moduli", "moduli");
  if (!content) return tl::unexpected(content.error());

  auto known = std::make_shared<KnownModuli>();
  known->file = escape_text(path.filename().string());
  Errors errors;
  std::string_view left = *content;
  for (std::size_t number = 1; !left.empty() && errors.size() < most_errors; ++number) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    const std::string_view text = without_outer_space(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
    if (text.empty() || text.front() == '#') continue;
    if (auto octets = read_hex(text)) {
      known->numbers.push_back({number, std::move(*octets)});
    } else {
      errors.push_back({fmt::format("{}:{}", place, number),
                        fmt::format("`{}` is not a hexadecimal number above zero", escape_text(text, 40))});
    }
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  if (known->numbers.empty()) return failure(place, "this file has no number");
  return known;
}

}  // namespace dkimprobe::config
