// Files in which people keep records, in any of the formats that the readers of this folder know.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

enum class FileFormat : std::uint8_t { text, jsonl, zone, dig, octodns, terraform };

/// The format of that name.
[[nodiscard]] std::optional<FileFormat> parse_file_format(std::string_view word);
/// "text, jsonl, ... or terraform"
[[nodiscard]] std::string file_format_words();

/// Reads a whole file: in constant memory if its format is one of lines, else up to a limit of size. Without
/// a format, the file's name and its first line show it. Errors are read errors.
[[nodiscard]] Result<void> read_record_file(const std::filesystem::path& file,
                                            std::optional<FileFormat> format, const ReadingRules& rules,
                                            const FileSink& sink);

}  // namespace dkimprobe::config
