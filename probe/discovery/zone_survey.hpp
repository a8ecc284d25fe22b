// Asks every server of a zone where the path to a name continues: each may refer to a zone below, serve that
// zone itself, have no cut, or deny the name. Each answer counts for its own server only, so that every path
// that a resolver can take is found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/discovery/host_search.hpp"
#include "probe/discovery/walk_board.hpp"
#include "probe/discovery/zone_member.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// How many servers of the root and of a top-level domain are asked.
enum class RegistryUse : std::uint8_t {
  all,     ///< every address: for a person who waits for the result
  sample,  ///< two, rotating: for a daemon, which asks again later
};

/// The survey of one zone: asks each of its servers for the zone's NS set and for the path to the target.
class ZoneSurvey {
 public:
  ZoneSurvey(WalkBoard& board, HostSearches& hosts, WalkZone& zone, RegistryUse use);

  /// Advances as far as possible without an answer. Enters zones that servers refer to on the board. Must not
  /// end while a survey of a zone above runs, which may find more servers of this zone.
  void advance(bool may_end);
  /// Reports the result of a question; false when it is not one of this survey's.
  bool finished(const WalkQuestion& question, const Exchange& exchange);
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] WalkZone& zone() { return zone_; }
  [[nodiscard]] const WalkZone& zone() const { return zone_; }
  /// Names above the target in this zone that servers denied.
  [[nodiscard]] const std::vector<config::DomainName>& denied() const { return denied_; }
  /// What each server answers about a cut below this zone.
  [[nodiscard]] std::vector<ParentAnswer> answers_about(WalkZone& below) const;
  /// The cuts that its servers lead to.
  [[nodiscard]] std::vector<config::DomainName> cuts() const;
  /// Servers that lead to no zone below and may be asked for the target. Never a registry's, whose denial is
  /// final.
  [[nodiscard]] std::vector<StrayServer> ends() const;
  [[nodiscard]] bool is_sample() const { return is_registry() && use_ == RegistryUse::sample; }
  /// The cut that its servers were asked about recently, so they are not asked again.
  [[nodiscard]] const std::optional<config::DomainName>& known_cut() const { return known_cut_; }
  /// Returns how the search for the zone's servers ended; writes what is known about them into the zone and
  /// caches it for later walks. Call it once; `cut_off` is set when the walk ends before the survey.
  DiscoveryOutcome settle(std::optional<DiscoveryOutcome> cut_off);

 private:
  enum class About : std::uint8_t { way, ns, soa, address };
  struct UnderWay {
    std::size_t member = 0;
    About about = About::way;
  };

  [[nodiscard]] bool is_registry() const;
  [[nodiscard]] std::size_t longest_label() const;
  [[nodiscard]] bool needs_addresses(const Nameserver& nameserver) const;
  void start_labels();
  void find_known_cut();
  void add_members();
  void choose_sample();
  [[nodiscard]] std::vector<config::DomainName> wanted_hosts() const;
  bool advance_hosts();
  HostFacts* begin_host(const config::DomainName& name, const std::vector<config::DomainName>& running,
                        bool& waiting);
  void advance_member(std::size_t index);
  [[nodiscard]] bool is_given_up(const ZoneMember& member);
  [[nodiscard]] bool is_waiting() const;
  bool may_be_sent(ZoneMember& member, const config::DomainName& name);
  [[nodiscard]] bool is_hopeless(const ZoneMember& member);
  bool ask(std::size_t index, About about, const config::DomainName& name, RecordType type);
  void take_way_answer(ZoneMember& member, const WalkQuestion& question,
                       const std::optional<Reading>& reading);
  void take_error(ZoneMember& member);
  void take_denial(ZoneMember& member, std::size_t labels);
  void end(ZoneMember& member, CutAnswer answer, std::size_t labels);
  void remember_missing_cuts();
  bool ask_serials();
  bool ask_addresses();

  WalkBoard& board_;
  HostSearches& hosts_;
  WalkZone& zone_;
  RegistryUse use_;
  config::DomainName domain_{};   ///< of the target: without `_domainkey` and the labels before it
  bool needs_completion_ = true;  ///< the zone's own NS set and all addresses are wanted
  std::size_t first_label_ = 0;
  std::optional<config::DomainName> known_cut_{};
  bool met_local_error_ = false;
  bool ended_ = false;
  std::vector<ZoneMember> members_{};
  std::unordered_map<std::uint32_t, UnderWay> under_way_{};  ///< by ticket
  std::vector<config::DomainName> denied_{};
};

}  // namespace dkimprobe::probe
