#include "config/basics/nearest_word.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace dkimprobe::config {
namespace {

/// The edit distance: letters inserted, deleted or replaced, and swaps of neighbours.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::vector<std::size_t> next(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({replaced, row[j] + 1, next[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    before = row;
    row = next;
  }
  return row.back();
}

}  // namespace

std::string nearest_word(std::string_view mistyped, std::span<const std::string> words) {
  constexpr std::size_t longest = 40;
  if (mistyped.size() > longest) return {};
  std::string nearest;
  // At most a third of the letters may differ; otherwise it is probably another word.
  std::size_t fewest = std::max<std::size_t>(1, mistyped.size() / 3) + 1;
  for (const auto& word : words) {
    if (const std::size_t edits = edits_between(mistyped, word); edits < fewest) {
      fewest = edits;
      nearest = word;
    }
  }
  return nearest;
}

}  // namespace dkimprobe::config
