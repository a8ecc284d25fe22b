// The schema of the history's file, all its versions, and the upgrade of an older file to the newest one.
#pragma once

#include <stdexcept>

#include "exporters/store/history_connection.hpp"

namespace dkimprobe::exporters {

/// The file must not be touched: a person has to decide.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether the file has a history that can be read; false if it is empty. Refuses the file of another
/// program, and that of an older or newer version.
[[nodiscard]] bool has_history(SQLite::Database& database);

/// Sets what each connection that writes needs, and creates or upgrades the tables. Several processes may do
/// this at once.
void prepare_for_writing(Connection& connection);

}  // namespace dkimprobe::exporters
