#include "cli/log.hpp"

#include <chrono>
#include <cstdio>
#include <string>

#include "config/escape.hpp"
#include "exporters/iso_time.hpp"

namespace dkimprobe::cli {
namespace {

std::string_view word(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return {};
}

/// In quotes when it is no plain word. Texts come escaped, or are escaped here, so quotes and line breaks
/// alone are left to care for.
void append_value(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  line += '"';
}

bool is_printable(std::string_view text) {
  return text.find_first_of("\n\r\x1b") == std::string_view::npos;
}

}  // namespace

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::string line = "ts=" + exporters::iso_time(now);
  line.append(" level=").append(word(level)).append(" msg=");
  append_value(line, message);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    append_value(line, is_printable(value) ? std::string(value) : config::escape_text(value));
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);  // one write: lines of threads do not mix
}

}  // namespace dkimprobe::cli
