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
  dkimprobe explain                 all names, one per line
  dkimprobe explain ns_stale        one fault: what it means, how to fix it
  dkimprobe explain negative_ttl    one reason for the times of a rotation
  dkimprobe explain caveats         what a probe cannot know, and why

Usage
  dkimprobe explain [NAME]

  NAME is that of a check, of a fault of a rotation or of a reason, as reports
  and alerts print it. No server is asked.

Exit codes
  0 printed   64 usage error   70 internal error
)";

constexpr const char* caveats_name = "caveats";

/// All names that can be explained.
std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& check : checks::catalogue()) names.emplace_back(check.name);
  for (const auto& fault : checks::rotation_faults()) {
    if (checks::find_check(fault.name) == nullptr) names.emplace_back(fault.name);
  }
  for (const auto* reason : checks::reasons()) names.emplace_back(reason->name);
  names.emplace_back(caveats_name);
  return names;
}

/// Suggestions for an unknown name, as the end of a sentence.
std::string nearest_names(const std::string& name) {
  constexpr std::size_t shown = 5;
  std::vector<std::string> all = all_names();
  std::vector<std::string> near;
  for (const auto& each : all) {
    if (name.size() >= 3 && near.size() < shown && each.find(name) != std::string::npos) near.push_back(each);
  }
  while (near.size() < shown) {
    std::string nearest = nearest_word(name, all);
    if (nearest.empty()) break;
    std::erase(all, nearest);
    if (std::find(near.begin(), near.end(), nearest) == near.end()) near.push_back(std::move(nearest));
  }
  if (near.empty()) return "`dkimprobe explain` lists all names";
  std::string list;
  for (std::size_t i = 0; i < near.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == near.size() ? " or " : ", ") + near[i];
  }
  return fmt::format("did you mean {}?", list);
}

/// Finds the name in all tables.
void find_name(const std::string& name, ExplainCommand& command) {
  command.check = checks::find_check(name);
  for (const auto& fault : checks::rotation_faults()) {
    if (fault.name == name) command.fault = &fault;
  }
  for (const auto* reason : checks::reasons()) {
    if (reason->name == name) command.reason = reason;
  }
  command.caveats = name == caveats_name;
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
    return failure(escape_text(positionals[1], 80), "only one name can be explained at a time");
  }
  if (command.json && !positionals.empty()) {
    return failure("--json", "it covers all checks; leave out the name");
  }
  if (!positionals.empty()) {
    const std::string& name = positionals.front();
    find_name(name, command);
    if (command.check == nullptr && command.fault == nullptr && command.reason == nullptr && !command.caveats)
      return failure(escape_text(name, 80), "unknown name; " + nearest_names(name));
  }
  return command;
}

}  // namespace dkimprobe::cli
