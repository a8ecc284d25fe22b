// Writes text as a word of a command that people paste into a shell.
#pragma once

#include <string>
#include <string_view>

namespace dkimprobe::config {

/// `text` as one word of a POSIX shell, in quotation marks if it needs them. The word is printable ASCII.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace dkimprobe::config
