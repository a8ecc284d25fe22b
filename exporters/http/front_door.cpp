#include "exporters/http/front_door.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "config/basics/base64.hpp"
#include "config/basics/escape.hpp"
#include "exporters/http/civetweb_server.hpp"
#include "exporters/http/listeners.hpp"
#include "exporters/http/live_web_config.hpp"
#include "exporters/http/password_check.hpp"
#include "exporters/http/request_target.hpp"

namespace dkimprobe::exporters {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t chunk_bytes = 16384;
constexpr std::size_t most_drained = 1U << 20U;
constexpr milliseconds linger{1000};
constexpr milliseconds last_octets{300};
constexpr milliseconds pause_after_failure{100};
constexpr std::size_t longest_logged = 512;
constexpr unsigned char first_octet_of_tls = 0x16;
constexpr char challenge[] = "Basic realm=\"dkimprobe\", charset=\"UTF-8\"";

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string_view reason_of(unsigned status) {
  return view(http::obsolete_reason(http::int_to_status(status)));
}

class Door;

// ---- One client ----

class Session : public std::enable_shared_from_this<Session> {
 public:
  enum class Phase : std::uint8_t {
    handshake,
    idle,
    header,
    body,
    checking,   ///< the password
    waiting,    ///< for a free upstream connection
    answering,  ///< the web server is handling the request
    writing,
    closing,
  };

  Session(Door& door, std::uint64_t id, tcp::socket socket, std::shared_ptr<const WebRules> rules);

  void start();
  void close();
  /// Closes the session after any request in progress is answered.
  void finish();
  /// Refuses the connection before anything was read.
  void refuse_connection();

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] steady_clock::time_point since() const { return since_; }
  [[nodiscard]] std::size_t buffered() const { return buffered_; }
  [[nodiscard]] const std::string& forwarded() const { return forwarded_; }
  [[nodiscard]] bool is_head() const { return method_ == http::verb::head; }
  /// Whether the request may be sent again when the upstream connection breaks: once, and not for POST.
  [[nodiscard]] bool take_retry() { return method_ != http::verb::post && !std::exchange(retried_, true); }

  void set_phase(Phase phase, milliseconds deadline);
  void respond(unsigned status, std::string content_type, const Headers& headers, std::string body,
               std::uint64_t length);
  void refuse(unsigned status, std::string_view sentence, const Headers& headers = {});

 private:
  using Parser = http::request_parser<http::string_body>;

  template <class Handler>
  void async_read(Handler handler) {
    if (tls_) {
      tls_->async_read_some(asio::buffer(chunk_), std::move(handler));
    } else {
      socket_.async_read_some(asio::buffer(chunk_), std::move(handler));
    }
  }
  template <class Buffers, class Handler>
  void async_write(const Buffers& buffers, Handler handler) {
    if (tls_) {
      asio::async_write(*tls_, buffers, std::move(handler));
    } else {
      asio::async_write(socket_, buffers, std::move(handler));
    }
  }

  void handshake();
  void next_request();
  void read();
  void parse();
  void parse_failed(error_code error);
  void on_header();
  void check_password();
  void on_verdict(PasswordCheck::Verdict verdict);
  void read_body();
  void forward();
  void on_written();
  void on_deadline();
  void log();
  void clear_buffered();

  Door& door_;
  std::uint64_t id_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::shared_ptr<const WebRules> first_rules_;  ///< when the connection began
  std::shared_ptr<const WebRules> rules_;        ///< when the request began
  std::optional<asio::ssl::stream<tcp::socket&>> tls_{};
  std::string remote_{};
  std::string source_{};  ///< key for counting wrong passwords
  Phase phase_ = Phase::handshake;
  steady_clock::time_point since_ = steady_clock::now();
  std::uint64_t alarm_ = 0;  ///< identifies the current timer; outdated ones are ignored

  std::array<char, chunk_bytes> chunk_{};
  std::string input_{};
  bool reading_ = false;
  bool closed_ = false;
  std::size_t drained_ = 0;

  std::optional<Parser> parser_{};
  bool header_seen_ = false;
  bool keep_open_ = true;
  bool retried_ = false;
  http::verb method_ = http::verb::unknown;
  steady_clock::time_point began_{};
  std::string forwarded_{};
  std::string head_{};
  std::string body_{};
  std::size_t buffered_ = 0;
  Access access_{};
};

