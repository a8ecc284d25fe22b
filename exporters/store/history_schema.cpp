#include "exporters/store/history_schema.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "exporters/store/history_codec.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::ZonePast;
using config::DomainName;

/// "DKIh", in the header of the file (`PRAGMA application_id`): distinguishes our files from other SQLite
/// files.
constexpr int application_id = 0x444b4968;

/// Step N upgrades schema version N to version N + 1. Released steps are never changed. Times are
/// milliseconds since 1970. `last_seen` is null for what the last probe of the selector saw: so a probe that
/// sees nothing new writes one row. `strings` holds, for each record, the number of its strings, and for each
/// string its length and octets; numbers are two octets, big-endian. Names in lists are separated by spaces.
constexpr std::array schema_steps = {
    R"(
CREATE TABLE selectors (
  id INTEGER PRIMARY KEY,
  domain TEXT NOT NULL COLLATE NOCASE,
  selector TEXT NOT NULL COLLATE NOCASE,
  first_look INTEGER,
  last_look INTEGER,
  UNIQUE (domain, selector)
) STRICT;
CREATE TABLE texts (
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  strings BLOB NOT NULL
) STRICT;
CREATE TABLE keys (
  sha256 TEXT NOT NULL,
  texts_id INTEGER NOT NULL REFERENCES texts (id) ON DELETE CASCADE,
  PRIMARY KEY (sha256, texts_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of_texts ON keys (texts_id);
CREATE TABLE timelines (
  id INTEGER PRIMARY KEY,
  selector_id INTEGER NOT NULL REFERENCES selectors (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  owner TEXT NOT NULL,
  server TEXT NOT NULL,
  address TEXT NOT NULL,
  port INTEGER NOT NULL,
  lag_serial INTEGER,
  lag_since INTEGER,
  UNIQUE (selector_id, place)
) STRICT;
CREATE TABLE spans (
  timeline_id INTEGER NOT NULL REFERENCES timelines (id) ON DELETE CASCADE,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER,
  kind TEXT NOT NULL,
  texts_id INTEGER REFERENCES texts (id),
  alias TEXT,
  ttl_seconds INTEGER,
  nsec_ttl_seconds INTEGER,
  domainkey_denied_seconds INTEGER,
  wildcard_ttl_seconds INTEGER,
  PRIMARY KEY (timeline_id, first_seen)
) STRICT, WITHOUT ROWID;
CREATE INDEX spans_of_texts ON spans (texts_id) WHERE texts_id IS NOT NULL;
CREATE TRIGGER texts_end AFTER DELETE ON spans WHEN OLD.texts_id IS NOT NULL BEGIN
  DELETE FROM texts WHERE id = OLD.texts_id AND NOT EXISTS (SELECT 1 FROM spans WHERE texts_id = OLD.texts_id);
END;
CREATE TABLE zones (
  id INTEGER PRIMARY KEY,
  selector_id INTEGER NOT NULL REFERENCES selectors (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  apex TEXT NOT NULL,
  UNIQUE (selector_id, place)
) STRICT;
CREATE TABLE zone_spans (
  zone_id INTEGER NOT NULL REFERENCES zones (id) ON DELETE CASCADE,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER,
  parent TEXT NOT NULL,
  child TEXT NOT NULL,
  ttl_seconds INTEGER NOT NULL,
  PRIMARY KEY (zone_id, first_seen)
) STRICT, WITHOUT ROWID;
)",
    // Zones belong to a domain: they are stored once for all selectors, at the row of `selectors` whose
    // selector is empty; see `move_zones`. `ds` is a list like those of names.
    R"(
ALTER TABLE zone_spans RENAME COLUMN ttl_seconds TO parent_ttl_seconds;
ALTER TABLE zone_spans ADD COLUMN child_ttl_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE zone_spans ADD COLUMN negative_ttl_seconds INTEGER;
ALTER TABLE zone_spans ADD COLUMN nsec_ttl_seconds INTEGER;
ALTER TABLE zone_spans ADD COLUMN ds TEXT NOT NULL DEFAULT '';
ALTER TABLE zone_spans ADD COLUMN ds_ttl_seconds INTEGER NOT NULL DEFAULT 0;
UPDATE zone_spans SET child_ttl_seconds = parent_ttl_seconds;
)",
    // The names that the program uses for these things now.
    R"(
ALTER TABLE selectors RENAME COLUMN first_look TO first_probe;
ALTER TABLE selectors RENAME COLUMN last_look TO last_probe;
ALTER TABLE spans RENAME TO periods;
ALTER TABLE zone_spans RENAME TO zone_periods;
)",
    R"(
ALTER TABLE periods ADD COLUMN is_incomplete INTEGER NOT NULL DEFAULT 0;
)"};
/// The first version that keeps the zones of a domain once. Those of an older file are moved after all steps,
/// under the names of the newest version.
constexpr int zones_version = 2;
constexpr int newest_version = static_cast<int>(schema_steps.size());

/// The schema version of our file; nothing for an empty file.
std::optional<int> schema_version(SQLite::Database& database) {
  // One statement sees one consistent state, even if other processes initialise the file. It reads the whole
  // schema, so that corruption shows.
  SQLite::Statement row(database,
                        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
                        "FROM pragma_application_id, pragma_user_version");
  row.executeStep();
  const int id = row.getColumn(0).getInt();
  const int version = row.getColumn(1).getInt();
  const int tables = row.getColumn(2).getInt();
  if (id == 0 && version == 0 && tables == 0) return std::nullopt;
  if (id != application_id) {
    throw Refused(
        "it is an SQLite file of another program; nothing was changed. Use another directory, or move the "
        "file away");
  }
  if (version > newest_version) {
    throw Refused(
        fmt::format("it was written by a newer dkimprobe (schema version {}, this one supports {}); nothing "
                    "was changed. Use that version, or another directory",
                    version, newest_version));
  }
  return version;
}

/// Moves the zones of each selector to its domain.
void move_zones(Connection& connection) {
  std::vector<std::pair<std::string, std::string>> rows;
  {
    auto row = connection.query("SELECT domain, selector FROM selectors ORDER BY domain");
    while (row.next()) rows.emplace_back(row[0].getString(), row[1].getString());
  }
  std::map<std::string, std::vector<ZonePast>> pasts;
  for (const auto& [domain, selector] : rows) {
    Lines lines = connection.load(read_name(domain), read_selector(selector)).lines;
    lines.servers.clear();
    pasts[domain].push_back(past_of(std::move(lines)));
  }
  connection.run("DELETE FROM zones");
  for (const auto& [domain, of_selectors] : pasts) {
    const DomainName name = read_name(domain);
    connection.write(name, zones_row(), connection.load(name, zones_row()),
                     lines_of(checks::merge_pasts(of_selectors)));
  }
}

}  // namespace

