// Servers behind a network that loses most datagrams, played many times: loss is named as loss, whichever
// queries it happens to hit, and a filter beside a little loss is still named as the filter.
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <random>
#include <string>

#include "checks/catalogue.hpp"
#include "checks/judge.hpp"
#include "observation_vector.hpp"
#include "probe/query_plan.hpp"

namespace checks = dkimprobe::checks;
namespace probe = dkimprobe::probe;
namespace tests = dkimprobe::tests;
using probe::Purpose;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

/// Whether a query gets its response.
using Arrives = std::function<bool(const probe::PlannedQuery&)>;

/// What the healthy server said to the same question, taken from a vector.
const probe::Exchange& healthy(const probe::ServerObservation& server, Purpose purpose) {
  return *std::ranges::find(server.exchanges, purpose, &probe::Exchange::purpose);
}

/// The exchanges with one server as the program's own plan asks it.
void play(probe::ServerObservation& server, const Arrives& arrives) {
  const probe::ServerObservation model = server;
  server.exchanges.clear();
  probe::PlanLimits limits;
  limits.tries = 3;
  limits.exchanges = 24;
  limits.first_try = milliseconds{400};
  limits.tcp_time = milliseconds{3'000};
  limits.holds_domainkey = true;
  probe::QueryPlan plan(probe::QuestionSet::full, limits);
  microseconds clock{0};
  while (!plan.done()) {
    const auto queries = plan.next();
    for (const auto& query : queries) {
      probe::Exchange exchange = healthy(model, query.purpose);
      exchange.attempt = query.attempt;
      exchange.edns_sent = query.edns;
      exchange.transport = query.transport;
      exchange.started = clock += microseconds{10};
      if (!arrives(query)) {
        exchange.response.reset();
        exchange.outcome = probe::Outcome::timed_out;
        exchange.took = query.timeout;
      }
      clock += exchange.took;
      probe::PlannedOutcome outcome;
      outcome.purpose = query.purpose;
      outcome.transport = query.transport;
      outcome.outcome = exchange.outcome;
      plan.finished(outcome);
      server.exchanges.push_back(std::move(exchange));
    }
  }
}

/// How often of `runs` some finding of this server is another than `wanted`.
std::size_t blamed_otherwise(std::string_view wanted, std::size_t runs,
                             const std::function<Arrives(std::mt19937&)>& network) {
  std::mt19937 random(7);  // NOLINT: the same runs each time
  const auto vector = tests::read_observation({{"about", ""}, {"findings", nlohmann::json::array()}});
  std::size_t otherwise = 0;
  for (std::size_t run = 0; run < runs; ++run) {
    auto observation = vector.observation;
    play(observation.key.legs.front().servers.back(), network(random));
    const auto report = checks::judge(observation, vector.expectation, checks::Policy{});
    const bool is_other = std::ranges::any_of(
        report.findings, [&](const checks::Finding& finding) { return finding.check->name != wanted; });
    otherwise += is_other ? 1 : 0;
    CHECK(report.status != checks::Status::critical);
  }
  return otherwise;
}

Arrives with_share(std::mt19937& random, double share, Arrives filter) {
  return [&random, share, filter = std::move(filter)](const probe::PlannedQuery& query) {
    if (query.transport == probe::Transport::tcp) return true;
    std::bernoulli_distribution comes(share);
    return comes(random) && filter(query);
  };
}

bool all(const probe::PlannedQuery& /*query*/) {
  return true;
}

}  // namespace

TEST_CASE("loss is named as loss, whichever queries it hits") {
  const double share = GENERATE(0.3, 0.4, 0.5, 0.7, 0.9);
  CAPTURE(share);
  const auto otherwise = blamed_otherwise("ns_query_loss", 1'000, [&](std::mt19937& random) {
    return with_share(random, share, all);
  });
  // Nothing over UDP at all can come of loss too: nine queries lost of nine, four times in a hundred at 0.3.
  CHECK(otherwise <= 70);
}

TEST_CASE("a filter is named as such beside a little loss") {
  const double share = GENERATE(1.0, 0.97);
  CAPTURE(share);
  const auto drops_edns = [](const probe::PlannedQuery& query) { return !query.edns; };
  CHECK(blamed_otherwise("ns_edns_dropped", 1'000, [&](std::mt19937& random) {
          return with_share(random, share, drops_edns);
        }) <= 30);
  const auto drops_soa = [](const probe::PlannedQuery& query) { return query.purpose != Purpose::zone_soa; };
  CHECK(blamed_otherwise("ns_type_dropped", 1'000, [&](std::mt19937& random) {
          return with_share(random, share, drops_soa);
        }) <= 80);
}
