#include "checks/report/time_text.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace dkimprobe::checks {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// The two largest units of a duration.
struct Units {
  seconds larger{1};
  seconds smaller{1};
};

Units units_of(seconds time) {
  if (time >= days{1}) return {days{1}, hours{1}};
  if (time >= hours{1}) return {hours{1}, minutes{1}};
  if (time >= minutes{1}) return {minutes{1}, seconds{1}};
  return {};
}

/// The unit to which a duration is rounded.
seconds rounding_unit(seconds time) {
  const auto [larger, smaller] = units_of(time);
  return time < 10 * larger ? smaller : larger;
}

/// All units that are not zero.
std::string in_units(seconds time) {
  std::string text;
  const auto add = [&]<class Unit>(Unit count, std::string_view unit) {
    time -= count;
    if (count != Unit::zero()) text += fmt::format("{}{} {}", text.empty() ? "" : " ", count.count(), unit);
  };
  const auto whole_days = std::chrono::duration_cast<days>(time);
  add(whole_days, whole_days == days{1} ? "day" : "days");
  add(std::chrono::duration_cast<hours>(time), "h");
  add(std::chrono::duration_cast<minutes>(time), "min");
  add(time, "s");
  return text.empty() ? "0 s" : text;
}

std::string clock_text(std::chrono::sys_seconds time, std::string_view separator) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), separator,
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::string time_text(probe::WallTime time) {
  return clock_text(std::chrono::ceil<seconds>(time), " ") + " UTC";
}

std::string iso_time(probe::WallTime time) {
  const auto second = std::chrono::floor<seconds>(time);
  return fmt::format("{}.{:03}Z", clock_text(second, "T"), (time - second).count());
}

std::string duration_text(seconds time) {
  return time % units_of(time).smaller == seconds::zero() ? in_units(time)
                                                          : fmt::format("{} s", time.count());
}

std::string wait_text(milliseconds time) {
  const auto whole = std::max(std::chrono::ceil<seconds>(time), seconds::zero());
  const auto unit = rounding_unit(whole);
  const auto excess = whole % unit;
  return in_units(excess == seconds::zero() ? whole : whole - excess + unit);
}

std::string elapsed_text(milliseconds time) {
  const auto whole = std::max(std::chrono::floor<seconds>(time), seconds::zero());
  return in_units(whole - whole % rounding_unit(whole));
}

std::string distance_text(probe::WallTime time, probe::WallTime now) {
  if (time <= now) return elapsed_text(now - time) + " ago";
  // The time itself stands beside it: "in 1 day", not "in 1 day 1 h", for a second more.
  const auto whole = std::chrono::ceil<seconds>(time - now);
  const auto excess = whole % rounding_unit(whole);
  return "in " + wait_text(excess * 100 < whole ? whole - excess : whole);
}

std::string measured_text(std::chrono::microseconds time) {
  const double milliseconds = static_cast<double>(time.count()) / 1'000.0;
  if (milliseconds < 9.95) return fmt::format("{:.1f} ms", milliseconds);
  if (milliseconds < 999.5) return fmt::format("{:.0f} ms", milliseconds);
  return fmt::format("{:.1f} s", milliseconds / 1'000.0);
}

std::string seconds_text(std::chrono::microseconds time) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(time).count());
}

}  // namespace dkimprobe::checks
