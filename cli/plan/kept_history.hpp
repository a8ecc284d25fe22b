// The history that a command extends: the one that the operator named, or its own state.
#pragma once

#include <filesystem>
#include <optional>

#include "cli/command_line/command_line.hpp"
#include "config/basics/result.hpp"
#include "config/settings.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::cli {

/// The default directory of the state: `dkimprobe` in XDG_STATE_HOME, or in ~/.local/state (XDG Base
/// Directory Specification). Nothing if neither is known.
[[nodiscard]] std::optional<std::filesystem::path> default_state_directory();

/// Whether this machine's clock can be right; if not, prints a warning that nothing is stored.
[[nodiscard]] bool check_clock();

/// Opens the history of `--storage.path`, or without it the state; nothing if the operator wants none, or if
/// the clock is wrong. The state is separate for each set of root servers, given servers and port, so that
/// what a lab answers is never mixed with what the public sees. If the default directory cannot be used, this
/// prints a warning and returns nothing. With `read`, a state that does not exist yet is nothing.
[[nodiscard]] config::Result<std::optional<exporters::HistoryStore>> open_history(
    const AskOptions& ask, const StateChoice& state, const config::ProbeSettings& servers,
    exporters::HistoryAccess access);

}  // namespace dkimprobe::cli
