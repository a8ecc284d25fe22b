// What the operator's resolvers are asked, and how their answers are read. No case here sends anything.
#include "probe/resolver/resolver_probe.hpp"

#include <sstream>
#include <type_traits>

#include <fmt/format.h>

#include "probe/wire/query_message.hpp"
#include "tests/catch.hpp"
#include "tests/probe/scripted_nameserver.hpp"
#include "tests/probe/transport/scripted_sockets.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::DomainName;
using config::ServerAddress;
using probe::Outcome;
using probe::PublicQuestion;
using probe::ResolverAnswer;
using probe::ResolverAnswerKind;
using probe::Transport;
using probe::WallTime;

// Permission for a question with RD=1 is created in one way, used once, and cannot be omitted.
static_assert(!std::is_default_constructible_v<PublicQuestion>);
static_assert(!std::is_copy_constructible_v<PublicQuestion> && !std::is_copy_assignable_v<PublicQuestion>);
static_assert(!std::is_aggregate_v<PublicQuestion>);

constexpr std::uint8_t recursion_desired = 0x01;
constexpr std::uint8_t truncated = 0x02;

const WallTime noon{std::chrono::hours(12)};

DomainName name(std::string_view text) {
  return DomainName::parse(text).value();
}

ServerAddress at(std::string_view ip) {
  return {config::Address::parse(ip).value(), 53};
}

PublicQuestion right() {
  return *PublicQuestion::after(noon, noon);
}

void put(Bytes& to, std::uint32_t value, int octets) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
    to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put(Bytes& to, const DomainName& of) {
  to.insert(to.end(), of.wire().begin(), of.wire().end());
}

/// `OWNER TTL TXT TEXT`, `OWNER TTL CNAME|DNAME|NS NAME`, or `OWNER TTL SOA MINIMUM`, in wire form.
Bytes record(const std::string& text) {
  std::istringstream words(text);
  std::string owner;
  std::string type;
  std::string data;
  std::uint32_t ttl = 0;
  words >> owner >> ttl >> type >> data;
  Bytes rdata;
  if (type == "TXT") {
    put(rdata, static_cast<std::uint32_t>(data.size()), 1);
    rdata.insert(rdata.end(), data.begin(), data.end());
  } else if (type == "SOA") {
    put(rdata, name("ns1.example.com"));
    put(rdata, name("admin.example.com"));
    for (const std::uint32_t number : {1U, 7'200U, 3'600U, 1'209'600U}) put(rdata, number, 4);
    put(rdata, static_cast<std::uint32_t>(std::stoul(data)), 4);
  } else {
    put(rdata, name(data));
  }
  Bytes wire;
  put(wire, name(owner));
  const std::uint32_t number = type == "TXT"     ? 16
                               : type == "SOA"   ? 6
                               : type == "CNAME" ? 5
                               : type == "DNAME" ? 39
                                                 : 2;
  put(wire, number, 2);
  put(wire, 1, 2);
  put(wire, ttl, 4);
  put(wire, static_cast<std::uint32_t>(rdata.size()), 2);
  wire.insert(wire.end(), rdata.begin(), rdata.end());
  return wire;
}

struct Reply {
  std::uint8_t rcode = 0;
  std::vector<std::string> answer{};
  std::vector<std::string> authority{};
  std::uint8_t flags_set = 0;
};

/// The response of a recursive resolver to the query.
Bytes response(const Bytes& query, const Reply& reply) {
  Bytes wire = query;
  wire[2] = static_cast<std::uint8_t>(wire[2] | 0x80U | reply.flags_set);
  wire[3] = static_cast<std::uint8_t>(0x80U | reply.rcode);
  wire[7] = static_cast<std::uint8_t>(reply.answer.size());
  wire[9] = static_cast<std::uint8_t>(reply.authority.size());
  for (const auto* section : {&reply.answer, &reply.authority}) {
    for (const std::string& text : *section) {
      const Bytes octets = record(text);
      wire.insert(wire.end(), octets.begin(), octets.end());
    }
  }
  return wire;
}

