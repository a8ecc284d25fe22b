// What is asked of one server, given how its answers turn out. No case here sends anything.
#include "probe/query_plan.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::Outcome;
using probe::PlanLimits;
using probe::PlannedOutcome;
using probe::PlannedQuestion;
using probe::Purpose;
using probe::QueryPlan;
using probe::QuestionSet;
using probe::Rcode;
using probe::Transport;

std::string to_string(const PlannedQuestion& query) {
  static const std::map<Purpose, std::string> names = {
      {Purpose::record_plain, "plain"}, {Purpose::record_edns, "edns"}, {Purpose::record_tcp, "tcp"},
      {Purpose::zone_soa, "soa"},       {Purpose::zone_ns, "ns"},       {Purpose::sibling, "sibling"},
      {Purpose::domainkey, "domainkey"}};
  return names.at(query.purpose) + (query.transport == Transport::tcp ? "/tcp" : "/udp") +
         (query.edns ? "+edns" : "") + "#" + std::to_string(query.attempt) + ":" +
         std::to_string(query.timeout.count());
}

/// Answers every query by `server` until the plan is done, and lists what it sent: a line a moment.
std::vector<std::string> play(QueryPlan& plan,
                              const std::function<PlannedOutcome(const PlannedQuestion&)>& server) {
  std::vector<std::string> moments;
  std::vector<PlannedQuestion> waiting;
  const auto take = [&] {
    std::string moment;
    for (const PlannedQuestion& query : plan.next()) {
      moment += (moment.empty() ? "" : " ") + to_string(query);
      waiting.push_back(query);
    }
    if (!moment.empty()) moments.push_back(moment);
  };
  take();
  while (!plan.done()) {
    REQUIRE(!waiting.empty());
    const PlannedQuestion query = waiting.front();
    waiting.erase(waiting.begin());
    PlannedOutcome outcome = server(query);
    outcome.purpose = query.purpose;
    outcome.transport = query.transport;
    plan.finished(outcome);
    take();
  }
  CHECK(waiting.empty());
  return moments;
}

PlannedOutcome answered(Rcode rcode = Rcode::noerror, bool truncated = false) {
  return {.outcome = Outcome::answered, .rcode = rcode, .truncated = truncated};
}
PlannedOutcome failed(Outcome outcome) {
  return {.outcome = outcome};
}

struct Case {
  std::string what;
  QuestionSet set;
  std::function<PlannedOutcome(const PlannedQuestion&)> server;
  std::vector<std::string> sent;
};

