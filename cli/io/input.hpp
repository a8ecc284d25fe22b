// Files that the command line names, read as a whole and within bounds; `-` is standard input.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// The words for a file in messages: its escaped name, or `standard input`.
[[nodiscard]] std::string shown_name(const std::filesystem::path& file);

/// At most `most_bytes`; of a longer file one byte more is read, so that its reader can tell.
[[nodiscard]] config::Result<std::string> read_file(const std::filesystem::path& file,
                                                    std::size_t most_bytes);

}  // namespace dkimprobe::cli
