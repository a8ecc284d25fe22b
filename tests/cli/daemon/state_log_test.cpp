// What `serve` logs when the state of a selector or of a rotation changes.
#include "cli/daemon/state_log.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/rotation/rotation_faults.hpp"
#include "tests/catch.hpp"
#include "tests/cli/daemon/sample_watch.hpp"
#include "tests/exporters/sample_probes.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using checks::Severity;
using checks::Status;
using checks::StepState;
using cli::LogLevel;

checks::Finding finding(std::string_view check, Severity severity, const std::vector<int>& servers) {
  checks::Finding made{.check = checks::find_check(check), .severity = severity};
  for (const int server : servers) {
    made.servers.push_back({fmt::format("ns{}.example.net", server),
                            {config::Address::parse(fmt::format("192.0.2.{}", server)).value(), 53}});
  }
  return made;
}

/// s1 of one.example.
std::shared_ptr<const checks::Fleet> fleet(Status status, std::vector<checks::Finding> findings = {},
                                           bool maintenance = false) {
  auto report = std::make_shared<checks::Report>();
  report->domain = key("one.example").domain;
  report->selector = key("one.example").selector;
  report->status = status;
  report->headline = status == Status::ok ? "RSA 2048 on 2 servers" : "a server is behind";
  report->findings = std::move(findings);
  auto target = std::make_shared<checks::TargetState>();
  target->key = key("one.example");
  target->report = std::move(report);
  if (maintenance) target->maintenance = checks::Maintenance{at_second(100'000), "move"};
  auto made = std::make_shared<checks::Fleet>();
  made->targets.push_back(std::move(target));
  return made;
}

std::shared_ptr<const checks::Fleet> stale_at(const std::vector<int>& servers, bool maintenance = false) {
  return fleet(Status::critical, {finding("ns_stale", Severity::critical, servers)}, maintenance);
}

std::vector<std::string> texts(const std::vector<cli::LogLine>& lines) {
  std::vector<std::string> all;
  for (const auto& [level, message, fields] : lines)
    all.push_back(log_text(cli::LogFormat::logfmt, "now", level, message, fields));
  return all;
}

std::vector<std::string> changes(const checks::Fleet& before, const checks::Fleet& after) {
  return texts(cli::state_changes(before, after, at_second(0)));
}

using Lines = std::vector<std::string>;

struct Fault {
  checks::RotationFaultKind kind{};
  std::string clause{};
};

/// The change from s1 to s2, with the state of its first three steps.
checks::Fleet rotation(const std::vector<StepState>& states, const std::vector<Fault>& faults = {}) {
  auto overview = std::make_shared<checks::RotationOverview>();
  overview->domain = key("one.example").domain;
  for (const auto& [kind, clause] : faults) {
    const auto& row = checks::row_of(kind);
    overview->faults.push_back({.row = &row,
                                .severity = row.severity,
                                .selector = key("one.example").selector,
                                .clause = clause,
                                .evidence = "ns2.example.net (192.0.2.2)"});
  }
  auto& change = overview->changes.emplace_back();
  change.from = key("one.example", "s1").selector;
  change.to = key("one.example", "s2").selector;
  const checks::RotationStep steps[] = {checks::RotationStep::publish, checks::RotationStep::check,
                                        checks::RotationStep::sign};
  for (std::size_t i = 0; i < states.size(); ++i)
    change.steps.push_back({.step = steps[i], .state = states[i], .summary = "as it is"});
  checks::Fleet made;
  set_rotation(made, std::move(overview));
  return made;
}

}  // namespace

TEST_CASE("a selector that becomes faulty and well again is logged once each time") {
  const auto healthy = fleet(Status::ok);
  const auto stale = stale_at({2});
  CHECK(changes(*healthy, *stale) ==
        Lines{R"(ts=now level=warn msg="the state of a selector has changed" domain=one.example selector=s1 )"
              R"-(from=ok to=critical finding=ns_stale servers="ns2.example.net (192.0.2.2)" )-"
              R"(summary="a server is behind")"});
  CHECK(changes(*stale, *stale).empty());
  CHECK(changes(*stale, *healthy) ==
        Lines{R"(ts=now level=info msg="the state of a selector has changed" domain=one.example selector=s1 )"
              R"(from=critical to=ok summary="RSA 2048 on 2 servers")"});
}

TEST_CASE("the first state is logged unless it is ok") {
  const auto healthy = fleet(Status::ok);
  const auto stale = stale_at({2});
  CHECK(changes({}, *healthy).empty());
  const auto lines = changes({}, *stale);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().find("from=never_probed to=critical") != std::string::npos);
}