struct Scene {
  ScriptedSockets sockets{};
  probe::QueryEngine engine{sockets, probe::one_use_sockets};
  config::ProbeSettings settings{};
  std::optional<std::vector<ResolverAnswer>> answers{};
  std::optional<probe::ResolverQuestions> questions{};

  template <class... Right>
  void begin(const std::vector<ServerAddress>& resolvers, Right... right) {
    questions.emplace(std::move(right)..., engine, settings, resolvers, name("s1._domainkey.example.com"),
                      noon, [this](std::vector<ResolverAnswer> all) {
                        REQUIRE_FALSE(answers);
                        answers = std::move(all);
                      });
    questions->start();
  }
  void reply(const Reply& what, std::size_t to = 0) {
    const auto& sent = sockets.datagrams.at(to);
    REQUIRE(sockets.datagram(sent.socket, sent.to, response(sent.octets, what)));
  }
  [[nodiscard]] const ResolverAnswer& only() const {
    REQUIRE(answers);
    REQUIRE(answers->size() == 1);
    return answers->front();
  }
  /// The number of messages with RD=1 among all sent, over UDP and TCP.
  [[nodiscard]] std::size_t with_recursion_desired() const {
    std::size_t count = 0;
    for (const auto& sent : sockets.datagrams) count += sent.octets.at(2) & recursion_desired;
    for (const auto& [stream, octets] : sockets.written) count += octets.at(2 + 2) & recursion_desired;
    return count;
  }
};

struct Case {
  std::string what{};
  Reply reply{};
  std::string probe{};    ///< what a cache probe reads from it
  std::string public_{};  ///< what the public question reads from it
};

std::string to_string(const ResolverAnswer& answer) {
  std::string text;
  switch (answer.kind) {
    case ResolverAnswerKind::text:
      text = "text " + answer.txt.at(0).strings.at(0);
      break;
    case ResolverAnswerKind::denial:
      text = "denial";
      break;
    case ResolverAnswerKind::nothing:
      text = "nothing";
      break;
    case ResolverAnswerKind::hidden:
      text = "hidden";
      break;
    case ResolverAnswerKind::unknown:
      text = "unknown";
      break;
  }
  CHECK((answer.kind == ResolverAnswerKind::text) == !answer.txt.empty());
  if (answer.seconds_left) text += fmt::format(" {} s", *answer.seconds_left);
  for (const auto& alias : answer.aliases) text += " by " + alias.target.to_string();
  return text;
}

const std::string s1 = "s1._domainkey.example.com";

