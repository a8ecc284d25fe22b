// The daemon and the command `rotation` make the same plan from the same probes.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "checks/rotation/rotation_plan.hpp"
#include "cli/daemon/watch_state.hpp"
#include "cli/plan/preflight_plan.hpp"
#include "cli/plan/rotation_targets.hpp"
#include "exporters/json/rotation_json.hpp"
#include "tests/catch.hpp"
#include "tests/cli/daemon/sample_watch.hpp"
#include "tests/exporters/sample_probes.hpp"

namespace dkimprobe::tests {
namespace {

const std::vector<std::string> records{
    "v=DKIM1; k=ed25519; p=xRaMj0CHflT0WQhT8X1g5s1fF4tCghmuysOGIfijrhM=",
    "v=DKIM1; k=ed25519; p=wK7c4KHlteqDemLe4XSCOKO4mWxuekA+fPi0R7IQW/c=",
    "v=DKIM1; k=ed25519; t=y; p=wK7c4KHlteqDemLe4XSCOKO4mWxuekA+fPi0R7IQW/c=",
    "v=DKIM1; p=",
    "v=DKIM1; k=ed25519; p=%%%",
};

/// The answer of one server: usually a key, otherwise no data, a failure or no response.
rc::Gen<Said> said_by(int server) {
  return rc::gen::exec([server] {
    Said said;
    said.server = server;
    said.ttl_seconds = *rc::gen::element(60U, 3'600U, 86'400U);
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        said.silent = true;
        break;
      case 1:
        said.rcode = probe::Rcode::servfail;
        break;
      case 2:
      case 3:
        said.rcode = probe::Rcode::nxdomain;
        break;
      default:
        said.texts = {{*rc::gen::elementOf(records)}};
    }
    return said;
  });
}

/// A probe of all selectors of the domain, by one of two pairs of nameservers.
std::vector<probe::Observation> probe_at(std::int64_t second, int first_server) {
  std::vector<probe::Observation> observations;
  for (const auto* selector : {"s1", "s2", "s3"}) {
    observations.push_back(sample_probe("one.example", selector, at_second(second),
                                        {*said_by(first_server), *said_by(first_server + 1)}));
  }
  return observations;
}

/// Each selector has one key, on every server.
std::vector<probe::Observation> settled_at(std::int64_t second) {
  std::vector<probe::Observation> observations;
  for (const auto* selector : {"s1", "s2", "s3"}) {
    Said said;
    said.ttl_seconds = 60;
    said.texts = {{records[selector[1] == '2' ? 1 : 0]}};
    said.server = 1;
    Said same = said;
    same.server = 2;
    observations.push_back(sample_probe("one.example", selector, at_second(second), {said, same}));
  }
  return observations;
}

void move_to(std::vector<probe::Observation>& observations, std::int64_t second) {
  for (auto& observation : observations) observation.observed_at = at_second(second);
}

std::string settings() {
  const auto* const next = *rc::gen::element("pending", "standby");
  const auto* const used =
      *rc::gen::element(", never_used: yes", ", last_signature: 2025-12-31T23:00:00Z", "");
  const auto* const last = *rc::gen::element(", last_signature: 2025-12-31T23:00:00Z", "");
  const auto* const plan = *rc::gen::element("{max_key_age: 1h, retired_key_retention: 1h}",
                                             "{max_key_age: 30d}", "{retired_key_retention: 2d}");
  return std::string("domains:\n  - domain: one.example\n    rotation: ") + plan +
         "\n    selectors: [s1, {name: s2, role: " + next + used + "}, {name: s3, role: retired" + last +
         "}]\n";
}

/// The plan of the command, with settings as read from a file.
cli::RotationTarget target_of(const std::string& text) {
  const auto read = config::read_settings(text, "settings.yaml", {});
  RC_ASSERT(read.has_value());
  auto targets = cli::plan_rotations({}, *read);
  RC_ASSERT(targets.has_value());
  return std::move(targets->front());
}

}  // namespace

