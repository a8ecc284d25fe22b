#include "cli/command_line/commands.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/command_line/common_flags.hpp"
#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"

namespace dkimprobe::cli {
namespace {

using config::escape_text;
using config::failure;
using config::nearest_word;
using config::Result;

constexpr std::string_view explain_help_start = R"(Examples
  dkimprobe explain                 all checks, one per line
  dkimprobe explain ns_stale        one check: what it means, how to fix it

Usage
  dkimprobe explain [CHECK]
)";

/// Suggestions for an unknown name of a check, as the end of a sentence.
std::string nearest_checks(const std::string& name) {
  constexpr std::size_t shown = 5;
  std::vector<std::string> all;
  std::vector<std::string> near;
  for (const auto& check : checks::catalogue()) {
    all.emplace_back(check.name);
    if (name.size() >= 3 && near.size() < shown && check.name.find(name) != std::string_view::npos) {
      near.emplace_back(check.name);
    }
  }
  while (near.size() < shown) {
    std::string nearest = nearest_word(name, all);
    if (nearest.empty()) break;
    std::erase(all, nearest);
    if (std::find(near.begin(), near.end(), nearest) == near.end()) near.push_back(std::move(nearest));
  }
  if (near.empty()) return "`dkimprobe explain` lists all checks";
  std::string list;
  for (std::size_t i = 0; i < near.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == near.size() ? " or " : ", ") + near[i];
  }
  return fmt::format("did you mean {}?", list);
}

}  // namespace

Result<Command> read_explain(std::span<const std::string> arguments) {
  Flags flags;
  std::vector<std::string> positionals;
  ExplainCommand command;
  bool help = false;
  declare_help(flags, help);
  flags.positionals(positionals);
  flags.toggle("--json", command.json, "all checks as one JSON object", output_group);
  flags.toggle("--markdown", command.markdown, "", "");
  if (auto parsed = flags.read("explain", arguments); !parsed) return tl::unexpected(parsed.error());
  if (help) return TextWanted{flags.help(explain_help_start)};
  if (positionals.size() > 1) {
    return failure(escape_text(positionals[1], 80), "only one check can be explained at a time");
  }
  if (command.json && !positionals.empty()) {
    return failure("--json", "it covers all checks; leave out the name");
  }
  if (!positionals.empty()) {
    const std::string& name = positionals.front();
    command.check = checks::find_check(name);
    if (command.check == nullptr) {
      return failure(escape_text(name, 80), "unknown check; " + nearest_checks(name));
    }
  }
  return command;
}

}  // namespace dkimprobe::cli
