// Writes standard output, standard error and files. A reader that has gone away (`| head`) is not an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Prints to standard error. Failures are ignored: there is nobody to report them to.
void print_text(std::string_view text);
/// Prints `dkimprobe: MESSAGE` to standard error.
void print_message(std::string_view message);
/// Prints `dkimprobe: warning: WHERE: MESSAGE` to standard error.
void print_warning(const config::Error& warning);
void print_warnings(const config::Errors& warnings);

/// `WHERE: MESSAGE`; the message alone when it has no place.
[[nodiscard]] std::string line_of(const config::Error& error);

/// Writes and flushes; false when the reader is gone. Throws std::system_error for every other failure.
bool write_output(std::string_view text);

/// Who may read a file: as the umask allows, everybody, or whoever may read the file that is replaced.
enum class Readers : std::uint8_t { as_usual, everybody, as_before };

/// Replaces the file atomically, so that it is never seen half-written, not even after a power loss.
[[nodiscard]] config::Result<void> write_file(const std::filesystem::path& file, std::string_view text,
                                              Readers readers = Readers::as_usual);

}  // namespace dkimprobe::cli