bool has_history(SQLite::Database& database) {
  const auto version = schema_version(database);
  if (version && *version < newest_version) {
    throw Refused(fmt::format(
        "it was written by an older dkimprobe (schema version {}, this one reads {}); any command that "
        "writes there, such as `dkimprobe check DOMAIN SELECTOR --storage.path DIR`, upgrades it",
        *version, newest_version));
  }
  return version.has_value();
}

void prepare_for_writing(Connection& connection) {
  SQLite::Database& database = connection.database();
  auto version = schema_version(database);
  // With WAL, readers and the writer do not block each other.
  database.exec("PRAGMA journal_mode = WAL");
  // Observations cannot be repeated, so they are on the disk before `record` returns. NORMAL survives kill
  // -9, but not a loss of power; FULL costs one flush per transaction.
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA foreign_keys = ON");
  database.exec("PRAGMA trusted_schema = OFF");
  if (version == newest_version) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  version = schema_version(database);  // another process may have upgraded it meanwhile
  for (int step = version.value_or(0); step < newest_version; ++step)
    database.exec(schema_steps.at(static_cast<std::size_t>(step)));
  if (version.value_or(0) < zones_version) move_zones(connection);
  database.exec(fmt::format("PRAGMA application_id = {}", application_id));
  database.exec(fmt::format("PRAGMA user_version = {}", newest_version));
  transaction.commit();
}

}  // namespace dkimprobe::exporters
