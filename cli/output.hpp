// Standard output of the process, and files that it writes. A reader that went away (`| head`) is no fault of
// ours and not worth a word.
#pragma once

#include <filesystem>
#include <string_view>

#include "config/result.hpp"

namespace dkimprobe::cli {

/// Writes and flushes; false when nobody reads any more. Throws std::system_error for every other failure.
bool write_output(std::string_view text);

/// Puts `text` into the place of the file at once, so that nobody ever reads half of it.
[[nodiscard]] config::Result<void> write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace dkimprobe::cli
