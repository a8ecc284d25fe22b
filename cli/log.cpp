#include "cli/log.hpp"

#include <cstdio>
#include <string>

#include "cli/wall_clock.hpp"
#include "exporters/iso_time.hpp"
#include "exporters/text_layout.hpp"

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

/// In quotes when it is no plain word.
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

}  // namespace

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = "ts=" + exporters::iso_time(wall_time());
  line.append(" level=").append(word(level)).append(" msg=");
  append_value(line, message);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    append_value(line, exporters::without_controls(value));
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);  // one write: lines of threads do not mix
}

}  // namespace dkimprobe::cli
