// Exit codes, the same for every command: part of the interface that scripts rely on.
#pragma once

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

}  // namespace dkimprobe::cli
