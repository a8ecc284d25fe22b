#include "config/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view asking_topic = "How servers are asked";
constexpr std::string_view bounds_topic = "Limits of a probe";

constexpr std::string_view judging_topic = "What counts as a fault";
constexpr std::string_view schedule_topic = "When domains are probed";
constexpr std::string_view rotation_topic = "How often keys change";

constexpr Option probe_rows[] = {
    {"port", asking_topic, "port of the authoritative servers", Unit::none, 1, 65'535, 53,
     &ProbeSettings::port},
    {"initial-timeout", asking_topic,
     "how long the first attempt waits; each further attempt waits twice as long", Unit::duration, 50, 10'000,
     400, &ProbeSettings::initial_timeout},
    {"attempts", asking_topic, "how often a query is sent over UDP before the server counts as silent",
     Unit::none, 1, 8, 3, &ProbeSettings::attempts},
    {"tcp-timeout", asking_topic, "how long one exchange over TCP may take", Unit::duration, 100, 30'000,
     3'000, &ProbeSettings::tcp_timeout},
    {"rate-limit", asking_topic, "queries per second to one address, after the burst",
     Unit::queries_per_second, 0, 1'000'000, 5, &ProbeSettings::rate_per_second},
    {"rate-burst", asking_topic, "queries that may be sent to one address at once", Unit::none, 1, 10'000, 20,
     &ProbeSettings::rate_burst},
    {"ipv4", asking_topic, "ask servers over IPv4", Unit::yes_no, 0, 1, 1, &ProbeSettings::use_ipv4},
    {"ipv6", asking_topic, "ask servers over IPv6", Unit::yes_no, 0, 1, 1, &ProbeSettings::use_ipv6},
    {"mixed-case", asking_topic, "send EDNS queries in random letter case, as some resolvers do",
     Unit::yes_no, 0, 1, 1, &ProbeSettings::mixed_case},
    {"edns-payload", asking_topic, "UDP payload size announced with EDNS", Unit::bytes, 512, 4'096, 1'232,
     &ProbeSettings::edns_payload_bytes},
    {"probe-timeout", bounds_topic, "how long the probe of one domain may take", Unit::duration, 500, 600'000,
     30'000, &Budgets::domain_time},
    {"discovery-timeout", bounds_topic, "how long finding the servers of one zone may take", Unit::duration,
     500, 600'000, 10'000, &Budgets::discovery_timeout},
    {"max-nameservers", bounds_topic, "nameservers of one zone that are probed", Unit::none, 1, 64, 16,
     &Budgets::nameservers_per_zone},
    {"max-unresolvable", bounds_topic, "nameservers without an address before discovery stops resolving more",
     Unit::none, 1, 64, 5, &Budgets::unresolvable_nameservers},
    {"max-addresses", bounds_topic, "addresses of one zone that are asked", Unit::none, 1, 256, 32,
     &Budgets::addresses_per_zone},
    {"max-exchanges", bounds_topic, "exchanges with one server per name", Unit::none, 4, 100, 24,
     &Budgets::exchanges_per_server},
    {"max-discovery-queries", bounds_topic, "queries to find the servers of one zone", Unit::none, 1, 10'000,
     200, &Budgets::queries_per_zone},
    {"max-discovery-depth", bounds_topic, "nesting depth of searches for addresses of nameservers",
     Unit::none, 1, 32, 8, &Budgets::discovery_depth},
    {"max-chain", bounds_topic, "CNAME and DNAME steps that are followed", Unit::none, 1, 32, 12,
     &Budgets::chain_steps},
};

constexpr Option policy_rows[] = {
    {"rsa-bits-wanted", judging_topic,
     "an RSA key with fewer bits, or fewer than this profile requires, is weak", Unit::key_size, 0, 8'192, 0,
     &Policy::key_size},
    {"slow-answer", judging_topic, "an answer over UDP that takes longer is slow", Unit::duration, 10, 30'000,
     1'000, &Policy::slow_answer},
    {"retired-key-retention", judging_topic, "how long a key stays published after its last signature",
     Unit::duration, 1'000, 31'536'000'000, 604'800'000, &Policy::retention},
    {"distinct-keys", judging_topic,
     "each selector must have its own key: the same key at two names is a warning", Unit::yes_no, 0, 1, 0,
     &Policy::distinct_keys},
    {"dnssec", judging_topic, "validate DNSSEC signatures from the root's keys down", Unit::yes_no, 0, 1, 1,
     &Policy::validates_dnssec},
};

constexpr Option schedule_rows[] = {
    {"interval", schedule_topic, "time between two probes of a domain", Unit::duration, 10'000, 86'400'000,
     300'000, &Settings::interval},
};

constexpr double ten_years = 3'650.0 * 86'400'000.0;

constexpr Option rotation_rows[] = {
    {"max-key-age", rotation_topic, "maximum age of a key", Unit::duration_or_never, 0, ten_years, 0,
     &RotationTimes::max_key_age},
    {"selector-cooldown", rotation_topic, "how long a selector stays unused before it gets its next key",
     Unit::duration, 1'000, ten_years, 604'800'000, &RotationTimes::selector_cooldown},
};

/// The part of the settings, constant or not, that holds the member.
template <class T, class Owner, class AnySettings>
auto& owner_of(T Owner::*, AnySettings& settings) {
  if constexpr (std::is_same_v<Owner, Budgets>) {
    return settings.probe.budgets;
  } else if constexpr (std::is_same_v<Owner, ProbeSettings>) {
    return settings.probe;
  } else if constexpr (std::is_same_v<Owner, Policy>) {
    return settings.policy;
  } else if constexpr (std::is_same_v<Owner, RotationTimes>) {
    return settings.rotation;
  } else {
    return settings;
  }
}

template <class T>
double to_number(const T& value) {
  if constexpr (std::is_same_v<T, milliseconds>) {
    return static_cast<double>(value.count());
  } else if constexpr (std::is_same_v<T, KeySizeRule>) {
    const auto profile = std::ranges::find(key_size_profiles, value);
    return profile == key_size_profiles.end() ? static_cast<double>(value.rsa_bits)
                                              : static_cast<double>(profile - key_size_profiles.begin());
  } else {
    return static_cast<double>(value);
  }
}

template <class T>
T from_number(double number) {
  if constexpr (std::is_same_v<T, milliseconds>) {
    return milliseconds{static_cast<milliseconds::rep>(number)};
  } else if constexpr (std::is_same_v<T, bool>) {
    return number > 0;
  } else if constexpr (std::is_same_v<T, KeySizeRule>) {
    const auto bits = static_cast<std::uint32_t>(number);
    return bits < smallest_key_bits ? key_size_profiles.at(bits) : KeySizeRule{"", bits, "the settings"};
  } else {
    return static_cast<T>(number);
  }
}

/// `text` as an unsigned number; empty if it contains anything else.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_key_size(std::string_view text) {
  const auto profile = std::ranges::find(key_size_profiles, text, &KeySizeRule::name);
  if (profile != key_size_profiles.end()) return profile - key_size_profiles.begin();
  if (const auto bits = parse_number<std::uint32_t>(text); bits && *bits >= smallest_key_bits) return *bits;
  return std::nullopt;
}

std::optional<double> parse_value(Unit unit, std::string_view text) {
  switch (unit) {
    case Unit::none:
    case Unit::bytes:
      if (const auto number = parse_number<std::uint32_t>(text)) return *number;
      return std::nullopt;
    case Unit::queries_per_second:
      if (text == "unlimited") return 0;
      // 0 could be read as "never ask", so only the word lifts the rate limit.
      if (const auto number = parse_number<double>(text); number && *number > 0) return number;
      return std::nullopt;
    case Unit::duration:
      if (const auto duration = parse_duration(text)) return to_number(*duration);
      return std::nullopt;
    case Unit::duration_or_never:
      if (text == "never") return 0;
      if (const auto duration = parse_duration(text); duration && duration->count() > 0)
        return to_number(*duration);
      return std::nullopt;
    case Unit::yes_no:
      if (const auto answer = parse_yes_no(text)) return *answer ? 1 : 0;
      return std::nullopt;
    case Unit::key_size:
      return parse_key_size(text);
  }
  return std::nullopt;
}

}  // namespace

std::span<const Option> probe_options() {
  return probe_rows;
}

std::span<const Option> policy_options() {
  return policy_rows;
}

std::span<const Option> schedule_options() {
  return schedule_rows;
}

std::span<const Option> rotation_options() {
  return rotation_rows;
}

const Option& key_size_option() {
  return policy_rows[0];
}

std::string file_key(const Option& option) {
  std::string key(option.key);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

Result<void> set_option(const Option& option, std::string_view text, std::string where, Settings& settings) {
  const auto value = parse_value(option.unit, text);
  if (!value || *value < option.minimum || *value > option.maximum) {
    return failure(std::move(where), fmt::format("`{}` cannot be used: it must be {}", escape_text(text, 80),
                                                 format_limits(option)));
  }
  std::visit(
      [&](auto place) {
        auto& member = owner_of(place, settings).*place;
        member = from_number<std::remove_reference_t<decltype(member)>>(*value);
      },
      option.place);
  return {};
}

double option_value(const Option& option, const Settings& settings) {
  return std::visit([&](auto place) { return to_number(owner_of(place, settings).*place); }, option.place);
}

void copy_option(const Option& option, const Settings& from, Settings& to) {
  std::visit([&](auto place) { owner_of(place, to).*place = owner_of(place, from).*place; }, option.place);
}

std::string format_value(Unit unit, double value) {
  switch (unit) {
    case Unit::none:
    case Unit::bytes:
      return fmt::format("{:.0f}", value);
    case Unit::queries_per_second:
      return value > 0 ? fmt::format("{:g}", value) : "unlimited";
    case Unit::duration: {
      const auto count = static_cast<milliseconds::rep>(value);
      // One day is written as 24h.
      if (count % 86'400'000 == 0 && count > 86'400'000) return fmt::format("{}d", count / 86'400'000);
      if (count % 3'600'000 == 0 && count > 0) return fmt::format("{}h", count / 3'600'000);
      if (count % 60'000 == 0 && count > 0) return fmt::format("{}m", count / 60'000);
      if (count % 1'000 == 0) return fmt::format("{}s", count / 1'000);
      return fmt::format("{}ms", count);
    }
    case Unit::duration_or_never:
      return value > 0 ? format_value(Unit::duration, value) : "never";
    case Unit::yes_no:
      return value > 0 ? "yes" : "no";
    case Unit::key_size:
      if (value < smallest_key_bits)
        return std::string(key_size_profiles.at(static_cast<std::size_t>(value)).name);
      return fmt::format("{:.0f}", value);
  }
  return {};
}

std::string format_limits(const Option& option) {
  const auto from = format_value(option.unit, option.minimum);
  const auto to = format_value(option.unit, option.maximum);
  switch (option.unit) {
    case Unit::none:
      return fmt::format("a whole number from {} to {}", from, to);
    case Unit::bytes:
      return fmt::format("a whole number of bytes from {} to {}", from, to);
    case Unit::queries_per_second:
      return fmt::format("a number above 0 and up to {:.0f}, or `unlimited`", option.maximum);
    case Unit::duration:
      return fmt::format("a duration from {} to {} with a unit: ms, s, m, h or d", from, to);
    case Unit::duration_or_never:
      return fmt::format("a duration of up to {} with a unit: ms, s, m, h or d, or `never`", to);
    case Unit::yes_no:
      return "`yes` or `no`";
    case Unit::key_size:
      return fmt::format("a number of bits from {} to {}, or one of rfc8301, nist-2030 and bsi",
                         smallest_key_bits, to);
  }
  return {};
}

std::optional<bool> parse_yes_no(std::string_view text) {
  if (text == "yes" || text == "true") return true;
  if (text == "no" || text == "false") return false;
  return std::nullopt;
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  struct Suffix {
    std::string_view text;
    std::int64_t milliseconds;
  };
  constexpr Suffix suffixes[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  for (const auto& suffix : suffixes) {
    if (!text.ends_with(suffix.text)) continue;
    const auto number = parse_number<std::uint32_t>(text.substr(0, text.size() - suffix.text.size()));
    if (!number) return std::nullopt;
    return milliseconds{*number * suffix.milliseconds};
  }
  return std::nullopt;
}

}  // namespace dkimprobe::config
