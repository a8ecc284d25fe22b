#include "config/basics/timestamp.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace dkimprobe::config {
namespace {

using std::chrono::milliseconds;

/// Parses pieces from the start of a text; after the first failure nothing more is taken.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : text_(text) {}

  /// A number of exactly `digits` digits, at most `most`.
  std::int32_t number(std::size_t digits, std::int32_t most) {
    std::int32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    if (value > most) good_ = false;
    return value;
  }
  /// The digits after a decimal point, truncated to milliseconds.
  milliseconds fraction() {
    std::int32_t thousandths = 100 * digit();
    for (std::int32_t unit = 10; next_is_digit(); unit /= 10) thousandths += unit * digit();
    return milliseconds{thousandths};
  }
  char one_of(std::string_view wanted) {
    const char c = next();
    good_ = good_ && wanted.find(c) != std::string_view::npos;
    if (good_) text_.remove_prefix(1);
    return c;
  }
  [[nodiscard]] bool next_is(char c) const { return good_ && next() == c; }
  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  [[nodiscard]] char next() const { return text_.empty() ? '\0' : text_.front(); }
  [[nodiscard]] bool next_is_digit() const { return good_ && next() >= '0' && next() <= '9'; }
  std::int32_t digit() {
    good_ = next_is_digit();
    if (!good_) return 0;
    const char c = text_.front();
    text_.remove_prefix(1);
    return c - '0';
  }

  std::string_view text_;
  bool good_ = true;
};

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  Pieces pieces(text);
  const std::chrono::year year(pieces.number(4, 9999));
  pieces.one_of("-");
  const std::chrono::month month(static_cast<unsigned>(pieces.number(2, 12)));
  pieces.one_of("-");
  const std::chrono::day day(static_cast<unsigned>(pieces.number(2, 31)));
  const std::chrono::year_month_day date(year, month, day);
  if (!pieces.good() || !date.ok()) return std::nullopt;
  const WallTime midnight = std::chrono::sys_days(date);
  if (pieces.at_end()) return Timestamp{midnight, midnight + std::chrono::days{1} - milliseconds{1}};

  // RFC 3339 section 5.6 allows lower-case letters, and a space for readability.
  pieces.one_of("Tt ");
  WallTime time = midnight + std::chrono::hours{pieces.number(2, 23)};
  pieces.one_of(":");
  time += std::chrono::minutes{pieces.number(2, 59)};
  pieces.one_of(":");
  // A leap second counts as the second after it, since the clock has no leap seconds.
  time += std::chrono::seconds{pieces.number(2, 60)};
  if (pieces.next_is('.')) {
    pieces.one_of(".");
    time += pieces.fraction();
  }
  if (const char zone = pieces.one_of("Zz+-"); zone == '+' || zone == '-') {
    const std::chrono::hours hours{pieces.number(2, 23)};
    pieces.one_of(":");
    const std::chrono::minutes offset = hours + std::chrono::minutes{pieces.number(2, 59)};
    time -= zone == '+' ? offset : -offset;
  }
  if (!pieces.good() || !pieces.at_end()) return std::nullopt;
  return Timestamp{time, time};
}

std::string to_string(const Timestamp& timestamp) {
  const auto midnight = std::chrono::floor<std::chrono::days>(timestamp.first);
  const std::chrono::year_month_day date(midnight);
  std::string day = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (timestamp.first != timestamp.last) return day;
  const std::chrono::hh_mm_ss clock(timestamp.first - midnight);
  const std::string time = fmt::format("{}T{:02}:{:02}:{:02}", day, clock.hours().count(),
                                       clock.minutes().count(), clock.seconds().count());
  const auto fraction = clock.subseconds().count();
  return fraction == 0 ? time + "Z" : fmt::format("{}.{:03}Z", time, fraction);
}

}  // namespace dkimprobe::config
