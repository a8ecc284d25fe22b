// The difference of two texts, to be shown before a file is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dkimprobe::config {

/// A unified diff with three lines of context, as `diff -u` prints it and `patch` reads it; empty if the
/// texts are equal. Lines are raw. Where the texts differ from the first to the last change in more lines
/// than this function compares, all of these are shown as removed and added.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after,
                                       std::string_view before_name, std::string_view after_name);

}  // namespace dkimprobe::config
