// One connection to the web server, for one request at a time. It opens itself anew after a failure. It knows
// no client.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "exporters/http/http_server.hpp"

namespace dkimprobe::exporters {

class UpstreamConnection : public std::enable_shared_from_this<UpstreamConnection> {
 public:
  /// Gets no response when the connection broke; `begun` if part of one had arrived.
  using Done = std::function<void(std::optional<Response>, bool begun)>;

  /// `on_free` is called each time when `is_free` becomes true.
  UpstreamConnection(boost::asio::io_context& context,
                     boost::asio::local::stream_protocol::endpoint web_server, std::function<void()> on_free);

  void open();
  /// Forgets the request in progress.
  void close();
  void ask(std::string request, Done done);
  [[nodiscard]] bool is_free() const { return ready_ && !parser_; }

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  /// Calls `step` when an operation of this connection succeeds. After `close`, nothing is called.
  template <class Step>
  auto then(Step step);
  void send(std::string text);
  void read();
  void parse();
  void on_response();
  void failed();

  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer timer_;
  boost::asio::local::stream_protocol::endpoint web_server_;
  std::function<void()> on_free_;
  std::uint64_t attempt_ = 0;  ///< number of the connection; handlers of earlier ones do nothing
  bool ready_ = false;         ///< the web server has answered on this connection
  Done done_{};
  std::optional<Parser> parser_{};  ///< while a response is expected
  std::string output_{};
  std::string input_{};
  std::array<char, 16384> chunk_{};
};

}  // namespace dkimprobe::exporters
