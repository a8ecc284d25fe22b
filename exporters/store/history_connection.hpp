// The history in its SQLite file: reads and writes the lines of a selector, row by row. It knows the tables
// of the newest schema, and nothing of older ones. All errors of SQLite are exceptions of SQLiteCpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "exporters/store/history_lines.hpp"

namespace dkimprobe::exporters {

/// A writer locks the file for milliseconds; an upgrade may take a second.
inline constexpr int busy_timeout_ms = 5'000;

/// Bound as octets, not as text.
struct Blob {
  const std::string& octets;
};

/// Milliseconds since 1970.
[[nodiscard]] std::optional<probe::WallTime> read_time(const SQLite::Column& column);

/// A statement with its values; the destructor resets it, because an active statement blocks other processes.
class Query {
 public:
  template <class... Values>
  explicit Query(SQLite::Statement& statement, const Values&... values) : statement_(statement) {
    bind_from(1, values...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() { statement_.tryReset(); }

  [[nodiscard]] bool next() { return statement_.executeStep(); }
  [[nodiscard]] SQLite::Column operator[](int column) { return statement_.getColumn(column); }
  void run() { statement_.exec(); }

 private:
  static void bind_from(int) {}
  template <class Value, class... Values>
  void bind_from(int place, const Value& value, const Values&... values) {
    bind(place, value);
    bind_from(place + 1, values...);
  }
  void bind(int place, std::int64_t value) { statement_.bind(place, value); }
  void bind(int place, const std::string& value) { statement_.bind(place, value); }
  void bind(int place, const Blob& value) {
    statement_.bind(place, value.octets.data(), static_cast<int>(value.octets.size()));
  }
  void bind(int place, probe::WallTime value) { bind(place, value.time_since_epoch().count()); }
  void bind(int place, std::uint32_t value) { bind(place, static_cast<std::int64_t>(value)); }
  template <class Value>
  void bind(int place, const std::optional<Value>& value) {
    if (value) {
      bind(place, *value);
    } else {
      statement_.bind(place);
    }
  }

  SQLite::Statement& statement_;
};

/// The lines of one row of `selectors`, with the ids of their rows.
struct StoredLines {
  std::optional<std::int64_t> id{};
  Lines lines{};
  std::vector<std::int64_t> server_ids{};  ///< of the rows of `lines.servers`
  std::vector<std::int64_t> zone_ids{};    ///< of the rows of `lines.zones`
};

/// One connection with its cached statements.
class Connection {
 public:
  Connection(const std::string& file, int flags) : database_(file, flags, busy_timeout_ms) {}

  [[nodiscard]] SQLite::Database& database() { return database_; }

  /// `sql` must be a literal: statements are cached by its address.
  template <class... Values>
  [[nodiscard]] Query query(const char* sql, const Values&... values) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) found = statements_.try_emplace(sql, database_, sql).first;
    return Query(found->second, values...);
  }
  /// For a statement without results.
  template <class... Values>
  void run(const char* sql, const Values&... values) {
    query(sql, values...).run();
  }

  [[nodiscard]] StoredLines load(const config::DomainName& domain, const config::Selector& selector);
  void write(const config::DomainName& domain, const config::Selector& selector, const StoredLines& before,
             const Lines& after);
  void drop_selectors(probe::WallTime last_probe_before);

 private:
  SQLite::Database database_;
  std::unordered_map<const char*, SQLite::Statement> statements_{};
};

}  // namespace dkimprobe::exporters
