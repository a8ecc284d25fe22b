// Lines of a log on standard error, as logfmt: what happened, and when. Texts of others are escaped, so that
// no line can be forged. From any thread.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

namespace dkimprobe::cli {

using LogField = std::pair<std::string_view, std::string_view>;

enum class LogLevel { info, warning, error };

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace dkimprobe::cli
