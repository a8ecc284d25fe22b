// What was published over time, in one SQLite file: for each selector the periods of each server's answers,
// and where each key was published; for each domain the past of its zones. It fills checks::SelectorHistory
// and judges nothing. Nothing outside this folder uses SQLite. One thread at a time; several processes may
// share the file.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// How much is kept. What ended longest ago is dropped first; current answers always stay.
struct HistoryLimits {
  /// Two years cover the last two changes of a key that changes once a year.
  std::chrono::hours longest_age{std::chrono::days{730}};
  /// Answers of one selector, over all servers: enough for 32 servers with full timelines.
  std::size_t most_periods = 4'096;
  /// What ended within this time stays, however many periods that are, because a cache may hold it. Caches
  /// hold nothing longer than some weeks (RFC 8767 section 4).
  std::chrono::hours always_kept{std::chrono::days{31}};
};

/// How the store may access the file.
enum class HistoryAccess : std::uint8_t {
  read,   ///< never creates or changes a file, not even to upgrade it
  write,  ///< shares the file with other writers
  hold,   ///< like `write`, but excludes other holders: only one daemon per directory
};

/// A name that published a key.
struct KeyUse {
  config::DomainName domain{};
  config::Selector selector{};
  probe::WallTime first_seen{};
  probe::WallTime last_seen{};
};

/// The signing practices of a domain are published at `_adsp._domainkey`, as if `_adsp` were a selector;
/// their history is stored under it.
[[nodiscard]] const config::Selector& adsp_selector();

/// The file of the history in its directory.
[[nodiscard]] std::filesystem::path history_file(const std::filesystem::path& directory);

class HistoryStore {
 public:
  /// For writing, the directory is created if only its last component is missing. Fails for what a person
  /// must fix: a wrong directory, or a file that is corrupted, of another program or of a newer version. Such
  /// a file is never overwritten. A full or read-only disk is not an error here, unless `access` is `read`:
  /// see `record`.
  [[nodiscard]] static config::Result<HistoryStore> open(const std::filesystem::path& directory,
                                                         HistoryAccess access = HistoryAccess::write,
                                                         const HistoryLimits& limits = {});
  HistoryStore(HistoryStore&&) noexcept;
  HistoryStore& operator=(HistoryStore&&) noexcept;
  ~HistoryStore();

  /// Adds probes to the history, all in one transaction. A probe that is not newer than the stored ones is
  /// ignored. Stored entries later than `now` were seen while a clock was ahead: they count as seen just
  /// before the probe. What is written when this returns survives the end of the process and a loss of power.
  /// If writing fails, the error says why; `load` of this process still returns the probes, and the next
  /// `record` tries again. If another process has written to the same selector meanwhile, its data stays, and
  /// only the newest probe held here is added.
  [[nodiscard]] config::Result<void> record(std::span<const probe::Observation> observations,
                                            probe::WallTime now);
  [[nodiscard]] config::Result<void> record(const probe::Observation& observation, probe::WallTime now) {
    return record(std::span(&observation, 1), now);
  }

  /// A history without probes if nothing is stored.
  [[nodiscard]] config::Result<checks::SelectorHistory> load(const config::DomainName& domain,
                                                             const config::Selector& selector);

  /// In alphabetical order.
  [[nodiscard]] config::Result<std::vector<config::DomainName>> domains();
  [[nodiscard]] config::Result<std::vector<config::Selector>> selectors(const config::DomainName& domain);

  /// The names that published the key with this fingerprint (of the SubjectPublicKeyInfo in DER, lower-case
  /// hex), each name once, the earliest first.
  [[nodiscard]] config::Result<std::vector<KeyUse>> names_with_key(std::string_view sha256);

 private:
  class File;
  explicit HistoryStore(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace dkimprobe::exporters
