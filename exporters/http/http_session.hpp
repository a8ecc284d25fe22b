// One client's HTTP/1.1 session without sockets, timers or threads: its functions take an event and return
// the actions to perform and the next deadline. Time is always an argument. It owns the limits, the refusals,
// the header of each response and the order of all steps.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/basics/token_bucket.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/http/live_web_config.hpp"
#include "exporters/http/password_check.hpp"

namespace dkimprobe::exporters {

class HttpSession {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Headers = decltype(Response::headers);

  enum class Phase : std::uint8_t {
    handshake,  ///< of TLS
    idle,       ///< between two requests
    header,     ///< of a request, is arriving; on a new connection from its start
    body,       ///< of a request, is arriving
    checking,   ///< the password
    waiting,    ///< for a free connection to the web server
    answering,  ///< the web server is handling the request
    writing,    ///< the response
    closing,    ///< nothing more is sent; what the client still sends is dropped
    closed,
  };

  // What to do next.
  struct Handshake {
    TlsContext tls{};
  };
  struct Read {};
  struct Write {  ///< some of these bytes, which stay valid until `written` or `write_failed`
    std::string_view head{};
    std::string_view body{};
  };
  struct CheckPassword {
    std::shared_ptr<const WebRules> rules{};
    std::string user{};
    std::string password{};
  };
  struct Forward {  ///< `request()` to the web server; before other waiting requests if `again`
    bool again = false;
  };
  struct Cancel {};           ///< the request that was to be forwarded
  struct ShutDownSending {};  ///< with TLS, `disconnected` is expected when that is done
  struct Log {
    Access access{};
  };
  struct Close {};  ///< the last action
  using Action =
      std::variant<Handshake, Read, Write, CheckPassword, Forward, Cancel, ShutDownSending, Log, Close>;
  using Actions = std::vector<Action>;

  /// What all sessions of a service share.
  struct Service {
    WebLimits limits{};
    std::function<std::shared_ptr<const WebRules>()> rules{};   ///< in force now
    config::TokenBucket requests{config::TokenBucket::Time{}};  ///< limited by the rules in force
  };

  struct Refusal;

  HttpSession(Service& service, std::shared_ptr<const WebRules> rules, std::string remote);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  // What happened. Events that come too late are ignored.
  [[nodiscard]] Actions started(Time now);
  [[nodiscard]] Actions handshake_done(Time now);
  /// Instead of a TLS handshake the client began with something else.
  [[nodiscard]] Actions plain_text_came(Time now);
  [[nodiscard]] Actions received(std::string_view bytes, Time now);
  /// The client's input ended, or reading failed.
  [[nodiscard]] Actions disconnected(Time now);
  [[nodiscard]] Actions written(std::size_t bytes, Time now);
  [[nodiscard]] Actions write_failed(Time now);
  [[nodiscard]] Actions password_checked(PasswordCheck::Verdict verdict, Time now);
  /// The request is on its way to the web server.
  [[nodiscard]] Actions forwarded(Time now);
  [[nodiscard]] Actions answered(Response response, Time now);
  /// The connection to the web server broke; `begun` if part of a response had arrived.
  [[nodiscard]] Actions answer_failed(bool begun, Time now);
  /// Does nothing before `deadline()`.
  [[nodiscard]] Actions deadline_passed(Time now);
  /// The program stops: close after any request in progress is answered.
  [[nodiscard]] Actions stopping(Time now);
  /// Close now, to make room for others.
  [[nodiscard]] Actions evicted(Time now);

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] Time since() const { return since_; }  ///< when the phase began
  [[nodiscard]] Time deadline() const { return deadline_; }
  [[nodiscard]] Time last_progress() const { return progress_; }         ///< of writing
  [[nodiscard]] std::size_t buffered() const;                            ///< bytes of a response in memory
  [[nodiscard]] const std::string& request() const { return request_; }  ///< HEAD is forwarded as GET

 private:
  struct Parser;

  template <class Step>
  Actions at(Time now, Step step);
  void begin(Phase phase, std::chrono::milliseconds limit);
  void next_request(Phase phase, std::chrono::milliseconds limit);
  void read();
  void parse();
  void on_header();
  void check_password();
  void read_body();
  void forward(bool again);
  void refuse(const Refusal& refusal);
  void respond(const Response& response);
  void write();
  void on_deadline();
  void log();
  void close();

  Service& service_;
  std::string remote_;
  std::shared_ptr<const WebRules> first_rules_;           ///< when the connection began
  std::shared_ptr<const WebRules> rules_ = first_rules_;  ///< when the request began
  Actions actions_{};                                     ///< of the current event
  Time now_{};                                            ///< of the current event
  Phase phase_ = Phase::handshake;
  Time since_{};
  Time deadline_{};
  Time progress_{};

  std::string input_{};
  std::size_t drained_ = 0;
  bool uses_tls_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool stopping_ = false;

  std::unique_ptr<Parser> parser_{};
  bool header_seen_ = false;
  bool keep_open_ = true;
  bool is_head_ = false;
  bool may_repeat_ = false;
  Time began_{};  ///< the request
  std::string request_{};
  Access access_{};

  std::string head_{};
  std::shared_ptr<const std::string> body_{};
  std::size_t sent_ = 0;  ///< of head and body
};

}  // namespace dkimprobe::exporters
