// Writes standard output, standard error and files. A reader that has gone away (`| head`) is not an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Prints `dkimprobe: MESSAGE` to standard error. Failures are ignored: there is nobody to report them to.
void print_message(std::string_view message);

/// Writes and flushes; false when the reader is gone. Throws std::system_error for every other failure.
bool write_output(std::string_view text);

/// Who may read a file: as the umask allows, or everybody.
enum class Readers : std::uint8_t { as_usual, everybody };

/// Replaces the file atomically, so that it is never seen half-written, not even after a power loss.
[[nodiscard]] config::Result<void> write_file(const std::filesystem::path& file, std::string_view text,
                                              Readers readers = Readers::as_usual);

}  // namespace dkimprobe::cli
