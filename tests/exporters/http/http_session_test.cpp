// One client's session, with a clock of the test: each phase and its deadline, input in any pieces, limits,
// refusals, passwords, the web server's failures, the end of the program, and hostile clients.
#include "exporters/http/http_session.hpp"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using exporters::HttpSession;
using exporters::Response;
using exporters::WebRules;
using Phase = HttpSession::Phase;
using Verdict = exporters::PasswordCheck::Verdict;
using Steps = std::vector<std::string>;

constexpr char page_request[] = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char post_request[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";

struct Name {
  std::string operator()(const HttpSession::Handshake&) const { return "handshake"; }
  std::string operator()(const HttpSession::Read&) const { return "read"; }
  std::string operator()(const HttpSession::Write&) const { return "write"; }
  std::string operator()(const HttpSession::CheckPassword& action) const {
    return fmt::format("check {} {}", action.user, action.password);
  }
  std::string operator()(const HttpSession::Forward& action) const {
    return action.again ? "forward again" : "forward";
  }
  std::string operator()(const HttpSession::Cancel&) const { return "cancel"; }
  std::string operator()(const HttpSession::ShutDownSending&) const { return "shut down sending"; }
  std::string operator()(const HttpSession::Log& action) const {
    return fmt::format("log {}", action.access.status);
  }
  std::string operator()(const HttpSession::Close&) const { return "close"; }
};

Response page(std::string body, HttpSession::Headers headers = {}) {
  return {200, "text/html", std::move(headers), std::make_shared<const std::string>(std::move(body))};
}

/// A session with its client and its web server, which do what the test says.
class Talk {
 public:
  explicit Talk(WebRules first = {})
      : rules(std::make_shared<const WebRules>(std::move(first))),
        service{limits(), [this] { return rules; }},
        session(service, rules, "192.0.2.1") {}

  static exporters::WebLimits limits() {
    exporters::WebLimits limits;
    limits.header_bytes = 1000;
    limits.body_bytes = 5000;
    limits.header = 1s;
    limits.body = 2s;
    limits.idle = 3s;
    limits.queue = 4s;
    limits.handler = 5s;
    limits.write = 6s;
    return limits;
  }

  /// What the session does, in words. The bytes that it wants to write are in `offered`.
  Steps did(const HttpSession::Actions& actions) {
    Steps steps;
    for (const auto& action : actions) {
      steps.push_back(std::visit(Name{}, action));
      if (const auto* const write = std::get_if<HttpSession::Write>(&action))
        offered = std::string(write->head) + std::string(write->body);
      if (const auto* const log = std::get_if<HttpSession::Log>(&action)) access = log->access;
    }
    return steps;
  }
  Steps start() { return did(session.started(now)); }
  Steps receive(std::string_view bytes) { return did(session.received(bytes, now)); }
  Steps take() { return did(session.written(offered.size(), now)); }
  Steps answer(Response response) { return did(session.answered(std::move(response), now)); }
  Steps stop() { return did(session.stopping(now)); }

  /// Goes on to the deadline, before which nothing may happen.
  Steps expire() {
    now = session.deadline();
    CHECK(did(session.deadline_passed(now - 1ns)).empty());
    return did(session.deadline_passed(now));
  }

  /// A request on a new connection, up to the web server's work on it.
  void ask(std::string_view request) {
    CHECK(start() == Steps{"read"});
    CHECK(receive(request) == Steps{"forward"});
    CHECK(did(session.forwarded(now)).empty());
    REQUIRE(session.phase() == Phase::answering);
  }

  std::shared_ptr<const WebRules> rules;
  HttpSession::Service service;
  HttpSession session;
  HttpSession::Time now{1h};
  std::string offered{};
  exporters::Access access{};
};

WebRules with_tls() {
  static char there = 0;
  WebRules rules;
  rules.tls = exporters::TlsContext(std::shared_ptr<void>(), reinterpret_cast<SSL_CTX*>(&there));
  return rules;
}

WebRules with_user() {
  WebRules rules;
  rules.config.users = {{"alice", "hash"}};
  return rules;
}

unsigned status_of(const Talk& talk) {
  return talk.offered.starts_with("HTTP/1.1 ") ? static_cast<unsigned>(std::stoul(talk.offered.substr(9, 3)))
                                               : 0;
}

TEST_CASE("a request passes through all phases, and the connection stays open for the next one") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  CHECK(talk.session.phase() == Phase::header);
  CHECK(talk.receive("GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\nCookie: d\r\nAccept: e/f\r\n"
                     "X-Dkimprobe-Remote: 198.51.100.1\r\n\r\n") == Steps{"forward"});
  CHECK(talk.session.phase() == Phase::waiting);
  CHECK(
      talk.session.request() ==
      "GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nX-Dkimprobe-Remote: 192.0.2.1\r\nAccept: a/b, e/f\r\n\r\n");
  CHECK(talk.did(talk.session.forwarded(talk.now)).empty());
  CHECK(talk.session.phase() == Phase::answering);
  talk.now += 250us;
  CHECK(talk.answer(page("body", {{"ETag", "1"}})) == Steps{"write"});
  CHECK(talk.session.phase() == Phase::writing);
  CHECK(talk.offered ==
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/html\r\nETag: 1\r\n"
        "Connection: keep-alive\r\n\r\nbody");
  CHECK(talk.take() == Steps{"log 200", "read"});
  CHECK(talk.session.phase() == Phase::idle);
  CHECK(talk.access.remote == "192.0.2.1");
  CHECK(talk.access.method == "GET");
  CHECK(talk.access.target == "/a?b=c");
  CHECK(talk.access.body_bytes == 4);
  CHECK(talk.access.duration == 250us);
  CHECK(talk.receive(page_request) == Steps{"forward"});
}

