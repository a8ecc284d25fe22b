#include "checks/history/read_history.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/history/history_periods.hpp"
#include "checks/report/caveats.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

bool can_verify(const KeyRecord& record) {
  return record.key && !record.key->sha256.empty() &&
         (record.record_class == RecordClass::valid || record.record_class == RecordClass::weak);
}

}  // namespace

ReadHistory::ReadHistory(const SelectorHistory& history, const RotationPolicy& policy)
    : history_(history), policy_(policy), zones_(history.past, history.servers, policy.unknown_wait) {
  if (const auto owner = history.selector.owner_name(history.domain)) chain_ = reached_from(*owner);
}

std::vector<DomainName> ReadHistory::targets_of(const DomainName& name) const {
  std::vector<DomainName> targets;
  for (const auto& timeline : timelines_of(history_.servers, name)) {
    const AnswerPeriod* const last = timeline.is_there() ? last_whole(timeline) : nullptr;
    if (last != nullptr && last->alias) targets.push_back(*last->alias);
  }
  return targets;
}

std::vector<DomainName> ReadHistory::reached_from(const DomainName& name) const {
  std::vector<DomainName> reached{name};
  for (std::size_t next = 0; next < reached.size(); ++next) {
    for (auto& target : targets_of(reached[next])) {
      if (std::ranges::find(reached, target) == reached.end()) reached.push_back(std::move(target));
    }
  }
  return reached;
}

bool ReadHistory::is_loop(const DomainName& name) const {
  return std::ranges::any_of(reached_from(name), [&](const DomainName& each) {
    const auto targets = targets_of(each);
    return std::ranges::find(targets, name) != targets.end();
  });
}

std::string ReadHistory::why_not_asked(const ServerTimeline& timeline) const {
  const bool other_is_known =
      std::ranges::any_of(timelines_of(history_.servers, timeline.owner), [&](const ServerTimeline& other) {
        return other.server.name == timeline.server.name && other.server.has_address();
      });
  if (!other_is_known) return "none of its addresses could be found";
  return fmt::format("whether it has {} addresses could not be determined",
                     timeline.server.address.ip.family() == config::Family::ipv4 ? "IPv4" : "IPv6");
}

const AnswerPeriod* ReadHistory::last_whole(const ServerTimeline& timeline) {
  const auto last = std::find_if(timeline.periods.rbegin(), timeline.periods.rend(),
                                 [](const AnswerPeriod& period) { return period.is_whole(); });
  return last == timeline.periods.rend() ? nullptr : &*last;
}

std::vector<CacheInterval> ReadHistory::intervals(const ServerTimeline& timeline) const {
  std::vector<CacheInterval> read;
  std::optional<WallTime> next_answer;
  std::optional<WallTime> left;
  for (auto period = timeline.periods.rbegin(); period != timeline.periods.rend(); ++period) {
    if (period->kind == PublishedKind::left) {
      if (!next_answer) left = period->first_seen;
      continue;
    }
    if (period->is_whole() || period->kind == PublishedKind::failure) {
      CacheInterval interval{&*period, next_answer, false};
      if (!next_answer && left) {
        interval.until = zones_.asked_until(timeline, *left);
        interval.left = true;
      }
      read.push_back(interval);
    }
    if (period->is_whole()) next_answer = period->first_seen;
  }
  std::ranges::reverse(read);
  return read;
}

bool ReadHistory::is_left_out(const ServerTimeline& timeline) const {
  if (is_asked(timeline)) return false;
  return std::ranges::any_of(
      timelines_of(history_.servers, timeline.owner), [&](const ServerTimeline& other) {
        return other.server.name == timeline.server.name && other.is_there() && is_asked(other);
      });
}

std::vector<const ServerTimeline*> ReadHistory::servers_of(const DomainName& name) const {
  std::vector<const ServerTimeline*> servers;
  for (const auto& timeline : timelines_of(history_.servers, name)) {
    if (timeline.is_there() && !is_left_out(timeline)) servers.push_back(&timeline);
  }
  return servers;
}

