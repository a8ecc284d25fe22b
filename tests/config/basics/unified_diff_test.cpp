#include "config/basics/unified_diff.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "tests/catch.hpp"

using namespace dkimprobe::config;

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
  const std::string_view line = text.substr(0, size);
  text.remove_prefix(size);
  return line;
}

/// What `patch` makes of the text; "!" if the diff does not fit.
std::string patched(std::string_view before, std::string_view diff) {
  std::string after;
  std::size_t line_number = 0;
  take_line(diff);
  take_line(diff);
  while (!diff.empty()) {
    const std::string_view line = take_line(diff);
    if (line.starts_with("@@ -")) {
      const std::size_t first = std::stoul(std::string(line.substr(4)));
      const bool removes_none = line.substr(0, line.find(' ', 4)).ends_with(",0");
      for (; line_number + (removes_none ? 0 : 1) < first; ++line_number) after += take_line(before);
      continue;
    }
    std::string_view content = line.substr(1);
    if (diff.starts_with("\\")) {
      content.remove_suffix(1);
      take_line(diff);
    }
    if (line.front() != '+') {
      ++line_number;
      if (before.empty() || take_line(before) != content) return "!";
    }
    if (line.front() != '-') after += content;
  }
  return after.append(before);
}

}  // namespace

TEST_CASE("a unified diff shows the changed lines with three lines around them") {
  CHECK(unified_diff("a\nb\n", "a\nb\n", "old", "new").empty());
  CHECK(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "s.yaml",
                     "s.yaml (new)") ==
        "--- s.yaml\n+++ s.yaml (new)\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  CHECK(unified_diff("", "a\n", "x", "y") == "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n");
  CHECK(unified_diff("a\nb", "a\nb\n", "x", "y") ==
        "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
}

TEST_CASE("changes far from each other have hunks of their own") {
  std::string before;
  for (int i = 0; i < 30; ++i) before += fmt::format("line {}\n", i);
  std::string after = before;
  after.replace(after.find("line 5\n"), 7, "");
  after.replace(after.find("line 25\n"), 8, "line 25\nnew\n");
  const std::string diff = unified_diff(before, after, "x", "y");
  CHECK(diff.find("@@ -3,7 +3,6 @@\n") != std::string::npos);
  CHECK(diff.find("@@ -24,6 +23,7 @@\n") != std::string::npos);
}

TEST_CASE("texts with very many changed lines are compared quickly") {
  std::string before;
  std::string after;
  for (int i = 0; i < 50'000; ++i) {
    before += fmt::format("a{}\n", i);
    after += fmt::format("b{}\n", i);
  }
  CHECK(unified_diff(before, after, "x", "y").size() > before.size());
}

TEST_CASE("the old text and the diff give the new text") {
  const auto text =
      rc::gen::map(rc::gen::pair(rc::gen::container<std::vector<std::string>>(
                                     rc::gen::element<std::string>("a\n", "b\n", "c\r\n", "d\n")),
                                 rc::gen::element<std::string>("", "a", "e")),
                   [](const auto& parts) {
                     std::string joined;
                     for (const auto& line : parts.first) joined += line;
                     return joined + parts.second;
                   });
  CHECK(rc::check([&] {
    const std::string before = *text;
    const std::string after = *text;
    const std::string diff = unified_diff(before, after, "x", "y");
    RC_ASSERT(diff.empty() == (before == after));
    if (!diff.empty()) RC_ASSERT(patched(before, diff) == after);
  }));
}
