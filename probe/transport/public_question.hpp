// The right to put one question to a recursive resolver with RD=1. Whoever holds one has shown that the time
// from which no cache can be harmed by it has passed; without one, nothing that the program sends has RD=1.
#pragma once

#include <optional>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

class PublicQuestion {
 public:
  /// `safe_at` is the time from which a key may be signed with. Nothing while it lies ahead of `now`.
  [[nodiscard]] static std::optional<PublicQuestion> after(WallTime safe_at, WallTime now) {
    return now < safe_at ? std::nullopt : std::optional(PublicQuestion());
  }
  // It is used up by the question.
  PublicQuestion(PublicQuestion&&) = default;
  PublicQuestion& operator=(PublicQuestion&&) = default;
  PublicQuestion(const PublicQuestion&) = delete;
  PublicQuestion& operator=(const PublicQuestion&) = delete;
  ~PublicQuestion() = default;

 private:
  PublicQuestion() = default;
};

}  // namespace dkimprobe::probe
