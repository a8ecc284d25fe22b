// What one server is asked, depending on its answers. No case here sends anything.
#include "probe/collection/query_plan.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "tests/catch.hpp"

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

std::string to_string(const PlannedQuestion& question) {
  static const std::map<Purpose, std::string> names = {
      {Purpose::record_plain, "plain"},  {Purpose::record_edns, "edns"},
      {Purpose::record_tcp, "tcp"},      {Purpose::zone_soa, "soa"},
      {Purpose::zone_ns, "ns"},          {Purpose::wildcard_probe, "wildcard_probe"},
      {Purpose::domainkey, "domainkey"}, {Purpose::record_dnssec, "record_dnssec"},
      {Purpose::zone_dnskey, "dnskey"}};
  return names.at(question.purpose) + (question.transport == Transport::tcp ? "/tcp" : "/udp") +
         (question.edns ? "+edns" : "") + (question.last_without_edns ? "-last" : "") + "#" +
         std::to_string(question.attempts) + ":" + std::to_string(question.first_wait.count());
}

/// Answers every question by `server` until the plan is done, and lists what it asked, one line for each
/// point in time. An unanswered question uses all its attempts.
std::vector<std::string> play(QueryPlan& plan,
                              const std::function<PlannedOutcome(const PlannedQuestion&)>& server) {
  std::vector<std::string> moments;
  std::vector<PlannedQuestion> waiting;
  const auto take = [&] {
    std::string time;
    for (const PlannedQuestion& question : plan.next()) {
      time += (time.empty() ? "" : " ") + to_string(question);
      waiting.push_back(question);
    }
    if (!time.empty()) moments.push_back(time);
  };
  take();
  while (!plan.done()) {
    REQUIRE(!waiting.empty());
    const PlannedQuestion question = waiting.front();
    waiting.erase(waiting.begin());
    PlannedOutcome outcome = server(question);
    outcome.purpose = question.purpose;
    outcome.transport = question.transport;
    for (int i = 1; outcome.outcome == Outcome::timed_out && i < question.attempts; ++i)
      static_cast<void>(plan.may_repeat());
    plan.finished(outcome);
    take();
  }
  CHECK(waiting.empty());
  return moments;
}

