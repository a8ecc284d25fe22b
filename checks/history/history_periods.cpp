#include "checks/history/history_periods.hpp"

#include <string>
#include <utility>

#include "checks/answers/server_answer.hpp"

namespace dkimprobe::checks {
namespace {

using Texts = std::vector<std::vector<std::string>>;

/// The most texts that are kept of merged periods.
constexpr std::size_t most_texts_together = 16;

std::optional<std::uint32_t> answer_ttl(const probe::Response& response) {
  std::optional<std::uint32_t> ttl;
  for (const auto& record : response.txt) keep_largest(ttl, record.ttl_seconds);
  if (!ttl) {
    for (const auto& alias : response.aliases) keep_largest(ttl, alias.ttl_seconds);
  }
  return ttl;
}

/// The period of a complete answer, with the longest time for which a cache may hold it.
AnswerPeriod whole_period(const TransportAttempts& attempts, const ServerAnswer& server) {
  const probe::Response& response = *attempts.response();
  AnswerPeriod period;
  if (attempts.outcome == ServerOutcome::answered) {
    period.alias = alias_target(response);
    period.kind = period.alias ? PublishedKind::alias : PublishedKind::texts;
    for (const auto& record : response.txt) period.texts.push_back(record.strings);
    sort_once(period.texts);
    period.ttl_seconds = answer_ttl(response);
  } else {
    period.kind =
        attempts.outcome == ServerOutcome::nxdomain ? PublishedKind::nxdomain : PublishedKind::nodata;
    period.ttl_seconds = absence_ttl(response);
    if (server.soa_record != nullptr) keep_largest(period.ttl_seconds, negative_ttl(*server.soa_record));
    keep_largest(period.nsec_ttl_seconds, response.nsec_ttl_seconds);
  }
  return period;
}

/// The texts of both, up to `most_texts_together`; those of `newer` first.
Texts both_texts(Texts newer, const Texts& older) {
  newer.resize(std::min(newer.size(), most_texts_together));
  for (const auto& text : older) {
    if (newer.size() < most_texts_together) newer.push_back(text);
  }
  sort_once(newer);
  return newer;
}

/// Adds another answer: no time for which a cache may hold either is shortened.
void merge(AnswerPeriod& period, const AnswerPeriod& newer) {
  if (!period.same_answer(newer)) {
    // Which of them the next client gets is random.
    period.kind = PublishedKind::unknown;
    period.texts = both_texts(newer.texts, period.texts);
    period.alias.reset();
    period.ttl_seconds = period.ttl_seconds.value_or(0);
  }
  keep_largest(period.ttl_seconds, newer.ttl_seconds);
  keep_largest(period.nsec_ttl_seconds, newer.nsec_ttl_seconds);
  keep_largest(period.domainkey_denied_seconds, newer.domainkey_denied_seconds);
  keep_largest(period.wildcard_ttl_seconds, newer.wildcard_ttl_seconds);
}

/// The neighbours of the name: a wildcard, NSEC records, a denied `_domainkey`. What this probe did not see
/// is assumed unchanged.
void read_neighbours(const ServerAnswer& answer, const AnswerPeriod* before, AnswerPeriod& period) {
  const probe::Response* const wildcard_probe = answer.wildcard_probe.response();
  if (wildcard_probe != nullptr && is_whole(answer.wildcard_probe.outcome)) {
    keep_largest(period.nsec_ttl_seconds, wildcard_probe->nsec_ttl_seconds);
    if (answer.wildcard_probe.outcome == ServerOutcome::answered)
      period.wildcard_ttl_seconds = answer_ttl(*wildcard_probe);
  } else if (before != nullptr) {
    keep_largest(period.nsec_ttl_seconds, before->nsec_ttl_seconds);
    period.wildcard_ttl_seconds = before->wildcard_ttl_seconds;
  }
  if (answer.domainkey.outcome == ServerOutcome::nxdomain) {
    period.domainkey_denied_seconds = absence_ttl(*answer.domainkey.response());
    if (!period.domainkey_denied_seconds) period.domainkey_denied_seconds = period.ttl_seconds;
  } else if (!is_whole(answer.domainkey.outcome) && before != nullptr) {
    period.domainkey_denied_seconds = before->domainkey_denied_seconds;
  }
}

std::size_t text_bytes(const std::vector<AnswerPeriod>& periods) {
  std::size_t bytes = 0;
  for (const auto& period : periods) {
    for (const auto& text : period.texts) {
      for (const auto& string : text) bytes += string.size() + sizeof(std::string);
    }
  }
  return bytes;
}

void keep_short(std::vector<AnswerPeriod>& periods) {
  // The last two are kept: the present answer and the one before it.
  while (periods.size() > longest_timeline ||
         (periods.size() > 3 && text_bytes(periods) > largest_timeline_bytes)) {
    // Prefer a pair that differs only in TTLs: no change of answer is lost.
    std::size_t first = 0;
    while (first + 3 < periods.size() && !periods[first].same_answer(periods[first + 1])) ++first;
    if (first + 3 >= periods.size()) first = 0;
    const auto newer = periods.begin() + static_cast<std::ptrdiff_t>(first) + 1;
    merge(periods[first], *newer);
    periods[first].last_seen = newer->last_seen;
    periods.erase(newer);
  }
}

}  // namespace

AnswerPeriod read_period(const ServerAnswer& answer, const AnswerPeriod* before) {
  AnswerPeriod period;
  for (const TransportAttempts* attempts : answer.record_attempts()) {
    if (!is_whole(attempts->outcome)) continue;
    AnswerPeriod seen = whole_period(*attempts, answer);
    if (period.kind == PublishedKind::unknown && !period.ttl_seconds) {
      period = std::move(seen);
    } else {
      merge(period, seen);
    }
  }
  if (period.kind == PublishedKind::unknown && answer.outcome == ServerOutcome::servfail) {
    period.kind = PublishedKind::failure;
  }
  if (is_whole(answer.outcome)) read_neighbours(answer, before, period);
  return period;
}

std::optional<std::uint32_t> absence_ttl(const probe::Response& response) {
  std::optional<std::uint32_t> ttl;
  for (const auto& soa : response.soa) {
    if (!soa.in_answer) keep_largest(ttl, negative_ttl(soa));
  }
  return ttl;
}

void add_period(ServerTimeline& timeline, AnswerPeriod period, WallTime now) {
  auto& periods = timeline.periods;
  if (periods.empty() || !periods.back().same_but_times(period)) {
    period.first_seen = now;
    periods.push_back(std::move(period));
  }
  periods.back().last_seen = now;
  keep_short(periods);
}

bool AnswerPeriod::is_whole() const {
  switch (kind) {
    case PublishedKind::texts:
    case PublishedKind::alias:
    case PublishedKind::nodata:
    case PublishedKind::nxdomain:
      return true;
    case PublishedKind::unknown:
      return ttl_seconds.has_value();
    case PublishedKind::failure:
    case PublishedKind::left:
      return false;
  }
  return false;
}

}  // namespace dkimprobe::checks
