// The key that should be published at a selector, compared with what each server had and has.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/read_history.hpp"
#include "checks/history/safe_times.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::checks {

class ExpectedKey {
 public:
  /// Without a fingerprint in `key`, the key that most servers have. `read` must outlive it.
  ExpectedKey(const ReadHistory& read, const NewKey& key);

  /// Each period is compared only once: a long history is searched once per server.
  [[nodiscard]] const KeyComparison& compare(const config::DomainName& owner, const AnswerPeriod& period);
  [[nodiscard]] bool is_right(const config::DomainName& owner, const AnswerPeriod& period) {
    return period.kind != PublishedKind::failure && compare(owner, period).progress == Progress::match;
  }

  /// A row for each server that counts, and one for each name without any.
  [[nodiscard]] std::vector<ServerProgress> rows();
  /// Whether any server recently alternated between right and wrong. Older changes do not count.
  [[nodiscard]] bool alternates();

 private:
  [[nodiscard]] KeyComparison read(const config::DomainName& owner, const AnswerPeriod& period);
  [[nodiscard]] KeyComparison compare_now(const ServerTimeline& timeline, const AnswerPeriod& period);
  [[nodiscard]] ServerProgress row_of(const ServerTimeline& timeline);
  [[nodiscard]] bool alternates(const ServerTimeline& timeline);

  const ReadHistory& read_;
  KeyReader keys_;
  std::optional<std::string> sha256_{};
  std::map<config::DomainName, bool> loops_{};
  std::unordered_map<const AnswerPeriod*, KeyComparison> compared_{};
};

}  // namespace dkimprobe::checks
