// Describes the damage to a text and the faults of its list of tags, each with its effect on the tags and a
// remedy. A remedy that is followed literally must give a good record.
#pragma once

#include <vector>

#include "checks/record/key_record.hpp"
#include "checks/record/text_damage.hpp"

namespace dkimprobe::checks {

struct TextAdvice {
  std::vector<TextFault> faults{};
  bool breaks_syntax = false;  ///< a verifier that follows the grammar finds no key record
};

/// Offsets are those of the text as published.
[[nodiscard]] TextAdvice advise_on_damage(const CleanText& clean);

/// Offsets are those of the cleaned text.
[[nodiscard]] TextAdvice advise_on_syntax(const TagList& list);

}  // namespace dkimprobe::checks
