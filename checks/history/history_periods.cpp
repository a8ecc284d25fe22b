#include "checks/history/history_periods.hpp"

#include <string>
#include <utility>

#include "checks/answers/server_answer.hpp"

namespace dkimprobe::checks {
namespace {

using Texts = std::vector<std::vector<std::string>>;

/// The most texts that are kept of merged periods, and their octets.
constexpr std::size_t most_texts_together = 16;
constexpr std::size_t most_octets_together = 8'192;

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

std::size_t octets_of(const std::vector<std::string>& text) {
  std::size_t octets = 0;
  for (const auto& string : text) octets += string.size() + sizeof(std::string);
  return octets;
}

/// The texts of both, as many as fit; those of `newer` first.
Texts both_texts(const Texts& newer, const Texts& older) {
  Texts both;
  std::size_t octets = 0;
  for (const Texts* texts : {&newer, &older}) {
    for (const auto& text : *texts) {
      octets += octets_of(text);
      if (octets <= most_octets_together && both.size() < most_texts_together) both.push_back(text);
    }
  }
  sort_once(both);
  return both;
}

/// Adds another answer: no time for which a cache may hold either is shortened.
void merge(AnswerPeriod& period, const AnswerPeriod& newer) {
  if (!period.same_answer(newer)) {
    // Which of them the next client gets is random.
    period.kind = PublishedKind::unknown;
    Texts both = both_texts(newer.texts, period.texts);
    const auto is_kept = [&](const auto& text) { return std::ranges::binary_search(both, text); };
    period.is_incomplete = period.is_incomplete || newer.is_incomplete || period.alias || newer.alias ||
                           !std::ranges::all_of(period.texts, is_kept) ||
                           !std::ranges::all_of(newer.texts, is_kept);
    period.texts = std::move(both);
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
    for (const auto& text : period.texts) bytes += octets_of(text);
  }
  return bytes;
}

/// Merges two old periods. The last two are kept: the present answer and the one before it.
void shorten(std::vector<AnswerPeriod>& periods) {
  // Prefer a pair that differs only in TTLs: no change of answer is lost.
  std::size_t first = 0;
  while (first + 3 < periods.size() && !periods[first].same_answer(periods[first + 1])) ++first;
  if (first + 3 >= periods.size()) first = 0;
  const auto newer = periods.begin() + static_cast<std::ptrdiff_t>(first) + 1;
  merge(periods[first], *newer);
  periods[first].last_seen = newer->last_seen;
  periods.erase(newer);
}

void keep_short(std::vector<AnswerPeriod>& periods) {
  while (periods.size() > longest_timeline ||
         (periods.size() > 3 && text_bytes(periods) > largest_timeline_bytes))
    shorten(periods);
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

void keep_small(std::vector<ServerTimeline>& timelines) {
  std::vector<std::pair<std::size_t, ServerTimeline*>> largest;  // a heap
  std::size_t bytes = 0;
  for (auto& timeline : timelines) {
    largest.emplace_back(text_bytes(timeline.periods), &timeline);
    bytes += largest.back().first;
  }
  std::ranges::make_heap(largest);
  while (bytes > largest_history_bytes && !largest.empty()) {
    std::ranges::pop_heap(largest);
    const auto [before, timeline] = largest.back();
    largest.pop_back();
    if (timeline->periods.size() <= 3) continue;
    shorten(timeline->periods);
    const std::size_t after = text_bytes(timeline->periods);
    bytes = bytes - before + after;
    largest.emplace_back(after, timeline);
    std::ranges::push_heap(largest);
  }
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
