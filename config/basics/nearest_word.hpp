// The word that a person most likely meant by a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dkimprobe::config {

/// The nearest of `words` by edits of one letter; empty when none is near enough to be worth a suggestion.
[[nodiscard]] std::string nearest_word(std::string_view mistyped, std::span<const std::string> words);

}  // namespace dkimprobe::config
