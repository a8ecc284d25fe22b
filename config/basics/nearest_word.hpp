// Suggests the word that a person most likely meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dkimprobe::config {

/// The word with the smallest edit distance; empty if none is close enough to suggest.
[[nodiscard]] std::string nearest_word(std::string_view mistyped, std::span<const std::string> words);

}  // namespace dkimprobe::config
