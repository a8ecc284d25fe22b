// The shared state of one walk: the zones found, the addresses of nameservers, how each server behaved, and
// the questions to send. It decides which server of a zone to ask first; host_search and zone_survey decide
// what to ask.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/discovery/interception.hpp"
#include "probe/discovery/reading.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// One question for one server, to be asked with RD=0 until it is answered or its attempts time out: over
/// UDP, and over TCP when the answer has TC=1.
struct WalkQuestion {
  std::uint32_t ticket = 0;  ///< to be returned with the result; never used twice in one walk
  config::ServerAddress server{};
  config::DomainName zone{};  ///< the zone as whose server it is asked
  config::DomainName name{};
  RecordType type = RecordType::ns;
  Purpose purpose = Purpose::cut;  ///< `cut`, `zone_soa` or `host_address`
  std::uint8_t attempts = 1;       ///< the most attempts over UDP
  std::chrono::milliseconds first_wait{
      0};  ///< for the answer to the first attempt; doubled for each further one
};

/// A zone as this walk knows it.
struct WalkZone {
  KnownZone facts{};
  WalkZone* parent = nullptr;  ///< null for the root
  bool is_surveyed = false;    ///< a survey asks each of its servers, so no search gives the zone up
  /// Addresses of nameservers inside the zone that single servers of it returned, in addition to what the
  /// searches found.
  std::vector<AddressRecord> given{};

  [[nodiscard]] const config::DomainName& apex() const { return facts.cut.apex; }
};

/// What was found out about a nameserver name.
struct HostFacts {
  bool ended = false;
  HostOutcome outcome = HostOutcome::unknown;
  std::vector<config::Address> addresses{};
  bool ipv4_known = false;  ///< its servers returned its IPv4 addresses, or answered that there are none
  bool ipv6_known = false;
  std::chrono::seconds life{0};
  bool met_local_error = false;  ///< an error of this machine: what is unknown says nothing about the servers
};

/// An address of a zone's server, and the nameserver names with this address.
struct NamedAddress {
  config::ServerAddress address{};
  std::vector<config::DomainName> names{};
};

class WalkBoard {
 public:
  WalkBoard(config::DomainName target, const config::ProbeSettings& settings, ZoneCache& cache,
            MonotonicTime now);

  [[nodiscard]] const config::DomainName& target() const { return target_; }
  [[nodiscard]] const config::ProbeSettings& settings() const { return *settings_; }
  [[nodiscard]] ZoneCache& cache() { return *cache_; }
  [[nodiscard]] MonotonicTime now() const { return now_; }
  [[nodiscard]] MonotonicTime deadline() const { return deadline_; }
  void set_now(MonotonicTime now);

  // ---- Zones ----
  [[nodiscard]] WalkZone& root() { return *zones_.at(config::DomainName{}); }
  [[nodiscard]] std::size_t zone_count() const { return zones_.size(); }
  /// The zone as this walk or the cache knows it; null when it or a zone above it is missing.
  WalkZone* load_zone(const config::DomainName& apex);
  /// The zone that a referral, or an answer at its apex, leads to; adds what the reading contains.
  WalkZone& enter_zone(WalkZone& parent, const Reading& reading, const config::ServerAddress& from);
  /// Adds one server's answer about the zone's own NS set.
  void add_child_set(WalkZone& zone, const Reading& child_set);
  /// Adds an address of a nameserver inside the zone that one server of the zone returned.
  void add_given(WalkZone& zone, const AddressRecord& record);
  /// Caches the zone for later walks; `outcome_life` applies to what was learned from the zone itself.
  void store(const WalkZone& zone, std::chrono::seconds outcome_life);
  /// Remembers for a while that no server of the zone is of use, so that later walks need not find it out
  /// again. Not after a local error, which says nothing about the servers.
  void give_up(WalkZone& zone, DiscoveryOutcome outcome, bool met_local_error);
  /// Every known address of the zone's servers, whether or not it may be asked.
  [[nodiscard]] std::vector<NamedAddress> addresses_of(const WalkZone& zone) const;
  /// Those that may be asked.
  [[nodiscard]] std::vector<config::ServerAddress> servers_of(const WalkZone& zone) const;

