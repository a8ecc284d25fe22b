#include "cli/io/log.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "cli/io/wall_clock.hpp"

namespace dkimprobe::cli {
namespace {

constexpr std::array<std::string_view, 4> level_words{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> format_words{"logfmt", "json"};

constexpr std::size_t most_waiting_bytes = 1U << 20U;
constexpr std::chrono::milliseconds longest_flush{500};

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

std::string whole_line(LogLevel level, std::string_view message, const LogFields& fields) {
  return log_text(chosen_format, checks::iso_time(wall_time()), level, message, fields) + '\n';
}

/// Writes to standard error, and waits as long as its reader does not read. Failures are ignored: there is
/// nobody to report them to.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDERR_FILENO, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd standard_error{STDERR_FILENO, POLLOUT, 0};
      poll(&standard_error, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

/// Lines on their way to standard error, which are written by a thread of their own.
class LogQueue {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    if (!writes_) start();
    if (waiting_.size() + line.size() > most_waiting_bytes) {
      ++dropped_;
      ++unreported_;
      return;
    }
    waiting_ += line;
    changed_.notify_all();
  }

  void flush() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, longest_flush, [&] { return waiting_.empty() && !busy_; });
  }

  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  /// The thread outlives `main` if it waits for the reader of the log. It takes no signals.
  void start() {
    writes_ = true;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([this] { write(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void write() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return !waiting_.empty(); });
      std::string text = std::exchange(waiting_, {});
      const std::uint64_t dropped = std::exchange(unreported_, 0);
      busy_ = true;
      lock.unlock();
      if (dropped > 0) {
        text += whole_line(LogLevel::warning, "log lines were dropped because nobody read the log",
                           {{"lines", fmt::format("{}", dropped)}});
      }
      write_all(text);
      lock.lock();
      busy_ = false;
      changed_.notify_all();
    }
  }

  mutable std::mutex mutex_{};
  std::condition_variable changed_{};
  std::string waiting_{};
  bool writes_ = false;  ///< the thread has started
  bool busy_ = false;    ///< writing
  std::uint64_t dropped_ = 0;
  std::uint64_t unreported_ = 0;  ///< among them
};

/// Never destroyed, because its thread is not.
LogQueue& queue() {
  static auto* const instance = std::make_unique<LogQueue>().release();
  return *instance;
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
  queue().add(whole_line(level, message, fields));
}

void flush_log() {
  queue().flush();
}

std::uint64_t dropped_log_lines() {
  return queue().dropped();
}

}  // namespace dkimprobe::cli
