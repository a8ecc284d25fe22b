#include "cli/command_line/commands.hpp"

#include <fmt/format.h>

#include "cli/command_line/common_flags.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::failure;
using config::Result;

constexpr std::string_view lint_help_start = R"(Examples
  echo 'v=DKIM1; k=rsa; p=MIIB...' | dkimprobe lint
  dkimprobe lint records.txt
  dkimprobe lint zone.db
  dkimprobe lint records.jsonl --format jsonl --json

Usage
  dkimprobe lint [FILE] [FLAGS]

  FILE, or standard input without it, has one record per line. In the text
  format a line is the record as verifiers get it, optionally with its name and
  a tab before it:
    s1._domainkey.example.com<TAB>v=DKIM1; k=rsa; p=MIIB...
  Entries of a zone file, which dig prints too, are read as well: their quoted
  strings are joined, and records that are not of DKIM are left out.
  In the jsonl format a line is
    {"name": "s1._domainkey.example.com", "txt": ["v=DKIM1; ", "p=MIIB..."]}
  If the name is given, the size of the answer is computed, and the record at
  `_adsp._domainkey` is checked as signing practices. A line that cannot be read
  is reported and skipped; the exit code is then 3, unless a record is critical.

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

Result<RecordFormat> read_format(const std::string& text) {
  if (text == "text") return RecordFormat::text;
  if (text == "jsonl") return RecordFormat::jsonl;
  return failure("--format",
                 fmt::format("`{}` cannot be used: it must be text or jsonl", escape_text(text, 80)));
}

}  // namespace

Result<Command> read_lint(std::span<const std::string> arguments) {
  Flags flags;
  std::vector<std::string> positionals;
  std::string role;
  std::string format;
  KeyListTexts key_lists;
  std::string key_size;
  OutputTexts output;
  flags.positionals(positionals);
  flags.value("--format", format, "FORMAT", "text (the default) or jsonl", output_group);
  declare_output(flags, output, "one JSON object per line, in the order of the input");
  declare_role(flags, role);
  declare_option(flags, config::key_size_option(), key_size);
  declare_key_lists(flags, key_lists);
  if (auto parsed = flags.read("lint", arguments); !parsed) return tl::unexpected(parsed.error());
  if (output.help) return TextWanted{flags.help(lint_help_start)};
  LintCommand command;
  Errors errors;
  if (!positionals.empty()) command.file = positionals.front();
  if (command.file.empty()) errors.push_back({"", "the file name is empty"});
  if (positionals.size() > 1) {
    errors.push_back({escape_text(positionals[1], 80),
                      "only one file can be read, with one record on each line; to ask servers: dkimprobe "
                      "check DOMAIN SELECTOR"});
  }
  if (flags.given("--format")) take(read_format(format), command.format, errors);
  if (flags.given("--role")) take(read_role(role), command.role, errors);
  if (flags.given("--rsa-bits-wanted")) {
    config::Settings settings;
    if (auto set = config::set_option(config::key_size_option(), key_size, "--rsa-bits-wanted", settings);
        !set)
      add(errors, set.error());
    command.policy = std::move(settings.policy);
  }
  read_key_lists(flags, key_lists, command.key_lists, errors);
  read_output(flags, output, command.output, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
