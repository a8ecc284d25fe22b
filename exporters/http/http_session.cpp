#include "exporters/http/http_session.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "config/basics/ascii.hpp"
#include "config/basics/base64.hpp"
#include "config/basics/escape.hpp"
#include "exporters/http/civetweb_server.hpp"
#include "exporters/http/request_target.hpp"

namespace dkimprobe::exporters {

struct HttpSession::Parser : boost::beast::http::request_parser<boost::beast::http::string_body> {};

struct HttpSession::Refusal {
  unsigned status = 400;
  std::string_view sentence{};
  Headers headers{};
};

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t most_unparsed = 16384;  ///< beyond the limit of the header
constexpr std::size_t most_drained = 1U << 20U;
constexpr milliseconds linger{1000};
constexpr milliseconds last_octets{300};
constexpr std::size_t longest_logged = 512;
constexpr std::string_view proceed = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr char challenge[] = "Basic realm=\"dkimprobe\", charset=\"UTF-8\"";

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

HttpSession::Refusal refusal_of(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return {431, "The request header is too large."};
  if (error == http::error::body_limit) return {413, "The request body is too large."};
  return {400, "This is not an HTTP/1.1 request."};
}

/// Whether the end of the body is known: any transfer coding but `chunked` alone, and any in HTTP/1.0, makes
/// it unknown (RFC 9112 sections 6.1 and 6.3).
bool has_known_end(const http::request<http::string_body>& request) {
  const auto [first, last] = request.equal_range(http::field::transfer_encoding);
  if (first == last) return true;
  return request.version() == 11 && std::next(first) == last &&
         config::equal_ignoring_case(view(first->value()), "chunked");
}

/// Whether the client waits for `100 Continue` before it sends the body. Clients of HTTP/1.0 do not know it
/// (RFC 9110 section 10.1.1).
bool awaits_proceed(const http::request<http::string_body>& request) {
  return request.version() == 11 &&
         config::equal_ignoring_case(view(request[http::field::expect]), "100-continue");
}

/// Why a request with this header is refused whatever its target, and its connection closed.
std::optional<HttpSession::Refusal> fault_of(const http::request_parser<http::string_body>& parser,
                                             std::uint64_t body_bytes) {
  using Refusal = HttpSession::Refusal;
  const auto& request = parser.get();
  if (request.version() == 11 && request.count(http::field::host) != 1)
    return Refusal{400, "An HTTP/1.1 request must have exactly one Host header."};
  if (request.method() == http::verb::unknown) return Refusal{501, "The method is unknown."};
  constexpr std::array allowed = {http::verb::get, http::verb::head, http::verb::post};
  if (std::ranges::find(allowed, request.method()) == allowed.end())
    return Refusal{405, "The method is not allowed.", {{"Allow", "GET, HEAD, POST"}}};
  if (!has_known_end(request)) return Refusal{400, "The only supported transfer coding is chunked."};
  if (request.method() == http::verb::post) {
    // A browser names the origin of every POST. No page of this program sends one, so it comes from a foreign
    // page, whose name may even point to this machine.
    if (request.count(http::field::origin) > 0) return Refusal{403, "A web page may not send this request."};
    // A proxy that blocks the path of a POST should not have to know all its spellings.
    const std::string_view target = view(request.target());
    if (target.substr(0, target.find('?')).find('%') != std::string_view::npos)
      return Refusal{400, "The path of a POST request may not have escapes."};
  }
  if (parser.content_length().value_or(0) > body_bytes) return Refusal{413, "The request body is too large."};
  return std::nullopt;
}

/// The start of the request to the web server. It is written anew: nothing else of the client's is passed on.
std::string forwarded_head(const http::request<http::string_body>& request, std::string_view target,
                           std::string_view remote) {
  std::string head =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}: {}\r\n",
                  request.method() == http::verb::post ? "POST" : "GET", target, remote_header, remote);
  for (const auto* const name : {"Accept", "Accept-Encoding", "X-Prometheus-Scrape-Timeout-Seconds"}) {
    std::string joined;
    const auto [first, last] = request.equal_range(name);
    for (auto field = first; field != last; ++field) {
      if (!joined.empty()) joined += ", ";
      joined += view(field->value());
    }
    if (!joined.empty() && is_printable(joined)) head += fmt::format("{}: {}\r\n", name, joined);
  }
  return head;
}

}  // namespace

