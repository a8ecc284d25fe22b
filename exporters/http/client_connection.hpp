// The socket, TLS and the timer of one client's session. It decides nothing: `HttpSession` does, and the
// server does what concerns more than this client.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include "exporters/http/http_session.hpp"

namespace dkimprobe::exporters {

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  /// Does those actions of a session that need more than its socket.
  class Owner {
   public:
    virtual void check_password(ClientConnection& client, const HttpSession::CheckPassword& action) = 0;
    virtual void forward(ClientConnection& client, bool again) = 0;
    virtual void cancel(const ClientConnection& client) = 0;
    virtual void log(const Access& access) = 0;
    virtual void closed(ClientConnection& client) = 0;

   protected:
    ~Owner() = default;
  };

  ClientConnection(Owner& owner, boost::asio::ip::tcp::socket socket, HttpSession::Service& service,
                   std::shared_ptr<const WebRules> rules);

  [[nodiscard]] const HttpSession& session() const { return session_; }
  [[nodiscard]] const std::string& source() const { return source_; }

  /// Passes an event, one of the session's functions, to the session and performs the actions it returns.
  template <class... Parameters, class... Arguments>
  void notify(HttpSession::Actions (HttpSession::*event)(Parameters...), Arguments&&... arguments) {
    perform((session_.*event)(std::forward<Arguments>(arguments)..., std::chrono::steady_clock::now()));
  }

 private:
  void perform(const HttpSession::Actions& actions);
  void perform(const HttpSession::Handshake& action);
  void perform(const HttpSession::Read& action);
  void perform(const HttpSession::Write& action);
  void perform(const HttpSession::CheckPassword& action) { owner_.check_password(*this, action); }
  void perform(const HttpSession::Forward& action) { owner_.forward(*this, action.again); }
  void perform(const HttpSession::Cancel&) { owner_.cancel(*this); }
  void perform(const HttpSession::ShutDownSending& action);
  void perform(const HttpSession::Log& action) { owner_.log(action.access); }
  void perform(const HttpSession::Close& action);
  void begin_tls(const TlsContext& context);
  template <class Use>
  void with_stream(Use use) {
    if (tls_) {
      use(*tls_);
    } else {
      use(socket_);
    }
  }

  Owner& owner_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_{};
  std::string source_;  ///< key for counting wrong passwords
  HttpSession session_;
  std::array<char, 16384> chunk_{};
};

}  // namespace dkimprobe::exporters
