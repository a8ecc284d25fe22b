// Standard output of the process, and files that it writes. A reader that went away (`| head`) is no fault of
// ours and not worth a word.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Writes and flushes; false when nobody reads any more. Throws std::system_error for every other failure.
bool write_output(std::string_view text);

/// Who may read a file: whoever the umask lets, or everybody in spite of it.
enum class Readers : std::uint8_t { as_usual, everybody };

/// Puts `text` into the place of the file at once, so that nobody ever reads half of it, not even after a
/// loss of power.
[[nodiscard]] config::Result<void> write_file(const std::filesystem::path& file, std::string_view text,
                                              Readers readers = Readers::as_usual);

}  // namespace dkimprobe::cli
