// Servers behind a network that loses most datagrams, played many times: loss is named as loss, whichever
// queries it happens to hit, and a filter beside a little loss is still named as the filter.
#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "probe/collection/query_plan.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

namespace checks = dkimprobe::checks;
namespace probe = dkimprobe::probe;
namespace tests = dkimprobe::tests;
using probe::Purpose;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

/// One attempt of a question.
struct Query {
  Purpose purpose{};
  probe::Transport transport{};
  bool edns = false;
};

/// Whether a query gets its response.
using Arrives = std::function<bool(const Query&)>;

/// What the healthy server said to the same question, taken from a vector.
const probe::Exchange& healthy(const probe::ServerObservation& server, Purpose purpose) {
  return *std::ranges::find(server.exchanges, purpose, &probe::Exchange::purpose);
}

/// The attempts of one question: those before the answered one are superseded, and without an answer all
/// timed out.
std::vector<probe::Exchange> ask(const probe::PlannedQuestion& question, const probe::Exchange& model,
                                 microseconds& clock, const Arrives& arrives) {
  std::vector<probe::Exchange> exchanges;
  for (std::uint8_t attempt = 1; attempt <= question.attempts; ++attempt) {
    const bool is_last = attempt > 1 && attempt == question.attempts;
    probe::Exchange exchange = model;
    exchange.attempt = attempt;
    exchange.edns_sent = question.edns && !(is_last && question.last_without_edns);
    exchange.transport = question.transport;
    exchange.started = clock += microseconds{10};
    if (arrives({question.purpose, question.transport, exchange.edns_sent})) {
      clock += exchange.took;
      for (auto& earlier : exchanges) {
        earlier.outcome = probe::Outcome::superseded;
        earlier.took = clock - earlier.started;
      }
      exchanges.push_back(std::move(exchange));
      return exchanges;
    }
    exchange.response.reset();
    exchange.outcome = probe::Outcome::timed_out;
    clock += question.first_wait * (1U << (attempt - 1U));
    exchanges.push_back(std::move(exchange));
  }
  for (auto& lost : exchanges) lost.took = clock - lost.started;
  return exchanges;
}

/// The exchanges with one server as the program's own plan asks it.
void play(probe::ServerObservation& server, const Arrives& arrives) {
  const probe::ServerObservation model = server;
  server.exchanges.clear();
  probe::PlanLimits limits;
  limits.holds_domainkey = true;
  probe::QueryPlan plan(probe::QuestionSet::full, limits);
  microseconds clock{0};
  for (auto questions = plan.next(); !questions.empty(); questions = plan.next()) {
    for (const auto& question : questions) {
      const auto exchanges = ask(question, healthy(model, question.purpose), clock, arrives);
      probe::PlannedOutcome outcome;
      outcome.purpose = question.purpose;
      outcome.transport = question.transport;
      outcome.edns = exchanges.back().edns_sent;
      outcome.outcome = exchanges.back().outcome;
      plan.finished(outcome);
      server.exchanges.insert(server.exchanges.end(), exchanges.begin(), exchanges.end());
    }
  }
}

/// The walk asks each server of the zone whether `_domainkey` is one of its own.
void meet_on_the_way(probe::Hop& hop, const Arrives& arrives) {
  probe::PlannedQuestion question;
  question.purpose = Purpose::cut;
  question.edns = true;
  question.last_without_edns = true;
  question.attempts = 3;
  question.first_wait = milliseconds{400};
  probe::Exchange model = healthy(hop.servers.back(), Purpose::domainkey);
  model.purpose = Purpose::cut;
  model.question_type = probe::RecordType::ns;
  microseconds clock{0};
  for (auto& exchange : ask(question, model, clock, arrives)) {
    hop.delegation.exchanges.push_back(
        {hop.servers.back().address, hop.delegation.zone, std::move(exchange)});
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
    auto& hop = observation.key.hops.front();
    const Arrives arrives = network(random);
    meet_on_the_way(hop, arrives);
    play(hop.servers.back(), arrives);
    const auto report = checks::judge(observation, vector.expectation, checks::Policy{}).report;
    const bool is_other = std::ranges::any_of(
        report.findings, [&](const checks::Finding& finding) { return finding.check->name != wanted; });
    otherwise += is_other ? 1 : 0;
    CHECK(report.status != checks::Status::critical);
  }
  return otherwise;
}

Arrives with_share(std::mt19937& random, double share, Arrives filter) {
  return [&random, share, filter = std::move(filter)](const Query& query) {
    if (query.transport == probe::Transport::tcp) return true;
    std::bernoulli_distribution comes(share);
    return comes(random) && filter(query);
  };
}

bool all(const Query& /*query*/) {
  return true;
}

}  // namespace

TEST_CASE("packet loss is reported as loss, whichever queries it hits") {
  const double share = GENERATE(0.3, 0.4, 0.5, 0.7, 0.9);
  CAPTURE(share);
  const auto otherwise = blamed_otherwise(
      "ns_query_loss", 1'000, [&](std::mt19937& random) { return with_share(random, share, all); });
  // Now and then loss hits all queries of one kind and no other: then nothing tells it from a filter.
  CHECK(otherwise <= 60);
}

TEST_CASE("a filter is recognised despite a little packet loss") {
  const double share = GENERATE(1.0, 0.97);
  CAPTURE(share);
  const auto drops_edns = [](const Query& query) { return !query.edns; };
  CHECK(blamed_otherwise("ns_edns_dropped", 1'000,
                         [&](std::mt19937& random) { return with_share(random, share, drops_edns); }) <= 50);
  const auto drops_soa = [](const Query& query) { return query.purpose != Purpose::zone_soa; };
  CHECK(blamed_otherwise("ns_type_dropped", 1'000,
                         [&](std::mt19937& random) { return with_share(random, share, drops_soa); }) <= 40);
}
