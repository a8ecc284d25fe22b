// Each vector of a rotation through its plan: everything that it states is so. Steps and faults are stated as
// a whole; times, texts and facts where they matter.
#include "checks/rotation/rotation_plan.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/timestamp.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"
#include "tests/checks/rotation/rotation_plan_vector.hpp"

using namespace dkimprobe;
using nlohmann::json;

namespace {

const std::filesystem::path vectors = std::filesystem::path(DKIMPROBE_VECTORS) / "rotation_plan";

json optional_text(const std::optional<config::Selector>& selector) {
  return selector ? json(selector->to_string()) : json(nullptr);
}

/// As the vector writes it: the times in the same form.
json optional_time(const std::optional<checks::WallTime>& time) {
  return time ? json(checks::time_text(*time)) : json(nullptr);
}

void check_change(const checks::RotationChange& change, const json& expected) {
  for (const auto& [key, value] : expected.items())
    CHECK(std::set<std::string>{"from", "to", "steps", "earliest", "since", "answer", "text"}.contains(key));
  CHECK(optional_text(change.from) == expected.at("from"));
  CHECK(optional_text(change.to) == expected.at("to"));
  json steps = json::array();
  for (const auto& step : change.steps)
    steps.push_back(std::string(checks::to_string(step.step)) + ' ' +
                    std::string(checks::to_string(step.state)));
  CHECK(steps == expected.at("steps"));
  const auto step_named = [&](const std::string& name) {
    const auto step =
        std::ranges::find(change.steps, name, [](const auto& each) { return checks::to_string(each.step); });
    REQUIRE(step != change.steps.end());
    return *step;
  };
  // A range that is a temporary of a temporary would not live as long as its loop.
  const auto part = [&](const char* key) { return expected.value(key, json::object()); };
  const json earliest = part("earliest");
  const json since = part("since");
  const json says_parts = part("answer");
  const json texts_of = part("text");
  for (const auto& [name, time] : earliest.items()) {
    INFO(name);
    CHECK(optional_time(step_named(name).earliest) == time);
  }
  for (const auto& [name, time] : since.items()) {
    INFO(name);
    CHECK(optional_time(step_named(name).since) == time);
  }
  for (const auto& [name, summary] : says_parts.items()) {
    INFO(name << " says " << step_named(name).summary);
    CHECK(step_named(name).summary.str().find(summary.get<std::string>()) != std::string::npos);
  }
  for (const auto& [name, text] : texts_of.items()) {
    json texts = json::array();
    for (const auto& action : step_named(name).actions) {
      for (const auto& line : action.lines) texts.push_back(line);
    }
    INFO(name);
    CHECK(texts == text);
  }
}

void check_state(const checks::RotationState& state, const json& expected) {
  for (const auto& [key, value] : expected.items()) {
    INFO(key);
    if (key == "current")
      CHECK(optional_text(state.current) == value);
    else if (key == "next")
      CHECK(optional_text(state.next) == value);
    else if (key == "key_since")
      CHECK(optional_time(state.key_since) == value);
    else if (key == "key_may_be_older")
      CHECK(json(state.key_may_be_older) == value);
    else if (key == "due_at")
      CHECK(optional_time(state.due_at) == value);
    else if (key == "overdue")
      CHECK(json(state.overdue) == value);
    else if (key == "next_everywhere")
      CHECK(json(state.next_everywhere) == value);
    else if (key == "still_published") {
      json names = json::array();
      for (const auto& old : state.old_keys) {
        if (old.still_published) names.push_back(old.selector.to_string());
      }
      CHECK(names == value);
    } else
      FAIL("no such fact: " << key);
  }
}

}  // namespace

TEST_CASE("each rotation plan is as its vector states") {
  const auto files = tests::vector_files(vectors);
  CHECK(files.size() >= 20);
  for (const auto& file : files) {
    INFO(file.filename().string());
    const auto [overview, expected] = tests::load_rotation(file);
    for (const auto& [key, value] : expected.items())
      CHECK(std::set<std::string>{"status", "in_progress", "headline", "faults", "changes", "state", "notes"}
                .contains(key));
    CHECK(checks::to_string(overview.status) == expected.at("status").get<std::string>());
    if (expected.contains("headline")) CHECK(overview.headline == expected["headline"].get<std::string>());
    if (expected.contains("in_progress")) CHECK(overview.in_progress == expected["in_progress"].get<bool>());
    json faults = json::array();
    for (const auto& fault : overview.faults)
      faults.push_back({fault.row->name, checks::to_string(fault.severity), fault.selector.to_string()});
    CHECK(faults == expected.at("faults"));
    check_state(overview.state, expected.value("state", json::object()));
    if (expected.contains("notes")) CHECK(overview.notes.size() == expected["notes"].get<std::size_t>());
    REQUIRE(overview.changes.size() == expected.at("changes").size());
    for (std::size_t i = 0; i < overview.changes.size(); ++i) {
      INFO("change " << i);
      check_change(overview.changes[i], expected["changes"][i]);
    }
  }
}

TEST_CASE("every state of a step occurs in some vector") {
  std::set<std::string> seen;
  for (const auto& file : tests::vector_files(vectors)) {
    for (const auto& change : tests::load_rotation(file).overview.changes) {
      for (const auto& step : change.steps) seen.insert(std::string(checks::to_string(step.state)));
    }
  }
  CHECK(seen == std::set<std::string>{"done", "due", "pending", "blocked", "unknown"});
}

