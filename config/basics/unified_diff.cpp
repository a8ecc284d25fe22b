#include "config/basics/unified_diff.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace dkimprobe::config {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t context = 3;
/// The most pairs of lines that are compared.
constexpr std::size_t most_pairs = 4'000'000;

/// The lines with their line ends.
Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

/// A line of the diff: ' ' for one of both texts, '-' for a removed and '+' for an added one.
struct Step {
  char mark = ' ';
  std::string_view line{};
};

/// The steps from one text to the other by a longest common subsequence.
void compare(const Lines& before, const Lines& after, std::vector<Step>& steps) {
  const std::size_t width = after.size() + 1;
  const bool too_many = before.size() > most_pairs / width;
  // The length of the longest common subsequence from a pair of lines on.
  std::vector<std::uint32_t> longest(too_many ? 0 : (before.size() + 1) * width);
  for (std::size_t i = too_many ? 0 : before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      longest[i * width + j] = before[i] == after[j]
                                   ? longest[(i + 1) * width + j + 1] + 1
                                   : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (!too_many && i < before.size() && j < after.size() && before[i] == after[j]) {
      steps.push_back({' ', before[i++]});
      ++j;
    } else if (i < before.size() && (too_many || j == after.size() ||
                                     longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      steps.push_back({'-', before[i++]});
    } else {
      steps.push_back({'+', after[j++]});
    }
  }
}

std::vector<Step> steps_between(Lines before, Lines after) {
  const auto start = std::ranges::mismatch(before, after);
  const auto same_at_start = static_cast<std::size_t>(start.in1 - before.begin());
  std::size_t same_at_end = 0;
  while (same_at_end + same_at_start < std::min(before.size(), after.size()) &&
         before[before.size() - 1 - same_at_end] == after[after.size() - 1 - same_at_end])
    ++same_at_end;
  std::vector<Step> steps;
  for (std::size_t i = 0; i < same_at_start; ++i) steps.push_back({' ', before[i]});
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(same_at_start),
                 lines.end() - static_cast<std::ptrdiff_t>(same_at_end));
  };
  compare(middle(before), middle(after), steps);
  for (std::size_t i = before.size() - same_at_end; i < before.size(); ++i) steps.push_back({' ', before[i]});
  return steps;
}

/// `12,3` of a hunk; of no lines, the line before them.
std::string range_of(std::size_t lines_before, std::size_t count) {
  const std::size_t first = count == 0 ? lines_before : lines_before + 1;
  return count == 1 ? fmt::format("{}", first) : fmt::format("{},{}", first, count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name) {
  if (before == after) return {};
  const auto steps = steps_between(lines_of(before), lines_of(after));
  const auto next_change = [&](std::size_t from) {
    while (from < steps.size() && steps[from].mark == ' ') ++from;
    return from;
  };
  std::string diff = fmt::format("--- {}\n+++ {}\n", before_name, after_name);
  std::size_t lines_before = 0;
  std::size_t lines_after = 0;
  const auto count = [](char mark, std::size_t& of_before, std::size_t& of_after) {
    if (mark != '+') ++of_before;
    if (mark != '-') ++of_after;
  };
  std::size_t done = 0;
  for (std::size_t change = next_change(0); change < steps.size(); change = next_change(done)) {
    const std::size_t begin = std::max(done, change - std::min(change, context));
    std::size_t end = change;
    // Changes with little between them share a hunk.
    for (std::size_t next = change; next < steps.size() && next - end <= 2 * context; next = next_change(end))
      end = next + 1;
    end = std::min(end + context, steps.size());
    for (; done < begin; ++done) count(steps[done].mark, lines_before, lines_after);
    std::size_t removed = 0;
    std::size_t added = 0;
    std::string lines;
    for (; done < end; ++done) {
      const auto& [mark, line] = steps[done];
      count(mark, removed, added);
      lines +=
          fmt::format("{}{}{}", mark, line, line.ends_with('\n') ? "" : "\n\\ No newline at end of file\n");
    }
    diff += fmt::format("@@ -{} +{} @@\n{}", range_of(lines_before, removed), range_of(lines_after, added),
                        lines);
    lines_before += removed;
    lines_after += added;
  }
  return diff;
}

}  // namespace dkimprobe::config