ServerProgress ReadHistory::row_of(const ServerTimeline& timeline, const Comparison& compare) const {
  ServerProgress row{timeline.owner, timeline.server, Progress::unknown, {}, "not in the last probe"};
  if (!is_current(timeline)) return row;
  const AnswerPeriod& last = timeline.periods.back();
  KeyComparison seen = compare(last);
  row.progress = seen.progress;
  row.detail = timeline.server.has_address() ? std::move(seen.detail) : why_not_asked(timeline);
  row.since = last.first_seen;
  return row;
}

ServerProgress no_server_row(const DomainName& name) {
  return {name, {{}, no_address}, Progress::unknown, {}, "no server for this name could be queried"};
}

std::set<std::string> joined_texts(const AnswerPeriod& period) {
  std::set<std::string> texts;
  for (const auto& strings : period.texts) texts.insert(join_strings(strings));
  return texts;
}

KeyComparison compare_nothing(const AnswerPeriod& period) {
  switch (period.kind) {
    case PublishedKind::nodata:
      return {Progress::absent, "no TXT"};
    case PublishedKind::nxdomain:
      return {Progress::absent, "NXDOMAIN"};
    case PublishedKind::failure:
      return {Progress::unknown, "SERVFAIL"};
    case PublishedKind::unknown:
      return {Progress::unknown, period.ttl_seconds ? "different answers in one probe" : "no usable answer"};
    case PublishedKind::texts:
    case PublishedKind::alias:
    case PublishedKind::left:
      break;
  }
  return {};
}

KeyComparison compare_texts(const AnswerPeriod& period, const std::optional<std::string>& expected,
                            KeyReader& keys) {
  const auto texts = joined_texts(period);
  if (texts.size() != 1)
    return {Progress::corrupted, fmt::format("{} TXT records instead of one", texts.size())};
  const KeyRecord& record = keys.read(*texts.begin());
  if (record.record_class == RecordClass::revoked) return {Progress::revoked, "revoked"};
  if (!can_verify(record)) return {Progress::corrupted, describe(record)};
  if (expected && *expected != record.key->sha256)
    return {Progress::mismatch, fmt::format("another key: {}", describe(record))};
  return {Progress::match, describe(record)};
}

std::optional<std::string> most_common_key(const ReadHistory& read, KeyReader& keys) {
  struct Count {
    std::size_t up_to_date = 0;
    std::size_t all = 0;
    auto operator<=>(const Count&) const = default;
  };
  std::map<std::string, Count> counts;
  for (const auto& timeline : read.history().servers) {
    if (!read.is_in_chain(timeline.owner) || !timeline.is_there()) continue;
    const AnswerPeriod* const last = ReadHistory::last_whole(timeline);
    if (last == nullptr || last->kind != PublishedKind::texts) continue;
    if (compare_texts(*last, {}, keys).progress != Progress::match) continue;
    Count& count = counts[keys.read(*joined_texts(*last).begin()).key->sha256];
    ++count.all;
    if (!timeline.lag) ++count.up_to_date;
  }
  if (counts.empty()) return std::nullopt;
  const auto most = std::ranges::max_element(counts, {}, [](const auto& key) { return key.second; });
  const auto as_many =
      std::ranges::count_if(counts, [&](const auto& key) { return key.second == most->second; });
  return as_many == 1 ? most->first : std::string{};
}

std::vector<config::EscapedText> limits_of(const ReadHistory& read) {
  const SelectorHistory& history = read.history();
  const bool has_removed_server = std::ranges::any_of(
      history.servers, [](const ServerTimeline& timeline) { return !timeline.is_there(); });
  std::vector<config::EscapedText> limits;
  for (const Caveat& caveat : caveats()) {
    if (has_removed_server && caveat.only_with_removed_server) limits.emplace_back(caveat.text);
  }
  std::vector<std::string> left_out;
  for (const auto& timeline : history.servers) {
    if (read.is_in_chain(timeline.owner) && timeline.is_there() && read.is_left_out(timeline))
      left_out.push_back(server_text(timeline.server));
  }
  sort_once(left_out);
  if (!left_out.empty()) {
    const std::string_view other = read.policy().ipv4 ? "IPv4" : "IPv6";
    limits.insert(limits.begin(),
                  fmt::format("You left out {} by querying over {} alone: their answers were not seen, and "
                              "the {} addresses of the same nameservers count instead.",
                              join_some(left_out), other, other));
  }
  return limits;
}

}  // namespace dkimprobe::checks
