// When to send each attempt of a question, and when to give the question up. Each attempt waits twice as long
// as the one before it, then the next is sent. All stay open until the wait of the last is over, because a
// late answer counts too. Pure: it sends nothing, and time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

class Attempts {
 public:
  /// At most 16 attempts, at least one.
  Attempts(std::uint8_t most, std::chrono::microseconds first_wait) : most_(most), first_wait_(first_wait) {}

  /// Whether to send another attempt now.
  [[nodiscard]] bool due(MonotonicTime now) const {
    const bool waited = open_ == 0 || now >= next_at_;
    return !stopped_ && !in_line_ && made_ < most_ && waited;
  }
  /// When `due` becomes true if nothing happens before.
  [[nodiscard]] std::optional<MonotonicTime> next_due() const {
    if (stopped_ || in_line_ || made_ == most_) return std::nullopt;
    return next_at_;
  }

  /// Queues the attempt that is due until the rate limit lets it leave. Returns its number, from 1.
  std::uint8_t begin() {
    in_line_ = true;
    return ++made_;
  }
  /// The queued attempt was sent.
  void sent(MonotonicTime now) {
    in_line_ = false;
    ++open_;
    next_at_ = now + own_wait(made_);
  }
  /// A sent attempt ended without an answer.
  void ended() { --open_; }
  /// Sends nothing more: the question was answered, cannot be sent, or is no longer wanted. A queued attempt
  /// is dropped.
  void stop() {
    stopped_ = true;
    in_line_ = false;
  }

  /// How long an attempt stays open after it was sent: its own wait plus the waits of all that may follow.
  [[nodiscard]] std::chrono::microseconds open_for(std::uint8_t attempt) const {
    return first_wait_ * ((1U << most_) - (1U << (attempt - 1U)));
  }
  /// How long an attempt waits before the next one is sent.
  [[nodiscard]] std::chrono::microseconds own_wait(std::uint8_t attempt) const {
    return first_wait_ * (1U << (attempt - 1U));
  }
  [[nodiscard]] bool is_first() const { return made_ == 0; }
  [[nodiscard]] bool is_last(std::uint8_t attempt) const { return attempt == most_; }
  /// No answer can arrive any more.
  [[nodiscard]] bool over() const { return open_ == 0 && !in_line_ && (stopped_ || made_ == most_); }

 private:
  std::uint8_t most_;
  std::chrono::microseconds first_wait_;
  std::uint8_t made_ = 0;
  std::uint8_t open_ = 0;
  bool in_line_ = false;  ///< the last one is queued, not sent yet
  bool stopped_ = false;
  MonotonicTime next_at_{};
};

}  // namespace dkimprobe::probe