std::vector<Case> cases() {
  std::vector<std::string> chain_of_13;
  for (int i = 0; i < 13; ++i)
    chain_of_13.push_back(
        fmt::format("{} 9 CNAME a{}.example.com", i == 0 ? s1 : fmt::format("a{}.example.com", i - 1), i));
  chain_of_13.emplace_back("a12.example.com 9 TXT v=DKIM1");
  std::vector<std::string> chain_of_12(chain_of_13.begin(), chain_of_13.end() - 2);
  chain_of_12.emplace_back("a11.example.com 9 TXT v=DKIM1");
  return {
      {"a record", {0, {s1 + " 30 TXT v=DKIM1"}}, "text v=DKIM1 30 s", "text v=DKIM1 30 s"},
      {"an alias that outlives its target",
       {0, {s1 + " 100 CNAME k.provider.net", "k.provider.net 10 TXT v=DKIM1"}},
       "text v=DKIM1 100 s by k.provider.net",
       "text v=DKIM1 100 s by k.provider.net"},
      {"the chain in another order, and a stranger",
       {0, {"x.example.org 999 TXT no", "k.provider.net 10 TXT v=DKIM1", s1 + " 5 CNAME k.provider.net"}},
       "text v=DKIM1 10 s by k.provider.net",
       "text v=DKIM1 10 s by k.provider.net"},
      {"a DNAME with the CNAME made of it",
       {0, {"_domainkey.example.com 20 DNAME k.net", s1 + " 0 CNAME s1.k.net", "s1.k.net 10 TXT v=DKIM1"}},
       "text v=DKIM1 20 s by s1.k.net",
       "text v=DKIM1 20 s by s1.k.net"},
      {"NXDOMAIN, counted down", {3, {}, {"example.com 7 SOA 300"}}, "denial 7 s", "denial 7 s"},
      {"no TXT, with the MINIMUM smaller than the TTL",
       {0, {}, {"example.com 300 SOA 5"}},
       "denial 5 s",
       "denial 5 s"},
      {"no target of an alias",
       {3, {s1 + " 40 CNAME k.provider.net"}, {"provider.net 7 SOA 300"}},
       "denial 40 s by k.provider.net",
       "denial 40 s by k.provider.net"},
      {"NXDOMAIN without SOA", {3}, "denial", "denial"},
      {"NXDOMAIN with the SOA of another zone", {3, {}, {"example.org 7 SOA 300"}}, "denial", "denial"},
      {"a TTL with its highest bit set",
       {3, {}, {"example.com 2147483648 SOA 300"}},
       "denial 0 s",
       "denial 0 s"},
      {"a referral", {0, {}, {"com 500 NS a.tld"}}, "nothing", "unknown"},
      {"a referral to beside the name", {0, {}, {"org 500 NS a.tld"}}, "hidden", "denial"},
      {"an alias alone", {0, {s1 + " 40 CNAME k.net"}}, "nothing by k.net", "denial by k.net"},
      {"nothing at all", {0}, "hidden", "denial"},
      {"REFUSED", {5}, "hidden", "unknown"},
      {"SERVFAIL", {2}, "unknown", "unknown"},
      {"an rcode without a name", {9}, "unknown", "unknown"},
      {"SERVFAIL beside a record", {2, {s1 + " 30 TXT v=DKIM1"}}, "unknown", "unknown"},
      {"a loop of aliases",
       {0, {s1 + " 9 CNAME a.net", "a.net 9 CNAME " + s1}},
       "unknown by a.net by s1._domainkey.example.com by a.net by s1._domainkey.example.com by a.net by "
       "s1._domainkey.example.com by a.net by s1._domainkey.example.com by a.net by "
       "s1._domainkey.example.com by a.net by s1._domainkey.example.com",
       ""},
      {"twelve aliases", {0, chain_of_12}, "text v=DKIM1 9 s", "text v=DKIM1 9 s"},
      {"thirteen aliases", {0, chain_of_13}, "unknown", "unknown"},
  };
}

TEST_CASE(
    "a resolver's answer is read alike in a cache probe and in the public question, with its own meaning in "
    "each") {
  for (const Case& given : cases()) {
    INFO(given.what);
    Scene probe;
    probe.begin({at("192.0.2.53")});
    probe.reply(given.reply);
    CHECK(probe.only().outcome == Outcome::answered);
    CHECK(to_string(probe.only()).starts_with(given.probe));
    if (probe.only().aliases.size() < 2) CHECK(to_string(probe.only()) == given.probe);
    CHECK_FALSE(probe.only().recursion_on_its_own);
    Scene ask;
    ask.begin({at("192.0.2.53")}, right());
    ask.reply(given.reply);
    CHECK(to_string(ask.only()).starts_with(given.public_));
    CHECK_FALSE(ask.only().recursion_on_its_own);
  }
}

