// Watches a fleet of domains on the same few local servers as the daemon does: rounds by the schedule,
// judged, and put into the fleet's state. Prints one line of JSON. fleet_bench.py starts the server.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/judge.hpp"
#include "exporters/fleet.hpp"
#include "probe/scheduler.hpp"

namespace {

using namespace dkimprobe;

/// The state as the daemon keeps it.
class Watch {
 public:
  explicit Watch(std::vector<exporters::WatchedTarget> targets) { set_targets(fleet_, std::move(targets)); }

  probe::RoundVerdict judge(const probe::FinishedRound& round) {
    auto verdict = probe::RoundVerdict::unchanged;
    for (const probe::Observation& observation : round.observations) {
      auto report = std::make_shared<checks::Report>(checks::judge(observation, {}, {}));
      const std::lock_guard lock(mutex_);
      switch (apply_report(fleet_, std::move(report))) {
        case exporters::Applied::unconfirmed:
          verdict = probe::RoundVerdict::unconfirmed;
          break;
        case exporters::Applied::failed:
          verdict = probe::RoundVerdict::failed;
          break;
        case exporters::Applied::unchanged:
        case exporters::Applied::changed:
        case exporters::Applied::no_target:
          break;
      }
    }
    return verdict;
  }

  /// By status.
  [[nodiscard]] std::vector<std::size_t> counts() {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t> counts(5);
    for (const exporters::TargetState& target : fleet_.targets) {
      ++counts[target.report ? static_cast<std::size_t>(target.report->status) : 4];
    }
    return counts;
  }

 private:
  std::mutex mutex_{};
  exporters::Fleet fleet_{};
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024.0;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: fleet_bench PORT DOMAINS SERVERS INTERVAL_SECONDS PACE SECONDS\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const auto domains = static_cast<std::size_t>(std::atoi(argv[2]));
  const std::chrono::seconds interval{std::atoi(argv[4])};
  config::ProbeSettings settings;
  settings.pace_per_second = std::atof(argv[5]);
  std::vector<config::NamedServer> servers;
  for (int i = 1; i <= std::atoi(argv[3]); ++i) {
    servers.push_back({config::DomainName::parse(fmt::format("ns{}.bench.example", i)).value(),
                       config::Address::parse(fmt::format("127.0.0.{}", i)).value(), port});
  }
  const config::Selector selector = config::Selector::parse("s1").value();
  std::vector<probe::WatchedDomain> watched;
  std::vector<exporters::WatchedTarget> targets;
  for (std::size_t i = 0; i < domains; ++i) {
    const auto domain = config::DomainName::parse(fmt::format("d{}.bench.example", i)).value();
    watched.push_back({domain, {selector}, interval, servers});
    targets.push_back({{domain, selector}, "", config::Role::active, {}});
  }

  Watch watch(std::move(targets));
  probe::Scheduler scheduler(settings, {},
                             {[&](const probe::FinishedRound& round) { return watch.judge(round); }, {}});
  const auto began = std::chrono::steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  scheduler.replace(std::move(watched));
  const double wanted = std::atof(argv[6]);
  double seen_after = 0;
  double cpu_at_seen = 0;
  double wall_at_seen = 0;
  probe::SchedulerTotals at_seen;
  while (since() < wanted) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const auto totals = scheduler.totals();
    if (seen_after == 0 && totals.domains == domains && totals.unseen == 0) {
      seen_after = since();
      cpu_at_seen = cpu_seconds();
      wall_at_seen = since();
      at_seen = totals;
    }
  }
  const double cpu = cpu_seconds() - cpu_at_seen;
  const double wall = since() - wall_at_seen;
  const double resident = resident_mib();
  scheduler.stop();
  const auto totals = scheduler.totals();
  const auto counts = watch.counts();
  fmt::print(
      "{{\"domains\": {}, \"all_seen_after_seconds\": {:.1f}, \"rounds_full\": {}, \"rounds_light\": {}, "
      "\"began_late\": {}, \"late_now\": {}, \"queries\": {}, \"cpu_of_one_core\": {:.4f}, "
      "\"cpu_us_a_round\": {:.0f}, \"cpu_first_rounds_seconds\": {:.2f}, \"resident_mib\": {:.1f}, "
      "\"fits\": {}, \"shortest_interval_seconds\": {}, \"ok\": {}, \"warning\": {}, \"critical\": {}, "
      "\"unknown\": {}, \"unseen\": {}}}\n",
      domains, seen_after, totals.rounds_full, totals.rounds_light, totals.began_late, totals.late_now,
      totals.engine.queries_udp + totals.engine.queries_tcp, cpu / wall,
      1e6 * cpu /
          static_cast<double>(totals.rounds_full + totals.rounds_light - at_seen.rounds_full -
                              at_seen.rounds_light),
      cpu_at_seen, resident, totals.fit && totals.fit->fits,
      totals.fit ? totals.fit->shortest_interval.count() : 0, counts[0], counts[1], counts[2], counts[3],
      counts[4]);
  return counts[3] + counts[4] == 0 ? 0 : 1;
}
