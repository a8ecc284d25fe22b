// What was published for a selector over time, as seen by our own probes of its servers: one period per
// server and answer, from the first probe that saw it to the last. A plain value; it judges nothing. The
// store loads it; rotation and the checks of changes read it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include "checks/report/report.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

using probe::WallTime;

/// What a server returned for a name, as far as a cache can hold it.
enum class PublishedKind : std::uint8_t {
  texts,
  alias,
  nodata,
  nxdomain,
  failure,  ///< SERVFAIL: caches remember it for up to five minutes (RFC 2308 section 7.1)
  /// No authoritative answer: a timeout, or the server refused. With a TTL: the server returned different
  /// answers in one probe, or several periods were merged; `texts` then holds those that fit.
  unknown,
  left,  ///< the server is no longer one of the name's zone, or the name no longer one of the chain
};

/// The same answer of one server over consecutive probes. It changed at an unknown time between `last_seen`
/// and the next period's `first_seen`.
struct AnswerPeriod {
  WallTime first_seen{};
  WallTime last_seen{};
  PublishedKind kind = PublishedKind::unknown;
  std::vector<std::vector<std::string>> texts{};  ///< the strings of each TXT record, raw, in sorted order
  std::optional<config::DomainName> alias{};      ///< the target
  /// The server also had answers that are no longer kept: several periods, or different answers in one probe,
  /// were merged. Any key may have been among them.
  bool is_incomplete = false;
  /// How long a cache holds it: the TTL of the data; for an absence min(SOA TTL, MINIMUM) (RFC 2308 section
  /// 5).
  std::optional<std::uint32_t> ttl_seconds{};
  // What a cache may hold without ever having been asked for this name.
  std::optional<std::uint32_t> nsec_ttl_seconds{};          ///< of NSEC or NSEC3 beside the name (RFC 8198)
  std::optional<std::uint32_t> domainkey_denied_seconds{};  ///< `_domainkey` itself got NXDOMAIN (RFC 8020)
  std::optional<std::uint32_t> wildcard_ttl_seconds{};      ///< a random name beside it has an answer

  /// Whether it shows what the server had, or which answers it had.
  [[nodiscard]] bool is_whole() const;
  /// Whether the server had no record.
  [[nodiscard]] bool is_absence() const {
    return kind == PublishedKind::nodata || kind == PublishedKind::nxdomain;
  }
  [[nodiscard]] bool same_answer(const AnswerPeriod& other) const {
    return kind == other.kind && texts == other.texts && alias == other.alias &&
           is_incomplete == other.is_incomplete;
  }
  /// Whether they differ at most in when they were seen.
  [[nodiscard]] bool same_but_times(const AnswerPeriod& other) const {
    return same_answer(other) && ttl_seconds == other.ttl_seconds &&
           nsec_ttl_seconds == other.nsec_ttl_seconds &&
           domainkey_denied_seconds == other.domainkey_denied_seconds &&
           wildcard_ttl_seconds == other.wildcard_ttl_seconds;
  }
};

/// A server's outdated copy of its zone: its serial while another server has a newer one from the same
/// source, and the first probe that saw this.
struct SerialLag {
  std::uint32_t serial = 0;
  WallTime since{};

  friend bool operator==(const SerialLag&, const SerialLag&) = default;
};

/// One server's answers for one name of the chain, oldest first; neighbours differ in answer or TTLs.
struct ServerTimeline {
  config::DomainName owner{};
  ServerId server{};
  std::vector<AnswerPeriod> periods{};
  std::optional<SerialLag> lag{};  ///< as of the last probe that saw its serial

  /// Whether the server still serves the name.
  [[nodiscard]] bool is_there() const {
    return !periods.empty() && periods.back().kind != PublishedKind::left;
  }
};

/// The timelines of the servers of one name. Both must outlive the view.
[[nodiscard]] inline auto timelines_of(const std::vector<ServerTimeline>& servers,
                                       const config::DomainName& owner) {
  return servers |
         std::views::filter([&owner](const ServerTimeline& timeline) { return timeline.owner == owner; });
}

/// The nameservers of a zone on the path, as named by all servers of its parent and by the zone itself: the
/// union if servers differ. Both lists are empty from the probe on that no longer found a zone there.
struct NameserverPeriod {
  WallTime first_seen{};
  WallTime last_seen{};
  std::vector<config::DomainName> parent{};  ///< sorted
  std::vector<config::DomainName> child{};   ///< sorted
  std::uint32_t parent_ttl_seconds = 0;      ///< the longest: what a parent-centric resolver holds
  std::uint32_t child_ttl_seconds = 0;       ///< the longest: what a child-centric resolver holds
  // From the negative answers of the zone's servers; nothing if there was none.
  std::optional<std::uint32_t> negative_ttl_seconds{};  ///< min(SOA TTL, MINIMUM)
  std::optional<std::uint32_t> nsec_ttl_seconds{};      ///< of NSEC and NSEC3 records (RFC 8198)
  std::vector<std::string> ds{};  ///< the parent's DS records as "tag/algorithm/type/digest", sorted
  std::uint32_t ds_ttl_seconds = 0;