// ---- One upstream connection, to the web server ----

class Line : public std::enable_shared_from_this<Line> {
 public:
  explicit Line(Door& door);

  void open();
  void close();
  void reopen();
  void ask(std::shared_ptr<Session> session);
  [[nodiscard]] bool is_free() const { return ready_ && !busy_; }
  [[nodiscard]] bool serves(const Session& session) const { return session_.get() == &session; }

 private:
  using Parser = http::response_parser<http::string_body>;

  void send(std::string text, bool is_head);
  void read();
  void parse();
  void on_answer();
  void failed();

  Door& door_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::uint64_t connection_ = 0;  ///< number of the connection; handlers of earlier ones do nothing
  bool ready_ = false;
  bool busy_ = false;
  std::shared_ptr<Session> session_{};
  std::optional<Parser> parser_{};
  std::string output_{};
  std::string input_{};
  std::array<char, chunk_bytes> chunk_{};
};

// ---- The front door ----

class Door final : public FrontDoor {
 public:
  Door(const WebSettings& settings, std::uint16_t port, std::string secret)
      : limits_(settings.limits),
        on_access_(settings.on_access),
        web_server_(asio::ip::address_v4::loopback(), port),
        secret_(std::move(secret)) {}
  ~Door() override { stop(); }

  [[nodiscard]] config::Result<bool> open(const WebSettings& settings);
  void run();
  [[nodiscard]] std::vector<Listening> listening() const override { return listening_; }
  void stop() override;

  [[nodiscard]] asio::io_context& context() { return context_; }
  [[nodiscard]] const WebLimits& limits() const { return limits_; }
  [[nodiscard]] const tcp::endpoint& web_server() const { return web_server_; }
  [[nodiscard]] const std::string& secret() const { return secret_; }
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] std::shared_ptr<const WebRules> rules_now() { return rules_.now(); }
  [[nodiscard]] PasswordCheck& passwords() { return passwords_; }
  [[nodiscard]] bool within_rate(const config::RateLimit& limit) {
    return bucket_.take(limit, steady_clock::now());
  }

  void queue(std::shared_ptr<Session> session, bool first);
  void dispatch();
  void forget(std::uint64_t id);
  /// Cancels the request of the session at the web server.
  void withdraw(const Session& session);
  void add_buffered(std::size_t bytes, const Session& session);
  void remove_buffered(std::size_t bytes) { buffered_ -= bytes; }
  void tell(const Access& access) const {
    if (on_access_) on_access_(access);
  }

 private:
  void accept(tcp::acceptor& acceptor);
  void admit(tcp::socket socket);
  [[nodiscard]] bool make_room();
  void begin_stop();
  void end();

  WebLimits limits_;
  std::function<void(const Access&)> on_access_;
  tcp::endpoint web_server_;
  std::string secret_;
  WebRulesFile rules_{};
  RateBucket bucket_{};
  std::vector<Listening> listening_{};

  asio::io_context context_{1};
  Listeners listeners_{};
  asio::steady_timer grace_{context_};
  std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions_{};
  std::deque<std::shared_ptr<Session>> waiting_{};
  std::vector<std::shared_ptr<Line>> lines_{};
  std::uint64_t next_id_ = 0;
  std::size_t buffered_ = 0;
  bool stopping_ = false;
  PasswordCheck passwords_{};
  std::thread thread_{};
};

// ---- Session ----

Session::Session(Door& door, std::uint64_t id, tcp::socket socket, std::shared_ptr<const WebRules> rules)
    : door_(door),
      id_(id),
      socket_(std::move(socket)),
      timer_(door.context()),
      first_rules_(rules),
      rules_(std::move(rules)) {
  error_code ignored;
  auto address = socket_.remote_endpoint(ignored).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  remote_ = address.to_string();
  source_ = remote_;
  if (address.is_v6()) {
    // An IPv6 client usually has a whole /64 network, so count by that.
    const auto octets = address.to_v6().to_bytes();
    source_.assign(octets.begin(), octets.begin() + 8);
  }
  socket_.set_option(tcp::no_delay(true), ignored);
}

void Session::set_phase(Phase phase, milliseconds deadline) {
  if (phase_ != phase) since_ = steady_clock::now();
  phase_ = phase;
  timer_.expires_after(deadline);
  timer_.async_wait([self = shared_from_this(), alarm = ++alarm_](error_code error) {
    if (!error && alarm == self->alarm_ && !self->closed_) self->on_deadline();
  });
}

