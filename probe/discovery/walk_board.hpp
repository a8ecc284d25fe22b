// What one walk knows, for the machines that it is made of: the zones that were met, the addresses of
// nameservers, how each server behaved, and the questions that are to leave. It decides which server of a
// zone to ask first; what to ask is decided by host_search and zone_survey.
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

/// One question for one server, to be asked with RD=0 until it is answered or its waits are over: over UDP,
/// and over TCP when the answer has TC=1.
struct WalkQuestion {
  std::uint32_t ticket = 0;  ///< to be given back with the outcome; never used twice in one walk
  config::ServerAddress server{};
  config::DomainName zone{};  ///< whose server it is asked as
  config::DomainName name{};
  RecordType type = RecordType::ns;
  Purpose purpose = Purpose::cut;  ///< `cut`, `zone_soa` or `host_address`
  std::uint8_t attempts = 1;       ///< how often it may be sent over UDP
  std::chrono::milliseconds first_wait{
      0};  ///< for the answer to the first attempt; each next one twice as long
};

/// A zone as this walk knows it.
struct WalkZone {
  KnownZone facts{};
  WalkZone* parent = nullptr;  ///< null for the root
  bool is_surveyed = false;    ///< each of its servers is asked, so that no search gives it up
  /// Addresses of nameservers inside the zone that single servers of it gave, beside what the searches found.
  std::vector<AddressRecord> given{};

  [[nodiscard]] const config::DomainName& apex() const { return facts.cut.apex; }
};

/// What was found out of a nameserver's name.
struct HostFacts {
  bool ended = false;
  HostOutcome outcome = HostOutcome::unknown;
  std::vector<config::Address> addresses{};
  bool ipv4_known = false;  ///< its servers gave its IPv4 addresses, or said that there are none
  bool ipv6_known = false;
  std::chrono::seconds life{0};
  bool met_local_error = false;  ///< of this machine: what is not known says nothing of the servers
};

/// An address of a zone's server, and the nameserver names that lead to it.
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
  /// The zone as this walk or the cache knows it, with every zone above; null when one of them is missing.
  WalkZone* load_zone(const config::DomainName& apex);
  /// The zone that a referral or an answer at its apex leads to, from then on with what that adds.
  WalkZone& enter_zone(WalkZone& parent, const Reading& reading, const config::ServerAddress& from);
  /// Adds what one server of the zone says of the zone's own NS set.
  void add_child_set(WalkZone& zone, const Reading& child_set);
  /// Adds an address of a nameserver inside the zone, as one server of the zone gave it.
  void add_given(WalkZone& zone, const AddressRecord& record);
  /// Keeps the zone for later walks; `outcome_life` is that of what was learnt from the zone itself.
  void store(const WalkZone& zone, std::chrono::seconds outcome_life);
  /// Its servers are of no use, which later walks need not find out again for a while. What this machine did
  /// wrong is not remembered against them.
  void give_up(WalkZone& zone, DiscoveryOutcome outcome, bool met_local_error);
  /// Every address of the zone's servers that is known, whether or not it may be asked.
  [[nodiscard]] std::vector<NamedAddress> addresses_of(const WalkZone& zone) const;
  /// Those that may be asked.
  [[nodiscard]] std::vector<config::ServerAddress> servers_of(const WalkZone& zone) const;

  // ---- Nameserver names ----
  /// Null when nothing was begun for the name.
  [[nodiscard]] HostFacts* host(const config::DomainName& name);
  [[nodiscard]] const HostFacts* host(const config::DomainName& name) const;
  HostFacts& add_host(const config::DomainName& name) { return hosts_[name]; }

  // ---- Servers ----
  struct Server {
    bool answered = false;
    bool silent = false;             ///< a question to it ended without any response, and none was answered
    bool was_silent_before = false;  ///< known from the cache
    std::uint32_t sent = 0;
  };
  Server& server(const config::ServerAddress& address);
  /// The best of the candidates for a question of the zone: null for an empty list. Within a class the order
  /// is that of a hash, so that targets spread over the servers of a zone that they share, and one target
  /// finds the same order each time.
  const config::ServerAddress* best_of(const WalkZone& zone,
                                       const std::vector<config::ServerAddress>& candidates);
  [[nodiscard]] static bool is_useless(const WalkZone& zone, const config::ServerAddress& address);

  // ---- Questions ----
  /// Takes the question for sending; nothing when no more may be asked. The server, the zone, the name, the
  /// type and the purpose must be set.
  std::optional<std::uint32_t> ask(WalkQuestion question);
  [[nodiscard]] std::vector<WalkQuestion> take_questions();
  [[nodiscard]] bool out_of_questions() const { return out_of_questions_; }
  /// Allows so many more questions: each zone that is looked at as a whole brings its own budget.
  void allow_zone() { questions_allowed_ += settings_->budgets.queries_per_zone; }
  /// Takes note of how a question went, and gives what the answer means; nothing without an answer.
  std::optional<Reading> note(WalkZone& zone, const WalkQuestion& question, const Exchange& exchange);

  // ---- Whether the servers themselves answer ----
  [[nodiscard]] InterceptionWatch& watch() { return watch_; }
  /// Asks what the watch wants to know, now or when it is time for it.
  void ask_for_watch();

  /// Counts whatever changes what a machine would decide.
  void changed() { ++changes_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// The walk wants to go on at this time even if nothing happens before.
  void wake_by(MonotonicTime time) { wake_ = std::min(wake_, time); }
  [[nodiscard]] MonotonicTime wake() const { return std::min(wake_, deadline_); }

 private:
  void add_root();
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

/// Which referral of the cut has this set of nameservers; adds it when it is new.
std::uint32_t referral_index(ZoneCut& cut, const Reading& reading);

/// Adds the nameservers of a set, at most `most` in all; the names of further ones go to `cut_off`.
void add_nameservers(std::vector<Nameserver>& nameservers, std::vector<config::DomainName>& cut_off,
                     const std::vector<NsRecord>& set, bool from_parent, std::size_t most);

void add_address(std::vector<config::Address>& addresses, const config::Address& address, std::size_t most);

}  // namespace dkimprobe::probe
