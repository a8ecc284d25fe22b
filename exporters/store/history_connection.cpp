#include "exporters/store/history_connection.hpp"

#include <cstddef>
#include <limits>

#include "checks/answers/server_answer.hpp"
#include "checks/record/digest.hpp"
#include "checks/record/key_record.hpp"
#include "exporters/store/history_codec.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::AnswerPeriod;
using checks::NameserverPeriod;
using checks::ServerTimeline;
using checks::ZoneTimeline;
using config::DomainName;
using config::Selector;
using probe::WallTime;

std::optional<std::uint32_t> lag_serial(const ServerTimeline& timeline) {
  return timeline.lag ? std::optional(timeline.lag->serial) : std::nullopt;
}

std::optional<WallTime> lag_since(const ServerTimeline& timeline) {
  return timeline.lag ? std::optional(timeline.lag->since) : std::nullopt;
}

/// Null means the last probe: see `schema_steps`.
template <class Period>
std::optional<WallTime> end_column(const Period& period, std::optional<WallTime> last_probe) {
  return last_probe == period.last_seen ? std::nullopt : std::optional(period.last_seen);
}

bool same_line(const ServerTimeline& a, const ServerTimeline& b) {
  return a.owner == b.owner && a.server.address == b.server.address;
}

bool same_line(const ZoneTimeline& a, const ZoneTimeline& b) {
  return a.apex == b.apex;
}

std::optional<std::uint32_t> read_number(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  const std::int64_t value = column.getInt64();
  if (value < 0 || value > std::numeric_limits<std::uint32_t>::max())
    throw Corrupted("a number out of range");
  return static_cast<std::uint32_t>(value);
}

std::optional<checks::SerialLag> read_lag(const SQLite::Column& serial, const SQLite::Column& since) {
  const auto number = read_number(serial);
  const auto time = read_time(since);
  if (number.has_value() != time.has_value()) throw Corrupted("a serial without a time");
  return number ? std::optional(checks::SerialLag{*number, *time}) : std::nullopt;
}

/// The end of a period: the last probe while it lasts.
WallTime end_of_period(const SQLite::Column& column, const StoredLines& stored) {
  if (const auto time = read_time(column)) return *time;
  if (!stored.lines.last_probe) throw Corrupted("an answer without a probe");
  return *stored.lines.last_probe;
}

