// Reads files named on the command line as a whole, up to a limit; `-` is standard input.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

/// The name of a file in messages: escaped, or `standard input`.
[[nodiscard]] std::string shown_name(const std::filesystem::path& file);

/// Reads up to `most_bytes`, and one byte more of a longer file, so that the caller notices.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& file, std::size_t most_bytes);

}  // namespace dkimprobe::config