  // ---- Nameserver names ----
  /// Null when no search for the name has begun.
  [[nodiscard]] HostFacts* host(const config::DomainName& name);
  [[nodiscard]] const HostFacts* host(const config::DomainName& name) const;
  HostFacts& add_host(const config::DomainName& name) { return hosts_[name]; }

  // ---- Servers ----
  struct Server {
    bool answered = false;
    bool silent = false;             ///< a question to it got no response, and no other was answered
    bool was_silent_before = false;  ///< known from the cache
    std::uint32_t sent = 0;
  };
  Server& server(const config::ServerAddress& address);
  /// The best of the candidates for a question about the zone; null for an empty list. Equally good servers
  /// are ordered by a hash, so that targets are spread over shared servers, and one target always has the
  /// same order.
  const config::ServerAddress* best_of(const WalkZone& zone,
                                       const std::vector<config::ServerAddress>& candidates);
  [[nodiscard]] static bool is_useless(const WalkZone& zone, const config::ServerAddress& address);

  // ---- Questions ----
  /// Queues the question for sending; returns nothing when the budget is used up. Server, zone, name, type
  /// and purpose must be set.
  std::optional<std::uint32_t> ask(WalkQuestion question);
  [[nodiscard]] std::vector<WalkQuestion> take_questions();
  [[nodiscard]] bool out_of_questions() const { return out_of_questions_; }
  /// Increases the budget of questions: each surveyed zone has its own.
  void allow_zone() { questions_allowed_ += settings_->budgets.queries_per_zone; }
  /// Records the result of a question and interprets its answer; nothing without an answer.
  std::optional<Reading> note(WalkZone& zone, const WalkQuestion& question, const Exchange& exchange);

  // ---- Whether the servers themselves answer ----
  [[nodiscard]] InterceptionWatch& watch() { return watch_; }
  /// Queues the questions of the watch, now or after their delay.
  void ask_for_watch();

  /// Counts every change that may affect a decision of a search or survey.
  void changed() { ++changes_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// Requests that the walk continue at this time even if nothing happens before.
  void wake_by(MonotonicTime time) { wake_ = std::min(wake_, time); }
  [[nodiscard]] MonotonicTime wake() const { return std::min(wake_, deadline_); }

 private:
  void add_root();
  [[nodiscard]] std::vector<config::ServerAddress> addresses_of(const WalkZone& zone,
                                                                const Nameserver& nameserver) const;
  void add_glue(KnownZone& facts, const Reading& reading) const;
  void add_referral(KnownZone& facts, const Reading& reading) const;
  [[nodiscard]] std::uint64_t rank(const WalkZone& zone, const config::ServerAddress& address);

  config::DomainName target_{};
  const config::ProbeSettings* settings_ = nullptr;
  ZoneCache* cache_ = nullptr;
  MonotonicTime now_{};
  MonotonicTime deadline_{};
  MonotonicTime wake_ = MonotonicTime::max();
  std::unordered_map<config::DomainName, std::unique_ptr<WalkZone>> zones_{};
  std::unordered_map<config::DomainName, HostFacts> hosts_{};
  std::unordered_map<config::ServerAddress, Server> servers_{};
  std::array<bool, 2> family_answered_{};
  std::array<bool, 2> family_silent_{};
  std::vector<WalkQuestion> questions_{};
  InterceptionWatch watch_{};
  std::vector<std::pair<MonotonicTime, InterceptionWatch::Question>> later_for_watch_{};
  std::uint32_t next_ticket_ = 1;
  std::uint64_t questions_asked_ = 0;
  std::uint64_t questions_allowed_ = 0;
  bool out_of_questions_ = false;
  std::uint64_t changes_ = 0;
};

/// The index of the cut's referral with this set of nameservers; adds it when it is new.
std::uint32_t referral_index(ZoneCut& cut, const Reading& reading);

/// Adds the nameservers of a set, at most `most` in all; the names of further ones go to `cut_off`.
void add_nameservers(std::vector<Nameserver>& nameservers, std::vector<config::DomainName>& cut_off,
                     const std::vector<NsRecord>& set, bool from_parent, std::size_t most);

void add_address(std::vector<config::Address>& addresses, const config::Address& address, std::size_t most);

}  // namespace dkimprobe::probe