std::vector<Case> cases() {
  const auto all = [](PlannedOutcome outcome) { return [outcome](const PlannedQuestion&) { return outcome; }; };
  const std::string first = "plain/udp#1:400 edns/udp+edns#1:400 tcp/tcp#1:3000 soa/udp#1:400";
  return {
      {"healthy",
       QuestionSet::full,
       all(answered()),
       {first, "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400"}},
      {"healthy, the record alone",
       QuestionSet::record_only,
       all(answered()),
       {"plain/udp#1:400 edns/udp+edns#1:400 tcp/tcp#1:3000"}},
      {"healthy, a glance", QuestionSet::glance, all(answered()), {"plain/udp#1:400"}},
      {"dead",
       QuestionSet::full,
       all(failed(Outcome::timed_out)),
       {first, "plain/udp#2:800", "edns/udp+edns#2:800", "soa/udp#2:800", "plain/udp#3:1600",
        "edns/udp+edns#3:1600", "soa/udp#3:1600"}},
      {"dead, a glance",
       QuestionSet::glance,
       all(failed(Outcome::timed_out)),
       {"plain/udp#1:400", "plain/udp#2:800", "plain/udp#3:1600"}},
      {"no route", QuestionSet::full, all(failed(Outcome::no_route)), {first}},
      {"no route, the record alone",
       QuestionSet::record_only,
       all(failed(Outcome::no_route)),
       {"plain/udp#1:400 edns/udp+edns#1:400 tcp/tcp#1:3000"}},
      {"no descriptors, a glance",
       QuestionSet::glance,
       all(failed(Outcome::local_error)),
       {"plain/udp#1:400"}},
      {"interrupted", QuestionSet::full, all(failed(Outcome::interrupted)), {first}},
      {"an error for everything",
       QuestionSet::full,
       all(answered(Rcode::servfail)),
       {first, "ns/udp#1:400 sibling/udp#1:400 domainkey/udp#1:400"}},
      {"refuses EDNS",
       QuestionSet::full,
       [](const PlannedQuestion& query) { return answered(query.edns ? Rcode::formerr : Rcode::noerror); },
       {first, "ns/udp#1:400 sibling/udp#1:400 domainkey/udp#1:400"}},
      {"does not know EDNS version",
       QuestionSet::full,
       [](const PlannedQuestion& query) { return answered(query.edns ? Rcode::badvers : Rcode::noerror); },
       {first, "ns/udp#1:400 sibling/udp#1:400 domainkey/udp#1:400"}},
      {"drops EDNS",
       QuestionSet::full,
       [](const PlannedQuestion& query) { return query.edns ? failed(Outcome::timed_out) : answered(); },
       {first, "edns/udp+edns#2:800", "edns/udp+edns#3:1600",
        "ns/udp#1:400 sibling/udp#1:400 domainkey/udp#1:400"}},
      {"drops UDP",
       QuestionSet::full,
       [](const PlannedQuestion& query) {
         return query.transport == Transport::udp ? failed(Outcome::timed_out) : answered();
       },
       {first, "plain/udp#2:800", "edns/udp+edns#2:800", "soa/udp#2:800", "plain/udp#3:1600",
        "edns/udp+edns#3:1600", "soa/udp#3:1600",
        "soa/tcp#1:3000 ns/tcp#1:3000 sibling/tcp#1:3000 domainkey/tcp#1:3000"}},
      {"TCP refused",
       QuestionSet::full,
       [](const PlannedQuestion& query) {
         return query.transport == Transport::tcp ? failed(Outcome::connection_refused) : answered();
       },
       {first, "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400"}},
      {"everything truncated over UDP",
       QuestionSet::full,
       [](const PlannedQuestion& query) { return answered(Rcode::noerror, query.transport == Transport::udp); },
       {first, "soa/tcp#1:3000", "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400",
        "ns/tcp#1:3000", "sibling/tcp+edns#1:3000", "domainkey/tcp#1:3000"}},
      {"the sibling refused with DO=1",
       QuestionSet::full,
       [](const PlannedQuestion& query) {
         const bool dnssec_ok = query.purpose == Purpose::sibling && query.edns;
         return answered(dnssec_ok ? Rcode::servfail : Rcode::noerror);
       },
       {first, "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400", "sibling/udp#2:800"}},
      {"silence for the sibling with DO=1",
       QuestionSet::full,
       [](const PlannedQuestion& query) {
         return query.purpose == Purpose::sibling && query.edns ? failed(Outcome::timed_out) : answered();
       },
       {first, "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400", "sibling/udp+edns#2:800",
        "sibling/udp#3:1600"}},
      {"the sibling truncated with DO=1, and no TCP",
       QuestionSet::full,
       [](const PlannedQuestion& query) {
         if (query.transport == Transport::tcp) return failed(Outcome::connection_refused);
         return answered(Rcode::noerror, query.purpose == Purpose::sibling && query.edns);
       },
       {first, "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400", "sibling/udp#2:800"}},
      {"truncated over TCP as well",
       QuestionSet::full,
       all(answered(Rcode::noerror, true)),
       {first, "soa/tcp#1:3000", "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400",
        "ns/tcp#1:3000", "sibling/tcp+edns#1:3000", "domainkey/tcp#1:3000"}},
      {"truncated, the record alone",
       QuestionSet::record_only,
       [](const PlannedQuestion& query) { return answered(Rcode::noerror, query.transport == Transport::udp); },
       {"plain/udp#1:400 edns/udp+edns#1:400 tcp/tcp#1:3000"}},
      {"truncated, a glance",
       QuestionSet::glance,
       all(answered(Rcode::noerror, true)),
       {"plain/udp#1:400", "tcp/tcp#1:3000"}},
      {"malformed over UDP, a glance",
       QuestionSet::glance,
       [](const PlannedQuestion& query) {
         return query.transport == Transport::udp ? failed(Outcome::malformed) : answered();
       },
       {"plain/udp#1:400", "plain/udp#2:800", "plain/udp#3:1600", "tcp/tcp#1:3000"}},
      {"the first try is lost",
       QuestionSet::full,
       [](const PlannedQuestion& query) {
         const bool lost = query.transport == Transport::udp && query.attempt == 1;
         return lost ? failed(Outcome::timed_out) : answered();
       },
       {first, "plain/udp#2:800", "edns/udp+edns#2:800", "soa/udp#2:800",
        "ns/udp+edns#1:400 sibling/udp+edns#1:400 domainkey/udp+edns#1:400", "ns/udp+edns#2:800",
        "sibling/udp+edns#2:800", "domainkey/udp+edns#2:800"}},
  };
}

TEST_CASE("what is sent follows from what came back") {
  for (const Case& given : cases()) {
    INFO(given.what);
    QueryPlan plan(given.set, {.exchanges = 30, .holds_domainkey = true});
    CHECK(play(plan, given.server) == given.sent);
    CHECK_FALSE(plan.cut_short());
  }
}

