// The commands. Each does what its validated command line asks for, and has its own source file.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"

namespace dkimprobe::cli {

/// Asks the servers of each domain for its selectors, judges the answers and prints a report.
[[nodiscard]] CommandResult run(const CheckCommand& command);

/// Asks the servers for a new key, once or until it is safe to sign with it, and reports whether it is.
[[nodiscard]] CommandResult run(const PreflightCommand& command);

/// Asks the servers of a domain for its selectors, extends their histories, and prints the progress of the
/// rotation.
[[nodiscard]] CommandResult run(const RotationCommand& command);

/// The daemon with its web server, its signals and its reloads. Returns after SIGTERM or SIGINT.
[[nodiscard]] CommandResult run(const ServeCommand& command);

/// Judges stored observations again and prints them as `check` does. Asks no server.
[[nodiscard]] CommandResult run(const JudgeCommand& command);

/// Judges records, one per line, without asking a server; memory use does not depend on the length of the
/// input. A line that cannot be read is reported and skipped.
[[nodiscard]] CommandResult run(const LintCommand& command);

/// Prints the record to publish for a key to standard output, and notes on it to standard error. Asks no
/// server and publishes nothing.
[[nodiscard]] CommandResult run(const RecordCommand& command);

/// Prints what is stored of a domain's selectors; `unknown` when nothing is. Asks no server, writes nothing.
[[nodiscard]] CommandResult run(const HistoryCommand& command);

/// Explains a name that reports and alerts print, or lists all names. Asks no server.
[[nodiscard]] CommandResult run(const ExplainCommand& command);

}  // namespace dkimprobe::cli