void Session::start() {
  if (!first_rules_->tls) {
    set_phase(Phase::header, door_.limits().header);
    next_request();
    return;
  }
  set_phase(Phase::handshake, door_.limits().header);
  // A client that uses plain HTTP gets an error message.
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
    unsigned char first = 0;
    if (self->closed_) return;
    if (!error) self->socket_.receive(asio::buffer(&first, 1), tcp::socket::message_peek, error);
    if (error) {
      self->close();
    } else if (first == first_octet_of_tls) {
      self->handshake();
    } else {
      self->refuse(400, "This port uses HTTPS; the request came without TLS.");
    }
  });
}

void Session::handshake() {
  SSL* const tls = SSL_new(first_rules_->tls.get());
  if (tls == nullptr) return close();
  tls_.emplace(socket_, tls);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code error) {
    if (self->closed_) return;
    if (error) {
      self->close();
      return;
    }
    self->set_phase(Phase::header, self->door_.limits().header);
    self->next_request();
  });
}

void Session::refuse_connection() {
  constexpr std::string_view text =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 22\r\n"
      "Connection: close\r\nRetry-After: 5\r\n\r\nToo many connections.\n";
  error_code ignored;
  socket_.non_blocking(true, ignored);
  if (!first_rules_->tls) socket_.send(asio::buffer(text), 0, ignored);
  socket_.close(ignored);
}

void Session::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
  clear_buffered();
  door_.withdraw(*this);
  door_.forget(id_);
}

void Session::finish() {
  keep_open_ = false;
  if (phase_ == Phase::handshake || phase_ == Phase::idle || (phase_ == Phase::header && !parser_)) {
    close();
  } else if (phase_ == Phase::header || phase_ == Phase::body) {
    // The rest of a request that is really being sent arrives soon.
    set_phase(phase_, last_octets);
  }
}

void Session::next_request() {
  parser_.reset();
  header_seen_ = false;
  retried_ = false;
  forwarded_.clear();
  head_.clear();
  access_ = {};
  if (input_.empty()) {
    read();
  } else {
    parse();
  }
}

void Session::read() {
  if (std::exchange(reading_, true)) return;
  async_read([self = shared_from_this()](error_code error, std::size_t size) {
    self->reading_ = false;
    if (self->closed_ || self->phase_ == Phase::writing) return;
    if (self->phase_ == Phase::closing) {
      self->drained_ += size;
      if (error || self->drained_ > most_drained) {
        self->close();
      } else {
        self->read();
      }
      return;
    }
    if (error) {
      self->close();
      return;
    }
    self->input_.append(self->chunk_.data(), size);
    self->parse();
  });
}

void Session::parse() {
  if (!parser_) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(door_.limits().header_bytes));
    parser_->body_limit(door_.limits().body_bytes);
    began_ = steady_clock::now();
    set_phase(Phase::header, door_.limits().header);
  }
  while (!parser_->is_done()) {
    if (input_.empty()) {
      read();
      return;
    }
    error_code error;
    const std::size_t used = parser_->put(asio::buffer(input_), error);
    input_.erase(0, used);
    if (error == http::error::need_more) {
      if (input_.size() <= door_.limits().header_bytes + chunk_bytes) {
        read();
      } else {
        parse_failed(http::make_error_code(http::error::header_limit));
      }
      return;
    }
    if (error) {
      parse_failed(error);
      return;
    }
    if (!header_seen_ && parser_->is_header_done()) {
      header_seen_ = true;
      on_header();
      return;
    }
  }
  forward();
}

void Session::parse_failed(error_code error) {
  keep_open_ = false;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    refuse(431, "The request header is too large.");
  } else if (error == http::error::body_limit) {
    refuse(413, "The request body is too large.");
  } else {
    refuse(400, "This is not an HTTP/1.1 request.");
  }
}

