// Finds the addresses of nameservers: each search goes down to the zone of the nameserver's name and asks
// there for A and AAAA. The searches may need each other; a circle of them is a loop.
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

  /// Begins the search for a name that none was begun for. `depth` is 1 for a nameserver of a zone on the way
  /// to the target, and more for searches that other searches need. Null when that is too deep. What the
  /// cache knows has ended at once, and so has a name beyond the number of those without address. Of the
  /// zones on the way `servers` are asked; of the root and the top-level domains always any.
  HostFacts* begin(const config::DomainName& name, std::uint32_t depth, ZoneServers servers);
  /// Once more after a loop, which may have had another way out since. False when that was tried before.
  bool repeat(const config::DomainName& name);
  /// Goes on with the search as far as it goes without an answer. At most once a pass does anything. Servers
  /// of the name's zone that became known after the search had ended are asked too.
  void advance(const config::DomainName& name);
  /// Whether it has not ended, or such servers may still answer.
  [[nodiscard]] bool is_waiting(const config::DomainName& name);
  void begin_pass() { ++pass_; }
  /// Whether this server was asked for the addresses of the name.
  [[nodiscard]] bool has_asked(const config::DomainName& name, const config::ServerAddress& server) const;
  /// Whether the search is still on its way down to the zone of the name.
  [[nodiscard]] bool is_descending(const config::DomainName& name) const;
  /// Names without address that were met so far.
  [[nodiscard]] std::uint32_t unresolvable() const { return unresolvable_; }
  /// How a question went; false when it was none of these searches'.
  bool finished(const WalkQuestion& question, const Exchange& exchange);
  /// Writes what was found so far of the search into its facts, which has not ended.
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