TEST_CASE("each step that is not done says why") {
  for (const auto& file : tests::vector_files(vectors)) {
    for (const auto& change : tests::load_rotation(file).overview.changes) {
      for (const auto& step : change.steps)
        CHECK((!step.summary.empty() || step.state == checks::StepState::done));
    }
  }
}

TEST_CASE("a selector with special characters is quoted for the shell") {
  checks::RotationInput input;
  input.domain = config::DomainName::parse("example.com").value();
  checks::PlannedSelector current;
  current.selector = config::Selector::parse("s1").value();
  input.selectors.push_back(current);
  checks::PlannedSelector next;
  next.selector = config::Selector::parse("a\\036\\'b").value();
  next.role = config::Role::pending;
  REQUIRE(next.selector.to_string() == "a\\$\\'b");
  input.selectors.push_back(next);
  const auto overview = checks::plan_next(input, config::parse_timestamp("2026-11-22")->first);
  const auto& steps = overview.changes.front().steps;
  CHECK(steps[1].actions.front().lines.at(0) ==
        "test ! -e 'a\\$\\'\\''b.example.com.pem' && "
        "(umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "
        "'a\\$\\'\\''b.example.com.pem')");
  CHECK(steps[2].actions.front().lines.at(0) ==
        "dkimprobe record example.com 'a\\$\\'\\''b' --key 'a\\$\\'\\''b.example.com.pem' --format zone");
}

TEST_CASE("a selector that begins with a hyphen is not taken for a flag") {
  checks::RotationInput input;
  input.domain = config::DomainName::parse("example.com").value();
  checks::PlannedSelector next;
  next.selector = config::Selector::parse("-out").value();
  next.role = config::Role::pending;
  input.selectors.push_back(next);
  const auto overview = checks::plan_next(input, config::parse_timestamp("2026-11-22")->first);
  const auto& steps = overview.changes.front().steps;
  CHECK(steps[1].actions.front().lines.at(0) ==
        "test ! -e ./-out.example.com.pem && "
        "(umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "
        "./-out.example.com.pem)");
  CHECK(steps[2].actions.front().lines.at(0) ==
        "dkimprobe record --key ./-out.example.com.pem --format zone -- example.com -out");
  CHECK(steps[3].actions.front().lines.at(0) ==
        "dkimprobe preflight --key ./-out.example.com.pem --wait 25h -- example.com -out");
}

TEST_CASE("faults of a key are reported for each selector that signs") {
  const auto now = config::parse_timestamp("2026-11-22")->first;
  checks::RotationInput input;
  input.domain = config::DomainName::parse("example.com").value();
  for (const auto* name : {"s1", "s2"}) {
    checks::PlannedSelector planned;
    planned.selector = config::Selector::parse(name).value();
    planned.history.domain = input.domain;
    planned.history.selector = planned.selector;
    planned.history.first_probe = planned.history.last_probe = now;
    checks::ServerTimeline timeline;
    timeline.owner = planned.selector.owner_name(input.domain).value();
    timeline.server = {"ns1.example.com", {config::Address::parse("192.0.2.1").value(), 53}};
    checks::AnswerPeriod period;
    period.first_seen = period.last_seen = now;
    period.kind = checks::PublishedKind::texts;
    period.texts = {{"v=DKIM1; k=ed25519; p=xRaMj0CHflT0WQhT8X1g5s1fF4tCghmuysOGIfijrhM="}};
    timeline.periods.push_back(period);
    planned.history.servers.push_back(timeline);
    input.selectors.push_back(planned);
  }
  REQUIRE(checks::plan_rotation(input, now).faults.empty());
  input.selectors.back().probed.faults = {
      checks::reason_for(*checks::find_check("key_rsa_too_small"), "not for mail")};
  input.selectors.back().probed.weaknesses = {
      checks::reason_for(*checks::find_check("key_rsa_weak"), "short")};
  const auto overview = checks::plan_rotation(input, now);
  REQUIRE(overview.faults.size() == 2);
  CHECK(overview.status == checks::Status::critical);
  CHECK(overview.faults.front().row->name == "signing_key_faulty");
  CHECK(overview.faults.back().row->name == "signing_key_weak");
  for (const auto& fault : overview.faults) CHECK(fault.selector.to_string() == "s2");
}

TEST_CASE("a plan based on the given servers only says so") {
  const std::string sentence =
      "According to the given servers only: the zone's other servers were not queried.";
  const auto now = config::parse_timestamp("2026-11-22")->first;
  checks::RotationInput input;
  input.domain = config::DomainName::parse("example.com").value();
  checks::PlannedSelector current;
  current.selector = config::Selector::parse("s1").value();
  input.selectors.push_back(current);
  CHECK(std::ranges::count(checks::plan_rotation(input, now).notes, sentence) == 0);
  input.only_given_servers = true;
  CHECK(std::ranges::count(checks::plan_rotation(input, now).notes, sentence) == 1);
  CHECK(std::ranges::count(checks::plan_emergency(input, current.selector, now).notes, sentence) == 1);
  // It asks no server at all.
  CHECK(std::ranges::count(checks::plan_next(input, now).notes, sentence) == 0);
}

TEST_CASE("of two active selectors, the plan is about the one whose key was seen") {
  const auto overview = tests::load_rotation(vectors / "second_signer_absent.json").overview;
  CHECK(overview.notes == std::vector<config::EscapedText>{
                              "s2 is also active, but no key of it was seen; the plan is about s1"});
}