  [[nodiscard]] std::uint32_t ttl_seconds() const { return std::max(parent_ttl_seconds, child_ttl_seconds); }
  [[nodiscard]] bool is_no_zone() const { return parent.empty() && child.empty(); }
  [[nodiscard]] bool same_nameservers(const NameserverPeriod& other) const {
    return parent == other.parent && child == other.child;
  }
  /// Whether they differ at most in when they were seen.
  [[nodiscard]] bool same_but_times(const NameserverPeriod& other) const {
    return same_nameservers(other) && parent_ttl_seconds == other.parent_ttl_seconds &&
           child_ttl_seconds == other.child_ttl_seconds &&
           negative_ttl_seconds == other.negative_ttl_seconds && nsec_ttl_seconds == other.nsec_ttl_seconds &&
           ds == other.ds && ds_ttl_seconds == other.ds_ttl_seconds;
  }
};

/// For caches, a period counts until the next one began or until it was last seen, whichever is later.
struct ZoneTimeline {
  config::DomainName apex{};
  std::vector<NameserverPeriod> periods{};
};

/// What all probes of a domain saw of the zones on the path to its selectors' keys, whichever selector they
/// probed. What caches may hold of a zone applies to each name in it.
struct ZonePast {
  std::optional<WallTime> first_probe{};
  std::optional<WallTime> last_probe{};
  std::vector<ZoneTimeline> zones{};
  /// What servers answered for names above the selectors' (`_domainkey`, the domain itself), which `owner`
  /// names: that the name does not exist (RFC 8020), or that it exists without a zone cut. `left`: the server
  /// is no longer asked for the name, or answers that a zone begins there.
  std::vector<ServerTimeline> names{};
};

struct SelectorHistory {
  config::DomainName domain{};
  config::Selector selector{};
  std::optional<WallTime> first_probe{};
  std::optional<WallTime> last_probe{};
  std::vector<ServerTimeline> servers{};
  ZonePast past{};  ///< of the domain, the same for all of its selectors
};

/// The most periods that are kept for one server and name. Beyond that, the oldest are merged with the
/// longest TTL of both, so that a server whose TTLs count down cannot fill the memory.
inline constexpr std::size_t longest_timeline = 128;
/// The most bytes of texts of one server and name, and of all of a selector. Beyond that, periods are merged
/// likewise; the present answer and the one before it stay.
inline constexpr std::size_t largest_timeline_bytes = 131'072;
inline constexpr std::size_t largest_history_bytes = 1'048'576;
/// The most servers and names, and the most zones, of a history. Beyond that, those that left longest ago are
/// dropped.
inline constexpr std::size_t most_timelines = 512;
inline constexpr std::size_t most_zones = 128;

/// Adds a probe to the history. Its time is when it ended: each answer was true by then. Probes come in the
/// order of their times; a probe that ended before the last one is ignored, and so is a probe of another
/// selector. A known server that is no longer in the observation gets a period `left`, unless the search for
/// servers was incomplete. A nameserver without a known address stays in the history until the next probe,
/// without an address and with an `unknown` period. Of a quick probe only the servers' answers for the record
/// count as seen; the neighbours of the name and other transports are assumed unchanged. What a full probe
/// saw of the zones goes into the past of the history, even if a probe of another selector is newer: then it
/// counts as seen with that one, so that a wait counted from it never ends too early.
void extend(SelectorHistory& history, const probe::Observation& observation);

/// Reduces the history to what was known at the end of the probe, and adds the probe. A history that has
/// nothing of that time stays empty.
void rewind_to(SelectorHistory& history, const probe::Observation& observation);

/// A history, and the probe of its selector to add.
struct HistoryProbe {
  SelectorHistory* history = nullptr;
  const probe::Observation* observation = nullptr;
};

/// Adds probes of selectors of one domain to their histories, and what each saw of the zones to the shared
/// `past` of the domain, which is updated. Entries later than `now` were seen while a clock was ahead; see
/// `set_back`.
void extend_all(ZonePast& past, std::vector<HistoryProbe> probes, WallTime now);

/// Merges several pasts of the same domain: each change at the time when it was first seen.
[[nodiscard]] ZonePast merge_pasts(const std::vector<ZonePast>& pasts);

/// When the probe ended.
[[nodiscard]] WallTime end_of(const probe::Observation& observation);

/// Moves what was seen at `time` or later to just before it, in the same order: for a history with probes
/// from a clock that was ahead. All of it was seen before now, so a wait counted from it never ends too
/// early.
void set_back(SelectorHistory& history, WallTime time);
void set_back(ZonePast& past, WallTime time);

/// Reduces the history to what was known at `time`.
void forget_after(SelectorHistory& history, WallTime time);

}  // namespace dkimprobe::checks