TEST_CASE("the same fault at another server is a change, and a new probe with the same result is none") {
  const auto healthy = fleet(Status::ok);
  const auto stale = stale_at({2});
  const auto other = stale_at({1, 2});
  REQUIRE(changes(*stale, *other).size() == 1);
  CHECK(changes(*stale, *other).front().find("ns1.example.net (192.0.2.1), ns2") != std::string::npos);
  CHECK(changes(*stale, *stale_at({2})).empty());
  CHECK(changes(*healthy, *fleet(Status::ok, {finding("ttl_zero", Severity::notice, {1})})).empty());
}

TEST_CASE("a change during maintenance is expected, so its line is no warning") {
  const auto healthy = fleet(Status::ok);
  const auto planned = stale_at({2}, true);
  const auto lines = cli::state_changes(*healthy, *planned, at_second(0));
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().level == LogLevel::info);
  CHECK(cli::state_changes(*healthy, *planned, at_second(100'000)).at(0).level == LogLevel::warning);
}

TEST_CASE("the steps of a rotation are logged when they change") {
  const auto waits = rotation({StepState::done, StepState::pending, StepState::pending});
  const auto due = rotation({StepState::done, StepState::done, StepState::due});
  const auto blocked = rotation({StepState::done, StepState::blocked, StepState::pending});
  CHECK(changes({}, waits).empty());
  CHECK(changes(waits, rotation({StepState::done, StepState::pending, StepState::pending})).empty());
  const std::string same =
      R"(msg="the step of a rotation has changed" domain=one.example selector=s2 from="check pending" )";
  CHECK(changes(waits, due) == Lines{"ts=now level=info " + same + R"(to="sign due" summary="as it is")"});
  CHECK(changes(waits, blocked) ==
        Lines{"ts=now level=warn " + same + R"(to="check blocked" summary="as it is")"});
}

TEST_CASE("the faults of a rotation are logged when they begin and when they end") {
  const auto without = rotation({StepState::due});
  const auto with =
      rotation({StepState::due}, {{checks::RotationFaultKind::signing_key_mismatch, "no match"}});
  const Lines begun{R"(ts=now level=warn msg="a rotation has a fault" domain=one.example selector=s1 )"
                    R"(fault=signing_key_mismatch severity=critical summary="no match" )"
                    R"-(seen="ns2.example.net (192.0.2.2)")-"};
  CHECK(changes(without, with) == begun);
  CHECK(changes({}, with) == begun);
  CHECK(changes(with,
                rotation({StepState::due}, {{checks::RotationFaultKind::signing_key_mismatch, "still none"}}))
            .empty());
  CHECK(changes(with, without) ==
        Lines{R"(ts=now level=info msg="a fault of a rotation is over" domain=one.example selector=s1 )"
              R"(fault=signing_key_mismatch)"});
}

TEST_CASE("the lines of a minute are limited, and the rest is counted") {
  const auto stale = stale_at({2});
  checks::Fleet many;
  for (std::size_t i = 0; i < cli::StateLog::most_lines + 50; ++i) {
    auto target = std::make_shared<checks::TargetState>(*stale->targets.front());
    target->key = key(fmt::format("d{:04}.example", i));
    many.targets.push_back(std::move(target));
  }
  const auto all = std::make_shared<const checks::Fleet>(std::move(many));
  cli::StateLog log;
  CHECK(log.lines(all, at_second(0)).size() == cli::StateLog::most_lines);
  CHECK(log.lines(all, at_second(59)).empty());
  CHECK(texts(log.lines(all, at_second(60))) ==
        Lines{R"(ts=now level=warn msg="too many changes of state to log each" left_out=50)"});
  CHECK(log.lines(all, at_second(120)).empty());
  CHECK(log.lines(stale, at_second(121)).size() == 1);
}

}  // namespace dkimprobe::tests
