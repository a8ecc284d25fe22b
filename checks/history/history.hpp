// What was published for a selector over time, as our own looks at its servers saw it: one span for each
// server and answer, from the first look that saw it to the last. A plain value; it judges nothing. A store
// fills it from what it kept, and rotation and the checks of change read it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checks/report/report.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

using probe::WallTime;

/// What a server gave for a name, as far as a cache can hold it.
enum class PublishedKind : std::uint8_t {
  texts,
  alias,
  nodata,
  nxdomain,
  failure,  ///< SERVFAIL: caches remember it for up to five minutes (RFC 2308 section 7.1)
  /// No answer with authority: nothing came, or it was refused. With a TTL: the server said different things
  /// in one look, or several spans became one; `texts` then holds what was among them.
  unknown,
  left,  ///< the server is no longer one of the name's zone, or the name no longer one of the chain
};

/// The same answer of one server, look after look. Between `last_seen` and the next span's `first_seen` it
/// changed, nobody knows when.
struct AnswerPeriod {
  WallTime first_seen{};
  WallTime last_seen{};
  PublishedKind kind = PublishedKind::unknown;
  std::vector<std::vector<std::string>> texts{};  ///< the strings of each TXT record, raw, in sorted order
  std::optional<config::DomainName> alias{};      ///< where the name leads
  /// How long a cache holds it: the TTL of the data; min(SOA TTL, MINIMUM) of an absence (RFC 2308 section
  /// 5).
  std::optional<std::uint32_t> ttl_seconds{};
  // What may lie in a cache that was never asked for this very name.
  std::optional<std::uint32_t> nsec_ttl_seconds{};          ///< of NSEC or NSEC3 beside the name (RFC 8198)
  std::optional<std::uint32_t> domainkey_denied_seconds{};  ///< `_domainkey` itself got NXDOMAIN (RFC 8020)
  std::optional<std::uint32_t> wildcard_ttl_seconds{};  ///< a name beside it that nobody made has an answer

  /// Whether it tells what the server had, or what that was among.
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] bool same_answer(const AnswerPeriod& other) const {
    return kind == other.kind && texts == other.texts && alias == other.alias;
  }
};

/// How far a server's copy of its zone is behind: the serial at which it stays while another server has a
/// newer one from the same source, and the first look that saw it so.
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
  std::optional<SerialLag> lag{};  ///< as the last look with its serial saw it

  /// Whether the server is one of the name's still.
  [[nodiscard]] bool is_there() const {
    return !periods.empty() && periods.back().kind != PublishedKind::left;
  }
};

/// The nameservers of a zone on the way, as all servers of its parent and as the zone itself name them: the
/// union, where they differ. Both lists are empty from the probe on that found no zone there any more.
struct NameserverPeriod {
  WallTime first_seen{};
  WallTime last_seen{};
  std::vector<config::DomainName> parent{};  ///< sorted
  std::vector<config::DomainName> child{};   ///< sorted
  std::uint32_t parent_ttl_seconds = 0;      ///< the longest: what a parent-centric resolver holds
  std::uint32_t child_ttl_seconds = 0;       ///< the longest: what a child-centric resolver holds
  // What the zone's servers said of names that are not there; nothing where none said it.
  std::optional<std::uint32_t> negative_ttl_seconds{};  ///< min(SOA TTL, MINIMUM)
  std::optional<std::uint32_t> nsec_ttl_seconds{};      ///< of NSEC and NSEC3 records (RFC 8198)
  std::vector<std::string> ds{};  ///< the parent's DS records as "tag/algorithm/type/digest", sorted
  std::uint32_t ds_ttl_seconds = 0;

  [[nodiscard]] std::uint32_t ttl_seconds() const { return std::max(parent_ttl_seconds, child_ttl_seconds); }
  [[nodiscard]] bool is_no_zone() const { return parent.empty() && child.empty(); }
  [[nodiscard]] bool same_nameservers(const NameserverPeriod& other) const {
    return parent == other.parent && child == other.child;
  }
};

/// A span counts for caches until the next one began, or until it was seen last, whichever is later.
struct ZoneTimeline {
  config::DomainName apex{};
  std::vector<NameserverPeriod> periods{};
};

/// What all probes of a domain saw of the zones on the way to its selectors' keys, whichever selector they
/// were at. What caches may hold of a zone holds for each name in it.
struct ZonePast {
  std::optional<WallTime> first_probe{};
  std::optional<WallTime> last_probe{};
  std::vector<ZoneTimeline> zones{};
  /// What servers said of names above the selectors' (`_domainkey`, the domain itself), `owner` the name:
  /// that it is not there (RFC 8020), or is there and no zone begins at it. `left`: the server is not asked
  /// for the name any more, or says that a zone begins there.
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

/// The most spans that are kept of one server and name. Beyond it the oldest go into one another, with the
/// longest TTL of both, so that a server whose TTLs count down cannot fill the memory.
inline constexpr std::size_t longest_timeline = 128;
/// The same for the bytes of the texts of one server and name.
inline constexpr std::size_t largest_timeline_bytes = 262'144;
/// The most servers and names, and the most zones, of a history. Beyond it those go first that left longest
/// ago.
inline constexpr std::size_t most_timelines = 512;
inline constexpr std::size_t most_zones = 128;

/// Puts a look into the history. Its time is that of its end: whatever a server said was so by then. Looks
/// come in the order of their times; one that ended earlier than the last one is left out, and so is one at
/// another selector. A server that was there before and is in the observation no more gets a span `left`,
/// unless the search for servers was incomplete. A nameserver of which this look could not learn any address
/// is in the history until the next look, without an address and with a span that tells nothing. Of a light
/// look only what servers gave for the record counts as seen; what lies beside the name, and other ways of
/// asking for the same record, are taken to be as they were. What it saw of the zones goes into the past of
/// the history, also when it is older than the last probe there, of another selector: then it counts as seen
/// with that, so that a wait counted from it ends no earlier than it should.
void extend(SelectorHistory& history, const probe::Observation& observation);

/// Leaves what was known at the end of the probe, and puts the probe into it. A history that has nothing of
/// that time stays without any probe.
void rewind_to(SelectorHistory& history, const probe::Observation& observation);

/// A history that a probe of its selector is to be put into.
struct HistoryProbe {
  SelectorHistory* history = nullptr;
  const probe::Observation* observation = nullptr;
};

/// Puts probes of selectors of one domain into their histories, and what each saw of the zones into the past
/// of all: `past` is what is known of the domain before, and then what is known with them. What is there from
/// after `now` was seen while a clock was ahead; see `set_back`.
void extend_all(ZonePast& past, std::vector<HistoryProbe> probes, WallTime now);

/// One past of what was known of the same domain in several: each change at the time at which it was first
/// seen.
[[nodiscard]] ZonePast merge_pasts(const std::vector<ZonePast>& pasts);

/// When a look ended.
[[nodiscard]] WallTime end_of(const probe::Observation& observation);

/// Takes what was seen at `time` or later for seen just before it, in the same order: for a history with
/// looks of a clock that was ahead. All of it was seen before now, so a wait counted from it ends no earlier
/// than it should.
void set_back(SelectorHistory& history, WallTime time);
void set_back(ZonePast& past, WallTime time);

/// Leaves what was known at `time`.
void forget_after(SelectorHistory& history, WallTime time);

}  // namespace dkimprobe::checks
