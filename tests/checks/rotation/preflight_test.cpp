// The published text beside the one that was meant.
#include "checks/rotation/preflight.hpp"

#include <algorithm>
#include <string>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "checks/record/key_record.hpp"
#include "checks/report/time_text.hpp"
#include "checks/rotation/probed_selector.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

using namespace dkimprobe;
using namespace dkimprobe::checks;

namespace {

constexpr std::string_view meant = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A";

struct Case {
  std::string published{};
  std::size_t offset = 0;
  std::string cause{};
};

Preflight preflight(const probe::Observation& observation, const SelectorHistory& history,
                    const SigningPlan& plan) {
  return judge_preflight(observation, judge_as_pending(observation, plan), history, plan, {},
                         end_of(observation));
}

}  // namespace

TEST_CASE("equal texts have no difference") {
  CHECK_FALSE(compare_texts(meant, meant));
  CHECK_FALSE(compare_texts("", ""));
}

TEST_CASE("damage from publishing a text is named, with its offset") {
  const auto given = GENERATE(
      Case{"\"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\"", 0,
           "publishing put quotation marks around it into the text"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkq\" \"hkiG9w0BAQEFAAOCAQ8A", 30,
           "publishing put quotation marks at its string boundaries into the text"},
      Case{"v=DKIM1\\; k=rsa\\; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 7,
           "publishing put backslashes before its semicolons into the text"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkq hkiG9w0BAQEFAAOCAQ8A", 30, "white space was added or lost"},
      Case{"v=DKIM1;k=rsa;p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 8, "white space was added or lost"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjAN", 26, "its end is missing: 26 of 50 octets are published"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A;x", 50, "2 octets follow its end"},
      Case{"v=dkim1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 2, "the case of letters changed"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8B", 49, ""}, Case{"", 0, "?"});
  INFO(given.published);
  const auto difference = compare_texts(given.published, meant);
  REQUIRE(difference);
  CHECK(difference->offset == given.offset);
  if (given.cause != "?") CHECK(difference->cause == given.cause);
}

TEST_CASE("the offset of a difference is where the texts first differ") {
  CHECK(rc::check([](const std::string& start, const std::string& a, const std::string& b) {
    const std::string published = start + a;
    const std::string wanted = start + b;
    const auto difference = compare_texts(published, wanted);
    RC_ASSERT(difference.has_value() == (published != wanted));
    if (!difference) return;
    RC_ASSERT(difference->offset >= start.size());
    RC_ASSERT(published.substr(0, difference->offset) == wanted.substr(0, difference->offset));
    RC_ASSERT(published.substr(difference->offset, 1) != wanted.substr(difference->offset, 1));
    RC_ASSERT(difference->shown_from <= difference->offset);
    RC_ASSERT(difference->published != difference->meant);
  }));
}

TEST_CASE("a resolver's text matches if it has the expected key") {
  const std::string ed = "v=DKIM1; k=ed25519; p=866/lVX7NSmjTGjBeTE27xlEdsiFwRlfhM7s5Bwh9G0=";
  const std::string other = "v=DKIM1; k=ed25519; p=wUdrdUfO9qObQd2Ga1tPZzx13oaZMMjd5UPOUNlGbIo=";
  const auto sha256 = read_key_record(ed).key->sha256;
  SigningPlan plan;
  plan.key.emplace().sha256 = sha256;
  CHECK(is_expected({{ed}}, plan, {}));
  CHECK(is_expected({{ed.substr(0, 20), ed.substr(20)}}, plan, {}));
  CHECK_FALSE(is_expected({{other}}, plan, {}));
  CHECK_FALSE(is_expected({{ed}, {other}}, plan, {}));
  CHECK_FALSE(is_expected({}, plan, {}));
  plan.key.reset();
  Report report;
  CHECK_FALSE(is_expected({{ed}}, plan, report));
  report.key.emplace().sha256 = sha256;
  CHECK(is_expected({{ed}}, plan, report));
  CHECK_FALSE(is_expected({{other}}, plan, report));
}

TEST_CASE("a key that matches everywhere is not ready if DNSSEC signatures were invalid at the probe") {
  constexpr std::uint32_t now = 1'795'340'000;
  struct Times {
    std::uint32_t from = 0;
    std::uint32_t until = 0;
    std::string reason{};  // none: they hold
  };
  const auto times = GENERATE(Times{now - 86'400, now + 86'400, {}}, Times{now - 86'400, now, {}},
                              Times{now - 86'400, now - 1, "rrsig_expired"},
                              Times{now + 1, now + 86'400, "rrsig_inception_future"},
                              // After the year 2106 the numbers begin again (RFC 4034 section 3.1.5).
                              Times{now - 86'400, now + 0x7000'0000U, {}});
  const auto vector = nlohmann::json{
      {"about", ""},
      {"findings", nlohmann::json::array()},
      {"servers",
       {{{"server", "192.0.2.1"},
         {"name", "ns1.example.com"},
         {"record", {{"txt", "key"}}},
         {"wildcard_probe", {{"rcode", "nxdomain"}, {"signatures", {times.from, times.until}}}}}}}};
  auto observation = dkimprobe::tests::read_observation(vector).observation;
  observation.observed_at = probe::WallTime{std::chrono::seconds{now} + std::chrono::milliseconds{400}};
  SelectorHistory history;
  extend(history, observation);
  SigningPlan plan;
  plan.selector.never_used = true;
  plan.terms.has_neighbour = true;
  const auto safe = preflight(observation, history, plan).sign.safe;
  if (times.reason.empty()) {
    CHECK(safe.readiness == Readiness::ready);
  } else {
    CHECK(safe.readiness == Readiness::unknown);
    CHECK_FALSE(safe.at);
    CHECK(safe.reasons.back().name() == times.reason);
    const auto shown = times.until < now ? times.until : times.from;
    CHECK(safe.reasons.back().detail.str().find(time_text(probe::WallTime{std::chrono::seconds{shown}})) !=
          std::string::npos);
  }
}

TEST_CASE(
    "unknown addresses of a family count as a server that was not seen, unless the family is left out") {
  const auto vector = nlohmann::json{
      {"about", ""},
      {"findings", nlohmann::json::array()},
      {"record", {{"txt", "key"}}},
      {"delegation", {{"nameservers", {{{"name", "ns1.example.com"}, {"ipv6_unknown", true}}}}}}};
  const auto observation = dkimprobe::tests::read_observation(vector).observation;
  SelectorHistory history;
  extend(history, observation);
  SigningPlan plan;
  plan.selector.never_used = true;
  plan.terms.has_neighbour = true;
  const auto verdict = preflight(observation, history, plan).sign;
  CHECK(verdict.safe.readiness == Readiness::unknown);
  CHECK(std::ranges::any_of(verdict.servers, [](const ServerProgress& server) {
    return server.progress == Progress::unknown && server.server.name == "ns1.example.com" &&
           server.detail == "whether it has IPv6 addresses could not be determined";
  }));
  plan.terms.policy.ipv6 = false;
  CHECK(preflight(observation, history, plan).sign.safe.readiness == Readiness::ready);
}
