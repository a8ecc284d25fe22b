// The query engine with scripted sockets: what it sends, what it accepts as an answer, how exchanges end.
#include "probe/transport/query_engine.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>

#include "probe/wire/query_message.hpp"
#include "tests/catch.hpp"
#include "tests/probe/transport/scripted_sockets.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::ServerAddress;
using probe::IgnoreReason;
using probe::Outcome;
using probe::QueryEngine;
using probe::QueryResult;
using probe::Transport;

ServerAddress server(std::string_view ip = "192.0.2.1", std::uint16_t port = 53) {
  return {config::Address::parse(ip).value(), port};
}

Bytes query_for(std::string_view name = "s1._domainkey.example.com") {
  return probe::build_query(config::DomainName::parse(name).value(), probe::RecordType::txt, {});
}

/// Keeps the results, and runs the test's actions inside the callbacks.
class Recorder final : public probe::QueryHandler {
 public:
  struct Result {
    std::uint32_t token = 0;
    QueryResult result{};
    Bytes message{};
  };
  std::vector<Result> results{};
  std::vector<std::uint32_t> timers{};
  std::function<void(std::uint32_t, const QueryResult&)> then{};
  std::function<void(std::uint32_t)> then_on_timer{};

  void on_result(std::uint32_t token, const QueryResult& result) override {
    Result kept;
    kept.token = token;
    kept.result = result;
    kept.result.message = nullptr;
    CHECK((result.message != nullptr) == (result.outcome == Outcome::answered));
    if (result.message != nullptr) {
      kept.message.assign(result.message->bytes.begin(), result.message->bytes.end());
      CHECK(result.bytes_received == kept.message.size());
    }
    results.push_back(kept);
    if (then) then(token, result);
    // Whatever the handler did, the message stays readable until it returns.
    if (result.message != nullptr) {
      CHECK(std::equal(kept.message.begin(), kept.message.end(), result.message->bytes.begin(),
                       result.message->bytes.end()));
      CHECK(result.message->records.size() == 1);
    }
  }
  void on_timer(std::uint32_t token) override {
    timers.push_back(token);
    if (then_on_timer) then_on_timer(token);
  }

  [[nodiscard]] const Result& only() const {
    REQUIRE(results.size() == 1);
    return results.front();
  }
};

struct Scene {
  explicit Scene(const probe::SocketUse& use = probe::one_use_sockets) : engine(sockets, use) {}

  probe::EngineTicket ask(std::uint32_t token = 1, const ServerAddress& to = server(),
                          Transport transport = Transport::udp,
                          std::string_view name = "s1._domainkey.example.com",
                          std::chrono::microseconds timeout = 400ms) {
    const Bytes query = query_for(name);
    return engine.start({to, transport, query, timeout}, handler, token);
  }
  [[nodiscard]] const ScriptedSockets::Sent& sent(std::size_t at = 0) const {
    return sockets.datagrams.at(at);
  }
  bool answer(const ScriptedSockets::Sent& to) {
    return sockets.datagram(to.socket, to.to, response_to(to.octets));
  }
  [[nodiscard]] std::uint64_t total(IgnoreReason reason) const {
    return engine.totals().ignored[static_cast<std::size_t>(reason)];
  }
  /// A connected stream to which the query was written.
  probe::SocketId stream(std::chrono::microseconds timeout = 3s) {
    ask(1, server(), Transport::tcp, "s1._domainkey.example.com", timeout);
    const probe::SocketId id = sockets.connections.back().socket;
    REQUIRE(sockets.connected(id));
    return id;
  }
  [[nodiscard]] Bytes query_on(probe::SocketId stream_id) const {
    const Bytes& octets = sockets.written.at(stream_id);
    return {octets.begin() + 2, octets.end()};
  }

  Recorder handler{};
  ScriptedSockets sockets{};
  QueryEngine engine;
};

probe::IgnoredMessages ignored(std::initializer_list<std::pair<IgnoreReason, std::uint32_t>> counts) {
  probe::IgnoredMessages messages;
  for (const auto& [reason, count] : counts) messages[reason] = count;
  return messages;
}

// ---- UDP: answers and times ----

TEST_CASE("an answer ends its exchange") {
  Scene scene;
  scene.ask(7);
  REQUIRE(scene.sockets.datagrams.size() == 1);
  Bytes expected = query_for();
  probe::set_query_id(expected, scene.sent().id());
  CHECK(scene.sent().octets == expected);
  CHECK(scene.sent().to == server());
  scene.sockets.advance(25ms);
  const probe::MonotonicTime started = scene.sent().at;
  REQUIRE(scene.answer(scene.sent()));
  const auto& [token, result, message] = scene.handler.only();
  CHECK(token == 7);
  CHECK(result.outcome == Outcome::answered);
  CHECK(result.system_error == 0);
  CHECK(result.started == started);
  CHECK(result.took == 25ms);
  CHECK(result.bytes_sent == expected.size());
  CHECK(message == response_to(expected));
  CHECK(scene.engine.totals().answers == 1);
  CHECK(scene.engine.totals().queries_udp == 1);
  scene.sockets.advance(10s);
  CHECK(scene.handler.results.size() == 1);
  CHECK(scene.sockets.open.empty());
}

