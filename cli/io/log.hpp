// Lines of a log on standard error, as logfmt or as JSON: what happened, and when. Texts of others are
// escaped, so that no line can be forged. From any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dkimprobe::cli {

using LogField = std::pair<std::string_view, std::string_view>;

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { logfmt, json };

[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);    ///< debug, info, warn, error
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view text);  ///< logfmt, json

/// For all lines from now on; what is below the level is left out.
void set_log(LogFormat format, LogLevel level);

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

/// The line without its end, as `log_line` writes it.
[[nodiscard]] std::string log_text(LogFormat format, std::string_view time, LogLevel level,
                                   std::string_view message, std::initializer_list<LogField> fields);

}  // namespace dkimprobe::cli