TEST_CASE("a zone without _domainkey is asked for no name below it") {
  QueryPlan plan(QuestionSet::full, {});
  const auto sent = play(plan, [](const PlannedQuestion&) { return answered(); });
  CHECK(sent.back() == "ns/udp+edns#1:400");
}

TEST_CASE("beyond the exchanges allowed nothing is sent, and that is said") {
  for (std::uint8_t most = 0; most < 12; ++most) {
    QueryPlan plan(QuestionSet::full, {.exchanges = most});
    std::size_t sent = 0;
    play(plan, [&](const PlannedQuestion&) {
      ++sent;
      return failed(Outcome::timed_out);
    });
    CHECK(sent == std::min<std::size_t>(most, 10));
    CHECK(plan.cut_short() == (most < 10));
  }
}

/// Replies in any order with any outcome; what must hold for every one of them.
TEST_CASE("whatever a server does, the plan ends within its limits") {
  const auto outcome = rc::gen::weightedOneOf<Outcome>(
      {{5, rc::gen::just(Outcome::answered)},
       {4, rc::gen::just(Outcome::timed_out)},
       {2, rc::gen::element(Outcome::malformed, Outcome::unreachable, Outcome::connection_refused,
                            Outcome::connection_reset, Outcome::connection_closed, Outcome::no_route,
                            Outcome::local_error, Outcome::interrupted)}});
  CHECK(rc::check([&] {
    const auto set = *rc::gen::element(QuestionSet::full, QuestionSet::record_only, QuestionSet::glance);
    PlanLimits limits;
    limits.tries = *rc::gen::inRange<std::uint8_t>(1, 5);
    limits.exchanges = *rc::gen::inRange<std::uint8_t>(1, 25);
    limits.holds_domainkey = *rc::gen::arbitrary<bool>();
    QueryPlan plan(set, limits);
    std::vector<PlannedQuestion> waiting;
    std::map<Purpose, std::map<Transport, int>> attempts;
    std::size_t sent = 0;
    bool second_stage = false;
    const auto take = [&] {
      const bool first_is_settled = waiting.empty();
      for (const PlannedQuestion& query : plan.next()) {
        RC_ASSERT(++sent <= limits.exchanges);
        const int attempt = ++attempts[query.purpose][query.transport];
        RC_ASSERT(attempt == query.attempt);
        // What was refused with DO=1 is asked once more without EDNS.
        const int plain_too = query.purpose == Purpose::sibling && !query.edns ? 1 : 0;
        RC_ASSERT(attempt <= (query.transport == Transport::tcp ? 1 : limits.tries + plain_too));
        RC_ASSERT(query.timeout == (query.transport == Transport::tcp
                                        ? limits.tcp_time
                                        : limits.first_try * (1 << (query.attempt - 1))));
        RC_ASSERT((!query.edns || query.transport == Transport::udp || query.purpose == Purpose::sibling));
        const bool below = query.purpose == Purpose::sibling || query.purpose == Purpose::domainkey;
        if (below) RC_ASSERT(limits.holds_domainkey);
        const bool is_second = query.purpose == Purpose::zone_ns || below;
        if (is_second) {
          RC_ASSERT(set == QuestionSet::full);
          RC_ASSERT((second_stage || first_is_settled));
          second_stage = true;
        }
        if (set != QuestionSet::full)
          RC_ASSERT((query.purpose == Purpose::record_plain || query.purpose == Purpose::record_edns ||
                     query.purpose == Purpose::record_tcp));
        if (set == QuestionSet::glance) RC_ASSERT(query.purpose != Purpose::record_edns);
        waiting.push_back(query);
      }
    };
    take();
    while (!plan.done()) {
      RC_ASSERT(!waiting.empty());
      const auto at = *rc::gen::inRange<std::size_t>(0, waiting.size());
      const PlannedQuestion query = waiting[at];
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(at));
      PlannedOutcome said;
      said.purpose = query.purpose;
      said.transport = query.transport;
      said.outcome = *outcome;
      said.rcode = *rc::gen::element(Rcode::noerror, Rcode::servfail, Rcode::refused, Rcode::formerr);
      said.truncated = *rc::gen::arbitrary<bool>();
      plan.finished(said);
      take();
    }
    RC_ASSERT(waiting.empty());
    RC_ASSERT(plan.next().empty());
    RC_ASSERT(plan.done());
    RC_ASSERT((!plan.cut_short() || sent == limits.exchanges));
  }));
}

}  // namespace
}  // namespace dkimprobe::tests
