// The order of queries to one address, and how long a domain waits.
#include "probe/collection/fair_queue.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "probe/collection/rate_limit.hpp"
#include "probe/collection/send_queue.hpp"
#include "tests/catch.hpp"
#include "tests/probe/transport/scripted_sockets.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::MonotonicTime;
using probe::QueryRate;
using probe::TurnQueue;
using probe::Urgency;

using Queue = TurnQueue<char, int>;

bool anywhere(int) {
  return true;
}

std::string order(Queue& queue) {
  std::string owners;
  while (const auto turn = queue.next(anywhere)) owners += turn->owner;
  return owners;
}

TEST_CASE("domains take turns, however many queries each has waiting") {
  Queue queue;
  for (std::uint32_t i = 0; i < 5; ++i) queue.join('a', Urgency::scheduled, 0, i);
  queue.join('b', Urgency::scheduled, 0, 10);
  queue.join('b', Urgency::scheduled, 0, 11);
  queue.join('c', Urgency::scheduled, 0, 20);
  CHECK(queue.before_newcomer(1) == 3);
  CHECK(queue.before_newcomer(2) == 5);
  CHECK(queue.before_newcomer(9) == 8);
  CHECK(order(queue) == "abcabaaa");
  CHECK(queue.empty());
}

TEST_CASE("awaited queries get every second turn, and no more") {
  Queue queue;
  for (const char owner : {'a', 'b', 'c'}) {
    queue.join(owner, Urgency::scheduled, 0, 1);
    queue.join(owner, Urgency::scheduled, 0, 2);
  }
  for (std::uint32_t i = 0; i < 4; ++i) queue.join('X', Urgency::awaited, 0, i);
  queue.join('Y', Urgency::awaited, 0, 1);
  CHECK(order(queue) == "XaYbXcXaXbc");
}

TEST_CASE("a removed query does not change the turns of others") {
  Queue queue;
  for (const char owner : {'a', 'b', 'c'}) {
    queue.join(owner, Urgency::scheduled, 0, 1);
    queue.join(owner, Urgency::scheduled, 0, 2);
  }
  queue.leave('a', Urgency::scheduled, 0, 1);
  queue.leave('b', Urgency::scheduled, 0, 1);
  queue.leave('b', Urgency::scheduled, 0, 2);
  queue.leave('b', Urgency::scheduled, 0, 2);  // no longer waits
  queue.leave('d', Urgency::scheduled, 0, 1);  // never waited
  CHECK(order(queue) == "acc");
}

TEST_CASE("a domain that waits for a busy place does not hold up others, nor lose its turn") {
  Queue queue;
  queue.join('a', Urgency::scheduled, 1, 10);
  queue.join('a', Urgency::scheduled, 1, 11);
  queue.join('a', Urgency::scheduled, 2, 12);
  queue.join('b', Urgency::scheduled, 1, 20);
  queue.join('c', Urgency::scheduled, 3, 30);
  CHECK(queue.before_newcomer(2) == 4);
  CHECK(queue.before_newcomer(2, 1) == 3);
  CHECK(queue.before_newcomer(1, 1) == 2);
  const auto next = [&](std::vector<int> ready) {
    const auto turn = queue.next([&](int place) { return std::ranges::find(ready, place) != ready.end(); });
    return turn ? std::to_string(turn->token) : "none";
  };
  CHECK(next({}) == "none");
  CHECK(next({3}) == "30");
  CHECK(next({2, 3}) == "12");
  CHECK(next({1}) == "20");
  CHECK(next({1}) == "10");
  CHECK(next({1}) == "11");
  CHECK(queue.empty());
}

