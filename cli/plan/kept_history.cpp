#include "cli/plan/kept_history.hpp"

#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "checks/record/digest.hpp"
#include "checks/report/time_text.hpp"
#include "cli/io/output.hpp"
#include "cli/io/wall_clock.hpp"

namespace dkimprobe::cli {
namespace {

using config::failure;
using config::Result;
using exporters::HistoryAccess;
using exporters::HistoryStore;

/// An absolute path from the environment; the specification says to ignore others.
std::optional<std::filesystem::path> path_from(const char* variable) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): no other thread runs yet
  if (text == nullptr) return std::nullopt;
  std::filesystem::path path(text);
  return path.is_absolute() ? std::optional(std::move(path)) : std::nullopt;
}

/// A name for the set of servers whose answers belong together.
std::string name_of(const config::ProbeSettings& servers) {
  std::string text = std::to_string(servers.port);
  for (const auto* const each : {&servers.root_servers, &servers.pinned_servers}) {
    text += '\n';
    for (const auto& server : *each)
      text += fmt::format("{}={}:{} ", server.name.to_string(), server.ip.to_string(),
                          server.port.value_or(servers.port));
  }
  return checks::sha256_hex(text).substr(0, 16);
}

Result<HistoryStore> open_in(const std::filesystem::path& directory, HistoryAccess access) {
  if (access != HistoryAccess::read) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (!error) {
      std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
    }
    if (error)
      return failure(directory.string(), fmt::format("the directory cannot be created: {}", error.message()));
  }
  return HistoryStore::open(directory, access);
}

}  // namespace

std::optional<std::filesystem::path> default_state_directory() {
  if (const auto state = path_from("XDG_STATE_HOME")) return *state / "dkimprobe";
  if (const auto home = path_from("HOME")) return *home / ".local" / "state" / "dkimprobe";
  return std::nullopt;
}

bool check_clock() {
  if (run_time() >= earliest_time) return true;
  print_warning(
      {"",
       fmt::format("this machine's clock shows {}, which cannot be right: nothing is remembered of this run",
                   checks::time_text(run_time()))});
  return false;
}

Result<std::optional<HistoryStore>> open_history(const AskOptions& ask, const StateChoice& state,
                                                 const config::ProbeSettings& servers, HistoryAccess access) {
  if ((ask.storage || !state.off) && !check_clock()) return std::nullopt;
  if (ask.storage) {
    auto store = HistoryStore::open(*ask.storage, access);
    if (!store) return tl::unexpected(std::move(store.error()));
    return std::move(*store);
  }
  if (state.off) return std::nullopt;
  const auto parent = state.directory ? state.directory : default_state_directory();
  if (!parent) {
    print_warning(
        {"",
         "neither XDG_STATE_HOME nor HOME is set, so nothing is remembered of this run; --state DIR "
         "names a directory"});
    return std::nullopt;
  }
  const auto directory = *parent / name_of(servers);
  std::error_code ignored;
  if (access == HistoryAccess::read && !std::filesystem::exists(exporters::history_file(directory), ignored))
    return std::nullopt;
  auto store = open_in(directory, access);
  if (store) return std::move(*store);
  if (state.directory) return tl::unexpected(std::move(store.error()));
  print_warnings(store.error());
  print_warning({"", "nothing is remembered of this run; --state DIR names another directory"});
  return std::nullopt;
}

}  // namespace dkimprobe::cli