TEST_CASE("the daemon and the command make the same plan from the same probes") {
  CHECK(rc::check([] {
    const std::string text = settings();
    cli::RotationTarget target = target_of(text);
    cli::WatchState state;
    state.replace(std::make_shared<const cli::WatchList>(watched(text)), {}, at_second(0));
    const auto domain = key("one.example").domain;
    std::int64_t second = 0;
    const auto probes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < probes; ++i) {
      second += *rc::gen::element(60, 1'800, 7'200, 100'000);
      auto observations = probe_at(second, *rc::gen::element(1, 1, 3));
      // The daemon plans only with changes that a second probe has confirmed.
      for (int again = 0; again < 3; ++again, ++second) {
        move_to(observations, second);
        static_cast<void>(
            state.take({domain, probe::ProbeDepth::full, false, observations}, at_second(second)));
        cli::extend_histories(observations, at_second(second), target.input);
        cli::judge_probe(observations, target);
      }
      const auto by_daemon = checks::find_rotation(*state.fleet(at_second(second - 1)), domain);
      RC_ASSERT(by_daemon != nullptr);
      const auto by_command = checks::plan_rotation(target.input, by_daemon->now);
      RC_ASSERT(exporters::rotation_json(*by_daemon) == exporters::rotation_json(by_command));
      RC_CLASSIFY(!by_command.faults.empty());
    }
  }));
}

namespace {

checks::StepState state_of(const checks::RotationChange& change, checks::RotationStep step) {
  return std::ranges::find(change.steps, step, &checks::PlannedStep::step)->state;
}

/// What `preflight` says of a selector, from the history and the last probe that the rotation has.
checks::Preflight preflight_of(const std::string& text, const checks::PlannedSelector& planned,
                               const probe::Observation& observation, checks::WallTime now) {
  const auto settings = config::read_settings(text, "settings.yaml", {});
  cli::PreflightCommand command;
  command.domain = observation.domain;
  command.selector = observation.selector;
  const auto plan = cli::plan_preflight(command, *settings, {});
  RC_ASSERT(plan.has_value());
  return checks::judge_preflight(observation, checks::judge_as_pending(observation, plan->signing),
                                 planned.history, plan->signing, {}, now);
}

}  // namespace

TEST_CASE("preflight and rotation never contradict each other") {
  CHECK(rc::check([] {
    const std::string text = settings();
    cli::RotationTarget target = target_of(text);
    std::int64_t second = 0;
    const auto probes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < probes; ++i) {
      second += *rc::gen::element(60, 1'800, 7'200, 100'000);
      const auto observations =
          *rc::gen::arbitrary<bool>() ? settled_at(second) : probe_at(second, *rc::gen::element(1, 1, 3));
      cli::extend_histories(observations, at_second(second), target.input);
      cli::judge_probe(observations, target);
      const checks::PlannedSelector& planned = target.input.selectors.at(1);
      const auto now = std::max(at_second(second), *planned.history.last_probe);
      const auto overview = checks::plan_rotation(target.input, now);
      const auto sign = preflight_of(text, planned, observations.at(1), now).sign;
      const auto step = state_of(overview.changes.back(), checks::RotationStep::sign);
      RC_CLASSIFY(sign.safe.readiness == checks::Readiness::ready);
      switch (sign.safe.readiness) {
        case checks::Readiness::ready:
          // A standby key can wait for its turn.
          RC_ASSERT(step == checks::StepState::due ||
                    (step == checks::StepState::pending && planned.role == config::Role::standby));
          break;
        case checks::Readiness::wait:
          RC_ASSERT(step == checks::StepState::pending);
          RC_ASSERT(overview.state.sign.at == sign.safe.at);
          break;
        case checks::Readiness::not_ready:
          RC_ASSERT(step == checks::StepState::blocked || step == checks::StepState::pending);
          break;
        case checks::Readiness::unknown:
          RC_ASSERT(step == checks::StepState::unknown || step == checks::StepState::pending);
          break;
      }
    }
  }));
}

}  // namespace dkimprobe::tests
