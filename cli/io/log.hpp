// The log on standard error, as logfmt or JSON. Foreign text is escaped, so that no line can be forged. From
// any thread, none of which waits for the reader of the log: when it stands still, lines are dropped and
// counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/basics/escape.hpp"

namespace dkimprobe::cli {

using LogField = std::pair<std::string_view, config::EscapedText>;
using LogFields = std::vector<LogField>;

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { logfmt, json };

[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);    ///< debug, info, warn, error
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view text);  ///< logfmt, json

/// Applies to all later lines; those below the level are not logged.
void set_log(LogFormat format, LogLevel level);

void log_line(LogLevel level, std::string_view message, const LogFields& fields = {});

/// Returns when all lines are written, or soon when nobody reads them.
void flush_log();

/// Lines that were dropped since the start.
[[nodiscard]] std::uint64_t dropped_log_lines();

/// The line as `log_line` writes it, without the line feed.
[[nodiscard]] std::string log_text(LogFormat format, std::string_view time, LogLevel level,
                                   std::string_view message, const LogFields& fields);

}  // namespace dkimprobe::cli