TEST_CASE("each phase has its deadline") {
  Talk talk;
  const auto began = talk.now;
  const auto answered = [&] {
    talk.ask(page_request);
    CHECK(talk.answer(page("body")) == Steps{"write"});
  };
  const auto lasted = [&] { return talk.session.deadline() - began; };
  SECTION("a new connection without a byte is closed") {
    CHECK(talk.start() == Steps{"read"});
    CHECK(lasted() == 1s);
    CHECK(talk.expire() == Steps{"close"});
  }
  SECTION("a header that does not end is refused") {
    CHECK(talk.start() == Steps{"read"});
    CHECK(talk.receive("GET /") == Steps{"read"});
    talk.now += 500ms;
    CHECK(talk.receive("page") == Steps{"read"});
    CHECK(lasted() == 1s);  // more bytes do not extend it
    CHECK(talk.expire() == Steps{"write"});
    CHECK(status_of(talk) == 408);
    CHECK_THAT(talk.offered, ContainsSubstring("Connection: close\r\n"));
  }
  SECTION("a body that does not end is refused") {
    CHECK(talk.start() == Steps{"read"});
    CHECK(talk.receive(post_request + "ab"s) == Steps{"read"});
    CHECK(talk.session.phase() == Phase::body);
    CHECK(lasted() == 2s);
    CHECK(talk.expire() == Steps{"write"});
    CHECK(status_of(talk) == 408);
  }
  SECTION("a request that no connection to the web server takes is refused") {
    CHECK(talk.start() == Steps{"read"});
    CHECK(talk.receive(page_request) == Steps{"forward"});
    CHECK(lasted() == 4s);
    CHECK(talk.expire() == Steps{"cancel", "write"});
    CHECK(status_of(talk) == 503);
    CHECK_THAT(talk.offered, ContainsSubstring("Retry-After: 5\r\n"));
    CHECK_THAT(talk.offered, ContainsSubstring("Connection: keep-alive\r\n"));
  }
  SECTION("a slow web server is not waited for") {
    talk.ask(page_request);
    CHECK(lasted() == 5s);
    CHECK(talk.expire() == Steps{"cancel", "write"});
    CHECK(status_of(talk) == 503);
    CHECK(talk.answer(page("too late")).empty());
    CHECK(talk.take() == Steps{"log 503", "read"});
  }
  SECTION("a response that is not read ends the connection") {
    answered();
    CHECK(lasted() == 6s);
    talk.now += 5s;
    CHECK(talk.did(talk.session.written(1, talk.now)) == Steps{"write"});
    CHECK(lasted() == 6s);  // progress does not extend it
    CHECK(talk.expire() == Steps{"log 200", "close"});
  }
  SECTION("an idle connection is closed") {
    answered();
    CHECK(talk.take() == Steps{"log 200", "read"});
    CHECK(lasted() == 3s);
    CHECK(talk.expire() == Steps{"close"});
  }
  SECTION("a client that does not close its side is not waited for") {
    CHECK(talk.start() == Steps{"read"});
    CHECK(talk.receive("nonsense\r\n\r\n") == Steps{"write"});
    CHECK(talk.take() == Steps{"log 400", "shut down sending", "read"});
    CHECK(talk.session.phase() == Phase::closing);
    CHECK(lasted() == 1s);
    CHECK(talk.expire() == Steps{"close"});
  }
}

