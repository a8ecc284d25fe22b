// The history of a selector, read along the chain of names of its last answers, with its texts compared to a
// key.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/history/zone_reading.hpp"
#include "checks/record/key_record.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

/// A period that caches could fetch from a server, and until when: nothing while it lasts.
struct CacheInterval {
  const AnswerPeriod* period = nullptr;
  std::optional<WallTime> until{};
  bool left = false;  ///< it ended because the server left
};

struct KeyComparison {
  Progress progress = Progress::unknown;
  std::string detail{};
};

class ReadHistory {
 public:
  using Comparison = std::function<KeyComparison(const AnswerPeriod&)>;

  ReadHistory(const SelectorHistory& history, const RotationPolicy& policy);

  /// The selector's own name, then the targets of the last seen aliases.
  [[nodiscard]] const std::vector<config::DomainName>& chain() const { return chain_; }
  [[nodiscard]] bool is_in_chain(const config::DomainName& name) const {
    return std::ranges::find(chain_, name) != chain_.end();
  }
  /// Whether aliases form a loop through the name.
  [[nodiscard]] bool is_loop(const config::DomainName& name) const;

  static const AnswerPeriod* last_whole(const ServerTimeline& timeline);

  /// The periods with an answer. What caches fetched during a timeout or a failure is unknown, so an answer
  /// counts until another one was seen.
  [[nodiscard]] std::vector<CacheInterval> intervals(const ServerTimeline& timeline) const;

  /// Whether the address is of a disabled family and another address of the nameserver counts instead.
  [[nodiscard]] bool is_left_out(const ServerTimeline& timeline) const;
  /// Whether servers are queried over its family.
  [[nodiscard]] bool is_asked(const ServerTimeline& timeline) const {
    return timeline.server.address.ip.family() == config::Family::ipv4 ? policy_.ipv4 : policy_.ipv6;
  }

  /// The servers that serve the name and are not left out.
  [[nodiscard]] std::vector<const ServerTimeline*> servers_of(const config::DomainName& name) const;
  /// Whether the last probe has the server.
  [[nodiscard]] bool is_current(const ServerTimeline& timeline) const {
    return timeline.periods.back().last_seen == history_.last_probe;
  }
  /// What a server has now; unknown if the last probe does not have it.
  [[nodiscard]] ServerProgress row_of(const ServerTimeline& timeline, const Comparison& compare) const;

  [[nodiscard]] const SelectorHistory& history() const { return history_; }
  [[nodiscard]] const RotationPolicy& policy() const { return policy_; }
  [[nodiscard]] const ZoneReader& zones() const { return zones_; }

 private:
  /// Where the last seen aliases of the name point to.
  [[nodiscard]] std::vector<config::DomainName> targets_of(const config::DomainName& name) const;
  /// The name, and all that aliases lead to from there.
  [[nodiscard]] std::vector<config::DomainName> reached_from(const config::DomainName& name) const;
  /// Why a server without an address could not be checked.
  [[nodiscard]] std::string why_not_asked(const ServerTimeline& timeline) const;

  const SelectorHistory& history_;
  const RotationPolicy& policy_;
  ZoneReader zones_;
  std::vector<config::DomainName> chain_{};
};

/// The records of a period as texts, each once.
[[nodiscard]] std::set<std::string> joined_texts(const AnswerPeriod& period);

/// Parses each text only once, however many periods have it.
class KeyReader {
 public:
  explicit KeyReader(config::Service service) : service_(service) {}
  const KeyRecord& read(const std::string& text) {
    const auto known = records_.find(text);
    return known != records_.end() ? known->second
                                   : records_.emplace(text, read_key_record(text, service_)).first->second;
  }

 private:
  config::Service service_;
  std::map<std::string, KeyRecord> records_{};
};

/// The row of a name without servers.
[[nodiscard]] ServerProgress no_server_row(const config::DomainName& name);

/// Classifies a period without texts and alias.
[[nodiscard]] KeyComparison compare_nothing(const AnswerPeriod& period);

/// Compares a period of texts with the key; without `expected` any usable key is right.
[[nodiscard]] KeyComparison compare_texts(const AnswerPeriod& period,
                                          const std::optional<std::string>& expected, KeyReader& keys);

/// The usable key that most servers have now; servers with an outdated zone count only in a tie. An empty
/// text if two keys are equally common.
[[nodiscard]] std::optional<std::string> most_common_key(const ReadHistory& read, KeyReader& keys);

/// Sentences: what no probe of servers can show.
[[nodiscard]] std::vector<config::EscapedText> limits_of(const ReadHistory& read);

}  // namespace dkimprobe::checks