void Session::on_header() {
  const auto& request = parser_->get();
  method_ = request.method();
  access_.method = config::escape_text(view(request.method_string()), 32);
  access_.target = config::escape_text(view(request.target()), longest_logged);
  keep_open_ = parser_->keep_alive() && !door_.stopping();
  set_phase(Phase::checking, door_.limits().queue);
  rules_ = door_.rules_now();
  // Close a connection that began under other rules, so that the next one uses the new TLS settings too.
  if (rules_ != first_rules_) keep_open_ = false;

  const auto fault = [&](unsigned status, std::string_view sentence, const Headers& headers = {}) {
    keep_open_ = false;
    refuse(status, sentence, headers);
  };
  if (request.version() != 10 && request.version() != 11)
    return fault(505, "Only HTTP/1.0 and HTTP/1.1 are supported.");
  if (request.version() == 11 && request.count(http::field::host) != 1)
    return fault(400, "An HTTP/1.1 request must have exactly one Host header.");
  if (method_ == http::verb::unknown) return fault(501, "The method is unknown.");
  if (method_ != http::verb::get && method_ != http::verb::head && method_ != http::verb::post)
    return fault(405, "The method is not allowed.", {{"Allow", "GET, HEAD, POST"}});
  const auto length = parser_->content_length();
  if (length && *length > door_.limits().body_bytes) return fault(413, "The request body is too large.");
  const auto target = clean_target(view(request.target()));
  if (!target) return fault(400, "The request target is invalid.");
  if (rules_->config.rate_limit && !door_.within_rate(*rules_->config.rate_limit))
    return refuse(429, "Too many requests.", {{"Retry-After", "1"}});

  // The forwarded request is written anew from the parts below; nothing else is passed on.
  forwarded_ =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}: {}\r\n{}: {}\r\n", view(request.method_string()),
                  *target, secret_header, door_.secret(), remote_header, remote_);
  for (const auto* const name : {"Accept", "Accept-Encoding", "X-Prometheus-Scrape-Timeout-Seconds"}) {
    std::string joined;
    const auto [first, last] = request.equal_range(name);
    for (auto field = first; field != last; ++field) {
      if (!joined.empty()) joined += ", ";
      joined += view(field->value());
    }
    if (!joined.empty() && is_printable(joined)) forwarded_ += fmt::format("{}: {}\r\n", name, joined);
  }
  if (rules_->config.users.empty()) {
    read_body();
  } else {
    check_password();
  }
}

void Session::check_password() {
  const auto& request = parser_->get();
  const std::string_view field = view(request[http::field::authorization]);
  constexpr boost::beast::string_view scheme = "basic ";
  if (request.count(http::field::authorization) != 1 || field.size() <= scheme.size() ||
      !boost::beast::iequals(scheme, {field.data(), scheme.size()})) {
    return refuse(401, "A user name and a password are required.", {{"WWW-Authenticate", challenge}});
  }
  std::string text(field.size(), '\0');
  const auto size = config::decode_base64(field.substr(scheme.size()), text);
  text.resize(size.value_or(0));
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    return refuse(401, "The user name and password cannot be decoded.", {{"WWW-Authenticate", challenge}});
  }
  access_.user = config::escape_text(text.substr(0, colon), 64);
  const auto told = [&context = door_.context(), weak = weak_from_this()](PasswordCheck::Verdict verdict) {
    asio::post(context, [weak, verdict] {
      if (const auto self = weak.lock()) self->on_verdict(verdict);
    });
  };
  door_.passwords().check(rules_->config.users, std::string_view(text).substr(0, colon),
                          std::string_view(text).substr(colon + 1), source_, steady_clock::now(), told);
}

void Session::on_verdict(PasswordCheck::Verdict verdict) {
  if (closed_ || phase_ != Phase::checking) return;
  switch (verdict) {
    case PasswordCheck::Verdict::good:
      return read_body();
    case PasswordCheck::Verdict::wrong:
      return refuse(401, "The user name or the password is wrong.", {{"WWW-Authenticate", challenge}});
    case PasswordCheck::Verdict::too_many_wrong:
      return refuse(429, "Too many wrong passwords from this address.", {{"Retry-After", "6"}});
    case PasswordCheck::Verdict::busy:
      return refuse(503, "Too many passwords are being checked.", {{"Retry-After", "1"}});
  }
}

void Session::read_body() {
  if (parser_->is_done()) return forward();
  set_phase(Phase::body, door_.limits().body);
  parser_->eager(true);
  if (parser_->get()[http::field::expect].empty() || !input_.empty()) return parse();
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  async_write(asio::buffer(go_on), [self = shared_from_this()](error_code error, std::size_t) {
    if (self->closed_ || self->phase_ != Phase::body) return;
    if (error) {
      self->close();
    } else {
      self->parse();
    }
  });
}

