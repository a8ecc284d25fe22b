// What the past of a domain's zones leaves in caches for one name: which servers of earlier nameserver sets
// may still be asked for it and until when, and which earlier DS records may still be held. It compares no
// keys.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::checks {

/// A time that much later; the end of all time when there is no such time.
[[nodiscard]] WallTime later(WallTime time, std::chrono::seconds wait);

/// When a cache that got an answer at `time` has given it for the last time. Caches count in whole seconds,
/// and many (Unbound is one) give what came early in a second until its last second is over: one second more.
[[nodiscard]] WallTime held_until(WallTime time, std::chrono::seconds ttl);

/// Servers that held a name in the past and had not told of it by then, though probes of other names saw
/// them: what they had at it is not known.
struct FormerServers {
  config::DomainName zone{};
  std::vector<config::DomainName> names{};  ///< of those that are no longer asked; may be empty
  WallTime asked_until{};                   ///< by caches that still know them
  std::optional<std::uint32_t> negative_ttl_seconds{};
  std::optional<std::uint32_t> nsec_ttl_seconds{};
};

/// DS records of a zone that have nothing in common with those of now.
struct FormerDs {
  config::DomainName zone{};
  WallTime until{};
  std::chrono::seconds held{};
};

class ZoneReader {
 public:
  /// `servers` are the timelines of the selector. Both must outlive the reader.
  ZoneReader(const ZonePast& past, const std::vector<ServerTimeline>& servers,
             std::chrono::seconds unknown_wait)
      : past_(past), servers_(servers), unknown_wait_(unknown_wait) {}

  /// Until when caches may ask a server that was seen to have left at `left`.
  [[nodiscard]] WallTime asked_until(const ServerTimeline& timeline, WallTime left) const;

  [[nodiscard]] std::vector<FormerServers> former_servers(const config::DomainName& owner) const;
  [[nodiscard]] std::vector<FormerDs> former_ds(const config::DomainName& owner) const;

  /// When `name` was first seen to be there, by whatever probe; nothing where none saw it.
  [[nodiscard]] std::optional<WallTime> first_there(const config::DomainName& name) const;
  /// Where a zone begins at the name: for how long at most the zone above let caches hold that a name is not
  /// there. Nothing where no zone begins there, or no probe heard it.
  [[nodiscard]] std::optional<std::chrono::seconds> denial_above(const config::DomainName& name) const;
  /// Whether a zone begins at the name now.
  [[nodiscard]] bool is_zone(const config::DomainName& name) const;

 private:
  /// A time in which the servers of one zone held a name, since no zone below them did.
  struct Holding {
    const ZoneTimeline* zone = nullptr;
    const NameserverPeriod* period = nullptr;
    WallTime from{};
    std::optional<WallTime> end{};  ///< nothing while it lasts
  };

  [[nodiscard]] const ZoneTimeline* deepest(const config::DomainName& owner) const;
  [[nodiscard]] const ZoneTimeline* above(const ZoneTimeline& zone) const;
  [[nodiscard]] WallTime outdated_above(const ZoneTimeline& zone) const;
  [[nodiscard]] std::vector<Holding> holdings(const config::DomainName& owner) const;
  /// When a server first told what it has at the name; nothing when it never did.
  [[nodiscard]] std::optional<WallTime> first_heard(const config::DomainName& owner,
                                                    const config::DomainName& nameserver) const;

  const ZonePast& past_;
  const std::vector<ServerTimeline>& servers_;
  std::chrono::seconds unknown_wait_{};
};

}  // namespace dkimprobe::checks