void load_servers(Connection& connection, StoredLines& stored) {
  auto& lines = stored.lines;
  auto row = connection.query(
      "SELECT t.id, owner, server, address, port, first_seen, last_seen, kind, strings, alias, ttl_seconds, "
      "nsec_ttl_seconds, domainkey_denied_seconds, wildcard_ttl_seconds, lag_serial, lag_since, "
      "is_incomplete "
      "FROM timelines t LEFT JOIN periods s ON s.timeline_id = t.id LEFT JOIN texts x ON x.id = s.texts_id "
      "WHERE selector_id = ? ORDER BY place, first_seen",
      *stored.id);
  while (row.next()) {
    if (stored.server_ids.empty() || stored.server_ids.back() != row[0].getInt64()) {
      const auto address = config::Address::parse(row[3].getString());
      const std::int64_t port = row[4].getInt64();
      if (!address || port < 0 || port > 0xffff) throw Corrupted("an invalid address");
      const std::string name = row[2].getString();
      stored.server_ids.push_back(row[0].getInt64());
      lines.servers.push_back(
          {read_name(row[1].getString()),
           {name.empty() ? name : read_name(name).to_string(), {*address, static_cast<std::uint16_t>(port)}},
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
    period.is_incomplete = row[16].getInt() != 0;
  }
}

void load_zones(Connection& connection, StoredLines& stored) {
  auto& lines = stored.lines;
  auto zone = connection.query(
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

std::int64_t texts_id(Connection& connection, const Texts& texts) {
  const std::string blob = texts_blob(texts);
  const std::string sha256 = checks::sha256_hex(blob);
  {
    auto row = connection.query("SELECT id FROM texts WHERE sha256 = ?", sha256);
    if (row.next()) return row[0].getInt64();
  }
  connection.run("INSERT INTO texts (sha256, strings) VALUES (?, ?)", sha256, Blob{blob});
  const std::int64_t id = connection.database().getLastInsertRowid();
  for (const auto& strings : texts) {
    const auto record = checks::read_key_record(checks::join_strings(strings));
    if (record.key && !record.key->sha256.empty())
      connection.run("INSERT OR IGNORE INTO keys (sha256, texts_id) VALUES (?, ?)", record.key->sha256, id);
  }
  return id;
}

void put_period(Connection& connection, std::int64_t timeline, const AnswerPeriod& period,
                std::optional<WallTime> end) {
  const auto texts = period.texts.empty() ? std::nullopt : std::optional(texts_id(connection, period.texts));
  const auto alias = period.alias ? std::optional(period.alias->to_string()) : std::nullopt;
  connection.run(
      "INSERT OR REPLACE INTO periods (timeline_id, first_seen, last_seen, kind, texts_id, alias, "
      "ttl_seconds, nsec_ttl_seconds, domainkey_denied_seconds, wildcard_ttl_seconds, is_incomplete) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      timeline, period.first_seen, end, std::string(to_string(period.kind)), texts, alias, period.ttl_seconds,
      period.nsec_ttl_seconds, period.domainkey_denied_seconds, period.wildcard_ttl_seconds,
      std::uint32_t{period.is_incomplete});
}

void put_period(Connection& connection, std::int64_t zone, const NameserverPeriod& period,
                std::optional<WallTime> end) {
  connection.run(
      "INSERT OR REPLACE INTO zone_periods (zone_id, first_seen, last_seen, parent, child, "
      "parent_ttl_seconds, child_ttl_seconds, negative_ttl_seconds, nsec_ttl_seconds, ds, "
      "ds_ttl_seconds) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      zone, period.first_seen, end, names_column(period.parent), names_column(period.child),
      period.parent_ttl_seconds, period.child_ttl_seconds, period.negative_ttl_seconds,
      period.nsec_ttl_seconds, words_column(period.ds), period.ds_ttl_seconds);
}

void drop_period(Connection& connection, std::int64_t timeline, const AnswerPeriod& period) {
  connection.run("DELETE FROM periods WHERE timeline_id = ? AND first_seen = ?", timeline, period.first_seen);
}

void drop_period(Connection& connection, std::int64_t zone, const NameserverPeriod& period) {
  connection.run("DELETE FROM zone_periods WHERE zone_id = ? AND first_seen = ?", zone, period.first_seen);
}

/// Writes new or changed periods and drops removed ones; a period is identified by its start.
template <class Period>
void write_periods(Connection& connection, std::int64_t line, const std::vector<Period>& before,
                   std::optional<WallTime> before_probe, const std::vector<Period>& after,
                   std::optional<WallTime> after_probe) {
  auto old = before.begin();
  for (const Period& period : after) {
    for (; old != before.end() && old->first_seen < period.first_seen; ++old)
      drop_period(connection, line, *old);
    const bool known = old != before.end() && old->first_seen == period.first_seen;
    const auto end = end_column(period, after_probe);
    if (!known || !old->same_but_times(period) || end_column(*old, before_probe) != end)
      put_period(connection, line, period, end);
    if (known) ++old;
  }
  for (; old != before.end(); ++old) drop_period(connection, line, *old);
}

std::int64_t put_line(Connection& connection, std::int64_t selector, std::size_t place,
                      const ServerTimeline& timeline) {
  connection.run(
      "INSERT INTO timelines (selector_id, place, owner, server, address, port, lag_serial, lag_since) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      selector, static_cast<std::int64_t>(place), timeline.owner.to_string(), timeline.server.name.str(),
      timeline.server.address.ip.to_string(), static_cast<std::int64_t>(timeline.server.address.port),
      lag_serial(timeline), lag_since(timeline));
  return connection.database().getLastInsertRowid();
}

std::int64_t put_line(Connection& connection, std::int64_t selector, std::size_t place,
                      const ZoneTimeline& timeline) {
  connection.run("INSERT INTO zones (selector_id, place, apex) VALUES (?, ?, ?)", selector,
                 static_cast<std::int64_t>(place), timeline.apex.to_string());
  return connection.database().getLastInsertRowid();
}

/// The nameserver name of an address and its serial lag may change with each probe.
void change_line(Connection& connection, std::int64_t id, const ServerTimeline& before,
                 const ServerTimeline& after) {
  if (before.server.name == after.server.name && before.lag == after.lag) return;
  connection.run("UPDATE timelines SET server = ?, lag_serial = ?, lag_since = ? WHERE id = ?",
                 after.server.name.str(), lag_serial(after), lag_since(after), id);
}

void change_line(Connection&, std::int64_t, const ZoneTimeline&, const ZoneTimeline&) {}

void drop_line(Connection& connection, std::int64_t id, const ServerTimeline&) {
  connection.run("DELETE FROM timelines WHERE id = ?", id);
}

void drop_line(Connection& connection, std::int64_t id, const ZoneTimeline&) {
  connection.run("DELETE FROM zones WHERE id = ?", id);
}

template <class Timeline>
void write_lines(Connection& connection, std::int64_t selector, const std::vector<Timeline>& before,
                 const std::vector<std::int64_t>& ids, std::optional<WallTime> before_probe,
                 const std::vector<Timeline>& after, std::optional<WallTime> after_probe) {
  // From the first position with a different line on, all lines are rewritten.
  std::size_t same = 0;
  while (same < before.size() && same < after.size() && same_line(before[same], after[same])) ++same;
  for (std::size_t place = 0; place < same; ++place) {
    change_line(connection, ids[place], before[place], after[place]);
    write_periods(connection, ids[place], before[place].periods, before_probe, after[place].periods,
                  after_probe);
  }
  for (std::size_t place = same; place < before.size(); ++place)
    drop_line(connection, ids[place], before[place]);
  for (std::size_t place = same; place < after.size(); ++place) {
    write_periods(connection, put_line(connection, selector, place, after[place]), Timeline{}.periods,
                  std::nullopt, after[place].periods, after_probe);
  }
}

}  // namespace

std::optional<WallTime> read_time(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return WallTime(std::chrono::milliseconds(column.getInt64()));
}

StoredLines Connection::load(const DomainName& domain, const Selector& selector) {
  StoredLines stored;
  {
    auto row = query("SELECT id, first_probe, last_probe FROM selectors WHERE domain = ? AND selector = ?",
                     domain.to_string(), selector_column(selector));
    if (!row.next()) return stored;
    stored.id = row[0].getInt64();
    stored.lines.first_probe = read_time(row[1]);
    stored.lines.last_probe = read_time(row[2]);
  }
  load_servers(*this, stored);
  load_zones(*this, stored);
  return stored;
}

void Connection::write(const DomainName& domain, const Selector& selector, const StoredLines& before,
                       const Lines& after) {
  std::int64_t id = before.id.value_or(0);
  if (!before.id) {
    run("INSERT INTO selectors (domain, selector, first_probe, last_probe) VALUES (?, ?, ?, ?)",
        domain.to_string(), selector_column(selector), after.first_probe, after.last_probe);
    id = database_.getLastInsertRowid();
  } else if (before.lines.first_probe != after.first_probe || before.lines.last_probe != after.last_probe) {
    run("UPDATE selectors SET first_probe = ?, last_probe = ? WHERE id = ?", after.first_probe,
        after.last_probe, id);
  }
  write_lines(*this, id, before.lines.servers, before.server_ids, before.lines.last_probe, after.servers,
              after.last_probe);
  write_lines(*this, id, before.lines.zones, before.zone_ids, before.lines.last_probe, after.zones,
              after.last_probe);
}

void Connection::drop_selectors(WallTime last_probe_before) {
  run("DELETE FROM selectors WHERE last_probe < ?", last_probe_before);
}

}  // namespace dkimprobe::exporters