TEST_CASE("a cache probe always has RD=0, and is repeated if no response comes") {
  Scene scene;
  scene.begin({at("192.0.2.53"), at("192.0.2.54")});
  scene.reply({0, {}, {}, truncated}, 1);
  scene.sockets.connected(scene.sockets.connections.at(0).socket);
  scene.sockets.advance(10s);
  REQUIRE(scene.answers);
  CHECK(scene.sockets.datagrams.size() == 4);  // three to the first resolver, one to the other
  CHECK(scene.sockets.connections.size() == 1);
  CHECK(scene.sockets.written.size() == 1);
  CHECK(scene.with_recursion_desired() == 0);
  CHECK(scene.answers->at(0).outcome == Outcome::timed_out);
  // Three attempts of 400, 800 and 1,600 ms, and what the engine's timer wheel adds.
  CHECK((scene.answers->at(0).seen - noon) / 1ms >= 2'800);
  CHECK((scene.answers->at(0).seen - noon) / 1ms < 2'900);
  CHECK(scene.answers->at(1).transport == Transport::tcp);
  CHECK(scene.answers->at(1).outcome == Outcome::timed_out);
  for (const ResolverAnswer& answer : *scene.answers) CHECK(answer.kind == ResolverAnswerKind::unknown);
  for (const auto& sent : scene.sockets.datagrams) {
    CHECK(question_of(sent.octets).name == name(s1));
    CHECK(question_of(sent.octets).type == probe::RecordType::txt);
  }
}

TEST_CASE("the public question is sent once, with RD=1, and waits for a slow resolver") {
  Scene scene;
  scene.begin({at("192.0.2.53")}, right());
  scene.sockets.advance(9s);
  CHECK(scene.sockets.datagrams.size() == 1);
  CHECK(scene.with_recursion_desired() == 1);
  SECTION("silence") {
    scene.sockets.advance(60s);
    CHECK(scene.only().outcome == Outcome::timed_out);
    CHECK(scene.sockets.datagrams.size() == 1);
    CHECK(scene.sockets.connections.empty());
  }
  SECTION("a truncated answer is asked for again over TCP") {
    scene.reply({0, {s1 + " 30 TXT v=DKIM1"}, {}, truncated});
    const auto stream = scene.sockets.connections.at(0).socket;
    REQUIRE(scene.sockets.connected(stream));
    const Bytes& written = scene.sockets.written.at(stream);
    CHECK(scene.with_recursion_desired() == 2);
    SECTION("which gives it") {
      const Bytes query(written.begin() + 2, written.end());
      scene.sockets.stream_octets(stream, framed(response(query, {0, {s1 + " 30 TXT v=DKIM1"}})));
      CHECK(scene.only().kind == ResolverAnswerKind::text);
      CHECK(scene.only().transport == Transport::tcp);
    }
    SECTION("which truncates it too") {
      const Bytes query(written.begin() + 2, written.end());
      scene.sockets.stream_octets(stream, framed(response(query, {0, {}, {}, truncated})));
      CHECK(scene.only().kind == ResolverAnswerKind::unknown);
    }
    SECTION("which ends") {
      scene.sockets.stream_end(stream, 0);
      CHECK(scene.only().kind == ResolverAnswerKind::unknown);
      CHECK(scene.only().outcome == Outcome::connection_closed);
    }
    CHECK(scene.sockets.connections.size() == 1);
    CHECK(scene.sockets.datagrams.size() == 1);
  }
}

TEST_CASE("permission for the public question exists from the safe time on") {
  CHECK_FALSE(PublicQuestion::after(noon, noon - 1ms));
  CHECK(PublicQuestion::after(noon, noon));
  CHECK(PublicQuestion::after(noon, noon + 1h));
}

TEST_CASE("without that permission, a query with RD=1 is sent with RD=0") {
  struct Ignore final : probe::QueryHandler {
    void on_result(std::uint32_t, const probe::QueryResult&) override {}
    void on_timer(std::uint32_t) override {}
  } handler;
  Scene scene;
  Bytes query = probe::build_query(name(s1), probe::RecordType::txt, {});
  query[2] |= recursion_desired;
  for (const Transport transport : {Transport::udp, Transport::tcp}) {
    probe::QueryRequest request;
    request.server = at("192.0.2.53");
    request.transport = transport;
    request.query = query;
    request.timeout = 1s;
    scene.engine.start(request, handler, 1);
  }
  scene.sockets.connected(scene.sockets.connections.at(0).socket);
  CHECK(scene.sockets.datagrams.size() == 1);
  CHECK(scene.sockets.written.size() == 1);
  CHECK(scene.with_recursion_desired() == 0);
}

TEST_CASE("answers from other addresses or to other questions are ignored") {
  Scene scene;
  scene.begin({at("192.0.2.53")});
  const auto sent = scene.sockets.datagrams.at(0);
  const Bytes forged = response(sent.octets, {3, {}, {"example.com 7 SOA 300"}});
  scene.sockets.datagram(sent.socket, at("192.0.2.99"), forged);
  Bytes other_id = forged;
  other_id[1] ^= 1U;
  scene.sockets.datagram(sent.socket, sent.to, other_id);
  Bytes other_name = forged;
  other_name[13] ^= 1U;
  scene.sockets.datagram(sent.socket, sent.to, other_name);
  CHECK_FALSE(scene.answers);
  scene.reply({0, {s1 + " 30 TXT v=DKIM1"}});
  CHECK(to_string(scene.only()) == "text v=DKIM1 30 s");
}

TEST_CASE("a resolver that sets RD on its own is detected") {
  Scene scene;
  scene.begin({at("192.0.2.53")});
  scene.reply({3, {}, {"example.com 300 SOA 300"}, recursion_desired});
  CHECK(scene.only().recursion_on_its_own);
  CHECK(scene.only().kind == ResolverAnswerKind::denial);
}

TEST_CASE("questions can be interrupted, destroyed, and sent to no resolver") {
  SECTION("interrupted") {
    Scene scene;
    scene.begin({at("192.0.2.53"), at("192.0.2.54")});
    scene.reply({0, {s1 + " 30 TXT v=DKIM1"}}, 1);
    CHECK_FALSE(scene.answers);
    scene.questions->interrupt();
    REQUIRE(scene.answers);
    CHECK(scene.answers->at(0).outcome == Outcome::interrupted);
    CHECK(scene.answers->at(1).kind == ResolverAnswerKind::text);
    scene.questions->interrupt();
  }
  SECTION("given up") {
    Scene scene;
    scene.begin({at("192.0.2.53")});
    scene.questions.reset();
    scene.sockets.advance(60s);
    CHECK_FALSE(scene.answers);
  }
  SECTION("nobody") {
    Scene scene;
    scene.begin({});
    REQUIRE(scene.answers);
    CHECK(scene.answers->empty());
  }
}

TEST_CASE("each kind of answer has its sentence") {
  ResolverAnswer answer;
  answer.resolver = at("192.0.2.53");
  CHECK(sentence(answer) == "192.0.2.53 gave no conclusive answer: it sent no response");
  answer.outcome = Outcome::answered;
  answer.rcode = probe::Rcode::servfail;
  CHECK(sentence(answer) == "192.0.2.53 gave no conclusive answer: it returned SERVFAIL");
  answer.kind = ResolverAnswerKind::hidden;
  answer.rcode = probe::Rcode::refused;
  answer.resolver.port = 5353;
  CHECK(
      sentence(answer).starts_with("192.0.2.53:5353 does not show its cache (REFUSED), so what it holds is "
                                   "unknown; to show it, set `access-control: ADDRESS allow_snoop`"));
  answer.kind = ResolverAnswerKind::nothing;
  CHECK(sentence(answer) == "192.0.2.53:5353 has nothing in its cache for the name");
  answer.kind = ResolverAnswerKind::denial;
  CHECK(sentence(answer) ==
        "192.0.2.53:5353 answers that there is no such TXT record, cached for an unknown time");
  answer.seconds_left = 7;
  answer.recursion_on_its_own = true;
  CHECK(sentence(answer).starts_with(
      "192.0.2.53:5353 answers that there is no such TXT record, cached for another 7 s; it recurses even"));
}

}  // namespace
}  // namespace dkimprobe::tests
