#include "cli/command_line/command_line.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/command_line/commands.hpp"
#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"

namespace dkimprobe::cli {
namespace {

using config::escape_text;
using config::failure;
using config::Result;

constexpr std::string_view version = DKIMPROBE_VERSION;

constexpr std::string_view help_text = R"(Examples
  dkimprobe check example.com s1             one selector, at each nameserver
  dkimprobe check example.com s1 s2 --json   two selectors, output for programs
  dkimprobe preflight example.com s2 --key s2.pem
                                             may I sign with the new key now?
  dkimprobe rotation example.com s1          change the key of s1, step by step
  dkimprobe check example.com s1 --nameserver ns1.example.com=192.0.2.1
                                             a server that is not public yet

dkimprobe asks every authoritative nameserver of a domain for its DKIM keys and
reports what is wrong and how to fix it. It asks no recursive resolver for a key
unless you name one to preflight, so probing leaves nothing in any cache.

Commands
  check DOMAIN SELECTOR...   probe the keys now
  preflight DOMAIN SELECTOR  whether, or when, it is safe to sign with a new key
  rotation DOMAIN [SELECTOR] progress and next steps of a key rotation
  serve                      run the daemon: metrics of all configured domains
  lint [FILE]                check records or a zone file; asks no server
  judge FILE                 evaluate again what `check --save FILE` stored
  record DOMAIN SELECTOR     print the record for a key, ready to publish
  history DOMAIN [SELECTOR]  print the changes recorded by `--storage.path DIR`
  explain [NAME]             what a fault means and how to fix it, or list all
  help [COMMAND]             the help of a command, also by COMMAND --help
  version                    the version, also by --version

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

struct CommandWord {
  std::string_view word{};
  Result<Command> (*read)(std::span<const std::string> arguments) = nullptr;
  bool takes_file = false;  ///< its first argument is a file
};

constexpr std::array commands = {
    CommandWord{"check", read_check},       CommandWord{"preflight", read_preflight},
    CommandWord{"rotation", read_rotation}, CommandWord{"serve", read_serve},
    CommandWord{"lint", read_lint, true},   CommandWord{"judge", read_judge, true},
    CommandWord{"record", read_record},     CommandWord{"history", read_history},
    CommandWord{"explain", read_explain},
};

TextWanted version_text() {
  return {fmt::format("dkimprobe {}\n", version)};
}

/// What follows the name of a command.
Result<Command> read_arguments(const CommandWord& command, std::span<const std::string> arguments) {
  const auto flags_end = std::ranges::find(arguments, "--");
  if (std::find(arguments.begin(), flags_end, "--version") != flags_end) return version_text();
  if (!command.takes_file && arguments.size() == 1 && arguments.front() == "help")
    return failure("help", fmt::format("the help comes first: dkimprobe help {}", command.word));
  return command.read(arguments);
}

/// The words after `help`.
Result<Command> read_help(std::span<const std::string> words) {
  if (words.empty()) return TextWanted{std::string(help_text)};
  std::vector<std::string> arguments(words.begin(), words.end());
  arguments.insert(arguments.begin() + 1, "--help");
  return read_command_line(arguments);
}

}  // namespace

std::string_view program_version() {
  return version;
}

bool asks_for_plugin(std::span<const std::string> arguments) {
  const auto flags_end = std::ranges::find(arguments, "--");
  return std::any_of(arguments.begin(), flags_end, [](const std::string& argument) {
    return std::string_view(argument).substr(0, argument.find('=')) == plugin_flag;
  });
}

Result<Command> read_command_line(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    return failure(
        "", "no command given; usage: dkimprobe check DOMAIN SELECTOR... (all commands: dkimprobe --help)");
  }
  const std::string& word = arguments.front();
  if (word == "help") return read_help(arguments.subspan(1));
  if (word == "--help" || word == "-h") return read_help({});
  if (word == "--version" || word == "version") return version_text();
  const auto known = std::ranges::find(commands, word, &CommandWord::word);
  if (known != commands.end()) return read_arguments(*known, arguments.subspan(1));
  const std::string shown = escape_text(word, 80);
  if (word.starts_with('-')) {
    return failure(shown, "flags come after the command: dkimprobe check DOMAIN SELECTOR... [FLAGS]");
  }
  std::vector<std::string> words = {"help", "version"};
  for (const auto& command : commands) words.emplace_back(command.word);
  if (const std::string nearest = config::nearest_word(word, words); !nearest.empty()) {
    return failure(shown, fmt::format("unknown command; did you mean {}?", nearest));
  }
  return failure(shown,
                 word.find('.') == std::string::npos
                     ? "unknown command; `dkimprobe --help` lists all commands"
                     : fmt::format("unknown command; to probe a domain: dkimprobe check {} SELECTOR", shown));
}

}  // namespace dkimprobe::cli
