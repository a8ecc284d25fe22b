// The composition: the command line, the command, the exit code.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "cli/check.hpp"
#include "cli/command_line.hpp"
#include "cli/exit_code.hpp"
#include "cli/explain.hpp"
#include "cli/history.hpp"
#include "cli/judge.hpp"
#include "cli/lint.hpp"
#include "cli/output.hpp"
#include "cli/preflight.hpp"
#include "cli/record.hpp"
#include "cli/rotation.hpp"
#include "cli/serve.hpp"
#include "config/escape.hpp"

namespace dkimprobe::cli {
namespace {

int end_with(const config::Mistakes& mistakes, ExitCode code) {
  // A settings file is mended in one go; how many of its mistakes are told is bounded where it is read.
  const std::size_t shown = code == ExitCode::settings ? mistakes.size() : 10;
  for (std::size_t i = 0; i < std::min(shown, mistakes.size()); ++i) {
    const auto& [where, message] = mistakes[i];
    fmt::print(stderr, "dkimprobe: {}{}{}\n", where, where.empty() ? "" : ": ", message);
  }
  if (mistakes.size() > shown)
    fmt::print(stderr, "dkimprobe: and {} more mistakes\n", mistakes.size() - shown);
  return static_cast<int>(code);
}

using Ended = tl::expected<ExitCode, CheckRefused>;

/// A file that cannot be used is a wrong setting.
Ended ended(config::Result<ExitCode> result) {
  if (!result) return tl::unexpected(CheckRefused{ExitCode::settings, std::move(result.error())});
  return *result;
}

Ended run_command(const CheckCommand& command) {
  return run_check(command);
}
Ended run_command(const PreflightCommand& command) {
  return run_preflight(command);
}
Ended run_command(const RotationCommand& command) {
  return run_rotation(command);
}
Ended run_command(const ServeCommand& command) {
  return run_serve(command);
}
Ended run_command(const JudgeCommand& command) {
  return ended(run_judge(command));
}
Ended run_command(const LintCommand& command) {
  return ended(run_lint(command));
}
Ended run_command(const RecordCommand& command) {
  return ended(run_record(command));
}
Ended run_command(const HistoryCommand& command) {
  return ended(run_history(command));
}
Ended run_command(const ExplainCommand& command) {
  return run_explain(command);
}
Ended run_command(const TextWanted& wanted) {
  write_output(wanted.text);
  return ExitCode::ok;
}

int run(const std::vector<std::string>& arguments) {
  auto command = read_command_line(arguments);
  if (!command) return end_with(command.error(), ExitCode::usage);
  auto result = std::visit([](const auto& given) { return run_command(given); }, *command);
  return result ? static_cast<int>(*result) : end_with(result.error().mistakes, result.error().code);
}

}  // namespace
}  // namespace dkimprobe::cli

int main(int argc, char** argv) {
  using dkimprobe::cli::ExitCode;
  // Readers that go away early are told by the result of the write.
  signal(SIGPIPE, SIG_IGN);
  try {
    return dkimprobe::cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    fmt::print(stderr, "dkimprobe: internal error: {}\n", dkimprobe::config::escape_text(error.what(), 500));
  } catch (...) {
    fmt::print(stderr, "dkimprobe: internal error\n");
  }
  return static_cast<int>(ExitCode::internal);
}
