#include "cli/command_line/commands.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/command_line/ask_flags.hpp"
#include "cli/command_line/common_flags.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::failure;
using config::Result;

constexpr const char* files_group = "Files";

constexpr std::string_view lint_help_start = R"(Examples
  echo 'v=DKIM1; k=rsa; p=MIIB...' | dkimprobe lint
  dkimprobe lint zones/*.zone
  dig +noall +answer TXT s1._domainkey.example.com | dkimprobe lint
  terraform show -json plan | dkimprobe lint --sarif > dkim.sarif
  dkimprobe lint zones/*.zone --against live

Usage
  dkimprobe lint [FILE]... [FLAGS]

  The files, or standard input without any, hold records of DKIM. Their format
  is recognised by their names and first lines; --format names it:
  text       A record per line as verifiers get it, optionally with its name and
             a tab before it: s1._domainkey.example.com<TAB>v=DKIM1; p=MIIB...
  jsonl      {"name": "s1._domainkey.example.com", "txt": ["v=DKIM1; ", "p="]}
  zone       A zone file, or a part of one such as key generators write
  dig        What dig, dig +short or host prints
  octodns    A zone of octoDNS: example.com.yaml
  terraform  What `terraform show -json` prints of a state or a plan: records of
             Route 53, Cloudflare and Google Cloud DNS
  Records that are not of DKIM are left out, but in text and jsonl.
  If the name is given, the size of the answer is computed, and the record at
  `_adsp._domainkey` is checked as signing practices. What is wrong with the
  file and not with a record is reported; the exit code is then 3, unless a
  record is critical.

  With --against live, the nameservers of each name are asked as `check` does,
  and each that differs from the file is a warning.

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

Result<config::FileFormat> read_format(const std::string& text) {
  const auto format = config::parse_file_format(text);
  if (format) return *format;
  return failure("--format", fmt::format("`{}` cannot be used: it must be {}", escape_text(text, 80),
                                         config::file_format_words()));
}

void read_files(const std::vector<std::string>& words, LintCommand& command, Errors& errors) {
  if (!words.empty()) command.files.assign(words.begin(), words.end());
  if (std::ranges::find(words, std::string()) != words.end())
    errors.push_back({"", "the file name is empty"});
  if (std::ranges::count(words, std::string("-")) > 1)
    errors.push_back({"-", "standard input can be read only once"});
}

void read_against(const Flags& flags, const AskTexts& texts, const std::string& against, LintCommand& command,
                  Errors& errors) {
  AskOptions ask;
  read_servers(flags, texts, ask, errors);
  if (flags.given("--against")) {
    if (against != "live")
      errors.push_back(
          {"--against", fmt::format("`{}` cannot be used: it must be live", escape_text(against, 80))});
    command.against = std::move(ask);
  } else if (!ask.given_options.empty() || ask.root_hints || ask.trust_anchor || !texts.nameservers.empty() ||
             !texts.networks.empty()) {
    errors.push_back({"", "lint asks no server, so flags about servers need --against live"});
  }
}

void read_form(bool json, bool sarif, bool junit, LintCommand& command, Errors& errors) {
  if (json) command.form = LintForm::json;
  if (sarif) command.form = LintForm::sarif;
  if (junit) command.form = LintForm::junit;
  if (json + sarif + junit > 1)
    errors.push_back({"", "only one of --json, --sarif and --junit can be given"});
}

}  // namespace

Result<Command> read_lint(std::span<const std::string> arguments) {
  Flags flags;
  std::vector<std::string> positionals;
  std::string role;
  std::string format;
  std::string origin;
  std::string against;
  AskTexts ask;
  bool sarif = false;
  bool junit = false;
  KeyListTexts key_lists;
  std::string key_size;
  OutputTexts output;
  LintCommand command;
  flags.positionals(positionals);
  flags.value("--format", format, "FORMAT", config::file_format_words(), files_group);
  flags.value("--origin", origin, "ZONE", "zone of relative names, where the file names none", files_group);
  flags.toggle("--allow-include", command.rules.allow_include, "read files that a zone file includes",
               files_group, FlagUse::rare);
  declare_output(flags, output, "one JSON object per line, in the order of the input");
  flags.toggle("--sarif", sarif, "SARIF 2.1.0, for code scanning", output_group);
  flags.toggle("--junit", junit, "JUnit XML, for the tests of a CI system", output_group);
  declare_role(flags, role);
  declare_option(flags, config::key_size_option(), key_size);
  declare_key_lists(flags, key_lists);
  flags.value("--against", against, "live",
              "ask the servers of each name too, and show which differ from the file", servers_group);
  declare_servers(flags, ask);
  if (auto parsed = flags.read("lint", arguments); !parsed) return tl::unexpected(parsed.error());
  if (output.help) return TextWanted{flags.help(lint_help_start)};
  Errors errors;
  read_files(positionals, command, errors);
  if (flags.given("--format")) take(read_format(format), command.format.emplace(), errors);
  if (flags.given("--origin"))
    take(config::DomainName::parse(origin), command.rules.origin.emplace(), errors, "--origin");
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
  read_against(flags, ask, against, command, errors);
  read_form(output.json, sarif, junit, command, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
