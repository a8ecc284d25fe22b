// Asks every server of every zone on the way to a name where the way goes on: each one may refer to a zone
// below, answer for it itself, know no cut, or deny. What one server says is believed of that server alone,
// so that every path that a resolver can take is found.
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
  all,     ///< every address: for a person who waits for the answer
  sample,  ///< two in turn: for a daemon, which comes again
};

/// The survey of one zone: each of its servers is asked for its own NS set, and for the way to the target.
class ZoneSurvey {
 public:
  ZoneSurvey(WalkBoard& board, HostSearches& hosts, WalkZone& zone, RegistryUse use);

  /// Goes on as far as it goes without an answer. Zones that servers refer to are entered on the board. It
  /// does not end while a survey of a zone above runs, which may find more servers of this one.
  void advance(bool may_end);
  /// How a question went; false when it was none of this survey's.
  bool finished(const WalkQuestion& question, const Exchange& exchange);
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] WalkZone& zone() { return zone_; }
  [[nodiscard]] const WalkZone& zone() const { return zone_; }
  /// Names of this zone above the target's that servers denied.
  [[nodiscard]] const std::vector<config::DomainName>& denied() const { return denied_; }
  /// What each server says of a cut below this zone.
  [[nodiscard]] std::vector<ParentAnswer> answers_about(WalkZone& below) const;
  /// The cuts that its servers lead to.
  [[nodiscard]] std::vector<config::DomainName> cuts() const;
  /// Servers that lead to no zone below and may be asked for the target: none of a registry's, whose denial
  /// says all that there is.
  [[nodiscard]] std::vector<StrayServer> ends() const;
  [[nodiscard]] bool is_sample() const { return is_registry() && use_ == RegistryUse::sample; }
  /// The cut of which its servers were asked not long ago, and so are not asked again.
  [[nodiscard]] const std::optional<config::DomainName>& known_cut() const { return known_cut_; }
  /// How the search for the zone's servers ended; writes what is known of them into the zone and keeps it for
  /// later walks. To be called once; `cut_off` when the walk ends before the survey did.
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
  bool may_be_told(ZoneMember& member, const config::DomainName& name);
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
  config::DomainName domain_{};   ///< of the target: without `_domainkey` and what is left of it
  bool needs_completion_ = true;  ///< the zone's own NS sets and all addresses are wanted
  std::size_t first_label_ = 0;
  std::optional<config::DomainName> known_cut_{};
  bool met_local_error_ = false;
  bool ended_ = false;
  std::vector<ZoneMember> members_{};
  std::unordered_map<std::uint32_t, UnderWay> under_way_{};  ///< by ticket
  std::vector<config::DomainName> denied_{};
};

}  // namespace dkimprobe::probe
