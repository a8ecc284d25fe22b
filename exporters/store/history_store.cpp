#include "exporters/store/history_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "checks/answers/server_answer.hpp"
#include "checks/record/digest.hpp"
#include "checks/record/key_record.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"
#include "exporters/store/history_changes.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::AnswerPeriod;
using checks::NameserverPeriod;
using checks::PublishedKind;
using checks::SelectorHistory;
using checks::ServerTimeline;
using checks::ZonePast;
using checks::ZoneTimeline;
using config::DomainName;
using config::Selector;
using probe::WallTime;

/// "DKIh", in the header of the file (`PRAGMA application_id`): distinguishes our files from other SQLite
/// files.
constexpr int application_id = 0x444b4968;

/// A writer locks the file for milliseconds; an upgrade may take a second.
constexpr int busy_timeout_ms = 5'000;

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
)"};
/// The first version that keeps the zones of a domain once. Those of an older file are moved after all steps,
/// under the names of the newest version.
constexpr int zones_version = 2;
constexpr int newest_version = static_cast<int>(schema_steps.size());

/// A stored value that this program never writes.
struct Corrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The file must not be touched: a person has to decide.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// ---- Values and columns ----

PublishedKind read_kind(std::string_view word) {
  for (const auto kind :
       {PublishedKind::texts, PublishedKind::alias, PublishedKind::nodata, PublishedKind::nxdomain,
        PublishedKind::failure, PublishedKind::unknown, PublishedKind::left}) {
    if (word == to_string(kind)) return kind;
  }
  throw Corrupted("an unknown kind of answer");
}

std::int64_t number(WallTime time) {
  return time.time_since_epoch().count();
}

std::optional<WallTime> read_time(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return WallTime(std::chrono::milliseconds(column.getInt64()));
}

std::optional<std::uint32_t> read_number(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  const std::int64_t value = column.getInt64();
  if (value < 0 || value > std::numeric_limits<std::uint32_t>::max())
    throw Corrupted("a number out of range");
  return static_cast<std::uint32_t>(value);
}

std::optional<std::uint32_t> lag_serial(const ServerTimeline& timeline) {
  return timeline.lag ? std::optional(timeline.lag->serial) : std::nullopt;
}

std::optional<WallTime> lag_since(const ServerTimeline& timeline) {
  return timeline.lag ? std::optional(timeline.lag->since) : std::nullopt;
}

std::optional<checks::SerialLag> read_lag(const SQLite::Column& serial, const SQLite::Column& since) {
  const auto number = read_number(serial);
  const auto time = read_time(since);
  if (number.has_value() != time.has_value()) throw Corrupted("a serial without a time");
  return number ? std::optional(checks::SerialLag{*number, *time}) : std::nullopt;
}

DomainName read_name(const std::string& text) {
  auto name = DomainName::parse(text);
  if (!name) throw Corrupted("an invalid name");
  return std::move(*name);
}

Selector read_selector(const std::string& text) {
  auto selector = Selector::parse(text);
  if (!selector) throw Corrupted("an invalid selector");
  return std::move(*selector);
}

std::string names_text(const std::vector<DomainName>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : " ") + name.to_string();
  return text;
}

std::vector<std::string> read_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<DomainName> read_names(std::string_view text) {
  std::vector<DomainName> names;
  for (const auto& word : read_words(text)) names.push_back(read_name(word));
  return names;
}

