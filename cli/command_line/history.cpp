#include "cli/command_line/commands.hpp"

#include <algorithm>

#include "cli/command_line/common_flags.hpp"
#include "cli/command_line/names.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::Result;

constexpr std::string_view history_help_start = R"(Examples
  dkimprobe check example.com s1 --storage.path /var/lib/dkimprobe
  dkimprobe history example.com --storage.path /var/lib/dkimprobe
  dkimprobe history example.com s1 --storage.path /var/lib/dkimprobe --json

Usage
  dkimprobe history DOMAIN [SELECTOR] --storage.path DIR [FLAGS]

  Prints what is stored about a selector, or about the whole domain: its keys,
  and each change with the probe that first saw it and the last probe before
  it. `_adsp` is the record of signing practices. No server is asked.

Exit codes
  0 printed   3 nothing is stored
  64 usage error   70 internal error   78 the history cannot be read
)";

void read_history_names(const Flags& flags, std::span<const std::string> names, HistoryCommand& command,
                        Errors& errors) {
  if (names.empty()) {
    errors.push_back({"", "no domain given; usage: dkimprobe history DOMAIN [SELECTOR] --storage.path DIR"});
    return;
  }
  TargetChoice targets;
  read_names(flags, names.first(std::min<std::size_t>(names.size(), 2)), targets, errors);
  if (targets.domain) command.domain = std::move(*targets.domain);
  if (!targets.selectors.empty()) command.selector = std::move(targets.selectors.front());
  if (names.size() > 2)
    errors.push_back({escape_text(names[2], 80), "give one selector, or none for the whole domain"});
}

}  // namespace

Result<Command> read_history(std::span<const std::string> arguments) {
  Flags flags;
  std::vector<std::string> positionals;
  std::string storage;
  OutputTexts output;
  flags.positionals(positionals);
  declare_output(flags, output, "one JSON object on standard output");
  declare_storage(flags, storage, "directory of the history");
  if (auto parsed = flags.read("history", arguments); !parsed) return tl::unexpected(parsed.error());
  if (output.help) return TextWanted{flags.help(history_help_start)};
  HistoryCommand command;
  Errors errors;
  read_history_names(flags, positionals, command, errors);
  std::optional<std::filesystem::path> directory;
  read_file_name(flags, "--storage.path", storage, directory, errors);
  if (directory) {
    command.storage = std::move(*directory);
  } else {
    errors.push_back({"--storage.path", "it is required: the directory given to `check --storage.path`"});
  }
  read_output(flags, output, command.output, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
