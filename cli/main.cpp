// Connects the command line, the commands and the exit code.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "cli/command_line/command_line.hpp"
#include "cli/commands/commands.hpp"
#include "cli/io/exit_code.hpp"
#include "cli/io/output.hpp"
#include "config/basics/escape.hpp"
#include "config/keys/openssl_memory.hpp"
#include "exporters/formats/plugin_text.hpp"

namespace dkimprobe::cli {
namespace {

int end_with(const config::Errors& errors, ExitCode code) {
  // All errors of a settings file are shown, to be fixed in one go; their number is bounded where it is read.
  const std::size_t shown = code == ExitCode::settings ? errors.size() : 10;
  for (std::size_t i = 0; i < std::min(shown, errors.size()); ++i) {
    print_message(line_of(errors[i]));
  }
  if (errors.size() > shown) print_message(fmt::format("and {} more errors", errors.size() - shown));
  return static_cast<int>(code);
}

CommandResult run(const TextWanted& wanted) {
  write_output(wanted.text);
  return ExitCode::ok;
}

/// Commands that are printed start the program as this one was started.
void set_program(const std::string& program, Command& command) {
  if (auto* const preflight = std::get_if<PreflightCommand>(&command)) preflight->ask.call.program = program;
  if (auto* const rotation = std::get_if<RotationCommand>(&command)) rotation->ask.call.program = program;
}

int run_command_line(const std::string& program, const std::vector<std::string>& arguments) {
  auto command = read_command_line(arguments);
  if (!command) return end_with(command.error(), ExitCode::usage);
  set_program(program, *command);
  auto result = std::visit([](const auto& given) { return run(given); }, *command);
  return result ? static_cast<int>(*result) : end_with(result.error().errors, result.error().code);
}

constexpr int plugin_unknown = static_cast<int>(ExitCode::unknown);

int end_plugin(std::string_view what, const config::Errors& errors) {
  std::vector<std::string> lines;
  for (const auto& error : errors) lines.push_back(fmt::format("{}: {}", what, line_of(error)));
  write_output(exporters::plugin_failure(lines));
  return plugin_unknown;
}

void end_interrupted_plugin(int) {
  constexpr std::string_view text = "DKIM UNKNOWN - interrupted\n";
  [[maybe_unused]] const auto written = write(STDOUT_FILENO, text.data(), text.size());
  _exit(plugin_unknown);
}

/// Every failure is reported on standard output, which plugin runners read, and ends with exit code 3.
int run_plugin(const std::vector<std::string>& arguments) {
  signal(SIGINT, end_interrupted_plugin);
  signal(SIGTERM, end_interrupted_plugin);
  // Some runners merge both streams and use the first line, so warnings are buffered until the end.
  static char warnings[65'536];
  setvbuf(stderr, warnings, _IOFBF, sizeof warnings);
  const auto command = read_command_line(arguments);
  if (!command) return end_plugin("wrong usage", command.error());
  const auto* const check = std::get_if<CheckCommand>(&*command);
  if (check == nullptr) {
    return end_plugin("wrong usage", {{"--plugin", std::holds_alternative<TextWanted>(*command)
                                                       ? "to see the help or the version, leave this flag out"
                                                       : "only `dkimprobe check` has this output"}});
  }
  const auto result = run(*check);
  if (result) return std::min(static_cast<int>(*result), plugin_unknown);
  return end_plugin(result.error().code == ExitCode::usage ? "wrong usage" : "wrong settings",
                    result.error().errors);
}

void end_internal(bool plugin, std::string_view why) {
  if (plugin) {
    std::puts(fmt::format("DKIM UNKNOWN - internal error{}", why).c_str());
  } else {
    print_message(fmt::format("internal error{}", why));
  }
}

}  // namespace
}  // namespace dkimprobe::cli

int main(int argc, char** argv) {
  using dkimprobe::cli::ExitCode;
  // If the reader closes early, the write fails instead.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // exceeding a file size limit is reported like a full disk
  bool plugin = false;
  try {
    dkimprobe::config::wipe_freed_openssl_memory();
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    plugin = dkimprobe::cli::asks_for_plugin(arguments);
    return plugin ? dkimprobe::cli::run_plugin(arguments)
                  : dkimprobe::cli::run_command_line(argc > 0 ? argv[0] : "dkimprobe", arguments);
  } catch (const std::exception& error) {
    dkimprobe::cli::end_internal(plugin, ": " + dkimprobe::config::escape_text(error.what(), 500));
  } catch (...) {
    dkimprobe::cli::end_internal(plugin, "");
  }
  return static_cast<int>(plugin ? ExitCode::unknown : ExitCode::internal);
}