HttpSession::HttpSession(Service& service, std::shared_ptr<const WebRules> rules, std::string remote)
    : service_(service), remote_(std::move(remote)), first_rules_(std::move(rules)) {}

HttpSession::~HttpSession() = default;

// ---- What happened ----

template <class Step>
HttpSession::Actions HttpSession::at(Time now, Step step) {
  if (phase_ != Phase::closed) {
    now_ = now;
    step();
  }
  return std::exchange(actions_, {});
}

HttpSession::Actions HttpSession::started(Time now) {
  return at(now, [&] {
    since_ = now;
    if (!first_rules_->tls) return next_request(Phase::header, service_.limits.header);
    begin(Phase::handshake, service_.limits.header);
    actions_.emplace_back(Handshake{first_rules_->tls});
  });
}

HttpSession::Actions HttpSession::handshake_done(Time now) {
  return at(now, [&] {
    uses_tls_ = true;
    next_request(Phase::header, service_.limits.header);
  });
}

HttpSession::Actions HttpSession::plain_text_came(Time now) {
  return at(now, [&] { refuse({400, "This port uses HTTPS; the request came without TLS."}); });
}

HttpSession::Actions HttpSession::received(std::string_view bytes, Time now) {
  return at(now, [&] {
    reading_ = false;
    if (phase_ == Phase::closing) {
      drained_ += bytes.size();
      if (drained_ > most_drained) return close();
      return read();
    }
    // What was asked for before a refusal and came after it is dropped.
    if (phase_ != Phase::idle && phase_ != Phase::header && phase_ != Phase::body) return;
    input_ += bytes;
    parse();
  });
}

HttpSession::Actions HttpSession::disconnected(Time now) {
  return at(now, [&] {
    reading_ = false;
    // A client that sends nothing more may still read its response.
    if (phase_ != Phase::writing) close();
  });
}

HttpSession::Actions HttpSession::written(std::size_t bytes, Time now) {
  return at(now, [&] {
    sent_ += bytes;
    progress_ = now;
    if (sent_ < head_.size() + buffered()) return write();
    writing_ = false;
    if (phase_ == Phase::body) return parse();
    log();
    body_.reset();
    if (keep_open_) return next_request(Phase::idle, service_.limits.idle);
    // Shut down sending, then read what the client still sends. Otherwise a reset could destroy the response.
    begin(Phase::closing, linger);
    actions_.emplace_back(ShutDownSending{});
    if (!uses_tls_) read();
  });
}

HttpSession::Actions HttpSession::write_failed(Time now) {
  return at(now, [&] {
    if (phase_ == Phase::writing) log();
    close();
  });
}

HttpSession::Actions HttpSession::password_checked(PasswordCheck::Verdict verdict, Time now) {
  return at(now, [&] {
    if (phase_ != Phase::checking) return;
    switch (verdict) {
      case PasswordCheck::Verdict::good:
        return read_body();
      case PasswordCheck::Verdict::wrong:
        return refuse({401, "The user name or the password is wrong.", {{"WWW-Authenticate", challenge}}});
      case PasswordCheck::Verdict::too_many_wrong:
        return refuse({429, "Too many wrong passwords from this address.", {{"Retry-After", "6"}}});
      case PasswordCheck::Verdict::busy:
        return refuse({503, "Too many passwords are being checked.", {{"Retry-After", "1"}}});
    }
  });
}

HttpSession::Actions HttpSession::forwarded(Time now) {
  return at(now, [&] {
    if (phase_ == Phase::waiting) begin(Phase::answering, service_.limits.handler);
  });
}

HttpSession::Actions HttpSession::answered(Response response, Time now) {
  return at(now, [&] {
    if (phase_ == Phase::answering) respond(response);
  });
}

HttpSession::Actions HttpSession::answer_failed(bool begun, Time now) {
  return at(now, [&] {
    if (phase_ != Phase::answering) return;
    if (!begun && std::exchange(may_repeat_, false)) return forward(true);
    refuse({503, "The program did not complete its response."});
  });
}

