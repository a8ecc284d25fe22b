// Permission to send one question with RD=1 to a recursive resolver. It exists only after the time from which
// the question cannot harm any cache. Without one, the program never sends RD=1.
#pragma once

#include <optional>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

class PublicQuestion {
 public:
  /// `safe_at` is the time from which it is safe to sign with the key. Nothing while it is later than `now`.
  [[nodiscard]] static std::optional<PublicQuestion> after(WallTime safe_at, WallTime now) {
    return now < safe_at ? std::nullopt : std::optional(PublicQuestion());
  }
  // The question uses it up.
  PublicQuestion(PublicQuestion&&) = default;
  PublicQuestion& operator=(PublicQuestion&&) = default;
  PublicQuestion(const PublicQuestion&) = delete;
  PublicQuestion& operator=(const PublicQuestion&) = delete;
  ~PublicQuestion() = default;

 private:
  PublicQuestion() = default;
};

}  // namespace dkimprobe::probe
