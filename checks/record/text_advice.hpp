// What to say of the damage to a text and of the slips in its list of tags: each with its consequence for the
// tags and a remedy that leads to a good record when it is followed to the letter.
#pragma once

#include <vector>

#include "checks/record/key_record.hpp"
#include "checks/record/text_damage.hpp"

namespace dkimprobe::checks {

struct TextAdvice {
  std::vector<TextFault> faults{};
  bool breaks_syntax = false;  ///< a verifier that keeps to the grammar reads no key record
};

/// Offsets are those of the text as published.
[[nodiscard]] TextAdvice advise_on_damage(const CleanText& clean);

/// Offsets are those of the cleaned text.
[[nodiscard]] TextAdvice advise_on_syntax(const TagList& list);

}  // namespace dkimprobe::checks
