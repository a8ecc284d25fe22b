#include "checks/history/expected_key.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace dkimprobe::checks {
namespace {

using config::DomainName;

/// If a signed zone denies `_domainkey`, everything below it is denied, whatever the server has there.
bool is_denied_for_good(const AnswerPeriod& period) {
  return period.domainkey_denied_seconds && period.nsec_ttl_seconds && !period.is_absence();
}

}  // namespace

ExpectedKey::ExpectedKey(const ReadHistory& read, const NewKey& key)
    : read_(read), keys_(key.service), sha256_(key.sha256) {
  if (!sha256_) sha256_ = most_common_key(read_, keys_);
}

const KeyComparison& ExpectedKey::compare(const DomainName& owner, const AnswerPeriod& period) {
  const auto known = compared_.find(&period);
  return known != compared_.end() ? known->second
                                  : compared_.emplace(&period, read(owner, period)).first->second;
}

KeyComparison ExpectedKey::read(const DomainName& owner, const AnswerPeriod& period) {
  switch (period.kind) {
    case PublishedKind::texts:
      return compare_texts(period, sha256_, keys_);
    case PublishedKind::alias: {
      const std::string alias = fmt::format("an alias to {}", period.alias->to_string());
      if (!read_.is_in_chain(*period.alias)) return {Progress::mismatch, alias};
      if (loops_.try_emplace(owner, false).second) loops_[owner] = read_.is_loop(owner);
      if (loops_[owner]) return {Progress::corrupted, alias + ", which forms a loop"};
      return {Progress::match, alias};
    }
    case PublishedKind::left:
      return {Progress::unknown, "no longer a server"};
    case PublishedKind::nodata:
    case PublishedKind::nxdomain:
    case PublishedKind::failure:
    case PublishedKind::unknown:
      return compare_nothing(period);
  }
  return {};
}

KeyComparison ExpectedKey::compare_now(const ServerTimeline& timeline, const AnswerPeriod& period) {
  KeyComparison seen = compare(timeline.owner, period);
  if (seen.progress == Progress::match && is_denied_for_good(period))
    return {Progress::corrupted, seen.detail + ", but NXDOMAIN for `_domainkey` above it in a signed zone"};
  return seen;
}

ServerProgress ExpectedKey::row_of(const ServerTimeline& timeline) {
  ServerProgress row =
      read_.row_of(timeline, [&](const AnswerPeriod& period) { return compare_now(timeline, period); });
  if (!read_.is_current(timeline)) return row;
  for (auto period = timeline.periods.rbegin(); period != timeline.periods.rend(); ++period) {
    const bool is_silence = period->kind == PublishedKind::unknown && !period->ttl_seconds;
    if (is_silence && row.progress != Progress::unknown) continue;
    if (compare_now(timeline, *period).progress != row.progress) break;
    row.since = period->first_seen;
  }
  return row;
}

std::vector<ServerProgress> ExpectedKey::rows() {
  std::vector<ServerProgress> rows;
  for (const auto& name : read_.chain()) {
    const auto servers = read_.servers_of(name);
    for (const ServerTimeline* const timeline : servers) rows.push_back(row_of(*timeline));
    if (servers.empty()) rows.push_back(no_server_row(name));
  }
  return rows;
}

bool ExpectedKey::alternates() {
  return std::ranges::any_of(read_.chain(), [&](const DomainName& name) {
    return std::ranges::any_of(read_.servers_of(name),
                               [&](const ServerTimeline* timeline) { return alternates(*timeline); });
  });
}

bool ExpectedKey::alternates(const ServerTimeline& timeline) {
  const WallTime since = *read_.history().last_probe - read_.policy().unknown_wait;
  bool was_right = false;
  bool was_wrong_after = false;
  for (const auto& period : timeline.periods) {
    if (!period.is_whole()) continue;
    const bool is_right_now = is_right(timeline.owner, period);
    if (is_right_now && was_wrong_after) return true;
    if (period.last_seen < since) continue;
    was_wrong_after =
        was_wrong_after || (!is_right_now && (was_right || period.kind == PublishedKind::unknown));
    was_right = was_right || is_right_now;
  }
  return false;
}

}  // namespace dkimprobe::checks