void Session::forward() {
  const std::string& body = parser_->get().body();
  if (method_ == http::verb::post || !body.empty())
    forwarded_ += fmt::format("Content-Length: {}\r\n", body.size());
  forwarded_ += "\r\n";
  forwarded_ += body;
  set_phase(Phase::waiting, door_.limits().queue);
  door_.queue(shared_from_this(), false);
}

void Session::refuse(unsigned status, std::string_view sentence, const Headers& headers) {
  // The unread rest of the request cannot be distinguished from the next request.
  if (!parser_ || !parser_->is_done()) keep_open_ = false;
  std::string body = fmt::format("{}\n", sentence);
  const std::uint64_t length = body.size();
  if (header_seen_ && is_head()) body.clear();
  respond(status, "text/plain; charset=utf-8", headers, std::move(body), length);
}

void Session::respond(unsigned status, std::string content_type, const Headers& headers, std::string body,
                      std::uint64_t length) {
  if (closed_) return;
  if (door_.stopping()) keep_open_ = false;
  access_.status = status;
  access_.body_bytes = body.size();
  head_ = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_of(status));
  if (status != 204 && status != 304) head_ += fmt::format("Content-Length: {}\r\n", length);
  if (!content_type.empty()) head_ += fmt::format("Content-Type: {}\r\n", content_type);
  for (const auto& [name, value] : headers) head_ += fmt::format("{}: {}\r\n", name, value);
  for (const auto& [name, value] : rules_->config.headers) {
    // A header of the page takes precedence over the configured one.
    const bool is_said = std::any_of(headers.begin(), headers.end(), [&wanted = name](const auto& each) {
      return boost::beast::iequals(each.first, wanted);
    });
    if (!is_said) head_ += fmt::format("{}: {}\r\n", name, value);
  }
  head_ += keep_open_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  body_ = std::move(body);
  buffered_ = body_.size();
  set_phase(Phase::writing, door_.limits().write);
  door_.add_buffered(buffered_, *this);
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head_), asio::buffer(body_)};
  async_write(buffers, [self = shared_from_this()](error_code error, std::size_t) {
    if (self->closed_) return;
    self->log();
    if (error) {
      self->close();
    } else {
      self->on_written();
    }
  });
}

void Session::log() {
  access_.remote = remote_;
  const auto start = began_ == steady_clock::time_point{} ? since_ : began_;
  access_.duration = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start);
  door_.tell(access_);
}

void Session::on_written() {
  clear_buffered();
  if (keep_open_ && !door_.stopping()) {
    set_phase(Phase::idle, door_.limits().idle);
    next_request();
    return;
  }
  // Shut down sending, then read what the client still sends. Otherwise a reset could destroy the response.
  set_phase(Phase::closing, linger);
  if (tls_) {
    tls_->async_shutdown([self = shared_from_this()](error_code) { self->close(); });
    return;
  }
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  read();
}

void Session::clear_buffered() {
  door_.remove_buffered(std::exchange(buffered_, 0));
  // In a closed session a pending write may use the bytes until its handler has run.
  if (!closed_) std::string().swap(body_);
}

void Session::on_deadline() {
  switch (phase_) {
    case Phase::header:
    case Phase::body:
      // If no request has begun, there is nothing to answer.
      if (!parser_) return close();
      keep_open_ = false;
      return refuse(408, "The request took too long to arrive.");
    case Phase::checking:
      return refuse(503, "The password could not be checked in time.", {{"Retry-After", "5"}});
    case Phase::waiting:
      door_.withdraw(*this);
      return refuse(503, "Too many requests are in progress.", {{"Retry-After", "5"}});
    case Phase::answering:
      door_.withdraw(*this);
      return refuse(503, "The response took too long.");
    case Phase::writing:
      log();
      return close();
    case Phase::handshake:
    case Phase::idle:
    case Phase::closing:
      return close();
  }
}

// ---- Line ----

Line::Line(Door& door) : door_(door), socket_(door.context()), timer_(door.context()) {}

