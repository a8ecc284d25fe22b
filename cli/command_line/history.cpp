#include "cli/command_line/commands.hpp"

#include "cli/command_line/common_flags.hpp"
#include "config/basics/escape.hpp"
#include "config/names/internationalized_name.hpp"

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
  it. `_adsp` is the record of signing practices. No server is asked. The exit
  code is 3 when nothing is stored.
)";

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
  if (positionals.empty()) {
    errors.push_back({"", "no domain given; usage: dkimprobe history DOMAIN [SELECTOR] --storage.path DIR"});
  } else {
    take(config::read_domain(positionals.front()), command.domain, errors);
  }
  if (positionals.size() > 1)
    take(config::Selector::parse(positionals[1]), command.selector.emplace(), errors);
  if (positionals.size() > 2) {
    errors.push_back({escape_text(positionals[2], 80), "give one selector, or none for the whole domain"});
  }
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
