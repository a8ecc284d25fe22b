// What was published over time, kept in one SQLite file: for each selector the answers of each server as
// spans of time, and which key stood where; for each domain the past of its zones. It fills
// checks::SelectorHistory and judges nothing; nothing else speaks to SQLite. One thread at a time; several
// processes share the file.
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

/// How much is kept. What goes first is what ended longest ago; what a server gives now always stays.
struct HistoryLimits {
  /// Two years hold the last two changes of a key that is changed once a year.
  std::chrono::hours longest_age{std::chrono::days{730}};
  /// Of answers of one selector, over all servers: 32 servers that have each filled their timeline.
  std::size_t most_periods = 4'096;
  /// What ended within this time stays however many they are: it may lie in a cache. Caches hold nothing
  /// longer than some weeks (RFC 8767 section 4).
  std::chrono::hours always_kept{std::chrono::days{31}};
};

/// Who may do what.
enum class HistoryAccess : std::uint8_t {
  read,   ///< never makes or changes a file, not even to bring it up to date
  write,  ///< beside others that write
  hold,   ///< the same, and beside no other that holds: who watches all the time is alone at it
};

/// A name at which a key stood.
struct KeyUse {
  config::DomainName domain{};
  config::Selector selector{};
  probe::WallTime first_seen{};
  probe::WallTime last_seen{};
};

/// The signing practices of a domain stand at `_adsp._domainkey`, as if this were one of its selectors; their
/// history is kept under it.
[[nodiscard]] const config::Selector& adsp_selector();

/// The file of the history in its directory.
[[nodiscard]] std::filesystem::path history_file(const std::filesystem::path& directory);

class HistoryStore {
 public:
  /// For writing, the directory is made when only it itself is missing. A mistake for what a person has to
  /// mend: a wrong directory, a file that is damaged, of another program or of a newer version; none of these
  /// is ever overwritten. A full disk or one that is read-only is no such mistake, unless `access` is `read`:
  /// see `record`.
  [[nodiscard]] static config::Result<HistoryStore> open(const std::filesystem::path& directory,
                                                         HistoryAccess access = HistoryAccess::write,
                                                         const HistoryLimits& limits = {});
  HistoryStore(HistoryStore&&) noexcept;
  HistoryStore& operator=(HistoryStore&&) noexcept;
  ~HistoryStore();

  /// Puts looks into the history, all in one transaction; one that is not newer than what is there is left
  /// out. What is there from after `now` was seen while a clock was ahead: it counts as seen just before the
  /// look, and is not in its way. What has been written when this returns survives the end of the process and
  /// a loss of power. When it cannot be written, the error says why; `load` of this process still has it, and
  /// the next `record` tries again. Should another process have written about the same selector meanwhile,
  /// that stays, and of what was held here only the newest look is added.
  [[nodiscard]] config::Result<void> record(std::span<const probe::Observation> observations,
                                            probe::WallTime now);
  [[nodiscard]] config::Result<void> record(const probe::Observation& observation, probe::WallTime now) {
    return record(std::span(&observation, 1), now);
  }

  /// Empty without looks when nothing is stored.
  [[nodiscard]] config::Result<checks::SelectorHistory> load(const config::DomainName& domain,
                                                             const config::Selector& selector);

  /// In alphabetical order.
  [[nodiscard]] config::Result<std::vector<config::DomainName>> domains();
  [[nodiscard]] config::Result<std::vector<config::Selector>> selectors(const config::DomainName& domain);

  /// Where the key with this fingerprint (of the SubjectPublicKeyInfo in DER, lower-case hex) stood, each
  /// name once, the earliest first.
  [[nodiscard]] config::Result<std::vector<KeyUse>> names_with_key(std::string_view sha256);

 private:
  class File;
  explicit HistoryStore(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace dkimprobe::exporters