/// Domains come, ask, and give up in any order; every turn is taken as soon as the rate limit permits.
TEST_CASE("no domain waits for more turns than there are domains, and the rate limit holds") {
  CHECK(rc::check([] {
    const double per_second = *rc::gen::inRange(1, 20);
    const double burst = *rc::gen::inRange(1, 10);
    QueryRate rate(burst, per_second, MonotonicTime{});
    Queue queue;
    std::map<char, std::vector<std::uint32_t>> waiting;
    std::map<char, std::size_t> passed_over;
    std::vector<MonotonicTime> leaves;
    const bool both_kinds = *rc::gen::arbitrary<bool>();
    const int domains = both_kinds ? 6 : 3;
    const auto urgency = [](char owner) { return owner < 'd' ? Urgency::scheduled : Urgency::awaited; };
    std::uint32_t token = 0;
    MonotonicTime now{};
    const int steps = *rc::gen::inRange(1, 300);
    for (int i = 0; i < steps; ++i) {
      const char owner = static_cast<char>('a' + *rc::gen::inRange(0, domains));
      auto& own = waiting[owner];
      const int what = *rc::gen::inRange(0, 8);
      if (what < 4) {
        own.push_back(++token);
        queue.join(owner, urgency(owner), 0, token);
      } else if (what == 4 && !own.empty()) {
        const std::size_t at = *rc::gen::inRange<std::size_t>(0, own.size());
        queue.leave(owner, urgency(owner), 0, own[at]);
        own.erase(own.begin() + static_cast<std::ptrdiff_t>(at));
        if (own.empty()) passed_over[owner] = 0;
      } else {
        now += std::chrono::milliseconds(*rc::gen::inRange(0, 2'000));
      }
      while (!queue.empty() && rate.take(now)) {
        const auto turn = queue.next(anywhere);
        RC_ASSERT(turn.has_value());
        leaves.push_back(now);
        auto& served = waiting[turn->owner];
        RC_ASSERT(!served.empty());
        RC_ASSERT(served.front() == turn->token);  // each domain's queries in their order
        for (auto& [other, tokens] : waiting) {
          if (tokens.empty()) continue;
          if (other == turn->owner) {
            passed_over[other] = 0;
          } else {
            // Three domains of each kind; the other kind gets at most every second turn.
            RC_ASSERT(++passed_over[other] <= (both_kinds ? 2 * 3U : 3U));
          }
        }
        served.erase(served.begin());
        if (served.empty()) passed_over[turn->owner] = 0;
      }
    }
    std::size_t left = 0;
    for (const auto& [owner, tokens] : waiting) left += tokens.size();
    for (; left > 0; --left) RC_ASSERT(queue.next(anywhere).has_value());
    RC_ASSERT(!queue.next(anywhere).has_value());
    for (std::size_t from = 0; from < leaves.size(); ++from) {
      for (std::size_t to = from; to < leaves.size(); ++to) {
        const double seconds = std::chrono::duration<double>(leaves[to] - leaves[from]).count();
        RC_ASSERT(static_cast<double>(to - from + 1) <= burst + seconds * per_second + 0.01);
      }
    }
  }));
}

// ---- With the engine's clock ----

struct Taker final : probe::TurnTaker {
  explicit Taker(char letter, std::string& log) : name(letter), turns(log) {}
  void on_turn(std::uint32_t) override { turns += name; }
  char name;
  std::string& turns;
};

const config::ServerAddress server{config::Address::parse("192.0.2.1").value(), 53};

TEST_CASE("turns come when the rate limit permits, and an emptied queue leaves no timer") {
  config::ProbeSettings settings;
  settings.rate_burst = 2;
  settings.rate_per_second = 10;
  ScriptedSockets sockets;
  probe::QueryEngine engine(sockets, probe::one_use_sockets);
  probe::ServerMemories servers(settings);
  probe::Turns turns(engine, servers);
  std::string log;
  Taker a('a', log);
  Taker b('b', log);
  CHECK(turns.wait_of_newcomer(server, 2) == 0s);
  CHECK(turns.take(server, a, Urgency::scheduled, 1));
  CHECK(turns.take(server, a, Urgency::scheduled, 2));
  for (std::uint32_t i = 3; i < 6; ++i) CHECK_FALSE(turns.take(server, a, Urgency::scheduled, i));
  CHECK_FALSE(turns.take(server, b, Urgency::scheduled, 1));
  CHECK(turns.wait_of_newcomer(server, 1) > 290ms);
  CHECK(turns.wait_of_newcomer(server, 1) < 310ms);
  SECTION("one after the other") {
    for (const std::string& so_far : {"", "a", "ab", "aba", "abaa", "abaa"}) {
      CHECK(log == so_far);
      sockets.advance(102ms);
    }
  }
  SECTION("whoever comes when a token is there waits behind those that wait") {
    sockets.advance(99ms);
    CHECK_FALSE(turns.take(server, b, Urgency::scheduled, 2));
    sockets.advance(1s);
    CHECK(log == "ababa");
  }
  SECTION("who leaves is not called") {
    for (std::uint32_t i = 3; i < 6; ++i) turns.leave(server, a, Urgency::scheduled, i);
    sockets.advance(1s);
    CHECK(log == "b");
  }
  SECTION("all leave") {
    for (std::uint32_t i = 3; i < 6; ++i) turns.leave(server, a, Urgency::scheduled, i);
    turns.leave(server, b, Urgency::scheduled, 1);
    sockets.advance(1s);
    CHECK(log.empty());
    CHECK(turns.take(server, b, Urgency::scheduled, 1));
  }
  SECTION("the memory of servers is made anew with another rate") {
    settings.rate_per_second = 0;
    servers = probe::ServerMemories(settings);
    sockets.advance(102ms);
    CHECK(log == "abaa");
  }
  sockets.advance(10s);
  CHECK_FALSE(sockets.next_wake());
}

TEST_CASE("the addresses of a network share four times the limit of one, and domains take turns in it") {
  config::ProbeSettings settings;
  settings.rate_burst = 2;
  settings.rate_per_second = 10;
  ScriptedSockets sockets;
  probe::QueryEngine engine(sockets, probe::one_use_sockets);
  probe::ServerMemories servers(settings);
  probe::Turns turns(engine, servers);
  std::string log;
  Taker hostile('h', log);
  Taker healthy('g', log);
  const auto at = [](const std::string& ip) {
    return config::ServerAddress{config::Address::parse(ip).value(), 53};
  };
  const bool ipv6 = GENERATE(false, true);
  const std::string network = ipv6 ? "2a00:1450:4:" : "8.8.8.";
  std::size_t sent = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const std::string ip = ipv6 ? fmt::format("{}{}::1", network, i) : fmt::format("{}{}", network, i);
    if (turns.take(at(ip), hostile, Urgency::scheduled, i)) ++sent;
  }
  CHECK(sent == 8);
  const auto other = at(ipv6 ? "2a00:1450:5::1" : "8.8.9.1");
  CHECK(turns.take(other, healthy, Urgency::scheduled, 1));
  const auto own = at(network + (ipv6 ? "ffff::1" : "250"));
  for (std::uint32_t i = 0; i < 4; ++i) CHECK_FALSE(turns.take(own, healthy, Urgency::scheduled, i));
  sockets.advance(1s);
  // 40 a second: every second turn until the healthy domain's two, and then its address's rate.
  CHECK(log.size() >= 39);
  CHECK(log.size() <= 41);
  CHECK(log.substr(0, 4) == "hghg");
  CHECK(std::ranges::count(log, 'g') == 4);
}

// ---- Whether an address slows down ----

TEST_CASE("an address is asked more slowly only if it stops answering what it used to answer") {
  config::ProbeSettings settings;
  probe::ServerMemories servers(settings);
  const MonotonicTime now{1h};
  const auto name = [](std::string_view text) { return config::DomainName::parse(text).value(); };
  const auto rate = [&] { return servers.of(server, now).rate.per_second(); };
  const probe::QuestionKind served{.zone = name("served.example")};
  const probe::QuestionKind lame{.zone = name("lame.example")};
  servers.answered(server, served, now);
  SECTION("a zone that it never served") {
    for (int i = 0; i < 100; ++i) servers.refused(server, lame, now);
    CHECK(rate() == 5.0);
  }
  SECTION("a zone that it served, once, until it answers again") {
    for (int i = 0; i < 100; ++i) servers.refused(server, served, now);
    CHECK(rate() == 2.5);
    servers.answered(server, served, now);
    CHECK(rate() == 3.0);
    servers.refused(server, served, now);
    CHECK(rate() == 1.5);
  }
  SECTION("what it always drops") {
    for (const probe::QuestionKind& kind :
         {probe::QuestionKind{.zone = served.zone, .type = probe::RecordType::soa},
          probe::QuestionKind{.zone = served.zone, .edns = true},
          probe::QuestionKind{.zone = served.zone, .transport = probe::Transport::tcp}, lame}) {
      servers.kept_silent(server, kind, now);
    }
    CHECK(rate() == 5.0);
  }
  SECTION("silence for what it answered") {
    for (int i = 0; i < 100; ++i) servers.kept_silent(server, served, now);
    CHECK(rate() == 2.5);
  }
  SECTION("another address") {
    servers.refused({server.ip, 54}, served, now);
    servers.kept_silent({server.ip, 54}, served, now);
    CHECK(rate() == 5.0);
    CHECK(servers.of({server.ip, 54}, now).rate.per_second() == 5.0);
  }
}

}  // namespace
}  // namespace dkimprobe::tests
