// What a server is asked before it is asked for a selector's name, and which answers prevent that.
#include "probe/discovery/name_gate.hpp"

#include <utility>

#include "tests/catch.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::Exchange;
using probe::NameGate;
using probe::Outcome;
using probe::Rcode;

NameGate gate() {
  return {{address_of("192.0.2.1"), std::uint16_t{53}}, name_of("example.com")};
}

Exchange exchange(const NameGate::Query& query, Outcome outcome = Outcome::answered) {
  Exchange made;
  made.question_name = query.name;
  made.question_type = probe::RecordType::soa;
  made.outcome = outcome;
  if (outcome == Outcome::answered) made.response.emplace();
  return made;
}

Exchange answer(const NameGate::Query& query, bool aa, bool ra, std::uint32_t ttl = 3'600) {
  Exchange made = exchange(query);
  made.response->authoritative = aa;
  made.response->recursion_available = ra;
  made.response->soa.emplace_back();
  made.response->soa.back().owner = query.name;
  made.response->soa.back().in_answer = true;
  made.response->soa.back().ttl_seconds = ttl;
  return made;
}

}  // namespace

TEST_CASE("an authoritative server is asked for the name, a resolver is not") {
  NameGate server = gate();
  const NameGate::Query first = server.begin();
  CHECK(first.name == name_of("example.com"));
  CHECK_FALSE(server.finished(answer(first, true, false)));
  CHECK(server.state() == NameGate::State::open);

  NameGate resolver = gate();
  CHECK_FALSE(resolver.finished(answer(resolver.begin(), false, true)));
  CHECK(resolver.state() == NameGate::State::shut);

  NameGate refusing = gate();
  Exchange refusal = exchange(refusing.begin());
  refusal.response->rcode = Rcode::refused;
  refusal.response->recursion_available = true;
  CHECK_FALSE(refusing.finished(refusal));
  CHECK(refusing.state() == NameGate::State::shut);
}

TEST_CASE("a server that lacks the zone and offers no recursion is asked for the name") {
  NameGate lame = gate();
  Exchange refusal = exchange(lame.begin());
  refusal.response->rcode = Rcode::refused;
  CHECK_FALSE(lame.finished(refusal));
  CHECK(lame.state() == NameGate::State::open);
}

TEST_CASE("silence is not a sign of a resolver") {
  NameGate silent = gate();
  CHECK_FALSE(silent.finished(exchange(silent.begin(), Outcome::timed_out)));
  CHECK(silent.state() == NameGate::State::open);
}

TEST_CASE("a server with AA=1 and RA=1 is asked for the root SOA, which reveals a cache by its falling TTL") {
  NameGate server = gate();
  auto query = server.finished(answer(server.begin(), true, true));
  REQUIRE(query);
  CHECK(query->name.is_root());

  SECTION("a server that offers recursion by mistake") {
    Exchange refusal = exchange(*query);
    refusal.response->rcode = Rcode::refused;
    refusal.response->recursion_available = true;
    CHECK_FALSE(server.finished(refusal));
    CHECK(server.state() == NameGate::State::open);
  }
  SECTION("a cache") {
    query = server.finished(answer(*query, true, true, 86'400));
    REQUIRE(query);
    CHECK(query->delay > 1s);
    CHECK_FALSE(server.finished(answer(*query, true, true, 86'399)));
    CHECK(server.state() == NameGate::State::shut);
  }
  SECTION("a server that has the root zone too") {
    query = server.finished(answer(*query, true, true, 86'400));
    REQUIRE(query);
    CHECK_FALSE(server.finished(answer(*query, true, true, 86'400)));
    CHECK(server.state() == NameGate::State::open);
  }
}

}  // namespace dkimprobe::tests