TEST_CASE("the check of a password has a deadline, and a late verdict is ignored") {
  Talk talk(with_user());
  CHECK(talk.start() == Steps{"read"});
  CHECK(talk.receive("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWxpY2U6cw==\r\n\r\n") ==
        Steps{"check alice s"});
  CHECK(talk.session.phase() == Phase::checking);
  CHECK(talk.expire() == Steps{"write"});
  CHECK(status_of(talk) == 503);
  CHECK(talk.did(talk.session.password_checked(Verdict::good, talk.now)).empty());
  CHECK(talk.take() == Steps{"log 503", "read"});
}

TEST_CASE("a TLS handshake comes first, has a deadline, and plain HTTP is refused") {
  Talk talk(with_tls());
  CHECK(talk.start() == Steps{"handshake"});
  CHECK(talk.session.phase() == Phase::handshake);
  CHECK(talk.session.deadline() - talk.now == 1s);
  SECTION("done") {
    talk.now += 900ms;
    CHECK(talk.did(talk.session.handshake_done(talk.now)) == Steps{"read"});
    CHECK(talk.session.deadline() - talk.now == 1s);
    CHECK(talk.receive("GET / HTTP/1.0\r\n\r\n") == Steps{"forward"});
    talk.did(talk.session.forwarded(talk.now));
    CHECK(talk.answer(page("")) == Steps{"write"});
    // The shutdown of TLS waits for the client by itself.
    CHECK(talk.take() == Steps{"log 200", "shut down sending"});
    CHECK(talk.did(talk.session.disconnected(talk.now)) == Steps{"close"});
  }
  SECTION("failed") {
    CHECK(talk.did(talk.session.disconnected(talk.now)) == Steps{"close"});
  }
  SECTION("too slow") {
    CHECK(talk.expire() == Steps{"close"});
  }
  SECTION("plain") {
    CHECK(talk.did(talk.session.plain_text_came(talk.now)) == Steps{"write"});
    CHECK(status_of(talk) == 400);
    CHECK(talk.take() == Steps{"log 400", "shut down sending", "read"});
  }
}

TEST_CASE("input may come byte by byte") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  const std::string request = post_request + "abcd"s;
  for (const char& c : request)
    CHECK(talk.receive({&c, 1}) == (&c == &request.back() ? Steps{"forward"} : Steps{"read"}));
  CHECK_THAT(talk.session.request(), ContainsSubstring("POST /echo HTTP/1.1\r\n"));
  CHECK_THAT(talk.session.request(), ContainsSubstring("Content-Length: 4\r\n\r\nabcd"));
}

