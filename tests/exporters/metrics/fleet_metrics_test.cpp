// The state of a fleet as metrics: samples are compared with a golden file, and every vector of a rotation is
// tested.
#include "exporters/metrics/fleet_metrics.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"
#include "tests/checks/rotation/rotation_plan_vector.hpp"
#include "tests/exporters/sample_reports.hpp"
#include "tests/golden_file.hpp"

namespace dkimprobe::exporters {
namespace {

using namespace std::chrono_literals;

const std::filesystem::path vectors = DKIMPROBE_SOURCE_DIRECTORY "/tests/checks/vectors/rotation_plan";
constexpr probe::WallTime time{1'795'311'296'789ms};

checks::TargetKey key(std::string_view domain, std::string_view selector) {
  return {config::DomainName::parse(domain).value(), config::Selector::parse(selector).value()};
}

/// The rotation of a vector, moved to another domain.
std::shared_ptr<const checks::RotationOverview> rotation(const std::filesystem::path& file,
                                                         std::string_view domain) {
  auto overview = tests::load_rotation(file).overview;
  overview.domain = config::DomainName::parse(domain).value();
  return std::make_shared<const checks::RotationOverview>(std::move(overview));
}

/// A healthy target, a target that was never probed, maintenance in progress and maintenance that has ended.
checks::Fleet sample_fleet() {
  checks::Fleet fleet;
  set_targets(fleet,
              {{key("example.com", "s1"), "mail", config::Role::active, {}, 5min},
               {key("example.net", "s1"), "", config::Role::standby, checks::Maintenance{time, "over"}, 90s},
               {key("example.net", "s2"), "", config::Role::retired,
                checks::Maintenance{time + 1h, "moved \"by hand\"\n\xff"}, 1h}});
  static_cast<void>(
      apply_report(fleet, std::make_shared<const checks::Report>(sample_reports().front().report)));
  set_key_first_seen(fleet, key("example.com", "s1"), time - 24h);
  for (const auto* name : {"spreading", "switched_remove_now", "overdue_by_history"})
    set_rotation(fleet, rotation(vectors / (std::string(name) + ".json"), name));
  return fleet;
}

std::string page(const checks::Fleet& fleet, MetricFormat format = MetricFormat::text) {
  MetricWriter writer(format);
  write_fleet_metrics(writer, fleet, time);
  return writer.finish();
}

}  // namespace

TEST_CASE("the metrics of a fleet match their golden files") {
  const auto fleet = sample_fleet();
  tests::compare_with_golden("fleet.prom", page(fleet));
  tests::compare_with_golden("fleet.openmetrics", page(fleet, MetricFormat::openmetrics));
  CHECK(page({}).empty());
}

TEST_CASE("selectors beyond the limit are left out as a whole, and their series are counted") {
  const auto fleet = sample_fleet();
  MetricWriter all(MetricFormat::text);
  CHECK(write_fleet_metrics(all, fleet, time) == 0);
  MetricWriter some(MetricFormat::text);
  const std::size_t capped = write_fleet_metrics(some, fleet, time, 1);
  CHECK(capped == all.series() - some.series());
  CHECK(capped > 0);
  const std::string text = some.finish();
  CHECK(text.find("domain=\"example.com\"") != std::string::npos);
  CHECK(text.find("domain=\"example.net\"") == std::string::npos);
}

TEST_CASE("each rotation has each series once, with the words of its plan") {
  checks::Fleet fleet;
  for (const auto& file : tests::vector_files(vectors))
    set_rotation(fleet, rotation(file, file.stem().string()));
  std::set<std::string> series;
  for (const auto& line : tests::lines_of(page(fleet))) {
    INFO(line);
    if (!line.starts_with('#')) CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
  }
  CHECK(std::ranges::count_if(series, [](const auto& each) {
          return each.starts_with("dkim_rotation_status{");
        }) == static_cast<std::ptrdiff_t>(fleet.rotations.size()));
  CHECK(series.contains(
      R"(dkim_rotation_fault{domain="overdue_by_history",selector="s1",fault="rotation_overdue",severity="warning"})"));
}

TEST_CASE("maintenance has a metric until it ends") {
  checks::Fleet fleet;
  const auto shown = [&](probe::WallTime until) {
    set_targets(fleet, {{key("example.com", "s1"), "", {}, checks::Maintenance{until, "work"}, 5min}});
    return page(fleet).find("dkim_maintenance_") != std::string::npos;
  };
  CHECK(shown(time + 1ms));
  CHECK_FALSE(shown(time));
}

}  // namespace dkimprobe::exporters
