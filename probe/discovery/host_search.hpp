// Finds the addresses of nameservers: each search walks down to the zone of the nameserver's name and asks
// there for A and AAAA. Searches may depend on each other; a cycle is a loop.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/discovery/walk_board.hpp"
#include "probe/discovery/zone_question.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

class HostSearches {
 public:
  explicit HostSearches(WalkBoard& board);
  ~HostSearches();
  HostSearches(const HostSearches&) = delete;
  HostSearches& operator=(const HostSearches&) = delete;

  /// Begins the first search for a name. `depth` is 1 for a nameserver of a zone on the path to the target,
  /// and more for searches that other searches need; null when that is too deep. The search ends at once for
  /// a cached name, and when too many names, with the cached ones, had no address. `servers` applies to the
  /// zones on the path; at the root and top-level domains, any one server is asked.
  HostFacts* begin(const config::DomainName& name, std::uint32_t depth, ZoneServers servers);
  /// Repeats a search that ended in a loop, since another path may have been found. False when it was
  /// repeated before.
  bool repeat(const config::DomainName& name);
  /// Advances the search as far as possible without an answer; only the first call in a pass has an effect.
  /// Also asks servers of the name's zone that became known after the search ended.
  void advance(const config::DomainName& name);
  /// Whether the search has not ended, or such servers may still answer.
  [[nodiscard]] bool is_waiting(const config::DomainName& name);
  void begin_pass() { ++pass_; }
  /// Whether this server was asked for the addresses of the name.
  [[nodiscard]] bool has_asked(const config::DomainName& name, const config::ServerAddress& server) const;
  /// Whether the search is still walking down to the zone of the name.
  [[nodiscard]] bool is_descending(const config::DomainName& name) const;
  /// Number of names without an address so far.
  [[nodiscard]] std::uint32_t unresolvable() const { return unresolvable_; }
  /// Reports the result of a question; false when it belongs to none of these searches.
  bool finished(const WalkQuestion& question, const Exchange& exchange);
  /// Writes what an unfinished search has found so far into its facts.
  void collect(const config::DomainName& name);

 private:
  struct Question;
  struct Search;
  using QuestionPointer = std::shared_ptr<Question>;

  void start(Search& search) const;
  void advance(Search& search);
  void descend(Search& search);
  void jump(Search& search);
  void take_label_answer(Search& search);
  void take_label_failure(Search& search);
  void fail(Search& search, DiscoveryOutcome outcome);
  void ask_for_addresses(Search& search);
  [[nodiscard]] static bool asks_all(const Search& search);
  void settle(Search& search);
  void settle_failure(Search& search);
  void collect(Search& search);
  [[nodiscard]] std::size_t most_addresses() const;  ///< of a name
  void end(Search& search, HostOutcome outcome);
  [[nodiscard]] static bool depends_on(const Search& search, const Search& other);

  [[nodiscard]] QuestionPointer make_question(Search& search, config::DomainName name, RecordType type,
                                              ZoneServers servers = ZoneServers::any);
  void advance(const QuestionPointer& question);
  bool ask_more(const QuestionPointer& question);
  void find_servers_for(Question& question);
  [[nodiscard]] Search* search_for(Question& question, const config::DomainName& nameserver);
  [[nodiscard]] static DiscoveryOutcome why_failed(const Question& question);

  WalkBoard& board_;
  std::unordered_map<config::DomainName, std::unique_ptr<Search>> searches_{};
  std::unordered_map<std::uint32_t, QuestionPointer> under_way_{};  ///< by ticket
  std::uint32_t unresolvable_ = 0;
  std::uint64_t pass_ = 1;
};

}  // namespace dkimprobe::probe