TEST_CASE("requests that come at once are answered in their order, and nothing more is read before") {
  Talk talk;
  talk.ask(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /4");
  CHECK_THAT(talk.session.request(), ContainsSubstring("GET /1 "));
  for (const std::string next : {"POST /2 ", "GET /3 "}) {
    CHECK(talk.answer(page("x")) == Steps{"write"});
    CHECK(talk.take() == Steps{"log 200", "forward"});
    CHECK_THAT(talk.session.request(), ContainsSubstring(next));
    CHECK(talk.did(talk.session.forwarded(talk.now)).empty());
  }
  CHECK(talk.answer(page("x")) == Steps{"write"});
  CHECK(talk.take() == Steps{"log 200", "shut down sending", "read"});
}

TEST_CASE("requests that are wrong or not allowed are refused, and the connection closed") {
  const std::string get = "GET /page HTTP/1.1\r\nHost: a\r\n";
  const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  const std::vector<std::pair<std::string, unsigned>> requests = {
      {"nonsense\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03", 400},
      {"GET /page HTTP/1.1\r\n\r\n", 400},
      {get + "Host: b\r\n\r\n", 400},
      {"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET page HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"DELETE /page HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"BREW /page HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"GET /page HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"GET /" + std::string(2000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
      {get + "X: " + std::string(2000, 'x') + "\r\n\r\n", 431},
      {get + "X: " + std::string(100'000, 'x'), 431},
      {post + "Content-Length: 5001\r\n\r\n", 413},
      {post + "Transfer-Encoding: chunked\r\n\r\n2000\r\n" + std::string(8192, 'x'), 413},
      {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
      {post + "Content-Length: -1\r\n\r\n", 400},
      {post + "Content-Length: 18446744073709551616\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400},
      {post + "X: a\r\n b\rContent-Length: 9\r\n\r\n", 400},
      {post + "Transfer-Encoding: xchunked\r\n\r\n", 400},
      {post + "Transfer-Encoding: identity\r\n\r\n", 400},
      {post + "Transfer-Encoding: gzip\r\n\r\n", 400},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked;x=y\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: \r\n\r\n", 400},
      {get + "Transfer-Encoding: identity\r\n\r\n", 400},
      {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Origin: https://evil.example\r\nContent-Length: 0\r\n\r\n", 403},
      {post + "Origin: http://a\r\nContent-Length: 0\r\n\r\n", 403},
      {"POST /%65cho HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400},
      {post + "Origin: null\r\nContent-Length: 0\r\n\r\n", 403},
  };
  for (const auto& [request, status] : requests) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, request.size()}) {
      CAPTURE(request.substr(0, 100), piece);
      Talk talk;
      CHECK(talk.start() == Steps{"read"});
      Steps steps{"read"};
      std::string_view rest = request;
      while (steps == Steps{"read"} && !rest.empty()) {
        steps = talk.receive(rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
      }
      CHECK(steps == Steps{"write"});
      CHECK(status_of(talk) == status);
      CHECK_THAT(talk.offered, ContainsSubstring("\r\nConnection: close\r\n\r\n"));
      CHECK(talk.take() == Steps{fmt::format("log {}", status), "shut down sending", "read"});
    }
  }
}

TEST_CASE("a client that is refused is still read, but not without end") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  CHECK(talk.receive("nonsense\r\n\r\n") == Steps{"write"});
  CHECK(talk.take() == Steps{"log 400", "shut down sending", "read"});
  const std::string chunk(1U << 16U, 'x');
  for (int i = 0; i < 16; ++i) CHECK(talk.receive(chunk) == Steps{"read"});
  CHECK(talk.receive("x") == Steps{"close"});
}

TEST_CASE("wrong passwords") {
  Talk talk(with_user());
  CHECK(talk.start() == Steps{"read"});
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
  SECTION("a request without a password, or with one that cannot be decoded, is refused") {
    for (const std::string field :
         {"", "Authorization: Bearer x\r\n", "Authorization: Basic \r\n", "Authorization: Basic !!!\r\n",
          "Authorization: Basic YWxpY2U=\r\n",
          "Authorization: Basic YWxpY2U6cw==\r\nAuthorization: Basic YWxpY2U6cw==\r\n"}) {
      CAPTURE(field);
      CHECK(talk.receive(get + field + "\r\n") == Steps{"write"});
      CHECK(status_of(talk) == 401);
      CHECK_THAT(talk.offered, ContainsSubstring("WWW-Authenticate: Basic realm=\"dkimprobe\""));
      CHECK(talk.take() == Steps{"log 401", "read"});
    }
  }
  SECTION("the verdict decides") {
    const auto [verdict, status] =
        GENERATE(std::pair(Verdict::wrong, 401U), std::pair(Verdict::too_many_wrong, 429U),
                 std::pair(Verdict::busy, 503U), std::pair(Verdict::good, 200U));
    CHECK(talk.receive(get + "Authorization: bAsIc YWxpY2U6czp0\r\n\r\n") == Steps{"check alice s:t"});
    if (verdict == Verdict::good) {
      CHECK(talk.did(talk.session.password_checked(verdict, talk.now)) == Steps{"forward"});
      return;
    }
    CHECK(talk.did(talk.session.password_checked(verdict, talk.now)) == Steps{"write"});
    CHECK(status_of(talk) == status);
    CHECK(talk.take() == Steps{fmt::format("log {}", status), "read"});
    CHECK(talk.access.user == "alice");
  }
  SECTION("the body of a refused request is not read") {
    CHECK(talk.receive(post_request) == Steps{"write"});
    CHECK(talk.take() == Steps{"log 401", "shut down sending", "read"});
  }
}

TEST_CASE("a request is repeated once when the connection to the web server breaks before the response") {
  Talk talk;
  SECTION("GET") {
    talk.ask(page_request);
    CHECK(talk.did(talk.session.answer_failed(false, talk.now)) == Steps{"forward again"});
    CHECK(talk.session.phase() == Phase::waiting);
    talk.did(talk.session.forwarded(talk.now));
    CHECK(talk.did(talk.session.answer_failed(false, talk.now)) == Steps{"write"});
  }
  SECTION("not after a part of the response") {
    talk.ask(page_request);
    CHECK(talk.did(talk.session.answer_failed(true, talk.now)) == Steps{"write"});
  }
  SECTION("not POST") {
    talk.ask(post_request + "abcd"s);
    CHECK(talk.did(talk.session.answer_failed(false, talk.now)) == Steps{"write"});
  }
  CHECK(status_of(talk) == 503);
  CHECK(talk.take() == Steps{"log 503", "read"});
}

TEST_CASE("the response to HEAD has the header of the page, and no body") {
  Talk talk;
  talk.ask("HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK_THAT(talk.session.request(), ContainsSubstring("GET /page "));
  CHECK(talk.answer(page("four")) == Steps{"write"});
  CHECK(talk.offered ==
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/html\r\nConnection: keep-alive\r\n\r\n");
  CHECK(talk.take() == Steps{"log 200", "read"});
  CHECK(talk.access.method == "HEAD");
  CHECK(talk.access.body_bytes == 0);
  CHECK(talk.receive("HEAD /page HTTP/1.1\r\n\r\n") == Steps{"write"});
  CHECK(status_of(talk) == 400);
  CHECK(talk.offered.ends_with("\r\n\r\n"));
}

TEST_CASE("a page's own header takes precedence over the configured one") {
  WebRules rules;
  rules.config.headers = {{"X-Frame-Options", "deny"}, {"Content-Security-Policy", "all"}};
  Talk talk(std::move(rules));
  talk.ask(page_request);
  CHECK(talk.answer(page("", {{"content-security-policy", "own"}})) == Steps{"write"});
  CHECK_THAT(talk.offered,
             ContainsSubstring("content-security-policy: own\r\nX-Frame-Options: deny\r\nConnection"));
}

TEST_CASE("a connection that began under other rules closes after its next response") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  WebRules rules;
  rules.config.headers = {{"X-New", "1"}};
  talk.rules = std::make_shared<const WebRules>(std::move(rules));
  CHECK(talk.receive(page_request) == Steps{"forward"});
  talk.did(talk.session.forwarded(talk.now));
  CHECK(talk.answer(page("")) == Steps{"write"});
  CHECK_THAT(talk.offered, ContainsSubstring("X-New: 1\r\nConnection: close\r\n"));
}

TEST_CASE("requests above the configured rate are refused, and the connection stays open") {
  WebRules rules;
  rules.config.rate_limit = config::RateLimit{10s, 1};
  Talk talk(std::move(rules));
  talk.ask(page_request);
  talk.answer(page(""));
  talk.take();
  CHECK(talk.receive(page_request) == Steps{"write"});
  CHECK(status_of(talk) == 429);
  CHECK(talk.take() == Steps{"log 429", "read"});
  talk.now += 10s;
  CHECK(talk.receive(page_request) == Steps{"forward"});
}

TEST_CASE("a client that waits for `100 Continue` before it sends the body gets it") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  SECTION("before the body comes") {
    CHECK(talk.receive(request) == Steps{"write"});
    CHECK(talk.offered == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(talk.did(talk.session.written(5, talk.now)) == Steps{"write"});
    CHECK(talk.offered == "1.1 100 Continue\r\n\r\n");
    CHECK(talk.take() == Steps{"read"});
    CHECK(talk.receive("ok") == Steps{"forward"});
  }
  SECTION("not when it is there already") {
    CHECK(talk.receive(request + "ok") == Steps{"forward"});
  }
  SECTION("a client that does not take it is closed at the deadline") {
    CHECK(talk.receive(request) == Steps{"write"});
    CHECK(talk.expire() == Steps{"close"});
  }
  SECTION("a client that is gone is closed") {
    CHECK(talk.receive(request) == Steps{"write"});
    CHECK(talk.did(talk.session.write_failed(talk.now)) == Steps{"close"});
  }
}

TEST_CASE("a response is written in pieces, and each is progress") {
  Talk talk;
  talk.ask(page_request);
  CHECK(talk.session.buffered() == 0);
  talk.now += 1s;
  CHECK(talk.answer(page(std::string(1000, 'x'))) == Steps{"write"});
  CHECK(talk.session.last_progress() == talk.now);
  CHECK(talk.session.buffered() == 1000);
  std::string taken;
  const std::string whole = talk.offered;
  while (taken.size() + 7 < whole.size()) {
    talk.now += 1ms;
    taken += talk.offered.substr(0, 7);
    CHECK(talk.did(talk.session.written(7, talk.now)) == Steps{"write"});
    CHECK(talk.session.last_progress() == talk.now);
  }
  CHECK(taken + talk.offered == whole);
  CHECK(talk.session.buffered() == 1000);
  CHECK(talk.take() == Steps{"log 200", "read"});
  CHECK(talk.session.buffered() == 0);
}

TEST_CASE("of two responses in memory, the one that its client reads has the later progress") {
  Talk reader;
  Talk silent;
  reader.ask(page_request);
  CHECK(reader.answer(page(std::string(1000, 'x'))) == Steps{"write"});
  silent.now += 1s;
  silent.ask(page_request);
  CHECK(silent.answer(page(std::string(1000, 'x'))) == Steps{"write"});
  CHECK(reader.session.last_progress() < silent.session.last_progress());
  reader.now += 2s;
  CHECK(reader.did(reader.session.written(7, reader.now)) == Steps{"write"});
  CHECK(silent.session.last_progress() < reader.session.last_progress());
  CHECK(silent.session.buffered() == reader.session.buffered());
}

TEST_CASE("a client that goes away") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  SECTION("before a request") {
    CHECK(talk.did(talk.session.disconnected(talk.now)) == Steps{"close"});
  }
  SECTION("in a header") {
    CHECK(talk.receive("GET /") == Steps{"read"});
    CHECK(talk.did(talk.session.disconnected(talk.now)) == Steps{"close"});
  }
  SECTION("during a response") {
    CHECK(talk.receive(page_request) == Steps{"forward"});
    talk.did(talk.session.forwarded(talk.now));
    CHECK(talk.answer(page("x")) == Steps{"write"});
    CHECK(talk.did(talk.session.write_failed(talk.now)) == Steps{"log 200", "close"});
  }
  SECTION("from its input alone, while it is refused") {
    CHECK(talk.receive("GET /") == Steps{"read"});
    CHECK(talk.expire() == Steps{"write"});
    CHECK(talk.did(talk.session.disconnected(talk.now)).empty());
    CHECK(talk.take() == Steps{"log 408", "shut down sending", "read"});
    CHECK(talk.did(talk.session.disconnected(talk.now)) == Steps{"close"});
  }
}

TEST_CASE("when the program stops, a session ends after the request that is in progress") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  const auto closes_after_response = [&] {
    CHECK_THAT(talk.offered, ContainsSubstring("Connection: close\r\n"));
    CHECK(talk.take() == Steps{"log 200", "shut down sending", "read"});
  };
  SECTION("a new connection is closed") {
    CHECK(talk.stop() == Steps{"close"});
  }
  SECTION("a request that is arriving has a moment") {
    CHECK(talk.receive("GET /") == Steps{"read"});
    CHECK(talk.stop().empty());
    CHECK(talk.session.deadline() - talk.now == 300ms);
    SECTION("and comes") {
      CHECK(talk.receive("page HTTP/1.1\r\nHost: a\r\n\r\n") == Steps{"forward"});
      talk.did(talk.session.forwarded(talk.now));
      CHECK(talk.answer(page("x")) == Steps{"write"});
      closes_after_response();
    }
    SECTION("or does not") {
      CHECK(talk.expire() == Steps{"write"});
      CHECK(status_of(talk) == 408);
    }
  }
  SECTION("a request that is being answered is answered") {
    CHECK(talk.receive(page_request) == Steps{"forward"});
    CHECK(talk.stop().empty());
    talk.did(talk.session.forwarded(talk.now));
    CHECK(talk.answer(page("x")) == Steps{"write"});
    closes_after_response();
  }
  SECTION("a response that is being written is written") {
    CHECK(talk.receive(page_request) == Steps{"forward"});
    talk.did(talk.session.forwarded(talk.now));
    CHECK(talk.answer(page("x")) == Steps{"write"});
    CHECK(talk.stop().empty());
    CHECK(talk.take() == Steps{"log 200", "shut down sending", "read"});
  }
  SECTION("an idle connection is closed") {
    CHECK(talk.receive(page_request) == Steps{"forward"});
    talk.did(talk.session.forwarded(talk.now));
    talk.answer(page("x"));
    talk.take();
    CHECK(talk.stop() == Steps{"close"});
  }
}

TEST_CASE("a session that is closed for others cancels its request, and does nothing more") {
  Talk talk;
  talk.ask(page_request);
  CHECK(talk.did(talk.session.evicted(talk.now)) == Steps{"cancel", "close"});
  CHECK(talk.session.phase() == Phase::closed);
  CHECK(talk.answer(page("x")).empty());
  CHECK(talk.receive("x").empty());
  CHECK(talk.stop().empty());
  CHECK(talk.did(talk.session.evicted(talk.now)).empty());
}

TEST_CASE("what a client sends is escaped in the access log") {
  Talk talk;
  CHECK(talk.start() == Steps{"read"});
  CHECK(talk.receive("GET /\x1b[31m\xff HTTP/1.1\r\nHost: a\r\n\r\n") == Steps{"write"});
  CHECK(status_of(talk) == 400);
  talk.take();
  for (const auto& text : {talk.access.method, talk.access.target})
    CHECK(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }));
}

/// Does what may happen next in a world that obeys the session: at most one read and one write at a time.
class Chance {
 public:
  explicit Chance(WebRules rules) : talk_(std::move(rules)) { obey(talk_.start()); }

  void next() {
    talk_.now += std::chrono::milliseconds(*rc::gen::inRange(0, 3000));
    const auto& now = talk_.now;
    auto& session = talk_.session;
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (std::exchange(reading_, false)) obey(talk_.receive(some_bytes()));
        return;
      case 4:
        if (writing_) {
          const auto size = *rc::gen::inRange<std::size_t>(1, talk_.offered.size() + 1);
          writing_ = false;
          obey(talk_.did(session.written(size, now)));
        }
        return;
      case 5:
        if (std::exchange(checking_, false))
          obey(talk_.did(session.password_checked(*rc::gen::element(Verdict::good, Verdict::wrong), now)));
        return;
      case 6:
      case 7:
        if (forwarded_) {
          obey(talk_.did(session.forwarded(now)));
          forwarded_ = false;
          obey(*rc::gen::arbitrary<bool>()
                   ? talk_.answer(page(std::string(*rc::gen::inRange<std::size_t>(0, 50), 'x')))
                   : talk_.did(session.answer_failed(*rc::gen::arbitrary<bool>(), now)));
        }
        return;
      case 8:
        if (std::exchange(reading_, false)) obey(talk_.did(session.disconnected(now)));
        return;
      case 9:
        if (std::exchange(writing_, false)) obey(talk_.did(session.write_failed(now)));
        return;
      case 10:
        obey(talk_.did(session.deadline_passed(now)));
        return;
      default:
        if (*rc::gen::inRange(0, 20) == 0) obey(talk_.stop());
    }
  }

  /// Without any more luck, the deadlines alone end the session.
  void run_out() {
    for (int i = 0; i < 10 && !closed_; ++i) {
      talk_.now = std::max(talk_.now, talk_.session.deadline());
      obey(talk_.did(talk_.session.deadline_passed(talk_.now)));
      // A refusal is taken, so that its end is reached too.
      if (std::exchange(writing_, false)) obey(talk_.did(talk_.session.write_failed(talk_.now)));
    }
    RC_ASSERT(closed_);
  }

 private:
  static std::string some_bytes() {
    const std::string part = *rc::gen::element(
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"s,
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"s,
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"s, "abc"s,
        "\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWxpY2U6cw==\r\n\r\n"s, "\0\xff"s,
        std::string(1200, 'x'), *rc::gen::string<std::string>());
    return *rc::gen::element(part, part, part.substr(part.size() / 2)) + *rc::gen::element(""s, "G"s);
  }

  void obey(const Steps& steps) {
    for (const auto& step : steps) {
      RC_ASSERT(!closed_);
      if (step == "read") RC_ASSERT(!std::exchange(reading_, true));
      if (step == "write") RC_ASSERT(!std::exchange(writing_, true));
      if (step.starts_with("forward")) RC_ASSERT(!std::exchange(forwarded_, true));
      if (step.starts_with("check")) checking_ = true;
      if (step == "cancel") forwarded_ = false;
      if (step == "close") closed_ = true;
    }
    if (closed_) return;
    // Somebody always has the next step.
    RC_ASSERT(reading_ || writing_ || forwarded_ || checking_);
  }

  Talk talk_;
  bool reading_ = false;
  bool writing_ = false;
  bool checking_ = false;
  bool forwarded_ = false;
  bool closed_ = false;
};

TEST_CASE("whatever happens, a session has one step to wait for, and ends") {
  CHECK(rc::check([] {
    Chance chance(*rc::gen::arbitrary<bool>() ? with_user() : WebRules{});
    const int events = *rc::gen::inRange(0, 200);
    for (int i = 0; i < events; ++i) chance.next();
    chance.run_out();
  }));
}

}  // namespace
}  // namespace dkimprobe::tests
