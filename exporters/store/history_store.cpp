#include "exporters/store/history_store.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"
#include "exporters/store/directory_hold.hpp"
#include "exporters/store/history_codec.hpp"
#include "exporters/store/history_connection.hpp"
#include "exporters/store/history_lines.hpp"
#include "exporters/store/history_schema.hpp"
#include "exporters/store/unwritten_lines.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::SelectorHistory;
using config::DomainName;
using config::Selector;
using probe::WallTime;

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

/// The rows that the probes of one domain change.
std::set<Selector> rows_of(std::span<const SelectorProbe> probes) {
  std::set<Selector> rows{zones_row()};
  for (const SelectorProbe& probe : probes) rows.insert(probe.selector);
  return rows;
}

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
  using DomainProbes = std::map<DomainName, std::vector<SelectorProbe>>;

  template <class Work>
  [[nodiscard]] config::Result<void> attempt(const Work& work);
  void connect();
  void connect_for_reading();
  [[nodiscard]] config::Result<Lines> load_lines(const DomainName& domain, const Selector& selector);
  void write(const DomainProbes& probes, WallTime now);
  void write_domain(const DomainName& domain, std::span<const SelectorProbe> probes, WallTime now);
  void drop_unwatched(WallTime now);
  void keep_in_memory(const DomainName& domain, std::span<const SelectorProbe> probes, WallTime now);

  std::filesystem::path path_;
  HistoryAccess access_ = HistoryAccess::read;
  HistoryLimits limits_{};
  DirectoryHold hold_{};
  std::unique_ptr<Connection> connection_{};
  UnwrittenLines unwritten_{};
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
  bool is_ours = false;
  connection_ = std::make_unique<Connection>(path_.string(), SQLite::OPEN_READONLY);
  try {
    is_ours = has_history(connection_->database());
  } catch (const SQLite::Exception& failure) {
    // WAL readers need the -shm file, which a user without write permission cannot create. Then nobody is
    // writing, and unless a writer left a log, the file itself is complete.
    const int code = failure.getErrorCode();
    const auto log_bytes = std::filesystem::file_size(path_.string() + "-wal", error);
    const bool log_is_empty = error ? error == std::errc::no_such_file_or_directory : log_bytes == 0;
    if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || !log_is_empty) throw;
    connection_ = std::make_unique<Connection>(uri_of(path_.string(), "immutable=1"),
                                               SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    is_ours = has_history(connection_->database());
  }
  if (!is_ours) connection_.reset();
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
        prepare_for_writing(*connection_);
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

config::Result<Lines> HistoryStore::File::load_lines(const DomainName& domain, const Selector& selector) {
  if (const Lines* const held = unwritten_.find(domain, selector)) return *held;
  auto stored = read([&](Connection& connection) { return connection.load(domain, selector); });
  if (!stored) return tl::unexpected(std::move(stored.error()));
  return std::move(stored->lines);
}

config::Result<SelectorHistory> HistoryStore::File::load(const DomainName& domain, const Selector& selector) {
  auto lines = load_lines(domain, selector);
  if (!lines) return tl::unexpected(std::move(lines.error()));
  auto zones = load_lines(domain, zones_row());
  if (!zones) return tl::unexpected(std::move(zones.error()));
  SelectorHistory history = history_of(domain, selector, std::move(*lines));
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
  for (const auto& [row, held] : unwritten_.entries()) {
    const auto& [domain, selector] = row;
    const StoredLines stored = connection_->load(domain, selector);
    if (stored.lines.last_probe == held.continues) connection_->write(domain, selector, stored, held.lines);
  }
  for (const auto& [domain, of_domain] : probes) write_domain(domain, of_domain, now);
  if (!probes.empty()) drop_unwatched(probes.begin()->second.front().observation->observed_at);
  transaction.commit();
  unwritten_.clear();
}

void HistoryStore::File::write_domain(const DomainName& domain, std::span<const SelectorProbe> probes,
                                      WallTime now) {
  std::map<Selector, StoredLines> stored;
  DomainLines lines;
  for (const Selector& selector : rows_of(probes)) {
    stored[selector] = connection_->load(domain, selector);
    lines[selector] = stored[selector].lines;
  }
  add_probes(lines, probes, now, limits_);
  for (const auto& [selector, extended] : lines)
    connection_->write(domain, selector, stored.at(selector), extended);
}

void HistoryStore::File::keep_in_memory(const DomainName& domain, std::span<const SelectorProbe> probes,
                                        WallTime now) {
  DomainLines before;
  // A full disk is still readable.
  for (const Selector& selector : rows_of(probes))
    before[selector] = load_lines(domain, selector).value_or(Lines{});
  DomainLines after = before;
  add_probes(after, probes, now, limits_);
  for (auto& [selector, lines] : after)
    unwritten_.put({domain, selector}, before.at(selector), std::move(lines));
}

config::Result<void> HistoryStore::File::record(std::span<const probe::Observation> observations,
                                                WallTime now) {
  std::vector<probe::Observation> adsp_probes;
  adsp_probes.reserve(observations.size());
  DomainProbes probes;
  for (const auto& observation : observations) {
    auto& of_domain = probes[observation.domain];
    of_domain.push_back({observation.selector, &observation});
    if (observation.adsp.hops.empty() || observation.is_quick) continue;
    adsp_probes.push_back(adsp_probe(observation));
    of_domain.push_back({adsp_selector(), &adsp_probes.back()});
  }
  auto written = attempt([&] { write(probes, now); });
  if (!written) {
    for (const auto& [domain, of_domain] : probes) keep_in_memory(domain, of_domain, now);
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
