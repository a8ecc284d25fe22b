#include "cli/command_line/commands.hpp"

#include "cli/command_line/common_flags.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::Result;

constexpr std::string_view judge_help_start = R"(Examples
  dkimprobe check example.com s1 --save s1.json
  dkimprobe judge s1.json                       the same report, no query sent
  dkimprobe judge s1.json --role standby        the same for another role

Usage
  dkimprobe judge FILE [FLAGS]

  Evaluates again what `dkimprobe check --save FILE` stored, and prints the
  report that `check` prints. FILE may be `-` for standard input. No server is
  asked.

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

}  // namespace

Result<Command> read_judge(std::span<const std::string> arguments) {
  Flags flags;
  std::vector<std::string> positionals;
  std::string role;
  std::string settings_file;
  std::string trust_anchor;
  std::string message;
  OutputTexts output;
  flags.positionals(positionals);
  declare_output(flags, output, "one JSON object on standard output");
  declare_message(
      flags, message,
      "also compare its DKIM-Signature fields with the stored records, as `check --message` does");
  declare_role(flags, role);
  flags.value("--config.file", settings_file, "FILE", "settings file (YAML): roles, expected keys, policy",
              settings_group);
  flags.value("--trust-anchor", trust_anchor, "FILE",
              "file with the DS or DNSKEY records of the root that signatures are validated with",
              settings_group);
  std::string storage;
  declare_storage(flags, storage,
                  "directory of the history: evaluate with what was known when FILE was stored");
  if (auto parsed = flags.read("judge", arguments); !parsed) return tl::unexpected(parsed.error());
  if (output.help) return TextWanted{flags.help(judge_help_start)};
  JudgeCommand command;
  Errors errors;
  if (positionals.empty() || positionals.front().empty()) {
    errors.push_back({"", "no file given; usage: dkimprobe judge FILE"});
  } else {
    command.file = positionals.front();
  }
  if (positionals.size() > 1) {
    errors.push_back({escape_text(positionals[1], 80), "only one file can be judged at a time"});
  }
  if (flags.given("--role")) take(read_role(role), command.role.emplace(), errors);
  read_file_name(flags, "--config.file", settings_file, command.settings_file, errors);
  read_file_name(flags, "--trust-anchor", trust_anchor, command.trust_anchor, errors);
  read_file_name(flags, "--message", message, command.message, errors);
  read_file_name(flags, "--storage.path", storage, command.storage, errors);
  if (command.message == "-" && command.file == "-")
    errors.push_back({"--message", "standard input cannot be both FILE and the message"});
  read_output(flags, output, command.output, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
