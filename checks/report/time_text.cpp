#include "checks/report/time_text.hpp"

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace dkimprobe::checks {

using std::chrono::days;
using std::chrono::seconds;

std::string time_text(probe::WallTime time) {
  const auto second = std::chrono::ceil<seconds>(time);
  const auto day = std::chrono::floor<days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string duration_text(seconds time) {
  const auto counted = [](std::int64_t count, std::string_view unit) {
    return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
  };
  const std::int64_t count = time.count();
  if (count > 0 && count % 86'400 == 0) return counted(count / 86'400, "day");
  if (count > 0 && count % 3'600 == 0) return counted(count / 3'600, "hour");
  if (count > 0 && count % 60 == 0) return counted(count / 60, "minute");
  return counted(count, "second");
}

}  // namespace dkimprobe::checks