void Line::open() {
  ++connection_;
  ready_ = false;
  busy_ = false;
  input_.clear();
  socket_ = tcp::socket(door_.context());
  socket_.async_connect(door_.web_server(),
                        [self = shared_from_this(), connection = connection_](error_code error) {
                          if (connection != self->connection_) return;
                          if (error) {
                            self->failed();
                            return;
                          }
                          error_code ignored;
                          self->socket_.set_option(tcp::no_delay(true), ignored);
                          self->send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}: {}\r\n\r\n",
                                                 greeting_path, secret_header, self->door_.secret()),
                                     false);
                        });
}

void Line::close() {
  ++connection_;
  ready_ = false;
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  session_.reset();
}

void Line::reopen() {
  close();
  open();
}

void Line::failed() {
  const auto session = session_;
  const bool retry = ready_ && session && (!parser_ || !parser_->got_some()) && session->take_retry();
  close();
  if (!door_.stopping()) {
    timer_.expires_after(pause_after_failure);
    timer_.async_wait([self = shared_from_this(), connection = connection_](error_code error) {
      if (!error && connection == self->connection_) self->open();
    });
  }
  if (retry) {
    session->set_phase(Session::Phase::waiting, door_.limits().queue);
    door_.queue(session, true);
  } else if (session) {
    session->refuse(503, "The program did not complete its response.");
  }
}

void Line::ask(std::shared_ptr<Session> session) {
  session->set_phase(Session::Phase::answering, door_.limits().handler);
  session_ = std::move(session);
  send(session_->forwarded(), session_->is_head());
}

void Line::send(std::string text, bool is_head) {
  busy_ = true;
  output_ = std::move(text);
  parser_.emplace();
  parser_->skip(is_head);
  parser_->eager(true);
  parser_->body_limit(boost::none);
  asio::async_write(socket_, asio::buffer(output_),
                    [self = shared_from_this(), connection = connection_](error_code error, std::size_t) {
                      if (connection != self->connection_) return;
                      if (error) {
                        self->failed();
                      } else {
                        self->read();
                      }
                    });
}

void Line::read() {
  socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this(), connection = connection_](
                                                    error_code error, std::size_t size) {
    if (connection != self->connection_) return;
    if (error) {
      self->failed();
      return;
    }
    self->input_.append(self->chunk_.data(), size);
    self->parse();
  });
}

void Line::parse() {
  while (!parser_->is_done()) {
    if (input_.empty()) return read();
    error_code error;
    const std::size_t used = parser_->put(asio::buffer(input_), error);
    input_.erase(0, used);
    if (error == http::error::need_more) return read();
    if (error) return failed();
  }
  on_answer();
}

void Line::on_answer() {
  const auto session = std::exchange(session_, nullptr);
  auto response = parser_->release();
  parser_.reset();
  ready_ = true;
  busy_ = false;
  if (session) {
    Headers headers;
    std::string content_type;
    std::uint64_t length = response.body().size();
    for (const auto& field : response) {
      const std::string_view value = view(field.value());
      if (field.name() == http::field::content_type) {
        content_type = value;
      } else if (field.name() == http::field::content_length) {
        // In a response to HEAD, the length of the body that is not sent.
        std::from_chars(value.data(), value.data() + value.size(), length);
      } else if (field.name() != http::field::connection) {
        headers.emplace_back(view(field.name_string()), value);
      }
    }
    session->respond(response.result_int(), std::move(content_type), headers, std::move(response.body()),
                     length);
  }
  door_.dispatch();
}

// ---- Door ----

config::Result<bool> Door::open(const WebSettings& settings) {
  config::Errors errors;
  if (auto read = rules_.open(settings); !read) errors = std::move(read.error());
  listeners_ = settings.systemd_sockets ? take_systemd_sockets(context_, errors)
                                        : listen_at(context_, settings.listen, errors);
  if (listeners_.empty() && errors.empty()) errors.push_back({"", "no listen address is given"});
  for (const auto& listener : listeners_) listening_.push_back(describe(listener));
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return true;
}

void Door::run() {
  for (std::size_t i = 0; i < limits_.threads; ++i) {
    lines_.push_back(std::make_shared<Line>(*this));
    lines_.back()->open();
  }
  for (auto& listener : listeners_) accept(listener.acceptor);
  thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(context_);
    context_.run();
  });
}

