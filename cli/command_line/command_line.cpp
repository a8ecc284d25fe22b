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
  dkimprobe check example.com s1             one selector, each server by itself
  dkimprobe check example.com s1 s2 --json   two selectors, for a program
  dkimprobe preflight example.com s2 --key s2.pem
                                             may I sign with the new key now
  dkimprobe check example.com s1 --nameserver ns1.example.com=192.0.2.1
                                             a server that is not public yet

dkimprobe asks every authoritative nameserver of a domain for its DKIM keys and
says what is wrong and how to mend it. It never asks a recursive resolver for a
key, so that looking leaves nothing in anybody's cache.

Commands
  check DOMAIN SELECTOR...   look now
  preflight DOMAIN SELECTOR  whether, or when, it is safe to sign with a new key
  rotation DOMAIN            how far the change of keys is, and what comes next
  serve                      the daemon: metrics of all domains of the settings
  lint [FILE]                judge records, one a line, asking no server
  judge FILE                 judge what `check --save FILE` stored
  record DOMAIN SELECTOR     the record for a key, ready to publish
  history DOMAIN [SELECTOR]  every change that `check --storage.path DIR` saw
  explain [CHECK]            what a fault means and how to mend it; all, without
  help, --help               this text; `dkimprobe check --help` has all flags
  version, --version         the version

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage   70 internal error   78 settings   130 interrupted
)";

struct CommandWord {
  std::string_view word{};
  Result<Command> (*read)(std::span<const std::string> arguments) = nullptr;
};

constexpr std::array commands = {
    CommandWord{"check", read_check},       CommandWord{"preflight", read_preflight},
    CommandWord{"rotation", read_rotation}, CommandWord{"serve", read_serve},
    CommandWord{"lint", read_lint},         CommandWord{"judge", read_judge},
    CommandWord{"record", read_record},     CommandWord{"history", read_history},
    CommandWord{"explain", read_explain},
};

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
        "", "no command given; the usage is: dkimprobe check DOMAIN SELECTOR... (more: dkimprobe --help)");
  }
  const std::string& word = arguments.front();
  if (word == "--help" || word == "-h" || word == "help") return TextWanted{std::string(help_text)};
  if (word == "--version" || word == "version") return TextWanted{fmt::format("dkimprobe {}\n", version)};
  const auto known = std::ranges::find(commands, word, &CommandWord::word);
  if (known != commands.end()) return known->read(arguments.subspan(1));
  const std::string shown = escape_text(word, 80);
  if (word.starts_with('-')) {
    return failure(shown, "flags come after the command: dkimprobe check DOMAIN SELECTOR... [FLAGS]");
  }
  std::vector<std::string> words = {"help", "version"};
  for (const auto& command : commands) words.emplace_back(command.word);
  if (const std::string nearest = config::nearest_word(word, words); !nearest.empty()) {
    return failure(shown, fmt::format("there is no such command; did you mean {}?", nearest));
  }
  return failure(
      shown,
      word.find('.') == std::string::npos
          ? "there is no such command; `dkimprobe --help` lists all"
          : fmt::format("there is no such command; to look at a domain: dkimprobe check {} SELECTOR", shown));
}

}  // namespace dkimprobe::cli
