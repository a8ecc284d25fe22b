// Counts of exchanges by outcome, and how long they took, since the program began. For the program's own
// metrics; not kept by server or by time.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

inline constexpr std::size_t outcome_count = static_cast<std::size_t>(Outcome::superseded) + 1;

/// How long the answered exchanges of one transport took.
struct DurationHistogram {
  static constexpr std::array<std::chrono::milliseconds, 11> bounds = {
      std::chrono::milliseconds{1},     std::chrono::milliseconds{5},     std::chrono::milliseconds{10},
      std::chrono::milliseconds{25},    std::chrono::milliseconds{50},    std::chrono::milliseconds{100},
      std::chrono::milliseconds{250},   std::chrono::milliseconds{500},   std::chrono::milliseconds{1'000},
      std::chrono::milliseconds{2'500}, std::chrono::milliseconds{10'000}};

  std::array<std::uint64_t, bounds.size() + 1> counts{};  ///< not cumulative; the last is above all bounds
  std::uint64_t count = 0;
  std::chrono::microseconds sum{0};

  void add(std::chrono::microseconds took) {
    const auto place = std::lower_bound(bounds.begin(), bounds.end(), took) - bounds.begin();
    ++counts[static_cast<std::size_t>(place)];
    ++count;
    sum += took;
  }
};

struct ExchangeTotals {
  std::array<std::array<std::uint64_t, outcome_count>, 2> outcomes{};  ///< by transport and outcome
  std::array<DurationHistogram, 2> durations{};                        ///< by transport

  void count(const Exchange& exchange) {
    const auto transport = static_cast<std::size_t>(exchange.transport);
    ++outcomes[transport][static_cast<std::size_t>(exchange.outcome)];
    if (exchange.outcome == Outcome::answered) durations[transport].add(exchange.took);
  }
};

}  // namespace dkimprobe::probe