void Door::accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([this, &acceptor](error_code error, tcp::socket socket) {
    if (stopping_ || error == asio::error::operation_aborted) return;
    if (!error) {
      admit(std::move(socket));
      accept(acceptor);
      return;
    }
    // Out of file descriptors or memory: try again after a pause.
    const auto pause = std::make_shared<asio::steady_timer>(context_, pause_after_failure);
    pause->async_wait([this, &acceptor, pause](error_code) {
      if (!stopping_) accept(acceptor);
    });
  });
}

bool Door::make_room() {
  if (sessions_.size() < limits_.connections) return true;
  // Close sessions that wait for their client: first slow ones, then idle ones, the oldest first.
  const auto rank = [](const Session& each) {
    switch (each.phase()) {
      case Session::Phase::handshake:
      case Session::Phase::header:
      case Session::Phase::body:
      case Session::Phase::closing:
        return 0;
      case Session::Phase::idle:
        return 1;
      case Session::Phase::checking:
      case Session::Phase::waiting:
      case Session::Phase::answering:
      case Session::Phase::writing:
        return 2;
    }
    return 2;
  };
  const auto oldest = std::min_element(sessions_.begin(), sessions_.end(), [&](const auto& a, const auto& b) {
    return std::pair(rank(*a.second), a.second->since()) < std::pair(rank(*b.second), b.second->since());
  });
  if (oldest == sessions_.end() || rank(*oldest->second) == 2) return false;
  // Keep a pointer, because closing removes the session from the table.
  const auto leaving = oldest->second;
  leaving->close();
  return true;
}

void Door::admit(tcp::socket socket) {
  const std::uint64_t id = next_id_++;
  const auto session = std::make_shared<Session>(*this, id, std::move(socket), rules_.now());
  if (!make_room()) {
    session->refuse_connection();
    return;
  }
  sessions_.emplace(id, session);
  session->start();
}

void Door::queue(std::shared_ptr<Session> session, bool first) {
  if (first) {
    waiting_.push_front(std::move(session));
  } else {
    waiting_.push_back(std::move(session));
  }
  dispatch();
}

void Door::dispatch() {
  for (const auto& line : lines_) {
    if (waiting_.empty()) return;
    if (!line->is_free()) continue;
    auto session = std::move(waiting_.front());
    waiting_.pop_front();
    line->ask(std::move(session));
  }
}

void Door::withdraw(const Session& session) {
  std::erase_if(waiting_, [&](const auto& each) { return each.get() == &session; });
  for (const auto& line : lines_) {
    if (line->serves(session)) line->reopen();
  }
}

void Door::forget(std::uint64_t id) {
  sessions_.erase(id);
  if (stopping_ && sessions_.empty()) end();
}

void Door::add_buffered(std::size_t bytes, const Session& session) {
  buffered_ += bytes;
  while (buffered_ > limits_.buffered_bytes) {
    // Free memory for clients that read their responses: close the session that has been writing longest.
    std::shared_ptr<Session> slowest;
    for (const auto& [id, each] : sessions_) {
      if (each.get() == &session || each->buffered() == 0) continue;
      if (!slowest || each->since() < slowest->since()) slowest = each;
    }
    if (!slowest) return;
    slowest->close();
  }
}

void Door::begin_stop() {
  stopping_ = true;
  error_code ignored;
  for (auto& listener : listeners_) listener.acceptor.close(ignored);
  std::vector<std::shared_ptr<Session>> all;
  for (const auto& [id, session] : sessions_) all.push_back(session);
  if (all.empty()) return end();
  grace_.expires_after(limits_.grace);
  grace_.async_wait([this](error_code error) {
    if (error) return;
    std::vector<std::shared_ptr<Session>> late;
    for (const auto& [id, session] : sessions_) late.push_back(session);
    for (const auto& session : late) session->close();
  });
  for (const auto& session : all) session->finish();
}

void Door::end() {
  grace_.cancel();
  for (const auto& line : lines_) line->close();
  context_.stop();
}

void Door::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] { begin_stop(); });
  thread_.join();
  passwords_.stop();
}

}  // namespace

config::Result<std::unique_ptr<FrontDoor>> FrontDoor::start(const WebSettings& settings, std::uint16_t port,
                                                            std::string secret) {
  auto door = std::make_unique<Door>(settings, port, std::move(secret));
  if (auto opened = door->open(settings); !opened) return tl::unexpected(std::move(opened.error()));
  door->run();
  return door;
}

}  // namespace dkimprobe::exporters
