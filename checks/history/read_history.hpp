// The history of a selector, read for the chain of names that its last answers make, and its texts compared
// with a key.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/history/zone_reading.hpp"
#include "checks/record/key_record.hpp"

namespace dkimprobe::checks {

/// A span that caches could fetch from a server, with the time until which they could: none while it lasts.
struct CacheInterval {
  const AnswerPeriod* period = nullptr;
  std::optional<WallTime> until{};
  bool left = false;  ///< it ended because the server left
};

class ReadHistory {
 public:
  ReadHistory(const SelectorHistory& history, const RotationPolicy& policy);

  /// The names to which the last answers lead, the selector's own first.
  [[nodiscard]] const std::vector<config::DomainName>& chain() const { return chain_; }
  [[nodiscard]] bool is_in_chain(const config::DomainName& name) const {
    return std::ranges::find(chain_, name) != chain_.end();
  }
  /// Whether aliases lead from the name back to itself.
  [[nodiscard]] bool is_loop(const config::DomainName& name) const;

  /// Why a server without an address is one that was not seen.
  [[nodiscard]] std::string why_not_asked(const ServerTimeline& timeline) const;

  static const AnswerPeriod* last_whole(const ServerTimeline& timeline);

  /// The spans that tell something. Silence, and a failure too, leaves open what a cache got meanwhile, so an
  /// answer counts until another one was seen.
  [[nodiscard]] std::vector<CacheInterval> intervals(const ServerTimeline& timeline) const;

  /// Whether the operator leaves the address out, so that another one speaks for its nameserver.
  [[nodiscard]] bool is_left_out(const ServerTimeline& timeline) const;
  /// Whether its family is one over which servers are asked.
  [[nodiscard]] bool is_asked(const ServerTimeline& timeline) const {
    return timeline.server.address.ip.family() == config::Family::ipv4 ? policy_.ipv4 : policy_.ipv6;
  }

  [[nodiscard]] const SelectorHistory& history() const { return history_; }
  [[nodiscard]] const RotationPolicy& policy() const { return policy_; }
  [[nodiscard]] const ZoneReader& zones() const { return zones_; }

 private:
  const SelectorHistory& history_;
  const RotationPolicy& policy_;
  ZoneReader zones_;
  std::vector<config::DomainName> chain_{};
};

/// The records of a span as texts, each once.
[[nodiscard]] std::set<std::string> joined_texts(const AnswerPeriod& period);

/// Reads each text once, however many spans have it.
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

struct KeyComparison {
  Progress progress = Progress::unknown;
  std::string detail{};
};

/// What a span without texts and alias has.
[[nodiscard]] KeyComparison compare_nothing(const AnswerPeriod& period);

/// What a span of texts has; `expected` may be nothing: then any usable key is right.
[[nodiscard]] KeyComparison compare_texts(const AnswerPeriod& period,
                                          const std::optional<std::string>& expected, KeyReader& keys);

/// The usable key that most servers have now, those with an outdated zone last. Where as many have another
/// one, none is the right one.
[[nodiscard]] std::optional<std::string> most_common_key(const ReadHistory& read, KeyReader& keys);

/// What no probe of servers can know, as sentences.
[[nodiscard]] std::vector<std::string> limits_of(const ReadHistory& read);

}  // namespace dkimprobe::checks