PlannedOutcome answered(Rcode rcode = Rcode::noerror, bool truncated = false, bool edns = false) {
  return {.edns = edns, .outcome = Outcome::answered, .rcode = rcode, .truncated = truncated};
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
  const auto all = [](PlannedOutcome outcome) {
    return [outcome](const PlannedQuestion&) { return outcome; };
  };
  const std::string record = "plain/udp#3:400 edns/udp+edns#3:400 tcp/tcp#1:3000";
  const std::string first = record + " soa/udp#3:400";
  const std::string second = "ns/udp+edns#3:400 wildcard_probe/udp+edns-last#3:400 domainkey/udp+edns#3:400";
  // NS is asked with EDNS: its small answer shows whether EDNS made the record query fail.
  const std::string second_plain = "ns/udp+edns-last#3:400 wildcard_probe/udp#3:400 domainkey/udp#3:400";
  const std::string ns_again = "ns/udp#3:400";
  return {
      {"healthy", QuestionSet::full, all(answered()), {first, second}},
      {"healthy, the record alone", QuestionSet::record_only, all(answered()), {record}},
      {"healthy, a quick probe", QuestionSet::quick, all(answered()), {"plain/udp#3:400"}},
      {"dead", QuestionSet::full, all(failed(Outcome::timed_out)), {first}},
      {"dead, a quick probe", QuestionSet::quick, all(failed(Outcome::timed_out)), {"plain/udp#3:400"}},
      {"no route", QuestionSet::full, all(failed(Outcome::no_route)), {first}},
      {"no route, the record alone", QuestionSet::record_only, all(failed(Outcome::no_route)), {record}},
      {"no descriptors, a quick probe",
       QuestionSet::quick,
       all(failed(Outcome::local_error)),
       {"plain/udp#3:400"}},
      {"interrupted", QuestionSet::full, all(failed(Outcome::interrupted)), {first}},
      {"an error for everything", QuestionSet::full, all(answered(Rcode::servfail)), {first, second_plain}},
      {"refuses EDNS",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return answered(question.edns ? Rcode::formerr : Rcode::noerror, false, question.edns);
       },
       {first, second_plain, ns_again}},
      {"does not know EDNS version",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return answered(question.edns ? Rcode::badvers : Rcode::noerror, false, question.edns);
       },
       {first, second_plain, ns_again}},
      {"drops EDNS",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return question.edns ? failed(Outcome::timed_out) : answered();
       },
       {first, second_plain}},
      {"drops UDP",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return question.transport == Transport::udp ? failed(Outcome::timed_out) : answered();
       },
       {first, "soa/tcp#1:3000 ns/tcp#1:3000 wildcard_probe/tcp#1:3000 domainkey/tcp#1:3000"}},
      {"TCP refused",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return question.transport == Transport::tcp ? failed(Outcome::connection_refused) : answered();
       },
       {first, second}},
      {"everything truncated over UDP",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return answered(Rcode::noerror, question.transport == Transport::udp, question.edns);
       },
       {first, "soa/tcp#1:3000", second, "ns/tcp#1:3000", "wildcard_probe/tcp+edns#1:3000",
        "domainkey/tcp#1:3000"}},
      {"the sibling refused with DO=1",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         const bool dnssec_ok = question.purpose == Purpose::wildcard_probe && question.edns;
         return answered(dnssec_ok ? Rcode::servfail : Rcode::noerror, false, question.edns);
       },
       {first, second, "wildcard_probe/udp#2:400"}},
      {"silence for the sibling with DO=1, and its last attempt answered",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return answered(Rcode::noerror, false, question.edns && !question.last_without_edns);
       },
       {first, second}},
      {"an error for the last attempt at the sibling, which went without DO=1",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         return question.last_without_edns ? answered(Rcode::servfail) : answered();
       },
       {first, second}},
      {"the sibling truncated with DO=1, and no TCP",
       QuestionSet::full,
       [](const PlannedQuestion& question) {
         if (question.transport == Transport::tcp) return failed(Outcome::connection_refused);
         return answered(Rcode::noerror, question.purpose == Purpose::wildcard_probe && question.edns,
                         question.edns);
       },
       {first, second, "wildcard_probe/udp#2:400"}},
      {"truncated over TCP as well",
       QuestionSet::full,
       [](const PlannedQuestion& question) { return answered(Rcode::noerror, true, question.edns); },
       {first, "soa/tcp#1:3000", second, "ns/tcp#1:3000", "wildcard_probe/tcp+edns#1:3000",
        "domainkey/tcp#1:3000"}},
      {"truncated, the record alone",
       QuestionSet::record_only,
       [](const PlannedQuestion& question) {
         return answered(Rcode::noerror, question.transport == Transport::udp);
       },
       {record}},
      {"truncated, a quick probe",
       QuestionSet::quick,
       all(answered(Rcode::noerror, true)),
       {"plain/udp#3:400", "tcp/tcp#1:3000"}},
      {"malformed over UDP, a quick probe",
       QuestionSet::quick,
       [](const PlannedQuestion& question) {
         PlannedOutcome outcome =
             question.transport == Transport::udp ? failed(Outcome::malformed) : answered();
         outcome.met_malformed = question.transport == Transport::udp;
         return outcome;
       },
       {"plain/udp#3:400", "tcp/tcp#1:3000"}},
      {"one attempt malformed and the next answered, a quick probe",
       QuestionSet::quick,
       [](const PlannedQuestion& question) {
         PlannedOutcome outcome = answered();
         outcome.met_malformed = question.transport == Transport::udp;
         return outcome;
       },
       {"plain/udp#3:400", "tcp/tcp#1:3000"}},
  };
}

TEST_CASE("the next questions follow from the answers") {
  for (const Case& given : cases()) {
    INFO(given.what);
    QueryPlan plan(given.set, {.exchanges = 30, .holds_domainkey = true});
    CHECK(play(plan, given.server) == given.sent);
    CHECK_FALSE(plan.cut_short());
  }
}

TEST_CASE("a zone that does not hold _domainkey is not asked for it or for the wildcard probe") {
  QueryPlan plan(QuestionSet::full, {});
  const auto sent = play(plan, [](const PlannedQuestion&) { return answered(); });
  CHECK(sent.back() == "ns/udp+edns#3:400");
}

TEST_CASE("a zone that is to be validated is asked for its keys and for the record with DO=1, over TCP too") {
  const PlanLimits limits{.exchanges = 32, .is_signed = true};
  QueryPlan whole(QuestionSet::full, limits);
  const auto sent = play(whole, [](const PlannedQuestion&) { return answered(); });
  CHECK(sent.back() == "ns/udp+edns#3:400 record_dnssec/udp+edns#3:400 dnskey/udp+edns#3:400");

  QueryPlan record(QuestionSet::record_only, limits);
  CHECK(play(record, [](const PlannedQuestion&) { return answered(); }).back() ==
        "record_dnssec/udp+edns#3:400");

  QueryPlan truncated(QuestionSet::full, limits);
  const auto again = play(truncated, [](const PlannedQuestion& question) {
    const bool is_signed =
        question.purpose == Purpose::record_dnssec || question.purpose == Purpose::zone_dnskey;
    return answered(Rcode::noerror, is_signed && question.transport == Transport::udp, question.edns);
  });
  CHECK(std::vector(again.end() - 2, again.end()) ==
        std::vector<std::string>{"record_dnssec/tcp+edns#1:3000", "dnskey/tcp+edns#1:3000"});

  QueryPlan quick(QuestionSet::quick, limits);
  CHECK(play(quick, [](const PlannedQuestion&) { return answered(); }).size() == 1);
}