HttpSession::Actions HttpSession::deadline_passed(Time now) {
  return at(now, [&] {
    if (now >= deadline_) on_deadline();
  });
}

HttpSession::Actions HttpSession::stopping(Time now) {
  return at(now, [&] {
    stopping_ = true;
    keep_open_ = false;
    if (phase_ == Phase::handshake || phase_ == Phase::idle || (phase_ == Phase::header && !parser_)) {
      close();
    } else if (phase_ == Phase::header || phase_ == Phase::body) {
      // The rest of a request that is really being sent arrives soon.
      begin(phase_, last_octets);
    }
  });
}

HttpSession::Actions HttpSession::evicted(Time now) {
  return at(now, [&] { close(); });
}

// ---- Requests ----

void HttpSession::begin(Phase phase, milliseconds limit) {
  if (phase_ != phase) since_ = now_;
  phase_ = phase;
  deadline_ = now_ + limit;
}

void HttpSession::next_request(Phase phase, milliseconds limit) {
  begin(phase, limit);
  parser_.reset();
  is_head_ = false;
  access_ = {};
  if (input_.empty()) {
    read();
  } else {
    parse();
  }
}

void HttpSession::read() {
  if (!std::exchange(reading_, true)) actions_.emplace_back(Read{});
}

void HttpSession::parse() {
  if (!parser_) {
    parser_ = std::make_unique<Parser>();
    parser_->header_limit(static_cast<std::uint32_t>(service_.limits.header_bytes));
    parser_->body_limit(service_.limits.body_bytes);
    header_seen_ = false;
    began_ = now_;
    begin(Phase::header, service_.limits.header);
  }
  while (!parser_->is_done()) {
    if (input_.empty()) return read();
    error_code error;
    input_.erase(0, parser_->put(boost::asio::buffer(input_), error));
    if (error == http::error::need_more) {
      if (input_.size() <= service_.limits.header_bytes + most_unparsed) return read();
      error = http::error::header_limit;
    }
    if (error) {
      keep_open_ = false;
      return refuse(refusal_of(error));
    }
    if (parser_->is_header_done() && !std::exchange(header_seen_, true)) return on_header();
  }
  forward(false);
}

void HttpSession::on_header() {
  const auto& request = parser_->get();
  is_head_ = request.method() == http::verb::head;
  may_repeat_ = request.method() != http::verb::post;
  access_.method = config::escape_text(view(request.method_string()), 32);
  access_.target = config::escape_text(view(request.target()), longest_logged);
  begin(Phase::checking, service_.limits.queue);
  rules_ = service_.rules();
  // Close a connection that began under other rules, so that the next one uses the new TLS settings too.
  keep_open_ = parser_->keep_alive() && !stopping_ && rules_ == first_rules_;
  const auto target = clean_target(view(request.target()));
  const auto fault = fault_of(*parser_, service_.limits.body_bytes);
  if (fault || !target) {
    keep_open_ = false;
    return refuse(fault.value_or(Refusal{400, "The request target is invalid."}));
  }
  if (const auto& limit = rules_->config.rate_limit) {
    const std::chrono::duration<double> interval = limit->interval;
    if (!service_.requests.take(now_, {1.0 / interval.count(), static_cast<double>(limit->burst)}))
      return refuse({429, "Too many requests.", {{"Retry-After", "1"}}});
  }
  request_ = forwarded_head(request, *target, remote_);
  if (rules_->config.users.empty()) {
    read_body();
  } else {
    check_password();
  }
}

void HttpSession::check_password() {
  constexpr std::string_view scheme = "basic ";
  const auto& request = parser_->get();
  const std::string_view field = view(request[http::field::authorization]);
  if (request.count(http::field::authorization) != 1 || field.size() <= scheme.size() ||
      !config::starts_with_ignoring_case(field, scheme))
    return refuse({401, "A user name and a password are required.", {{"WWW-Authenticate", challenge}}});
  std::string text(field.size(), '\0');
  text.resize(config::decode_base64(field.substr(scheme.size()), text).value_or(0));
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos)
    return refuse({401, "The user name and password cannot be decoded.", {{"WWW-Authenticate", challenge}}});
  access_.user = config::escape_text(text.substr(0, colon), 64);
  actions_.emplace_back(CheckPassword{rules_, text.substr(0, colon), text.substr(colon + 1)});
}

