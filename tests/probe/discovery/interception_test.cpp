// What the questions of a walk show about who answers them. Complete walks are in tests/probe/vectors/walk.
#include "probe/discovery/interception.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "tests/catch.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::ServerAddress;
using probe::InterceptionSign;
using probe::InterceptionWatch;
using probe::Outcome;
using probe::Rcode;
using probe::RecordType;
using probe::Transport;
using probe::WalkExchange;

const ServerAddress root_a{address_of("198.41.0.4"), std::uint16_t{53}};
const ServerAddress root_b{address_of("170.247.170.2"), std::uint16_t{53}};
const ServerAddress root_v6{address_of("2001:503:ba3e::2:30"), std::uint16_t{53}};
const ServerAddress tld{address_of("192.5.6.30"), std::uint16_t{53}};
const ServerAddress other_tld{address_of("192.33.14.30"), std::uint16_t{53}};
const ServerAddress nameserver{address_of("45.1.1.1"), std::uint16_t{53}};

WalkExchange asked(const ServerAddress& server, std::string_view zone, std::string_view name,
                   RecordType type = RecordType::ns) {
  WalkExchange walked;
  walked.server = server;
  walked.zone = name_of(zone);
  walked.exchange.question_name = name_of(name);
  walked.exchange.question_type = type;
  walked.exchange.outcome = Outcome::answered;
  walked.exchange.response.emplace();
  return walked;
}

WalkExchange answer(const ServerAddress& server, std::string_view zone, std::string_view name, bool aa,
                    bool ra, std::uint32_t ttl = 3'600) {
  WalkExchange walked = asked(server, zone, name);
  walked.exchange.response->authoritative = aa;
  walked.exchange.response->recursion_available = ra;
  walked.exchange.response->ns.push_back({name_of(name), name_of("ns.example"), ttl});
  return walked;
}