TEST_CASE("nothing is sent beyond the allowed exchanges, and the plan reports it") {
  for (std::uint8_t most = 0; most < 12; ++most) {
    QueryPlan plan(QuestionSet::full, {.exchanges = most});
    std::vector<PlannedQuestion> asked;
    for (const PlannedQuestion& question : plan.next()) asked.push_back(question);
    std::size_t sent = asked.size();
    // Each question is asked once before any is asked again.
    CHECK(sent == std::min<std::size_t>(most, 4));
    for (const PlannedQuestion& question : asked) {
      for (int i = 1; i < question.attempts; ++i) sent += plan.may_repeat() ? 1 : 0;
    }
    for (const PlannedQuestion& question : asked)
      plan.finished({.purpose = question.purpose, .transport = question.transport});
    CHECK(plan.next().empty());
    CHECK(plan.done());
    CHECK(sent == std::min<std::size_t>(most, 10));
    CHECK(plan.cut_short() == (most < 10));
  }
}

/// Replies in any order with any outcome; what must hold for every one of them.
TEST_CASE("the plan ends within its limits, whatever a server does") {
  const auto outcome = rc::gen::weightedOneOf<Outcome>(
      {{5, rc::gen::just(Outcome::answered)},
       {4, rc::gen::just(Outcome::timed_out)},
       {2, rc::gen::element(Outcome::malformed, Outcome::unreachable, Outcome::connection_refused,
                            Outcome::connection_reset, Outcome::connection_closed, Outcome::no_route,
                            Outcome::local_error, Outcome::interrupted)}});
  CHECK(rc::check([&] {
    const auto set = *rc::gen::element(QuestionSet::full, QuestionSet::record_only, QuestionSet::quick);
    PlanLimits limits;
    limits.attempts = *rc::gen::inRange<std::uint8_t>(1, 5);
    limits.exchanges = *rc::gen::inRange<std::uint8_t>(1, 25);
    limits.holds_domainkey = *rc::gen::arbitrary<bool>();
    QueryPlan plan(set, limits);
    std::vector<PlannedQuestion> waiting;
    std::map<Purpose, std::map<Transport, int>> asked;
    std::size_t sent = 0;
    bool second_stage = false;
    const auto take = [&] {
      const bool first_is_settled = waiting.empty();
      for (const PlannedQuestion& query : plan.next()) {
        RC_ASSERT(++sent <= limits.exchanges);
        // A query refused with DO=1 is asked once more without EDNS.
        const bool may_come_again =
            query.purpose == Purpose::wildcard_probe || query.purpose == Purpose::zone_ns;
        const int plain_too = may_come_again && !query.edns ? 1 : 0;
        RC_ASSERT(++asked[query.purpose][query.transport] <= 1 + plain_too);
        const bool tcp = query.transport == Transport::tcp;
        RC_ASSERT(query.attempts >= 1);
        RC_ASSERT(query.attempts <= (tcp ? 1 : limits.attempts));
        RC_ASSERT(query.first_wait == (tcp ? limits.tcp_timeout : limits.initial_timeout));
        RC_ASSERT((!query.last_without_edns || (query.edns && query.attempts > 1)));
        RC_ASSERT(
            (!query.edns || query.transport == Transport::udp || query.purpose == Purpose::wildcard_probe));
        const bool below = query.purpose == Purpose::wildcard_probe || query.purpose == Purpose::domainkey;
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
        if (set == QuestionSet::quick) RC_ASSERT(query.purpose != Purpose::record_edns);
        waiting.push_back(query);
      }
    };
    take();
    while (!plan.done()) {
      RC_ASSERT(!waiting.empty());
      const auto at = *rc::gen::inRange<std::size_t>(0, waiting.size());
      const PlannedQuestion query = waiting[at];
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(at));
      for (int i = *rc::gen::inRange<int>(0, query.attempts); i > 0; --i) {
        if (plan.may_repeat()) RC_ASSERT(++sent <= limits.exchanges);
      }
      PlannedOutcome said;
      said.purpose = query.purpose;
      said.transport = query.transport;
      said.edns = query.edns && (!query.last_without_edns || *rc::gen::arbitrary<bool>());
      said.met_malformed = *rc::gen::arbitrary<bool>();
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
