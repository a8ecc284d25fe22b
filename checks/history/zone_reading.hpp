// What caches may still hold for one name from the past of its zones: which former nameservers they may query
// and until when, and which former DS records they may hold. It compares no keys.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::checks {

/// `time` + `wait`, or the largest time on overflow.
[[nodiscard]] WallTime later(WallTime time, std::chrono::seconds wait);

/// Until when a cache that fetched an answer at `time` returns it. Caches count in whole seconds, and many
/// (such as Unbound) return an answer until its last second is over: one second more.
[[nodiscard]] WallTime held_until(WallTime time, std::chrono::seconds ttl);

/// Servers that held a name in the past and are known only from probes of other names: what they had at the
/// name is unknown.
struct FormerServers {
  config::DomainName zone{};
  std::vector<config::DomainName> names{};  ///< of those that are no longer queried; may be empty
  WallTime asked_until{};                   ///< by caches that still know them
  std::optional<std::uint32_t> negative_ttl_seconds{};
  std::optional<std::uint32_t> nsec_ttl_seconds{};
};

/// Former DS records of a zone that share none with the current ones.
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

  /// Until when caches may query a server that was seen to have left at `left`.
  [[nodiscard]] WallTime asked_until(const ServerTimeline& timeline, WallTime left) const;

  [[nodiscard]] std::vector<FormerServers> former_servers(const config::DomainName& owner) const;
  [[nodiscard]] std::vector<FormerDs> former_ds(const config::DomainName& owner) const;

  /// When any probe first saw that `name` exists; nothing if none did.
  [[nodiscard]] std::optional<WallTime> first_there(const config::DomainName& name) const;
  /// If a zone begins at the name: the longest negative TTL seen of the zone above. Nothing if no zone begins
  /// there or no probe saw one.
  [[nodiscard]] std::optional<std::chrono::seconds> denial_above(const config::DomainName& name) const;
  /// Whether a zone begins at the name now.
  [[nodiscard]] bool is_zone(const config::DomainName& name) const;

 private:
  struct Holding;

  /// The zones at or above the name that any probe saw.
  [[nodiscard]] std::vector<const ZoneTimeline*> path_to(const config::DomainName& name) const;
  [[nodiscard]] const ZoneTimeline* deepest(const config::DomainName& owner) const;
  [[nodiscard]] const ZoneTimeline* above(const ZoneTimeline& zone) const;
  [[nodiscard]] WallTime outdated_above(const ZoneTimeline& zone) const;
  [[nodiscard]] std::vector<Holding> holdings(const config::DomainName& owner) const;
  /// When the server first answered for the name; nothing if it never did.
  [[nodiscard]] std::optional<WallTime> first_heard(const config::DomainName& owner,
                                                    const config::DomainName& nameserver) const;

  const ZonePast& past_;
  const std::vector<ServerTimeline>& servers_;
  std::chrono::seconds unknown_wait_{};
};

}  // namespace dkimprobe::checks
