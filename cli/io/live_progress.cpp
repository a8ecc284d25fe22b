#include "cli/io/live_progress.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "exporters/terminal/preflight_text.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {
namespace {

// Lines that scroll out of the window cannot be overwritten.
constexpr std::size_t most_lines = 18;

}  // namespace

LiveProgress::LiveProgress(bool is_terminal, bool prints_changes, exporters::TableStyle style, Write write)
    : is_terminal_(is_terminal), prints_changes_(prints_changes), style_(style), write_(std::move(write)) {}

void LiveProgress::show(const checks::Preflight& preflight, std::optional<probe::WallTime> next_probe) {
  const std::lock_guard lock(mutex_);
  probe_began_.reset();
  next_probe_ = next_probe;
  if (!is_terminal_) {
    if (prints_changes_) print_changes(preflight);
    return;
  }
  headline_ = exporters::preflight_headline(preflight);
  servers_ = exporters::progress_lines(preflight, style_);
  if (servers_.size() > most_lines) {
    const std::size_t more = servers_.size() - most_lines;
    servers_.resize(most_lines);
    servers_.push_back(fmt::format("and {} more", more));
  }
}

void LiveProgress::print_changes(const checks::Preflight& preflight) {
  const std::string when = checks::time_text(preflight.now);
  const auto print = [&](const std::string& what, const std::string& line) {
    if (auto& last = printed_[what]; last != line) {
      last = line;
      write_(fmt::format("{}  {}\n", when, line));
    }
  };
  for (const auto& server : preflight.sign.servers) {
    print(fmt::format("{} {} {}", server.owner.to_string(), server.server.name,
                      server.server.address.to_string()),
          exporters::progress_line(server));
  }
  // Print the headline only when the readiness changes, not when its time comes nearer.
  if (std::string& last = printed_[""]; last != checks::to_string(preflight.sign.safe.readiness)) {
    last = checks::to_string(preflight.sign.safe.readiness);
    write_(fmt::format("{}  {}\n", when, exporters::preflight_headline(preflight)));
  }
}

void LiveProgress::probe_begins(probe::WallTime now) {
  const std::lock_guard lock(mutex_);
  probe_began_ = now;
  next_probe_.reset();
}

void LiveProgress::tick(probe::WallTime now) {
  using std::chrono::milliseconds;
  const std::lock_guard lock(mutex_);
  if (!is_terminal_) return;
  if (probe_began_) {
    // A probe that ends at once causes no flicker.
    if (now - *probe_began_ < milliseconds{300} && headline_.empty()) return;
    draw(fmt::format("asking the nameservers ... {:.1f} s",
                     static_cast<double>((now - *probe_began_).count()) / 1'000.0));
  } else if (next_probe_) {
    draw(fmt::format("{}; next probe in {}", headline_, checks::wait_text(*next_probe_ - now)));
  }
}

void LiveProgress::draw(const std::string& first_line) {
  std::string text =
      fmt::format("\r\x1b[K{}\n", exporters::wrap_text(first_line, style_.columns - 1).front());
  for (const auto& line : servers_) text += fmt::format("\x1b[K{}\n", line);
  text += "\x1b[J";
  if (lines_drawn_ > 0 && text == drawn_) return;
  write_(lines_drawn_ > 0 ? fmt::format("\x1b[{}A{}", lines_drawn_, text) : text);
  lines_drawn_ = 1 + servers_.size();
  drawn_ = std::move(text);
}

void LiveProgress::clear() {
  const std::lock_guard lock(mutex_);
  probe_began_.reset();
  next_probe_.reset();
  if (lines_drawn_ > 0) write_(fmt::format("\x1b[{}A\r\x1b[J", lines_drawn_));
  lines_drawn_ = 0;
}

}  // namespace dkimprobe::cli
