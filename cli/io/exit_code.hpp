// How a command ends. The exit codes are the same for every command: scripts rely on them.
#pragma once

#include <utility>

#include <tl/expected.hpp>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

enum class ExitCode : int {
  ok = 0,  ///< nothing worse than a notice
  warning = 1,
  critical = 2,
  unknown = 3,    ///< it could not be evaluated
  usage = 64,     ///< the command line is invalid
  internal = 70,  ///< the program failed
  settings = 78,  ///< a given file is invalid or unusable
  interrupted = 130,
};

/// Why a command did nothing. Errors are those of a given file, unless a code says otherwise.
struct Refusal {
  Refusal(config::Errors why, ExitCode ends_with = ExitCode::settings)
      : errors(std::move(why)), code(ends_with) {}

  config::Errors errors;
  ExitCode code;
};

using CommandResult = tl::expected<ExitCode, Refusal>;

}  // namespace dkimprobe::cli