WalkExchange referral(const ServerAddress& server, std::string_view zone, std::string_view name,
                      bool ra = false) {
  WalkExchange walked = asked(server, zone, name);
  walked.exchange.response->recursion_available = ra;
  walked.exchange.response->referral.push_back({name_of(name), name_of("ns.example"), 3'600});
  return walked;
}

WalkExchange root_soa(const ServerAddress& server, std::string_view zone, bool aa, std::uint32_t ttl) {
  WalkExchange walked = asked(server, zone, ".", RecordType::soa);
  walked.exchange.response->authoritative = aa;
  walked.exchange.response->soa.emplace_back();
  walked.exchange.response->soa.back().in_answer = true;
  walked.exchange.response->soa.back().ttl_seconds = ttl;
  return walked;
}

WalkExchange refused(const ServerAddress& server, bool ra) {
  WalkExchange walked = asked(server, ".", "com");
  walked.exchange.response->rcode = Rcode::refused;
  walked.exchange.response->recursion_available = ra;
  return walked;
}

bool has(const std::vector<probe::Interception>& signs, InterceptionSign sign) {
  return std::ranges::find(signs, sign, &probe::Interception::sign) != signs.end();
}

}  // namespace

TEST_CASE("if a root server answers as a resolver, others of both families are asked") {
  InterceptionWatch watch({root_a, root_b, root_v6});
  watch.saw(answer(root_a, ".", "com", false, true));
  CHECK(watch.conclusion().empty());
  CHECK(watch.waits());
  const auto questions = watch.take_questions();
  REQUIRE(questions.size() == 2);
  for (const auto& question : questions) {
    CHECK(question.name == name_of("com"));
    CHECK(question.server != root_a);
  }
  CHECK(watch.waits());

  SECTION("a second one that does the same makes it sure") {
    watch.saw(answer(root_b, ".", "com", false, true));
    const auto signs = watch.conclusion();
    REQUIRE_FALSE(signs.empty());
    CHECK(signs.front().sign == InterceptionSign::recursion_available);
    CHECK(signs.front().servers == std::vector{root_a, root_b});
    CHECK(has(signs, InterceptionSign::answers_below));
    CHECK(has(signs, InterceptionSign::no_authority));
  }
  SECTION("one that keeps silent, and nobody left to ask") {
    for (const auto& question : questions) {
      WalkExchange lost = asked(question.server, ".", "com");
      lost.exchange.outcome = Outcome::timed_out;
      lost.exchange.response.reset();
      CHECK(watch.conclusion().empty());
      watch.saw(lost);
    }
    CHECK_FALSE(watch.waits());
    CHECK_FALSE(watch.conclusion().empty());
  }
  SECTION("others that refer: one root server is lame") {
    watch.saw(referral(root_b, ".", "com"));
    watch.saw(referral(root_v6, ".", "com"));
    CHECK_FALSE(watch.waits());
    CHECK(watch.conclusion().empty());
    CHECK(watch.conclusion_without_servers().empty());
    // Until a nameserver below answers as a resolver as well.
    watch.saw(answer(nameserver, "example.com", "example.com", false, true));
    CHECK_FALSE(watch.conclusion().empty());
  }
}

TEST_CASE("servers of a top-level domain that answer as resolvers are treated like such root servers") {
  InterceptionWatch watch({root_a});
  watch.saw(referral(root_a, ".", "com"));
  watch.saw(answer(tld, "com", "example.com", false, true));
  CHECK(watch.conclusion().empty());
  watch.saw(answer(other_tld, "com", "example.com", false, true));
  CHECK_FALSE(watch.conclusion().empty());
}

TEST_CASE("refusal by every root server is reported only at the end of the walk") {
  InterceptionWatch watch({root_a, root_b});
  watch.saw(refused(root_a, false));
  CHECK(watch.conclusion_without_servers().empty());
  watch.saw(refused(root_b, false));
  CHECK(watch.conclusion().empty());
  const auto signs = watch.conclusion_without_servers();
  REQUIRE(signs.size() == 1);
  CHECK(signs.front().sign == InterceptionSign::refused);

  InterceptionWatch with_recursion({root_a, root_b});
  with_recursion.saw(refused(root_a, true));
  with_recursion.saw(refused(root_b, true));
  CHECK_FALSE(with_recursion.conclusion().empty());
}

TEST_CASE("sound servers cause neither extra questions nor a conclusion") {
  InterceptionWatch watch({root_a});
  watch.saw(referral(root_a, ".", "com", true));
  watch.saw(referral(tld, "com", "example.com", true));
  watch.saw(answer(root_a, ".", "arpa", true, false));
  watch.saw(answer(nameserver, "example.com", "example.com", true, false));
  watch.about_to_ask(name_of("example.com"), {nameserver});
  CHECK_FALSE(watch.waits());
  CHECK(watch.conclusion().empty());
  CHECK(watch.conclusion_without_servers().empty());
}

TEST_CASE("two questions distinguish a root server with a top-level domain from a cache") {
  InterceptionWatch watch({root_a});
  watch.saw(answer(root_a, ".", "com", true, false));
  CHECK_FALSE(watch.waits());
  watch.about_to_ask(name_of("example.com"), {root_a, nameserver});
  watch.about_to_ask(name_of("example.com"), {root_a, nameserver});
  const auto first = watch.take_questions();
  REQUIRE(first == std::vector{InterceptionWatch::Question{nameserver, name_of("example.com"), name_of("."),
                                                           RecordType::soa, 0ms}});

  SECTION("a nameserver that lacks the root") {
    WalkExchange lacks = asked(nameserver, "example.com", ".", RecordType::soa);
    lacks.exchange.response->rcode = Rcode::refused;
    watch.saw(lacks);
    CHECK_FALSE(watch.waits());
    CHECK(watch.conclusion().empty());
  }
  SECTION("one that has it") {
    watch.saw(root_soa(nameserver, "example.com", true, 86'400));
    const auto second = watch.take_questions();
    REQUIRE(second.size() == 1);
    CHECK(second.front().delay > 1s);
    watch.saw(root_soa(nameserver, "example.com", true, 86'400));
    CHECK_FALSE(watch.waits());
    CHECK(watch.conclusion().empty());
  }
  SECTION("a cache") {
    watch.saw(root_soa(nameserver, "example.com", true, 86'400));
    static_cast<void>(watch.take_questions());
    watch.saw(root_soa(nameserver, "example.com", true, 86'399));
    const auto signs = watch.conclusion();
    CHECK(has(signs, InterceptionSign::ttl_counts_down));
    CHECK(has(signs, InterceptionSign::answers_below));
  }
}

TEST_CASE("a shared NSID and closed TCP are reported only beside a certain sign") {
  InterceptionWatch watch({root_a, root_b});
  const auto with_identity = [](WalkExchange walked) {
    walked.exchange.response->edns.emplace();
    walked.exchange.response->edns->nsid = "cache-7";
    return walked;
  };
  WalkExchange closed = asked(nameserver, "example.com", "example.com");
  closed.exchange.transport = Transport::tcp;
  closed.exchange.outcome = Outcome::connection_refused;
  closed.exchange.response.reset();
  watch.saw(closed);
  watch.saw(with_identity(referral(root_a, ".", "com")));
  watch.saw(with_identity(referral(nameserver, "example.com", "sub.example.com")));
  CHECK(watch.conclusion().empty());
  watch.saw(answer(tld, "com", "example.com", false, true));
  watch.saw(answer(other_tld, "com", "example.com", false, true));
  const auto signs = watch.conclusion();
  CHECK(has(signs, InterceptionSign::one_identity));
  CHECK(has(signs, InterceptionSign::tcp_closed));
}

}  // namespace dkimprobe::tests
