#include "exporters/store/history_lines.hpp"

#include <algorithm>
#include <utility>

#include "exporters/store/history_pruning.hpp"

namespace dkimprobe::exporters {

using checks::SelectorHistory;
using checks::ZonePast;
using config::DomainName;
using config::Selector;

const Selector& zones_row() {
  static const Selector none{};
  return none;
}

Lines lines_of(ZonePast past) {
  return {past.first_probe, past.last_probe, std::move(past.names), std::move(past.zones)};
}

ZonePast past_of(Lines lines) {
  return {lines.first_probe, lines.last_probe, std::move(lines.zones), std::move(lines.servers)};
}

SelectorHistory history_of(const DomainName& domain, const Selector& selector, Lines lines) {
  SelectorHistory history;
  history.domain = domain;
  history.selector = selector;
  history.first_probe = lines.first_probe;
  history.last_probe = lines.last_probe;
  history.servers = std::move(lines.servers);
  return history;
}

void add_probes(DomainLines& lines, std::span<const SelectorProbe> probes, probe::WallTime now,
                const HistoryLimits& limits) {
  ZonePast past = past_of(std::move(lines.at(zones_row())));
  std::map<Selector, SelectorHistory> histories;
  std::vector<checks::HistoryProbe> waiting;
  const auto add = [&] { checks::extend_all(past, std::exchange(waiting, {}), now); };
  for (const auto& [selector, observation] : probes) {
    const auto [found, is_new] = histories.try_emplace(selector);
    if (is_new) found->second = history_of(observation->domain, selector, std::move(lines.at(selector)));
    SelectorHistory& history = found->second;
    // Probes of the same selector are added one after the other.
    if (std::ranges::find(waiting, &history, &checks::HistoryProbe::history) != waiting.end()) add();
    waiting.push_back({&history, observation});
  }
  add();
  keep_within(past, limits);
  lines.at(zones_row()) = lines_of(std::move(past));
  for (auto& [selector, history] : histories) {
    keep_within(history, limits);
    lines.at(selector) = {history.first_probe, history.last_probe, std::move(history.servers), {}};
  }
}

}  // namespace dkimprobe::exporters
