#include "exporters/text/compatibility_text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/verifiers/verifier.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"
#include "config/basics/unified_diff.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Acceptance;
using checks::VerifierVerdict;

/// What they do, in words before their names.
std::string_view words_for(Acceptance acceptance) {
  switch (acceptance) {
    case Acceptance::accepted:
      return "accepted by";
    case Acceptance::rejected:
      return "rejected by";
    case Acceptance::temporary_error:
      return "temporary error at";
    case Acceptance::unsupported:
      return "not supported by";
  }
  return {};
}

bool is_same(const VerifierVerdict& a, const VerifierVerdict& b) {
  return a.acceptance == b.acceptance && a.reason == b.reason;
}

/// The verifiers with the same verdict, without their versions where it is that of all their versions.
std::string names_of(const std::vector<VerifierVerdict>& verdicts, const VerifierVerdict& wanted) {
  std::vector<std::string> names;
  for (const auto& verdict : verdicts) {
    if (!is_same(verdict, wanted)) continue;
    const bool is_all = std::ranges::all_of(verdicts, [&](const VerifierVerdict& each) {
      return each.verifier->name != verdict.verifier->name || is_same(each, wanted);
    });
    std::string name = is_all ? std::string(verdict.verifier->name) : id_of(*verdict.verifier);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// A line for each tag, escaped and without white space around it.
std::string tag_lines(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view tag = config::without_outer_space(text.substr(0, end));
    const std::string_view nothing = end < text.size() ? ";" : "(white space)";
    lines += tag.empty() ? std::string(nothing) : config::escape_text(tag);
    lines += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::vector<std::string> verifier_lines(const checks::Report& report) {
  const auto& verdicts = report.compatibility.verdicts;
  if (!report.key || all_accept(report.compatibility)) return {};
  const auto accepting = std::ranges::count(verdicts, Acceptance::accepted, &VerifierVerdict::acceptance);
  if (accepting == 0) return {fmt::format("none of {} accepts it", verdicts.size())};
  std::vector<std::string> lines;
  for (const auto acceptance : {Acceptance::rejected, Acceptance::temporary_error, Acceptance::unsupported}) {
    for (auto verdict = verdicts.begin(); verdict != verdicts.end(); ++verdict) {
      if (verdict->acceptance != acceptance) continue;
      if (std::any_of(verdicts.begin(), verdict, [&](const auto& each) { return is_same(each, *verdict); }))
        continue;
      lines.push_back(
          fmt::format("{} {}: {}", words_for(acceptance), names_of(verdicts, *verdict), verdict->reason));
    }
  }
  lines.push_back(fmt::format("accepted by {} of {}", accepting, verdicts.size()));
  return lines;
}

std::vector<std::string> rewrite_lines(const checks::Report& report) {
  std::vector<std::string> lines;
  if (report.compatibility.rewrite.empty()) return lines;
  std::string published;
  for (const auto& string : report.record.strings) published += string;
  const std::string diff =
      config::unified_diff(tag_lines(published), tag_lines(report.compatibility.rewrite), "", "");
  std::size_t begin = diff.find("\n@@");
  while (begin != std::string::npos && begin + 1 < diff.size()) {
    const std::size_t end = diff.find('\n', begin + 1);
    const std::string_view line = std::string_view(diff).substr(begin + 1, end - begin - 1);
    if (line.starts_with('-') || line.starts_with('+')) lines.emplace_back(line);
    begin = end;
  }
  return lines;
}

}  // namespace dkimprobe::exporters
