#include "cli/io/log.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>

#include "checks/report/time_text.hpp"
#include "cli/io/wall_clock.hpp"

namespace dkimprobe::cli {
namespace {

constexpr std::array<std::string_view, 4> level_words{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> format_words{"logfmt", "json"};

std::atomic<LogFormat> chosen_format{LogFormat::logfmt};
std::atomic<LogLevel> chosen_level{LogLevel::info};

template <class Enum, std::size_t size>
std::optional<Enum> parse(const std::array<std::string_view, size>& words, std::string_view text) {
  for (std::size_t i = 0; i < size; ++i) {
    if (words[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

std::string json_string(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text += '"';
}

/// In quotes unless it is a plain word.
std::string logfmt_value(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
  return plain ? std::string(value) : json_string(value);
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  return parse<LogLevel>(level_words, text);
}

std::optional<LogFormat> parse_log_format(std::string_view text) {
  return parse<LogFormat>(format_words, text);
}

void set_log(LogFormat format, LogLevel level) {
  chosen_format = format;
  chosen_level = level;
}

std::string log_text(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                     const LogFields& fields) {
  const bool json = format == LogFormat::json;
  std::string line = json ? "{" : "";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (json) {
      line.append(line.size() > 1 ? "," : "")
          .append(json_string(name))
          .append(":")
          .append(json_string(value));
    } else {
      line.append(line.empty() ? "" : " ").append(name).append("=").append(logfmt_value(value));
    }
  };
  add("ts", time);
  add("level", level_words[static_cast<std::size_t>(level)]);
  add("msg", message);
  for (const auto& [name, value] : fields) add(name, value);
  if (json) line += '}';
  return line;
}

void log_line(LogLevel level, std::string_view message, const LogFields& fields) {
  if (level < chosen_level.load()) return;
  const std::string line =
      log_text(chosen_format, checks::iso_time(wall_time()), level, message, fields) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);  // one write: lines of threads do not mix
}

}  // namespace dkimprobe::cli
