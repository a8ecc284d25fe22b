// A watch list for the tests of the daemon, made from the text of a settings file as the program does it.
#pragma once

#include <string>
#include <string_view>

#include "checks/fleet/fleet.hpp"
#include "cli/daemon/watch_list.hpp"
#include "config/settings_file.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::tests {

[[nodiscard]] inline checks::TargetKey key(std::string_view domain, std::string_view selector = "s1") {
  return {config::DomainName::parse(domain).value(), config::Selector::parse(selector).value()};
}

[[nodiscard]] inline cli::WatchList watched(const std::string& settings_text) {
  const auto settings = config::read_settings(settings_text, "settings.yaml", {});
  if (!settings) FAIL(settings.error().front().where << ": " << settings.error().front().message);
  const auto plan = cli::plan_check({}, {}, *settings);
  if (!plan) FAIL(plan.error().front().message);
  return cli::watch_list(*plan, *settings);
}

}  // namespace dkimprobe::tests