void HttpSession::read_body() {
  if (parser_->is_done()) return forward(false);
  begin(Phase::body, service_.limits.body);
  parser_->eager(true);
  if (!awaits_proceed(parser_->get()) || !input_.empty()) return parse();
  head_ = proceed;
  sent_ = 0;
  write();
}

void HttpSession::forward(bool again) {
  if (!again) {
    const auto& message = parser_->get();
    const std::string& body = message.body();
    if (message.method() == http::verb::post || !body.empty())
      request_ += fmt::format("Content-Length: {}\r\n", body.size());
    request_ += "\r\n";
    request_ += body;
  }
  begin(Phase::waiting, service_.limits.queue);
  actions_.emplace_back(Forward{again});
}

// ---- Responses ----

void HttpSession::refuse(const Refusal& refusal) {
  if (writing_) return close();  // the client does not even take `100 Continue`
  // The unread rest of the request cannot be distinguished from the next request.
  if (!parser_ || !parser_->is_done()) keep_open_ = false;
  Response response;
  response.status = refusal.status;
  response.headers = refusal.headers;
  response.body = std::make_shared<const std::string>(fmt::format("{}\n", refusal.sentence));
  respond(response);
}

void HttpSession::respond(const Response& response) {
  const std::size_t length = response.body ? response.body->size() : 0;
  if (!is_head_) body_ = response.body;
  sent_ = 0;
  access_.status = response.status;
  access_.body_bytes = buffered();
  head_ = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                      view(http::obsolete_reason(http::int_to_status(response.status))));
  if (response.status != 204 && response.status != 304)
    head_ += fmt::format("Content-Length: {}\r\n", length);
  if (!response.content_type.empty()) head_ += fmt::format("Content-Type: {}\r\n", response.content_type);
  for (const auto& [name, value] : response.headers) head_ += fmt::format("{}: {}\r\n", name, value);
  for (const auto& [name, value] : rules_->config.headers) {
    // A header of the page takes precedence over the configured one.
    const bool is_set = std::ranges::any_of(response.headers, [&wanted = name](const auto& each) {
      return config::equal_ignoring_case(each.first, wanted);
    });
    if (!is_set) head_ += fmt::format("{}: {}\r\n", name, value);
  }
  head_ += keep_open_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  begin(Phase::writing, service_.limits.write);
  progress_ = now_;
  write();
}

std::size_t HttpSession::buffered() const {
  return body_ ? body_->size() : 0;
}

void HttpSession::write() {
  writing_ = true;
  const std::string_view body = body_ ? std::string_view(*body_) : std::string_view();
  const std::size_t head_sent = std::min(sent_, head_.size());
  actions_.emplace_back(Write{std::string_view(head_).substr(head_sent), body.substr(sent_ - head_sent)});
}

void HttpSession::log() {
  access_.remote = remote_;
  const Time start = began_ == Time{} ? since_ : began_;
  access_.duration = std::chrono::duration_cast<std::chrono::microseconds>(now_ - start);
  actions_.emplace_back(Log{access_});
}

// ---- Ends ----

void HttpSession::on_deadline() {
  switch (phase_) {
    case Phase::header:
    case Phase::body:
      // If no request has begun, there is nothing to answer.
      if (!parser_) return close();
      return refuse({408, "The request took too long to arrive."});
    case Phase::checking:
      return refuse({503, "The password could not be checked in time.", {{"Retry-After", "5"}}});
    case Phase::waiting:
      actions_.emplace_back(Cancel{});
      return refuse({503, "Too many requests are in progress.", {{"Retry-After", "5"}}});
    case Phase::answering:
      actions_.emplace_back(Cancel{});
      return refuse({503, "The response took too long."});
    case Phase::writing:
      log();
      return close();
    case Phase::handshake:
    case Phase::idle:
    case Phase::closing:
    case Phase::closed:
      return close();
  }
}

void HttpSession::close() {
  if (phase_ == Phase::waiting || phase_ == Phase::answering) actions_.emplace_back(Cancel{});
  phase_ = Phase::closed;
  actions_.emplace_back(Close{});
}

}  // namespace dkimprobe::exporters