TEST_CASE("an exchange without an answer ends at the deadline, not before and hardly after") {
  Scene scene;
  const auto timeout = GENERATE(as<std::chrono::microseconds>{}, 1ms, 400ms, 1600ms, 399'999us, 0us);
  scene.sockets.advance(333us);
  scene.ask(1, server(), Transport::udp, "a._domainkey.example", timeout);
  if (timeout > 0us) scene.sockets.advance(timeout - 1us);
  CHECK(scene.handler.results.empty());
  scene.sockets.advance(1us + probe::DeadlineQueue::tick);
  const auto& result = scene.handler.only().result;
  CHECK(result.outcome == Outcome::timed_out);
  CHECK(result.took == timeout);
  CHECK(result.bytes_received == 0);
}

TEST_CASE("an answer that arrives at the deadline still counts") {
  Scene scene;
  scene.ask();
  scene.sockets.advance(400ms);
  REQUIRE(scene.handler.results.empty());
  scene.answer(scene.sent());
  CHECK(scene.handler.only().result.outcome == Outcome::answered);
}

TEST_CASE("late answers and duplicates are counted as such") {
  Scene scene;
  scene.ask(1);
  scene.sockets.advance(500ms);
  scene.ask(2);
  CHECK(scene.sent(0).socket != scene.sent(1).socket);
  REQUIRE(scene.answer(scene.sent(0)));
  CHECK(scene.total(IgnoreReason::late) == 1);
  CHECK(scene.handler.results.size() == 1);
  scene.answer(scene.sent(1));
  REQUIRE(scene.answer(scene.sent(1)));
  CHECK(scene.total(IgnoreReason::duplicate) == 1);
  REQUIRE(scene.handler.results.size() == 2);
  CHECK(scene.handler.results[0].result.outcome == Outcome::timed_out);
  CHECK(scene.handler.results[1].result.outcome == Outcome::answered);
  CHECK(scene.handler.results[1].result.ignored.counts == ignored({}).counts);
}

TEST_CASE("in bulk use a late answer counts as late, however many queries the socket has carried since") {
  Scene scene({.open_at_once = 1, .fewest_uses = 4'000, .most_uses = 4'000});
  scene.ask(0);
  scene.sockets.advance(500ms);
  for (std::uint32_t token = 1; token <= 1'000; ++token) {
    scene.ask(token);
    scene.answer(scene.sent(token));
  }
  scene.ask(1'001);
  scene.answer(scene.sent(0));
  scene.answer(scene.sent(1));
  CHECK(scene.total(IgnoreReason::late) == 1);
  CHECK(scene.total(IgnoreReason::duplicate) == 1);
  CHECK(scene.total(IgnoreReason::wrong_id) == 0);
  scene.answer(scene.sent(1'001));
  CHECK(scene.handler.results.back().result.ignored.counts == ignored({}).counts);
}

struct Bad {
  std::string what;
  IgnoreReason reason;
  std::function<void(Bytes&, ServerAddress&)> spoil;
};

std::vector<Bad> bad_datagrams() {
  return {
      {"another address", IgnoreReason::wrong_source,
       [](Bytes&, ServerAddress& from) { from = server("192.0.2.2"); }},
      {"another port", IgnoreReason::wrong_source, [](Bytes&, ServerAddress& from) { from.port = 54; }},
      {"another id", IgnoreReason::wrong_id, [](Bytes& octets, ServerAddress&) { octets[1] ^= 1U; }},
      {"another name", IgnoreReason::wrong_question, [](Bytes& octets, ServerAddress&) { octets[13] = 'x'; }},
      {"another type", IgnoreReason::wrong_question,
       [](Bytes& octets, ServerAddress&) { octets[query_for().size() - 3] = 1; }},
      {"two questions", IgnoreReason::wrong_question, [](Bytes& octets, ServerAddress&) { octets[5] = 2; }},
      {"another class", IgnoreReason::wrong_class,
       [](Bytes& octets, ServerAddress&) { octets[query_for().size() - 1] = 3; }},
      {"another opcode", IgnoreReason::wrong_opcode,
       [](Bytes& octets, ServerAddress&) { octets[2] |= 0x20U; }},
      {"a query", IgnoreReason::not_a_response, [](Bytes& octets, ServerAddress&) { octets[2] &= 0x7fU; }},
      {"no question", IgnoreReason::no_question, [](Bytes& octets, ServerAddress&) { octets[5] = 0; }},
      {"an answer cut off", IgnoreReason::malformed,
       [](Bytes& octets, ServerAddress&) { octets.pop_back(); }},
      {"more counted than there", IgnoreReason::malformed,
       [](Bytes& octets, ServerAddress&) { octets[7] = 9; }},
      {"a pointer to itself", IgnoreReason::malformed,
       [](Bytes& octets, ServerAddress&) {
         octets[query_for().size() + 1] = static_cast<std::uint8_t>(query_for().size());
       }},
      {"a question cut off", IgnoreReason::malformed,
       [](Bytes& octets, ServerAddress&) { octets.resize(20); }},
      {"11 octets", IgnoreReason::malformed, [](Bytes& octets, ServerAddress&) { octets.resize(11); }},
      {"the id alone", IgnoreReason::malformed, [](Bytes& octets, ServerAddress&) { octets.resize(2); }},
      {"one octet", IgnoreReason::malformed, [](Bytes& octets, ServerAddress&) { octets.resize(1); }},
      {"nothing", IgnoreReason::malformed, [](Bytes& octets, ServerAddress&) { octets.clear(); }},
  };
}

TEST_CASE("an invalid datagram is counted by reason, and the exchange keeps waiting") {
  for (const Bad& bad : bad_datagrams()) {
    INFO(bad.what);
    Scene scene;
    scene.ask();
    Bytes octets = response_to(scene.sent().octets);
    ServerAddress from = server();
    bad.spoil(octets, from);
    REQUIRE(scene.sockets.datagram(scene.sent().socket, from, octets));
    REQUIRE(scene.sockets.datagram(scene.sent().socket, from, octets));
    REQUIRE(scene.handler.results.empty());
    scene.answer(scene.sent());
    const auto& result = scene.handler.only().result;
    CHECK(result.outcome == Outcome::answered);
    CHECK(result.ignored.counts == ignored({{bad.reason, 2}}).counts);
    CHECK(scene.total(bad.reason) == 2);
  }
}

TEST_CASE(
    "with only invalid datagrams, the outcome is malformed if an answer was malformed, else a timeout") {
  for (const Bad& bad : bad_datagrams()) {
    INFO(bad.what);
    Scene scene;
    scene.ask();
    Bytes octets = response_to(scene.sent().octets);
    ServerAddress from = server();
    bad.spoil(octets, from);
    scene.sockets.datagram(scene.sent().socket, from, octets);
    scene.sockets.advance(399ms);
    REQUIRE(scene.handler.results.empty());
    scene.sockets.advance(2ms);
    const Outcome outcome = bad.reason == IgnoreReason::malformed ? Outcome::malformed : Outcome::timed_out;
    CHECK(scene.handler.only().result.outcome == outcome);
    CHECK(scene.handler.only().result.ignored.counts == ignored({{bad.reason, 1}}).counts);
  }
}

TEST_CASE("tiny datagrams from another address are not attributed to the server") {
  Scene scene;
  scene.ask();
  for (const std::size_t size : {0U, 1U, 11U}) {
    scene.sockets.datagram(scene.sent().socket, server("198.51.100.9"), Bytes(size, 0x5a));
  }
  scene.sockets.advance(500ms);
  CHECK(scene.handler.only().result.outcome == Outcome::timed_out);
}

TEST_CASE("random octets never end an exchange") {
  Scene scene;
  scene.ask();
  std::mt19937 random(1);
  for (int i = 0; i < 3'000; ++i) {
    Bytes octets(random() % 600);
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(random());
    if (octets.size() > 1 && i % 2 == 0) std::copy_n(scene.sent().octets.begin(), 2, octets.begin());
    scene.sockets.datagram(scene.sent().socket, server(), octets);
  }
  REQUIRE(scene.handler.results.empty());
  scene.answer(scene.sent());
  const auto& counts = scene.handler.only().result.ignored.counts;
  CHECK(std::accumulate(counts.begin(), counts.end(), 0U) == 3'000);
}

TEST_CASE("stray datagrams are not counted for an exchange of another socket") {
  Scene scene({.open_at_once = 2, .fewest_uses = 1'000, .most_uses = 1'000});
  // Two sockets, one with two exchanges; the later of these ends, and its slot is reused by the other socket.
  std::map<probe::SocketId, std::vector<std::size_t>> by_socket;
  for (std::uint32_t token = 0; token < 64; ++token) {
    scene.ask(token);
    by_socket[scene.sent(token).socket].push_back(token);
  }
  REQUIRE(by_socket.size() == 2);
  const auto& one = by_socket.begin()->second;
  const auto& other = by_socket.rbegin()->second;
  for (std::size_t i = 1; i < one.size(); ++i) scene.answer(scene.sent(one[i]));
  for (const std::size_t at : other) scene.answer(scene.sent(at));
  // One exchange is left, on the first socket. The next ones use any socket, and slots are reused.
  std::size_t at = 64;
  do {
    scene.ask(static_cast<std::uint32_t>(at));
  } while (scene.sent(at++).socket == scene.sent(one[0]).socket);
  for (std::size_t i = 64; i + 1 < at; ++i) scene.answer(scene.sent(i));
  const auto& lonely = scene.sent(at - 1);
  Bytes stray = response_to(scene.sent(one[0]).octets);
  std::uint16_t unused = 0;
  while (std::any_of(scene.sockets.datagrams.begin(), scene.sockets.datagrams.end(),
                     [&](const auto& sent) { return sent.id() == unused; })) {
    ++unused;
  }
  probe::set_query_id(stray, unused);
  scene.sockets.datagram(scene.sent(one[0]).socket, server(), stray);
  CHECK(scene.total(IgnoreReason::wrong_id) == 1);
  scene.answer(lonely);
  CHECK(scene.handler.results.back().token == at - 1);
  CHECK(scene.handler.results.back().result.ignored.counts == ignored({}).counts);
}

// ---- ICMP and failures of this machine ----

TEST_CASE("ICMP is recorded, and the exchange keeps waiting") {
  Scene scene;
  scene.ask();
  scene.sockets.icmp(scene.sent().socket, server(), scene.sent().octets, ECONNREFUSED);
  scene.sockets.advance(399ms);
  REQUIRE(scene.handler.results.empty());
  scene.sockets.advance(2ms);
  CHECK(scene.handler.only().result.outcome == Outcome::unreachable);
  CHECK(scene.handler.only().result.system_error == ECONNREFUSED);
  CHECK(scene.handler.only().result.took == 400ms);
}

TEST_CASE("an answer after ICMP counts") {
  Scene scene;
  scene.ask();
  scene.sockets.icmp(scene.sent().socket, server(), scene.sent().octets, EHOSTUNREACH);
  scene.answer(scene.sent());
  CHECK(scene.handler.only().result.outcome == Outcome::answered);
  CHECK(scene.handler.only().result.system_error == 0);
}

TEST_CASE("ICMP about another datagram is ignored") {
  Scene scene;
  scene.ask();
  Bytes returned = scene.sent().octets;
  ServerAddress to = server();
  SECTION("another id") {
    returned[0] ^= 1U;
  }
  SECTION("another destination") {
    to = server("192.0.2.9");
  }
  SECTION("another port") {
    to.port = 853;
  }
  SECTION("another question") {
    returned[13] = 'x';
  }
  SECTION("nothing returned") {
    returned.clear();
  }
  scene.sockets.icmp(scene.sent().socket, to, returned, ECONNREFUSED);
  scene.sockets.advance(500ms);
  CHECK(scene.handler.only().result.outcome == Outcome::timed_out);
  CHECK(scene.handler.only().result.system_error == 0);
}

TEST_CASE("ICMP beside malformed answers leaves no error behind") {
  Scene scene;
  scene.ask();
  scene.sockets.icmp(scene.sent().socket, server(), scene.sent().octets, ECONNREFUSED);
  Bytes cut_off = response_to(scene.sent().octets);
  cut_off.pop_back();
  scene.sockets.datagram(scene.sent().socket, server(), cut_off);
  scene.sockets.advance(500ms);
  CHECK(scene.handler.only().result.outcome == Outcome::malformed);
  CHECK(scene.handler.only().result.system_error == 0);
}

TEST_CASE("a datagram that could not be sent is a local error, not the server's") {
  struct Case {
    int error;
    std::string_view ip;
    Outcome outcome;
  };
  const auto given = GENERATE(
      Case{ENETUNREACH, "192.0.2.1", Outcome::no_route}, Case{ENETUNREACH, "2001:db8::1", Outcome::no_route},
      Case{EHOSTUNREACH, "192.0.2.1", Outcome::no_route},
      Case{EAFNOSUPPORT, "2001:db8::1", Outcome::no_route},
      Case{EADDRNOTAVAIL, "2001:db8::1", Outcome::no_route},
      // With IPv4, it means that the local ports are used up; it says nothing about the route.
      Case{EADDRNOTAVAIL, "192.0.2.1", Outcome::local_error}, Case{EPERM, "192.0.2.1", Outcome::local_error},
      Case{EMSGSIZE, "192.0.2.1", Outcome::local_error});
  const auto transport = GENERATE(Transport::udp, Transport::tcp);
  Scene scene;
  scene.sockets.send_error = [&](const ServerAddress&) { return given.error; };
  scene.sockets.connect_error = scene.sockets.send_error;
  scene.ask(3, server(given.ip), transport);
  REQUIRE(scene.handler.results.empty());  // never from inside the call
  scene.sockets.advance(2ms);
  const auto& [token, result, message] = scene.handler.only();
  CHECK(token == 3);
  CHECK(result.outcome == given.outcome);
  CHECK(result.system_error == given.error);
  CHECK(result.bytes_sent == 0);
  scene.sockets.advance(10s);
  CHECK(scene.handler.results.size() == 1);
  CHECK(scene.sockets.open.empty());
}

TEST_CASE("one failing destination does not affect the others") {
  Scene scene(probe::bulk_sockets);
  scene.sockets.send_error = [&](const ServerAddress& to) { return to == server("192.0.2.66") ? EPERM : 0; };
  for (std::uint32_t token = 0; token < 30; ++token)
    scene.ask(token, token % 3 == 1 ? server("192.0.2.66") : server());
  scene.sockets.end_turn();
  CHECK(scene.handler.results.size() == 10);
  for (std::size_t i = 0; i < scene.sockets.datagrams.size(); ++i) scene.answer(scene.sent(i));
  REQUIRE(scene.handler.results.size() == 30);
  for (const auto& [token, result, message] : scene.handler.results)
    CHECK(result.outcome == (token % 3 == 1 ? Outcome::local_error : Outcome::answered));
}

TEST_CASE("when descriptors run out, draining sockets are closed, and without any it is a local error") {
  const auto transport = GENERATE(Transport::udp, Transport::tcp);
  Scene scene;
  scene.sockets.most_open = 3;
  for (std::uint32_t token = 0; token < 3; ++token) {
    scene.ask(token);
    scene.answer(scene.sent(token));
  }
  REQUIRE(scene.sockets.open.size() == 3);  // all draining
  for (std::uint32_t token = 3; token < 6; ++token) scene.ask(token, server(), transport);
  CHECK(scene.sockets.open.size() == 3);
  CHECK(scene.sockets.datagrams.size() + scene.sockets.connections.size() == 6);
  scene.ask(6, server(), transport);
  scene.sockets.advance(2ms);
  REQUIRE(scene.handler.results.size() == 4);
  CHECK(scene.handler.results.back().token == 6);
  CHECK(scene.handler.results.back().result.outcome == Outcome::local_error);
  CHECK(scene.handler.results.back().result.system_error == EMFILE);
}

// ---- Sockets ----

TEST_CASE("sockets that are used once accept late answers for a while, then close") {
  Scene scene;
  for (std::uint32_t token = 0; token < 50; ++token) scene.ask(token);
  CHECK(scene.sockets.opened_udp == 50);
  std::set<probe::SocketId> used;
  for (const auto& sent : scene.sockets.datagrams) used.insert(sent.socket);
  CHECK(used.size() == 50);
  for (std::size_t i = 0; i < 50; ++i) scene.answer(scene.sent(i));
  CHECK(scene.sockets.open.size() == 50);
  scene.sockets.advance(1'999ms);
  CHECK(scene.sockets.open.size() == 50);
  scene.sockets.advance(2ms);
  CHECK(scene.sockets.open.empty());
}

TEST_CASE("no more sockets than allowed wait for late answers") {
  Scene scene({.drain = 60s, .most_draining = 10});
  for (std::uint32_t token = 0; token < 500; ++token) {
    scene.ask(token);
    scene.answer(scene.sent(token));
    REQUIRE(scene.sockets.open.size() <= 11);
  }
  CHECK(scene.sockets.open.size() == 10);
}

TEST_CASE("in bulk use, sockets are retired between the fewest and the most uses") {
  Scene scene({.open_at_once = 4, .fewest_uses = 3, .most_uses = 7, .drain = 0ms});
  std::map<probe::SocketId, std::uint32_t> uses;
  std::set<std::uint32_t> lives;
  for (std::uint32_t token = 0; token < 3'000; ++token) {
    scene.ask(token);
    const probe::SocketId socket = scene.sent(token).socket;
    ++uses[socket];
    scene.answer(scene.sent(token));
    scene.sockets.advance(0ms);
    if (scene.sockets.open.count(socket) == 0) {
      REQUIRE(uses[socket] >= 3);
      REQUIRE(uses[socket] <= 7);
      lives.insert(uses[socket]);
      uses.erase(socket);
    }
    REQUIRE(scene.sockets.open.size() <= 4);
  }
  // About 600 sockets were used; the probability that one of five numbers is never drawn is below 1e-50.
  CHECK(lives.size() == 5);
}

TEST_CASE("a socket never uses an id twice") {
  Scene scene({.open_at_once = 1, .fewest_uses = 4'096, .most_uses = 4'096});
  std::set<std::uint16_t> ids;
  for (std::uint32_t token = 0; token < 4'096; ++token) {
    scene.ask(token);
    if (token % 2 == 0) scene.answer(scene.sent(token));
    REQUIRE(scene.sent(token).socket == scene.sent(0).socket);
    ids.insert(scene.sent(token).id());
  }
  CHECK(ids.size() == 4'096);
}

TEST_CASE("ten thousand concurrent exchanges can be answered in any order") {
  constexpr std::uint32_t count = 10'000;
  Scene scene(probe::bulk_sockets);
  for (std::uint32_t token = 0; token < count; ++token)
    scene.ask(token, server(), Transport::udp, "s" + std::to_string(token) + "._domainkey.example");
  REQUIRE(scene.sockets.datagrams.size() == count);
  std::set<probe::SocketId> used;
  for (const auto& sent : scene.sockets.datagrams) used.insert(sent.socket);
  CHECK(used.size() >= 64);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937(2));
  std::size_t lost = 0;
  for (const std::size_t at : order) {
    if (at % 10 == 3) {
      ++lost;
    } else {
      scene.answer(scene.sent(at));
    }
  }
  scene.sockets.advance(402ms);
  REQUIRE(scene.handler.results.size() == count);
  std::vector<bool> seen(count);
  std::size_t timed_out = 0;
  bool all_right = true;
  for (const auto& [token, result, message] : scene.handler.results) {
    all_right = all_right && !seen[token];
    seen[token] = true;
    if (result.outcome == Outcome::timed_out) ++timed_out;
    if (result.outcome == Outcome::answered)
      all_right = all_right && message == response_to(scene.sent(token).octets);
  }
  CHECK(all_right);
  CHECK(timed_out == lost);
  CHECK(scene.engine.totals().answers == count - lost);
}

// ---- TCP ----

TEST_CASE("a TCP answer may arrive in any pieces") {
  const std::size_t size = framed(response_to(query_for())).size();
  for (std::size_t cut = 0; cut <= size; ++cut) {
    Scene scene;
    const auto stream = scene.stream();
    const Bytes octets = framed(response_to(scene.query_on(stream)));
    const auto first = std::span(octets).first(cut);
    if (cut > 0) scene.sockets.stream_octets(stream, first);
    CHECK(scene.handler.results.size() == (cut == size ? 1 : 0));
    if (cut < size) scene.sockets.stream_octets(stream, std::span(octets).subspan(cut));
    CHECK(scene.handler.only().result.outcome == Outcome::answered);
    CHECK(scene.handler.only().message == response_to(scene.query_on(stream)));
    CHECK(scene.sockets.open.empty());
  }
}

TEST_CASE("a query over TCP has a length prefix and is sent once connected") {
  Scene scene;
  scene.ask(1, server(), Transport::tcp);
  const auto stream = scene.sockets.connections.at(0).socket;
  CHECK(scene.sockets.written.at(stream).empty());
  scene.sockets.connected(stream);
  Bytes expected = query_for();
  probe::set_query_id(expected, static_cast<std::uint16_t>(scene.sockets.written.at(stream).at(2) << 8U |
                                                           scene.sockets.written.at(stream).at(3)));
  CHECK(scene.sockets.written.at(stream) == framed(expected));
  CHECK(scene.engine.totals().queries_tcp == 1);
}

TEST_CASE("octets that arrive slowly do not move the deadline") {
  Scene scene;
  const auto stream = scene.stream(1s);
  const Bytes octets = framed(response_to(scene.query_on(stream)));
  std::size_t at = 0;
  while (scene.handler.results.empty() && at + 1 < octets.size()) {
    scene.sockets.advance(100ms);
    scene.sockets.stream_octets(stream, std::span(octets).subspan(at++, 1));
  }
  CHECK(at <= 11);
  CHECK(scene.handler.only().result.outcome == Outcome::timed_out);
  CHECK(scene.handler.only().result.took == 1s);
  CHECK(scene.sockets.open.empty());
  CHECK_FALSE(scene.sockets.stream_octets(stream, octets));
}

TEST_CASE("a connection that is never established ends at the deadline") {
  Scene scene;
  scene.ask(1, server(), Transport::tcp);
  scene.sockets.advance(402ms);
  CHECK(scene.handler.only().result.outcome == Outcome::timed_out);
  CHECK(scene.handler.only().result.bytes_sent == 0);
  CHECK(scene.sockets.open.empty());
}

TEST_CASE("other messages in a TCP stream are ignored and counted") {
  Scene scene;
  const auto stream = scene.stream();
  const Bytes good = response_to(scene.query_on(stream));
  Bytes wrong_id = good;
  wrong_id[0] ^= 0x80U;
  Bytes cut_off = good;
  cut_off.pop_back();
  Bytes octets;
  const auto append = [&](const Bytes& message) {
    const Bytes more = framed(message);
    octets.insert(octets.end(), more.begin(), more.end());
  };
  Outcome outcome = Outcome::answered;
  probe::IgnoredMessages expected;
  int error = 0;
  SECTION("another id first") {
    append(wrong_id);
    append(good);
    expected = ignored({{IgnoreReason::wrong_id, 1}});
  }
  SECTION("two answers") {
    append(good);
    append(good);
  }
  SECTION("octets after the answer") {
    append(good);
    octets.push_back(0);
  }
  SECTION("messages without length, then the answer") {
    append({});
    append({});
    append(good);
    expected = ignored({{IgnoreReason::malformed, 2}});
  }
  SECTION("a malformed message, then the end") {
    append(cut_off);
    outcome = Outcome::malformed;
    expected = ignored({{IgnoreReason::malformed, 1}});
  }
  SECTION("a malformed message, then a reset") {
    append(cut_off);
    error = ECONNRESET;
    outcome = Outcome::malformed;
    expected = ignored({{IgnoreReason::malformed, 1}});
  }
  SECTION("a length that is too short") {
    append(good);
    --octets[1];
    outcome = Outcome::malformed;
    expected = ignored({{IgnoreReason::malformed, 1}});
  }
  SECTION("a length that is too long") {
    append(good);
    ++octets[1];
    outcome = Outcome::connection_closed;
  }
  SECTION("the longest length there is, never filled") {
    octets = {0xff, 0xff};
    octets.resize(60'000);
    outcome = Outcome::connection_closed;
  }
  SECTION("half a message, then a reset") {
    append(good);
    octets.resize(octets.size() / 2);
    error = ECONNRESET;
    outcome = Outcome::connection_reset;
  }
  SECTION("nothing") {
    outcome = Outcome::connection_closed;
  }
  if (!octets.empty()) scene.sockets.stream_octets(stream, octets);
  const bool ended_early = scene.sockets.stream_end(stream, error);
  CHECK(ended_early == (outcome != Outcome::answered));
  const auto& result = scene.handler.only().result;
  CHECK(result.outcome == outcome);
  CHECK(result.ignored.counts == expected.counts);
  CHECK(scene.sockets.open.empty());
  scene.sockets.advance(10s);
  CHECK(scene.handler.results.size() == 1);
}

TEST_CASE("a server that floods a TCP stream is read up to a limit") {
  Scene scene;
  const auto stream = scene.stream();
  const Bytes answer = framed(response_to(scene.query_on(stream)));
  Bytes message(probe::longest_message, 0);
  message[2] = 0x80;
  Outcome outcome = Outcome::connection_closed;
  SECTION("messages with another id") {}
  SECTION("malformed messages") {
    std::copy_n(answer.begin() + 2, answer.size() - 2, message.begin());
    message[6] = 0xff;  // records of the answer
    outcome = Outcome::malformed;
  }
  const Bytes octets = framed(message);
  std::size_t read = 0;
  while (scene.sockets.stream_octets(stream, octets)) {
    read += octets.size();
    REQUIRE(read <= probe::most_stream_octets + octets.size());
  }
  CHECK(scene.handler.only().result.outcome == outcome);
  CHECK(scene.handler.only().result.took == 0s);
  CHECK(scene.sockets.open.empty());
}

TEST_CASE("the longest answer over TCP may follow another message") {
  Scene scene;
  const auto stream = scene.stream();
  Bytes answer = response_to(scene.query_on(stream));
  Bytes other(probe::longest_message, 0);
  scene.sockets.stream_octets(stream, framed(other));
  answer.resize(probe::longest_message);  // trailing octets
  scene.sockets.stream_octets(stream, framed(answer));
  CHECK(scene.handler.only().result.outcome == Outcome::answered);
}

TEST_CASE("a malformed message over TCP followed by silence is malformed") {
  Scene scene;
  const auto stream = scene.stream(1s);
  Bytes cut_off = response_to(scene.query_on(stream));
  cut_off.pop_back();
  scene.sockets.stream_octets(stream, framed(cut_off));
  scene.sockets.advance(1'002ms);
  CHECK(scene.handler.only().result.outcome == Outcome::malformed);
}

TEST_CASE("the end of a stream determines the outcome") {
  struct Case {
    int error;
    Outcome outcome;
  };
  const auto given =
      GENERATE(Case{0, Outcome::connection_closed}, Case{ECONNREFUSED, Outcome::connection_refused},
               Case{ECONNRESET, Outcome::connection_reset}, Case{EPIPE, Outcome::connection_reset},
               Case{ETIMEDOUT, Outcome::timed_out}, Case{EHOSTUNREACH, Outcome::unreachable},
               Case{ENETUNREACH, Outcome::unreachable}, Case{ENOMEM, Outcome::local_error});
  Scene scene;
  scene.ask(1, server(), Transport::tcp);
  scene.sockets.stream_end(scene.sockets.connections.at(0).socket, given.error);
  CHECK(scene.handler.only().result.outcome == given.outcome);
  CHECK(scene.handler.only().result.system_error == given.error);
  CHECK(scene.sockets.open.empty());
}

TEST_CASE("a connection refused immediately counts as refused by the server") {
  Scene scene;
  scene.sockets.connect_error = [](const ServerAddress&) { return ECONNREFUSED; };
  scene.ask(1, server(), Transport::tcp);
  scene.sockets.advance(2ms);
  CHECK(scene.handler.only().result.outcome == Outcome::connection_refused);
}

// ---- Timers, interruption, and handlers that act ----

TEST_CASE("timers fire at their time, once and in order") {
  Scene scene;
  const auto start = scene.sockets.now();
  std::vector<std::pair<std::uint32_t, std::chrono::microseconds>> came;
  scene.handler.then_on_timer = [&](std::uint32_t token) {
    came.emplace_back(token,
                      std::chrono::duration_cast<std::chrono::microseconds>(scene.sockets.now() - start));
  };
  scene.engine.call_at(start + 30s, scene.handler, 3);
  scene.engine.call_at(start + 10ms, scene.handler, 1);
  scene.engine.call_at(start + 2'500ms, scene.handler, 2);
  scene.engine.call_at(start - 1h, scene.handler, 0);
  scene.sockets.advance(60s);
  REQUIRE(came.size() == 4);
  const std::vector<std::chrono::microseconds> due = {0us, 10ms, 2'500ms, 30s};
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(came[i].first == i);
    CHECK(came[i].second >= due[i]);
    CHECK(came[i].second <= due[i] + probe::DeadlineQueue::tick);
  }
}

TEST_CASE("ending one exchange or timer early does not end another") {
  Scene scene;
  const auto first = scene.ask(1);
  const auto second = scene.ask(2);
  const auto timer = scene.engine.call_at(scene.sockets.now() + 100ms, scene.handler, 3);
  scene.engine.call_at(scene.sockets.now() + 100ms, scene.handler, 4);
  scene.sockets.advance(50ms);
  SECTION("an exchange that waits, when another is answered") {
    scene.handler.then = [&](std::uint32_t token, const QueryResult&) {
      if (token == 2) scene.engine.end(first, Outcome::superseded);
    };
    REQUIRE(scene.answer(scene.sent(1)));
    REQUIRE(scene.handler.results.size() == 2);
    const auto& ended = scene.handler.results[1];
    CHECK(ended.token == 1);
    CHECK(ended.result.outcome == Outcome::superseded);
    CHECK(ended.result.took == 50ms);
    CHECK(ended.result.bytes_sent > 0);
    scene.engine.end(first, Outcome::superseded);  // already over
    scene.engine.end(second, Outcome::superseded);
    CHECK(scene.handler.results.size() == 2);
    scene.answer(scene.sent(0));
    CHECK(scene.handler.results.size() == 2);
    CHECK(scene.total(IgnoreReason::late) == 1);
  }
  SECTION("one that has met something wrong tells that") {
    Bytes broken = response_to(scene.sent(0).octets);
    broken.resize(broken.size() - 3);
    scene.sockets.datagram(scene.sent(0).socket, server(), broken);
    scene.sockets.icmp(scene.sent(1).socket, server(), scene.sent(1).octets, ECONNREFUSED);
    scene.engine.end(first, Outcome::superseded);
    scene.engine.end(second, Outcome::superseded);
    REQUIRE(scene.handler.results.size() == 2);
    CHECK(scene.handler.results[0].result.outcome == Outcome::malformed);
    CHECK(scene.handler.results[1].result.outcome == Outcome::unreachable);
    CHECK(scene.handler.results[1].result.system_error == ECONNREFUSED);
  }
  SECTION("a timer") {
    scene.engine.end(timer, Outcome::interrupted);
    scene.engine.end({}, Outcome::interrupted);  // none
    scene.sockets.advance(100ms);
    CHECK(scene.handler.timers == std::vector<std::uint32_t>{4});
    CHECK(scene.handler.results.empty());
    // Its slot may hold another exchange by now.
    scene.engine.call_at(scene.sockets.now() + 1ms, scene.handler, 5);
    scene.engine.end(timer, Outcome::interrupted);
    scene.sockets.advance(10ms);
    CHECK(scene.handler.timers == std::vector<std::uint32_t>{4, 5});
  }
  SECTION("over TCP") {
    const auto stream = scene.ask(6, server(), Transport::tcp);
    REQUIRE(scene.sockets.connected(scene.sockets.connections.back().socket));
    scene.engine.end(stream, Outcome::interrupted);
    CHECK(scene.handler.only().result.outcome == Outcome::interrupted);
  }
  scene.engine.interrupt(scene.handler);
  scene.sockets.advance(10s);
  CHECK(scene.sockets.open.empty());
  CHECK_FALSE(scene.sockets.next_wake());
}

TEST_CASE("interrupting a handler ends all of its exchanges and none of another's") {
  Scene scene;
  Recorder other;
  const Bytes query = query_for();
  scene.ask(1);
  scene.ask(2, server(), Transport::tcp);
  scene.engine.call_at(scene.sockets.now() + 1s, scene.handler, 3);
  scene.sockets.connect_error = [](const ServerAddress&) { return EMFILE; };
  scene.ask(4, server(), Transport::tcp);
  scene.engine.start({server(), Transport::udp, query, 400ms}, other, 5);
  scene.engine.call_at(scene.sockets.now() + 100ms, other, 6);
  scene.engine.interrupt(scene.handler);
  REQUIRE(scene.handler.results.size() == 3);
  for (const auto& [token, result, message] : scene.handler.results)
    CHECK(result.outcome == Outcome::interrupted);
  CHECK(other.results.empty());
  scene.answer(scene.sent(0));
  scene.sockets.advance(200ms);
  CHECK(scene.total(IgnoreReason::late) == 1);
  CHECK(scene.handler.results.size() == 3);
  CHECK(scene.handler.timers.empty());
  CHECK(other.timers == std::vector<std::uint32_t>{6});
  scene.answer(scene.sent(1));
  CHECK(other.only().result.outcome == Outcome::answered);
}

TEST_CASE("a handler may interrupt itself at any time") {
  Scene scene;
  for (std::uint32_t token = 0; token < 5; ++token) scene.ask(token);
  const auto stream = scene.stream(400ms);
  scene.engine.call_at(scene.sockets.now() + 50ms, scene.handler, 9);
  const auto interrupt = [&] { scene.engine.interrupt(scene.handler); };
  SECTION("at an answer") {
    scene.handler.then = [&](std::uint32_t, const QueryResult&) { interrupt(); };
    scene.answer(scene.sent(2));
  }
  SECTION("at an answer over TCP") {
    scene.handler.then = [&](std::uint32_t, const QueryResult&) { interrupt(); };
    scene.sockets.stream_octets(stream, framed(response_to(scene.query_on(stream))));
  }
  SECTION("at a timer") {
    scene.handler.then_on_timer = [&](std::uint32_t) { interrupt(); };
    scene.sockets.advance(60ms);
  }
  SECTION("at time-outs that come together") {
    scene.handler.then = [&](std::uint32_t, const QueryResult&) { interrupt(); };
    scene.sockets.advance(500ms);
  }
  REQUIRE(scene.handler.results.size() == 6);
  std::set<std::size_t> sent_at;
  for (const auto& result : scene.handler.results) sent_at.insert(result.token);
  scene.handler.then = nullptr;
  scene.sockets.advance(10s);
  CHECK(scene.handler.results.size() == 6);
  CHECK(scene.sockets.open.empty());
}

TEST_CASE("exchanges that a handler starts while it is interrupted are not started") {
  auto doomed = std::make_unique<Recorder>();
  Scene scene;
  const Bytes query = query_for();
  Recorder* handler = doomed.get();
  handler->then = [&](std::uint32_t token, const QueryResult& result) {
    CHECK(result.outcome == Outcome::interrupted);
    for (const Transport transport : {Transport::udp, Transport::tcp})
      scene.engine.start({server(), transport, query, 400ms}, *handler, token + 100);
    scene.engine.call_at(scene.sockets.now(), *handler, token + 200);
    scene.engine.interrupt(*handler);
  };
  for (std::uint32_t token = 0; token < 3; ++token)
    scene.engine.start({server(), Transport::udp, query, 400ms}, *handler, token);
  scene.engine.interrupt(*handler);
  CHECK(doomed->results.size() == 3);
  CHECK(scene.sockets.datagrams.size() == 3);
  CHECK(scene.sockets.connections.empty());
  doomed.reset();  // nothing may reach it any more
  scene.sockets.advance(1s);
  // The engine works for others as before.
  scene.ask();
  scene.answer(scene.sockets.datagrams.back());
  CHECK(scene.handler.only().result.outcome == Outcome::answered);
}

TEST_CASE("handlers may start exchanges from results and timers, and slots are reused") {
  Scene scene;
  std::uint32_t begun = 0;
  const auto begin_many = [&] {
    // Enough concurrent exchanges that every table of the engine has to grow.
    for (int i = 0; i < 40; ++i)
      scene.ask(1'000 + begun++, server(), i % 3 ? Transport::udp : Transport::tcp);
  };
  SECTION("from an answer") {
    scene.handler.then = [&](std::uint32_t token, const QueryResult&) {
      if (token < 1'000) begin_many();
    };
    scene.ask(1);
    scene.answer(scene.sent(0));
  }
  SECTION("from an answer over TCP") {
    scene.handler.then = [&](std::uint32_t token, const QueryResult&) {
      if (token < 1'000) begin_many();
    };
    const auto stream = scene.stream();
    scene.sockets.stream_octets(stream, framed(response_to(scene.query_on(stream))));
  }
  SECTION("from a send that failed") {
    scene.handler.then = [&](std::uint32_t token, const QueryResult&) {
      scene.sockets.send_error = nullptr;
      if (token < 1'000) begin_many();
    };
    scene.sockets.send_error = [](const ServerAddress&) { return EPERM; };
    scene.ask(1);
    scene.sockets.end_turn();
  }
  SECTION("from timers and time-outs of one turn") {
    scene.handler.then_on_timer = [&](std::uint32_t) { begin_many(); };
    scene.handler.then = [&](std::uint32_t token, const QueryResult&) {
      if (token < 1'000) begin_many();
    };
    for (std::uint32_t token = 0; token < 3; ++token) {
      scene.ask(token);
      scene.engine.call_at(scene.sockets.now() + 400ms, scene.handler, token);
    }
    scene.sockets.advance(401ms);
    CHECK(begun == 240);
  }
  CHECK(begun >= 40);
  const std::size_t before = scene.handler.results.size();
  scene.sockets.advance(2s);
  CHECK(scene.handler.results.size() == before + begun);
  std::set<std::uint32_t> tokens;
  for (const auto& [token, result, message] : scene.handler.results) {
    if (token < 1'000) continue;
    tokens.insert(token);
    CHECK(result.outcome == Outcome::timed_out);
    CHECK(result.took == 400ms);
  }
  CHECK(tokens.size() == begun);
}

TEST_CASE("a failed send is not charged to the exchange that reuses its slot") {
  Scene scene;
  scene.sockets.send_error = [](const ServerAddress&) { return EPERM; };
  scene.ask(1);  // its failure is pending until the end of the turn
  scene.engine.interrupt(scene.handler);
  scene.sockets.send_error = nullptr;
  scene.ask(2);
  scene.sockets.end_turn();
  CHECK(scene.handler.results.size() == 1);
  scene.answer(scene.sent(0));
  REQUIRE(scene.handler.results.size() == 2);
  CHECK(scene.handler.results[1].result.outcome == Outcome::answered);
}

TEST_CASE("a destroyed engine closes its sockets") {
  ScriptedSockets sockets;
  Recorder handler;
  const Bytes query = query_for();
  {
    QueryEngine engine(sockets, probe::bulk_sockets);
    for (std::uint32_t token = 0; token < 100; ++token)
      engine.start({server(), token % 2 ? Transport::udp : Transport::tcp, query, 1s}, handler, token);
    CHECK(sockets.open.size() > 50);
  }
  CHECK(sockets.open.empty());
  CHECK(handler.results.empty());
}

// ---- Every failure at every step ----

/// Three questions to one server: UDP, then TCP as the test chooses, then a timer and UDP again.
std::vector<Recorder::Result> play(Scene& scene) {
  scene.handler.then = [&](std::uint32_t token, const QueryResult&) {
    if (token == 1) scene.ask(2, server(), Transport::tcp);
    if (token == 2) scene.engine.call_at(scene.sockets.now() + 5ms, scene.handler, 3);
  };
  scene.handler.then_on_timer = [&](std::uint32_t token) {
    scene.ask(token);
    scene.ask(token + 1, server("2001:db8::1"));
  };
  scene.ask(1);
  std::size_t answered = 0;
  std::size_t connected = 0;
  for (int turn = 0; turn < 3'000; ++turn) {
    while (answered < scene.sockets.datagrams.size()) {
      const auto sent = scene.sockets.datagrams[answered++];
      scene.answer(sent);
    }
    while (connected < scene.sockets.connections.size()) {
      const auto stream = scene.sockets.connections[connected++].socket;
      scene.sockets.connected(stream);
      if (!scene.sockets.written[stream].empty())
        scene.sockets.stream_octets(stream, framed(response_to(scene.query_on(stream))));
    }
    scene.sockets.advance(1ms);
  }
  return scene.handler.results;
}

TEST_CASE("a failure at any step ends only that exchange") {
  Scene whole;
  REQUIRE(play(whole).size() == 4);
  const std::size_t steps = whole.sockets.calls;
  CHECK(steps == 8);
  const int error = GENERATE(EMFILE, ENETUNREACH, EPERM, ECONNRESET);
  for (std::size_t step = 0; step < steps; ++step) {
    INFO("step " << step << ", errno " << error);
    Scene scene;
    scene.sockets.fail_at_call = step;
    scene.sockets.fail_with = error;
    const auto results = play(scene);
    REQUIRE(results.size() == 4);
    std::set<std::uint32_t> tokens;
    std::size_t failed = 0;
    for (const auto& [token, result, message] : results) {
      tokens.insert(token);
      if (result.outcome == Outcome::answered) continue;
      ++failed;
      CHECK(result.system_error == error);
    }
    CHECK(tokens.size() == 4);
    // When descriptors run out, a draining socket, if any, is closed, and nothing fails at all.
    CHECK(failed == (error == EMFILE && (step == 2 || step == 4 || step == 6) ? 0 : 1));
    CHECK(scene.sockets.open.empty());
  }
}

}  // namespace
}  // namespace dkimprobe::tests