std::string words_text(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

using Texts = std::vector<std::vector<std::string>>;

void put_size(std::size_t size, std::string& octets) {
  if (size > 0xffff) throw std::length_error("a record longer than DNS allows");
  octets.push_back(static_cast<char>(size >> 8U));
  octets.push_back(static_cast<char>(size & 0xffU));
}

std::string texts_blob(const Texts& texts) {
  std::string octets;
  for (const auto& strings : texts) {
    put_size(strings.size(), octets);
    for (const auto& string : strings) {
      put_size(string.size(), octets);
      octets += string;
    }
  }
  return octets;
}

Texts read_texts(std::string_view octets) {
  const auto take = [&](std::size_t size) {
    if (octets.size() < size) throw Corrupted("a truncated record");
    const std::string_view taken = octets.substr(0, size);
    octets.remove_prefix(size);
    return taken;
  };
  const auto take_size = [&] {
    const std::string_view two = take(2);
    return static_cast<std::size_t>(static_cast<unsigned char>(two[0])) << 8U |
           static_cast<unsigned char>(two[1]);
  };
  Texts texts;
  while (!octets.empty()) {
    auto& strings = texts.emplace_back();
    for (std::size_t left = take_size(); left > 0; --left) strings.emplace_back(take(take_size()));
  }
  return texts;
}

// ---- Retention ----

/// Drops what ended before `oldest`. The newest period of a timeline stays.
template <class Timeline>
void drop_before(std::vector<Timeline>& timelines, WallTime oldest) {
  for (auto& timeline : timelines) {
    auto& periods = timeline.periods;
    const auto newest = periods.empty() ? periods.end() : periods.end() - 1;
    periods.erase(periods.begin(), std::find_if(periods.begin(), newest, [&](const auto& period) {
                    return period.last_seen >= oldest;
                  }));
  }
}

bool has_left(const ServerTimeline& timeline) {
  return !timeline.periods.empty() && timeline.periods.back().kind == PublishedKind::left;
}

/// The same for servers; also drops those that left before `oldest`.
void drop_servers_before(std::vector<ServerTimeline>& servers, WallTime oldest) {
  drop_before(servers, oldest);
  std::erase_if(servers, [&](const ServerTimeline& timeline) {
    return has_left(timeline) && timeline.periods.back().first_seen < oldest;
  });
}

void keep_within(ZonePast& past, const HistoryLimits& limits) {
  if (!past.last_probe) return;
  drop_before(past.zones, *past.last_probe - limits.longest_age);
  drop_servers_before(past.names, *past.last_probe - limits.longest_age);
}

void keep_within(SelectorHistory& history, const HistoryLimits& limits) {
  if (!history.last_probe) return;
  drop_servers_before(history.servers, *history.last_probe - limits.longest_age);

  std::size_t count = 0;
  std::vector<WallTime> ends;  // of the periods that may be dropped
  const auto may_go = [&](WallTime end) {
    if (end < *history.last_probe - limits.always_kept) ends.push_back(end);
  };
  for (const auto& timeline : history.servers) {
    const auto& periods = timeline.periods;
    count += periods.size();
    for (std::size_t i = 0; i + 1 < periods.size(); ++i) may_go(periods[i].last_seen);
    if (has_left(timeline)) may_go(periods.back().first_seen);
  }
  if (count <= limits.most_periods || ends.empty()) return;
  const std::size_t excess = std::min(count - limits.most_periods, ends.size());
  std::ranges::nth_element(ends, ends.begin() + static_cast<std::ptrdiff_t>(excess - 1));
  // Periods that ended at the same time are dropped together.
  drop_servers_before(history.servers, ends[excess - 1] + std::chrono::milliseconds{1});
}

/// Periods are identified by their start. Of two probes in the same millisecond the later one counts.
template <class Timeline>
void start_once(std::vector<Timeline>& timelines) {
  for (auto& timeline : timelines) {
    auto& periods = timeline.periods;
    for (std::size_t i = periods.size(); i > 1; --i) {
      if (periods[i - 2].first_seen == periods[i - 1].first_seen)
        periods.erase(periods.begin() + static_cast<std::ptrdiff_t>(i) - 2);
    }
  }
}

/// Null means the last probe: see `schema_steps`.
template <class Period>
std::optional<WallTime> end_column(const Period& period, std::optional<WallTime> last_probe) {
  return last_probe == period.last_seen ? std::nullopt : std::optional(period.last_seen);
}

bool same_columns(const AnswerPeriod& a, const AnswerPeriod& b) {
  const auto seconds = [](const AnswerPeriod& period) {
    return std::tie(period.ttl_seconds, period.nsec_ttl_seconds, period.domainkey_denied_seconds,
                    period.wildcard_ttl_seconds);
  };
  return a.same_answer(b) && seconds(a) == seconds(b);
}

bool same_columns(const NameserverPeriod& a, const NameserverPeriod& b) {
  const auto columns = [](const NameserverPeriod& period) {
    return std::tie(period.parent_ttl_seconds, period.child_ttl_seconds, period.negative_ttl_seconds,
                    period.nsec_ttl_seconds, period.ds, period.ds_ttl_seconds);
  };
  return a.same_nameservers(b) && columns(a) == columns(b);
}

bool same_line(const ServerTimeline& a, const ServerTimeline& b) {
  return a.owner == b.owner && a.server.address == b.server.address;
}

bool same_line(const ZoneTimeline& a, const ZoneTimeline& b) {
  return a.apex == b.apex;
}

// ---- Error messages ----

std::string shown(const std::filesystem::path& file) {
  return config::escape_text(file.string(), 200);
}

std::string damage_text(std::string_view what) {
  return fmt::format(
      "the history is corrupted ({}); nothing was changed. Move the file away, with those that end in -wal "
      "and -shm, to start a new one, or restore a backup; `sqlite3 FILE .recover` saves what can be read",
      config::escape_text(what, 200));
}

/// Whether a person has to fix the file; else the error is temporary or due to the disk.
bool needs_person(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_CORRUPT || error.getErrorCode() == SQLITE_NOTADB;
}

std::string error_text(const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
      return "it is neither a history of dkimprobe nor an SQLite file; nothing was changed. Use another "
             "directory, or move the file away";
    case SQLITE_CORRUPT:
      return damage_text(error.what());
    case SQLITE_FULL:
      return "the history cannot be written: the disk is full";
    case SQLITE_READONLY:
      return "the history cannot be used: this user cannot write the file or its directory";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "the history cannot be opened: its directory is not writable or not readable";
    case SQLITE_BUSY:
      return fmt::format("the history cannot be used: another process has locked it for {} s",
                         busy_timeout_ms / 1'000);
    default:
      return fmt::format("the history cannot be used: {} (SQLite error {})",
                         config::escape_text(error.what(), 200), error.getExtendedErrorCode());
  }
}

// ---- The file ----

struct Blob {
  const std::string& octets;
};

/// A statement with its values; the destructor resets it, because an active statement blocks other processes.
class Query {
 public:
  template <class... Values>
  explicit Query(SQLite::Statement& statement, const Values&... values) : statement_(statement) {
    int place = 0;
    (bind(++place, values), ...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() { statement_.tryReset(); }

  [[nodiscard]] bool next() { return statement_.executeStep(); }
  [[nodiscard]] SQLite::Column operator[](int column) { return statement_.getColumn(column); }
  void run() { statement_.exec(); }

 private:
  void bind(int place, std::int64_t value) { statement_.bind(place, value); }
  void bind(int place, const std::string& value) { statement_.bind(place, value); }
  void bind(int place, const Blob& value) {
    statement_.bind(place, value.octets.data(), static_cast<int>(value.octets.size()));
  }
  void bind(int place, WallTime value) { bind(place, number(value)); }
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

/// The content of one row of `selectors`: the answers for a selector, or the past of a domain's zones.
struct Lines {
  std::optional<WallTime> first_probe{};
  std::optional<WallTime> last_probe{};
  std::vector<ServerTimeline> servers{};
  std::vector<ZoneTimeline> zones{};
};

struct StoredLines {
  std::optional<std::int64_t> id{};
  Lines lines{};
  std::vector<std::int64_t> server_ids{};  ///< of the rows of `lines.servers`
  std::vector<std::int64_t> zone_ids{};    ///< of the rows of `lines.zones`
};

Lines lines_of(const SelectorHistory& history) {
  return {history.first_probe, history.last_probe, history.servers, {}};
}

Lines lines_of(const ZonePast& past) {
  return {past.first_probe, past.last_probe, past.names, past.zones};
}

void put(Lines lines, SelectorHistory& history) {
  history.first_probe = lines.first_probe;
  history.last_probe = lines.last_probe;
  history.servers = std::move(lines.servers);
}

ZonePast past_of(Lines lines) {
  return {lines.first_probe, lines.last_probe, std::move(lines.zones), std::move(lines.servers)};
}

/// The row of `selectors` that has the zones of a domain.
const std::string zones_row{};

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

  void prepare_for_writing() {
    auto version = schema_version(database_);
    // With WAL, readers and the writer do not block each other.
    database_.exec("PRAGMA journal_mode = WAL");
    // Observations cannot be repeated, so they are on the disk before `record` returns. NORMAL survives kill
    // -9, but not a loss of power; FULL costs one flush per transaction.
    database_.exec("PRAGMA synchronous = FULL");
    database_.exec("PRAGMA foreign_keys = ON");
    database_.exec("PRAGMA trusted_schema = OFF");
    if (version == newest_version) return;
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    version = schema_version(database_);  // another process may have upgraded it meanwhile
    for (int step = version.value_or(0); step < newest_version; ++step)
      database_.exec(schema_steps.at(static_cast<std::size_t>(step)));
    if (version.value_or(0) < zones_version) move_zones();
    database_.exec(fmt::format("PRAGMA application_id = {}", application_id));
    database_.exec(fmt::format("PRAGMA user_version = {}", newest_version));
    transaction.commit();
  }

  [[nodiscard]] StoredLines load(const DomainName& domain, const std::string& selector);
  void write(const DomainName& domain, const std::string& selector, const StoredLines& before,
             const Lines& after);
  void drop_selectors(WallTime last_probe_before);

 private:
  void load_servers(StoredLines& stored);
  void load_zones(StoredLines& stored);
  void move_zones();
  std::int64_t texts_id(const Texts& texts);
  void put_periods(std::int64_t timeline, const std::vector<AnswerPeriod>& before,
                   std::optional<WallTime> before_probe, const std::vector<AnswerPeriod>& after,
                   std::optional<WallTime> after_probe);
  void put_periods(std::int64_t zone, const std::vector<NameserverPeriod>& before,
                   std::optional<WallTime> before_probe, const std::vector<NameserverPeriod>& after,
                   std::optional<WallTime> after_probe);
  std::int64_t put_line(std::int64_t selector, std::size_t place, const ServerTimeline& timeline);
  std::int64_t put_line(std::int64_t selector, std::size_t place, const ZoneTimeline& timeline);
  /// The nameserver name of an address and its serial lag may change with each probe.
  void change_line(std::int64_t id, const ServerTimeline& before, const ServerTimeline& after) {
    if (before.server.name == after.server.name && before.lag == after.lag) return;
    query("UPDATE timelines SET server = ?, lag_serial = ?, lag_since = ? WHERE id = ?", after.server.name,
          lag_serial(after), lag_since(after), id)
        .run();
  }
  void change_line(std::int64_t, const ZoneTimeline&, const ZoneTimeline&) {}
  void drop_line(std::int64_t id, const ServerTimeline&) {
    query("DELETE FROM timelines WHERE id = ?", id).run();
  }
  void drop_line(std::int64_t id, const ZoneTimeline&) { query("DELETE FROM zones WHERE id = ?", id).run(); }
  template <class Timeline>
  void write_lines(std::int64_t selector, const std::vector<Timeline>& before,
                   const std::vector<std::int64_t>& ids, std::optional<WallTime> before_probe,
                   const std::vector<Timeline>& after, std::optional<WallTime> after_probe);

  SQLite::Database database_;
  std::unordered_map<const char*, SQLite::Statement> statements_{};
};

StoredLines Connection::load(const DomainName& domain, const std::string& selector) {
  StoredLines stored;
  {
    auto row = query("SELECT id, first_probe, last_probe FROM selectors WHERE domain = ? AND selector = ?",
                     domain.to_string(), selector);
    if (!row.next()) return stored;
    stored.id = row[0].getInt64();
    stored.lines.first_probe = read_time(row[1]);
    stored.lines.last_probe = read_time(row[2]);
  }
  load_servers(stored);
  load_zones(stored);
  return stored;
}

/// The end of a period: the last probe while it lasts.
WallTime end_of_period(const SQLite::Column& column, const StoredLines& stored) {
  if (const auto time = read_time(column)) return *time;
  if (!stored.lines.last_probe) throw Corrupted("an answer without a probe");
  return *stored.lines.last_probe;
}

void Connection::load_servers(StoredLines& stored) {
  auto& lines = stored.lines;
  auto row = query(
      "SELECT t.id, owner, server, address, port, first_seen, last_seen, kind, strings, alias, ttl_seconds, "
      "nsec_ttl_seconds, domainkey_denied_seconds, wildcard_ttl_seconds, lag_serial, lag_since "
      "FROM timelines t LEFT JOIN periods s ON s.timeline_id = t.id LEFT JOIN texts x ON x.id = s.texts_id "
      "WHERE selector_id = ? ORDER BY place, first_seen",
      *stored.id);
  while (row.next()) {
    if (stored.server_ids.empty() || stored.server_ids.back() != row[0].getInt64()) {
      const auto address = config::Address::parse(row[3].getString());
      const std::int64_t port = row[4].getInt64();
      if (!address || port < 0 || port > 0xffff) throw Corrupted("an invalid address");
      stored.server_ids.push_back(row[0].getInt64());
      lines.servers.push_back({read_name(row[1].getString()),
                               {row[2].getString(), {*address, static_cast<std::uint16_t>(port)}},
                               {},
                               read_lag(row[14], row[15])});
    }
    const auto first_seen = read_time(row[5]);
    if (!first_seen) continue;
    AnswerPeriod& period = lines.servers.back().periods.emplace_back();
    period.first_seen = *first_seen;
    period.last_seen = end_of_period(row[6], stored);
    period.kind = read_kind(row[7].getString());
    period.texts = read_texts(row[8].getString());
    if (!row[9].isNull()) period.alias = read_name(row[9].getString());
    period.ttl_seconds = read_number(row[10]);
    period.nsec_ttl_seconds = read_number(row[11]);
    period.domainkey_denied_seconds = read_number(row[12]);
    period.wildcard_ttl_seconds = read_number(row[13]);
  }
}

void Connection::load_zones(StoredLines& stored) {
  auto& lines = stored.lines;
  auto zone = query(
      "SELECT z.id, apex, first_seen, last_seen, parent, child, parent_ttl_seconds, child_ttl_seconds, "
      "negative_ttl_seconds, nsec_ttl_seconds, ds, ds_ttl_seconds "
      "FROM zones z LEFT JOIN zone_periods s ON s.zone_id = z.id WHERE selector_id = ? ORDER BY place, "
      "first_seen",
      *stored.id);
  while (zone.next()) {
    if (stored.zone_ids.empty() || stored.zone_ids.back() != zone[0].getInt64()) {
      stored.zone_ids.push_back(zone[0].getInt64());
      lines.zones.push_back({read_name(zone[1].getString()), {}});
    }
    const auto first_seen = read_time(zone[2]);
    if (!first_seen) continue;
    lines.zones.back().periods.push_back(
        {*first_seen, end_of_period(zone[3], stored), read_names(zone[4].getString()),
         read_names(zone[5].getString()), read_number(zone[6]).value_or(0), read_number(zone[7]).value_or(0),
         read_number(zone[8]), read_number(zone[9]), read_words(zone[10].getString()),
         read_number(zone[11]).value_or(0)});
  }
}

/// Moves the zones of each selector to its domain.
void Connection::move_zones() {
  std::vector<std::pair<std::string, std::string>> rows;
  {
    auto row = query("SELECT domain, selector FROM selectors ORDER BY domain");
    while (row.next()) rows.emplace_back(row[0].getString(), row[1].getString());
  }
  std::map<std::string, std::vector<ZonePast>> pasts;
  for (const auto& [domain, selector] : rows) {
    Lines lines = load(read_name(domain), selector).lines;
    lines.servers.clear();
    pasts[domain].push_back(past_of(std::move(lines)));
  }
  query("DELETE FROM zones").run();
  for (const auto& [domain, of_selectors] : pasts) {
    const DomainName name = read_name(domain);
    write(name, zones_row, load(name, zones_row), lines_of(checks::merge_pasts(of_selectors)));
  }
}

std::int64_t Connection::texts_id(const Texts& texts) {
  const std::string blob = texts_blob(texts);
  const std::string sha256 = checks::sha256_hex(blob);
  {
    auto row = query("SELECT id FROM texts WHERE sha256 = ?", sha256);
    if (row.next()) return row[0].getInt64();
  }
  query("INSERT INTO texts (sha256, strings) VALUES (?, ?)", sha256, Blob{blob}).run();
  const std::int64_t id = database_.getLastInsertRowid();
  for (const auto& strings : texts) {
    const auto record = checks::read_key_record(checks::join_strings(strings));
    if (record.key && !record.key->sha256.empty())
      query("INSERT OR IGNORE INTO keys (sha256, texts_id) VALUES (?, ?)", record.key->sha256, id).run();
  }
  return id;
}

/// Calls `put` for new or changed periods and `drop` for removed ones; a period is identified by its start.
template <class Period, class Put, class Drop>
void write_periods(const std::vector<Period>& before, std::optional<WallTime> before_probe,
                   const std::vector<Period>& after, std::optional<WallTime> after_probe, const Put& put,
                   const Drop& drop) {
  auto old = before.begin();
  for (const Period& period : after) {
    for (; old != before.end() && old->first_seen < period.first_seen; ++old) drop(*old);
    const bool known = old != before.end() && old->first_seen == period.first_seen;
    const auto end = end_column(period, after_probe);
    if (!known || !same_columns(*old, period) || end_column(*old, before_probe) != end) put(period, end);
    if (known) ++old;
  }
  for (; old != before.end(); ++old) drop(*old);
}

void Connection::put_periods(std::int64_t timeline, const std::vector<AnswerPeriod>& before,
                             std::optional<WallTime> before_probe, const std::vector<AnswerPeriod>& after,
                             std::optional<WallTime> after_probe) {
  const auto put = [&](const AnswerPeriod& period, std::optional<WallTime> end) {
    const auto texts = period.texts.empty() ? std::nullopt : std::optional(texts_id(period.texts));
    const auto alias = period.alias ? std::optional(period.alias->to_string()) : std::nullopt;
    query(
        "INSERT OR REPLACE INTO periods (timeline_id, first_seen, last_seen, kind, texts_id, alias, "
        "ttl_seconds, "
        "nsec_ttl_seconds, domainkey_denied_seconds, wildcard_ttl_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?)",
        timeline, period.first_seen, end, std::string(to_string(period.kind)), texts, alias,
        period.ttl_seconds, period.nsec_ttl_seconds, period.domainkey_denied_seconds,
        period.wildcard_ttl_seconds)
        .run();
  };
  const auto drop = [&](const AnswerPeriod& period) {
    query("DELETE FROM periods WHERE timeline_id = ? AND first_seen = ?", timeline, period.first_seen).run();
  };
  write_periods(before, before_probe, after, after_probe, put, drop);
}

void Connection::put_periods(std::int64_t zone, const std::vector<NameserverPeriod>& before,
                             std::optional<WallTime> before_probe, const std::vector<NameserverPeriod>& after,
                             std::optional<WallTime> after_probe) {
  const auto put = [&](const NameserverPeriod& period, std::optional<WallTime> end) {
    query(
        "INSERT OR REPLACE INTO zone_periods (zone_id, first_seen, last_seen, parent, child, "
        "parent_ttl_seconds, child_ttl_seconds, negative_ttl_seconds, nsec_ttl_seconds, ds, ds_ttl_seconds) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        zone, period.first_seen, end, names_text(period.parent), names_text(period.child),
        period.parent_ttl_seconds, period.child_ttl_seconds, period.negative_ttl_seconds,
        period.nsec_ttl_seconds, words_text(period.ds), period.ds_ttl_seconds)
        .run();
  };
  const auto drop = [&](const NameserverPeriod& period) {
    query("DELETE FROM zone_periods WHERE zone_id = ? AND first_seen = ?", zone, period.first_seen).run();
  };
  write_periods(before, before_probe, after, after_probe, put, drop);
}

std::int64_t Connection::put_line(std::int64_t selector, std::size_t place, const ServerTimeline& timeline) {
  query(
      "INSERT INTO timelines (selector_id, place, owner, server, address, port, lag_serial, lag_since) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      selector, static_cast<std::int64_t>(place), timeline.owner.to_string(), timeline.server.name,
      timeline.server.address.ip.to_string(), static_cast<std::int64_t>(timeline.server.address.port),
      lag_serial(timeline), lag_since(timeline))
      .run();
  return database_.getLastInsertRowid();
}

std::int64_t Connection::put_line(std::int64_t selector, std::size_t place, const ZoneTimeline& timeline) {
  query("INSERT INTO zones (selector_id, place, apex) VALUES (?, ?, ?)", selector,
        static_cast<std::int64_t>(place), timeline.apex.to_string())
      .run();
  return database_.getLastInsertRowid();
}

template <class Timeline>
void Connection::write_lines(std::int64_t selector, const std::vector<Timeline>& before,
                             const std::vector<std::int64_t>& ids, std::optional<WallTime> before_probe,
                             const std::vector<Timeline>& after, std::optional<WallTime> after_probe) {
  // From the first position with a different line on, all lines are rewritten.
  std::size_t same = 0;
  while (same < before.size() && same < after.size() && same_line(before[same], after[same])) ++same;
  for (std::size_t place = 0; place < same; ++place) {
    change_line(ids[place], before[place], after[place]);
    put_periods(ids[place], before[place].periods, before_probe, after[place].periods, after_probe);
  }
  for (std::size_t place = same; place < before.size(); ++place) drop_line(ids[place], before[place]);
  for (std::size_t place = same; place < after.size(); ++place) {
    put_periods(put_line(selector, place, after[place]), {}, std::nullopt, after[place].periods, after_probe);
  }
}

void Connection::write(const DomainName& domain, const std::string& selector, const StoredLines& before,
                       const Lines& after) {
  std::int64_t id = before.id.value_or(0);
  if (!before.id) {
    query("INSERT INTO selectors (domain, selector, first_probe, last_probe) VALUES (?, ?, ?, ?)",
          domain.to_string(), selector, after.first_probe, after.last_probe)
        .run();
    id = database_.getLastInsertRowid();
  } else if (before.lines.first_probe != after.first_probe || before.lines.last_probe != after.last_probe) {
    query("UPDATE selectors SET first_probe = ?, last_probe = ? WHERE id = ?", after.first_probe,
          after.last_probe, id)
        .run();
  }
  write_lines(id, before.lines.servers, before.server_ids, before.lines.last_probe, after.servers,
              after.last_probe);
  write_lines(id, before.lines.zones, before.zone_ids, before.lines.last_probe, after.zones,
              after.last_probe);
}

void Connection::drop_selectors(WallTime last_probe_before) {
  query("DELETE FROM selectors WHERE last_probe < ?", last_probe_before).run();
}

/// The probe of one selector: its own, or the one of the signing practices that came with it.
struct SelectorObservation {
  const Selector* selector = nullptr;
  const probe::Observation* observation = nullptr;
};

/// The data of one domain: the histories of its probed selectors, and its zones.
struct DomainHistory {
  DomainName domain{};
  ZonePast past{};
  std::map<std::string, SelectorHistory> selectors{};
};

void add_probes(DomainHistory& known, const std::vector<SelectorObservation>& probes, WallTime now,
                const HistoryLimits& limits) {
  std::vector<checks::HistoryProbe> waiting;
  const auto add = [&] {
    checks::extend_all(known.past, std::move(waiting), now);
    waiting.clear();
  };
  for (const SelectorObservation& probe : probes) {
    SelectorHistory& history = known.selectors.at(config::lower_case(probe.selector->to_string()));
    // Probes of the same selector are added one after the other.
    if (std::ranges::find(waiting, &history, &checks::HistoryProbe::history) != waiting.end()) add();
    waiting.push_back({&history, probe.observation});
  }
  add();
  start_once(known.past.zones);
  start_once(known.past.names);
  keep_within(known.past, limits);
  for (auto& [selector, history] : known.selectors) {
    start_once(history.servers);
    keep_within(history, limits);
    history.past = known.past;
  }
}

/// The probe of the signing practices, as a probe of a selector.
probe::Observation adsp_probe(const probe::Observation& observation) {
  probe::Observation probe;
  probe.domain = observation.domain;
  probe.selector = adsp_selector();
  probe.observed_at = observation.observed_at;
  probe.took = observation.took;
  probe.key = observation.adsp;
  return probe;
}

/// A lock on the directory itself: it needs no file (the disk may be full), and ends with the process.
class DirectoryHold {
 public:
  DirectoryHold() = default;
  DirectoryHold(const DirectoryHold&) = delete;
  DirectoryHold& operator=(const DirectoryHold&) = delete;
  ~DirectoryHold() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  /// False if another process has it. If the file system cannot lock directories, nobody is excluded.
  [[nodiscard]] bool take(const std::filesystem::path& directory) {
    descriptor_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return descriptor_ < 0 || flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  }

 private:
  int descriptor_ = -1;
};

/// `path` as an SQLite URI.
std::string uri_of(const std::string& path, std::string_view parameters) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool plain =
        config::is_letter_or_digit(c) || std::string_view("/._-").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return fmt::format("{}?{}", uri, parameters);
}

}  // namespace

const Selector& adsp_selector() {
  static const Selector selector = Selector::parse("_adsp").value();
  return selector;
}

std::filesystem::path history_file(const std::filesystem::path& directory) {
  return directory / "history.sqlite";
}

class HistoryStore::File {
 public:
  File(const std::filesystem::path& directory, HistoryAccess access, const HistoryLimits& limits)
      : path_(history_file(directory)), access_(access), limits_(limits) {}

  [[nodiscard]] config::Result<void> open();
  [[nodiscard]] config::Result<void> record(std::span<const probe::Observation> observations, WallTime now);
  [[nodiscard]] config::Result<SelectorHistory> load(const DomainName& domain, const Selector& selector);

  /// Runs `ask` in one read transaction; an empty result if there is no file yet.
  template <class Ask>
  [[nodiscard]] auto read(const Ask& ask) -> config::Result<std::invoke_result_t<Ask, Connection&>>;

 private:
  /// What could not be written, and the last probe of the stored lines that it continues.
  struct Unwritten {
    std::optional<WallTime> continues{};
    DomainName domain{};
    std::string selector{};
    Lines lines{};
  };
  using Names = std::pair<std::string, std::string>;
  using DomainProbes = std::map<std::string, std::vector<SelectorObservation>>;

  static Names names_of(const DomainName& domain, const std::string& selector) {
    return {config::lower_case(domain.to_string()), config::lower_case(selector)};
  }
  template <class Work>
  [[nodiscard]] config::Result<void> attempt(const Work& work);
  void connect();
  void connect_for_reading();
  [[nodiscard]] config::Result<Lines> load_lines(const DomainName& domain, const std::string& selector);
  void write(const DomainProbes& probes, WallTime now);
  void write_domain(const std::vector<SelectorObservation>& probes, WallTime now);
  void drop_unwatched(WallTime now);
  void keep_in_memory(const DomainProbes& probes, WallTime now);
  void keep_domain_in_memory(const std::vector<SelectorObservation>& probes, WallTime now);

  std::filesystem::path path_;
  HistoryAccess access_ = HistoryAccess::read;
  HistoryLimits limits_{};
  DirectoryHold hold_{};
  std::unique_ptr<Connection> connection_{};
  std::map<Names, Unwritten> unwritten_{};
  std::optional<WallTime> dropped_unwatched_{};
};

template <class Work>
config::Result<void> HistoryStore::File::attempt(const Work& work) {
  std::string message;
  try {
    work();
    return {};
  } catch (const SQLite::Exception& error) {
    message = error_text(error);
  } catch (const Corrupted& error) {
    message = damage_text(error.what());
  } catch (const Refused& error) {
    message = error.what();
  }
  return config::failure(shown(path_), message);
}

void HistoryStore::File::connect_for_reading() {
  std::error_code error;
  // On an error the directory is unreadable: then SQLite reports the problem.
  if (!std::filesystem::exists(path_, error) && !error) return;
  std::optional<int> found;
  connection_ = std::make_unique<Connection>(path_.string(), SQLite::OPEN_READONLY);
  try {
    found = schema_version(connection_->database());
  } catch (const SQLite::Exception& failure) {
    // WAL readers need the -shm file, which a user without write permission cannot create. Then nobody is
    // writing, and unless a writer left a log, the file itself is complete.
    const int code = failure.getErrorCode();
    const auto log_bytes = std::filesystem::file_size(path_.string() + "-wal", error);
    const bool log_is_empty = error ? error == std::errc::no_such_file_or_directory : log_bytes == 0;
    if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || !log_is_empty) throw;
    connection_ = std::make_unique<Connection>(uri_of(path_.string(), "immutable=1"),
                                               SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    found = schema_version(connection_->database());
  }
  if (!found) {
    connection_.reset();
  } else if (*found < newest_version) {
    throw Refused(fmt::format(
        "it was written by an older dkimprobe (schema version {}, this one reads {}); any command that "
        "writes there, such as `dkimprobe check DOMAIN SELECTOR --storage.path DIR`, upgrades it",
        *found, newest_version));
  }
}

void HistoryStore::File::connect() {
  if (connection_) return;
  try {
    switch (access_) {
      case HistoryAccess::read:
        connect_for_reading();
        break;
      case HistoryAccess::write:
      case HistoryAccess::hold:
        connection_ =
            std::make_unique<Connection>(path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        connection_->prepare_for_writing();
        break;
    }
  } catch (...) {
    connection_.reset();
    throw;
  }
}

config::Result<void> HistoryStore::File::open() {
  const std::filesystem::path directory = path_.parent_path();
  std::error_code error;
  if (access_ != HistoryAccess::read) std::filesystem::create_directory(directory, error);
  std::error_code status_error;
  if (!std::filesystem::is_directory(directory, status_error)) {
    const bool is_there = std::filesystem::exists(directory, status_error);
    return config::failure(shown(directory), is_there ? "it is not a directory"
                                             : error  ? "the directory cannot be created: " + error.message()
                                                      : std::string("there is no such directory"));
  }
  if (access_ == HistoryAccess::hold && !hold_.take(directory)) {
    return config::failure(shown(directory),
                           "another dkimprobe daemon keeps its history there; give this one its own "
                           "directory, or stop the other");
  }
  bool is_passing = false;
  auto opened = attempt([&] {
    try {
      connect();
    } catch (const SQLite::Exception& failure) {
      is_passing = access_ != HistoryAccess::read && !needs_person(failure);
      throw;
    }
  });
  return is_passing ? config::Result<void>{} : opened;
}

template <class Ask>
auto HistoryStore::File::read(const Ask& ask) -> config::Result<std::invoke_result_t<Ask, Connection&>> {
  std::invoke_result_t<Ask, Connection&> answer{};
  auto done = attempt([&] {
    connect();
    if (!connection_) return;
    SQLite::Transaction transaction(connection_->database());
    answer = ask(*connection_);
    transaction.commit();
  });
  if (!done) return tl::unexpected(std::move(done.error()));
  return answer;
}

config::Result<Lines> HistoryStore::File::load_lines(const DomainName& domain, const std::string& selector) {
  if (const auto held = unwritten_.find(names_of(domain, selector)); held != unwritten_.end())
    return held->second.lines;
  auto stored = read([&](Connection& connection) { return connection.load(domain, selector); });
  if (!stored) return tl::unexpected(std::move(stored.error()));
  return std::move(stored->lines);
}

config::Result<SelectorHistory> HistoryStore::File::load(const DomainName& domain, const Selector& selector) {
  SelectorHistory history;
  history.domain = domain;
  history.selector = selector;
  auto lines = load_lines(domain, selector.to_string());
  if (!lines) return tl::unexpected(std::move(lines.error()));
  put(std::move(*lines), history);
  auto zones = load_lines(domain, zones_row);
  if (!zones) return tl::unexpected(std::move(zones.error()));
  history.past = past_of(std::move(*zones));
  return history;
}

void HistoryStore::File::drop_unwatched(WallTime now) {
  if (dropped_unwatched_ && now < *dropped_unwatched_ + std::chrono::days{1}) return;
  connection_->drop_selectors(now - limits_.longest_age);
  dropped_unwatched_ = now;
}

void HistoryStore::File::write(const DomainProbes& probes, WallTime now) {
  connect();
  SQLite::Transaction transaction(connection_->database(), SQLite::TransactionBehavior::IMMEDIATE);
  for (const auto& [names, held] : unwritten_) {
    const StoredLines stored = connection_->load(held.domain, held.selector);
    if (stored.lines.last_probe == held.continues)
      connection_->write(held.domain, held.selector, stored, held.lines);
  }
  for (const auto& [domain, of_domain] : probes) write_domain(of_domain, now);
  if (!probes.empty()) drop_unwatched(probes.begin()->second.front().observation->observed_at);
  transaction.commit();
  unwritten_.clear();
}

void HistoryStore::File::write_domain(const std::vector<SelectorObservation>& probes, WallTime now) {
  DomainHistory known;
  known.domain = probes.front().observation->domain;
  const StoredLines zones = connection_->load(known.domain, zones_row);
  known.past = past_of(zones.lines);
  std::map<std::string, StoredLines> stored;
  for (const SelectorObservation& probe : probes) {
    const std::string selector = config::lower_case(probe.selector->to_string());
    const auto [lines, is_new] = stored.try_emplace(selector);
    if (!is_new) continue;
    lines->second = connection_->load(known.domain, selector);
    SelectorHistory& history = known.selectors[selector];
    history.domain = known.domain;
    history.selector = *probe.selector;
    put(lines->second.lines, history);
  }
  add_probes(known, probes, now, limits_);
  for (const auto& [selector, history] : known.selectors) {
    connection_->write(known.domain, history.selector.to_string(), stored.at(selector), lines_of(history));
  }
  connection_->write(known.domain, zones_row, zones, lines_of(known.past));
}

void HistoryStore::File::keep_in_memory(const DomainProbes& probes, WallTime now) {
  for (const auto& [domain, of_domain] : probes) keep_domain_in_memory(of_domain, now);
}

void HistoryStore::File::keep_domain_in_memory(const std::vector<SelectorObservation>& probes, WallTime now) {
  DomainHistory known;
  known.domain = probes.front().observation->domain;
  const auto hold = [&](const std::string& selector) -> Lines& {
    auto held = unwritten_.find(names_of(known.domain, selector));
    if (held == unwritten_.end()) {
      Unwritten fresh{{}, known.domain, selector, {}};
      // A full disk is still readable.
      if (auto stored = load_lines(known.domain, selector)) fresh.lines = std::move(*stored);
      fresh.continues = fresh.lines.last_probe;
      held = unwritten_.emplace(names_of(known.domain, selector), std::move(fresh)).first;
    }
    return held->second.lines;
  };
  known.past = past_of(hold(zones_row));
  for (const SelectorObservation& probe : probes) {
    SelectorHistory& history = known.selectors[config::lower_case(probe.selector->to_string())];
    history.domain = known.domain;
    history.selector = *probe.selector;
    put(hold(probe.selector->to_string()), history);
  }
  add_probes(known, probes, now, limits_);
  for (const auto& [selector, history] : known.selectors)
    hold(history.selector.to_string()) = lines_of(history);
  hold(zones_row) = lines_of(known.past);
}

config::Result<void> HistoryStore::File::record(std::span<const probe::Observation> observations,
                                                WallTime now) {
  std::vector<probe::Observation> adsp_probes;
  adsp_probes.reserve(observations.size());
  DomainProbes probes;
  for (const auto& observation : observations) {
    auto& of_domain = probes[config::lower_case(observation.domain.to_string())];
    of_domain.push_back({&observation.selector, &observation});
    if (observation.adsp.hops.empty() || observation.is_quick) continue;
    adsp_probes.push_back(adsp_probe(observation));
    of_domain.push_back({&adsp_selector(), &adsp_probes.back()});
  }
  auto written = attempt([&] { write(probes, now); });
  if (!written) {
    keep_in_memory(probes, now);
    // The next attempt reopens the file: a connection that was opened read-only stays read-only.
    connection_.reset();
  }
  return written;
}

HistoryStore::HistoryStore(std::unique_ptr<File> file) : file_(std::move(file)) {}
HistoryStore::HistoryStore(HistoryStore&&) noexcept = default;
HistoryStore& HistoryStore::operator=(HistoryStore&&) noexcept = default;
HistoryStore::~HistoryStore() = default;

config::Result<HistoryStore> HistoryStore::open(const std::filesystem::path& directory, HistoryAccess access,
                                                const HistoryLimits& limits) {
  auto file = std::make_unique<File>(directory, access, limits);
  if (auto opened = file->open(); !opened) return tl::unexpected(std::move(opened.error()));
  return HistoryStore(std::move(file));
}

config::Result<void> HistoryStore::record(std::span<const probe::Observation> observations, WallTime now) {
  return file_->record(observations, now);
}

config::Result<SelectorHistory> HistoryStore::load(const DomainName& domain, const Selector& selector) {
  return file_->load(domain, selector);
}

config::Result<std::vector<DomainName>> HistoryStore::domains() {
  return file_->read([](Connection& connection) {
    std::vector<DomainName> domains;
    auto row = connection.query("SELECT DISTINCT domain FROM selectors ORDER BY domain");
    while (row.next()) domains.push_back(read_name(row[0].getString()));
    return domains;
  });
}

config::Result<std::vector<Selector>> HistoryStore::selectors(const DomainName& domain) {
  return file_->read([&](Connection& connection) {
    std::vector<Selector> selectors;
    auto row = connection.query(
        "SELECT selector FROM selectors WHERE domain = ? AND selector <> '' ORDER BY selector",
        domain.to_string());
    while (row.next()) selectors.push_back(read_selector(row[0].getString()));
    return selectors;
  });
}

config::Result<std::vector<KeyUse>> HistoryStore::names_with_key(std::string_view sha256) {
  return file_->read([&](Connection& connection) {
    std::vector<KeyUse> uses;
    auto row = connection.query(
        "SELECT domain, selector, min(first_seen), max(coalesce(last_seen, last_probe)) AS ended "
        "FROM keys JOIN periods USING (texts_id) JOIN timelines t ON t.id = timeline_id "
        "JOIN selectors s ON s.id = selector_id WHERE sha256 = ? GROUP BY s.id ORDER BY 3, domain, selector",
        std::string(sha256));
    while (row.next()) {
      uses.push_back({read_name(row[0].getString()), read_selector(row[1].getString()),
                      read_time(row[2]).value_or(WallTime{}), read_time(row[3]).value_or(WallTime{})});
    }
    return uses;
  });
}

}  // namespace dkimprobe::exporters
