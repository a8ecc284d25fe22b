#include "exporters/http/upstream_connection.hpp"

#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "exporters/http/civetweb_server.hpp"

namespace dkimprobe::exporters {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::milliseconds pause_before_reopening{100};

}  // namespace

UpstreamConnection::UpstreamConnection(asio::io_context& context, stream_protocol::endpoint web_server,
                                       std::function<void()> on_free)
    : socket_(context), timer_(context), web_server_(std::move(web_server)), on_free_(std::move(on_free)) {}

template <class Step>
auto UpstreamConnection::then(Step step) {
  return [self = shared_from_this(), attempt = attempt_, step](error_code error, std::size_t size = 0) {
    if (attempt != self->attempt_) return;
    if (error) {
      self->failed();
    } else {
      step(*self, size);
    }
  };
}

void UpstreamConnection::open() {
  close();
  input_.clear();
  socket_.async_connect(
      web_server_, then([](UpstreamConnection& self, std::size_t) {
        self.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", handshake_path));
      }));
}

void UpstreamConnection::close() {
  ++attempt_;
  ready_ = false;
  parser_.reset();
  done_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

void UpstreamConnection::failed() {
  const bool begun = parser_ && parser_->got_some();
  const auto done = std::exchange(done_, nullptr);
  close();
  timer_.expires_after(pause_before_reopening);
  timer_.async_wait(then([](UpstreamConnection& self, std::size_t) { self.open(); }));
  if (done) done(std::nullopt, begun);
}

void UpstreamConnection::ask(std::string request, Done done) {
  done_ = std::move(done);
  send(std::move(request));
}

void UpstreamConnection::send(std::string text) {
  output_ = std::move(text);
  parser_.emplace();
  parser_->eager(true);
  parser_->body_limit(boost::none);
  asio::async_write(socket_, asio::buffer(output_),
                    then([](UpstreamConnection& self, std::size_t) { self.read(); }));
}

void UpstreamConnection::read() {
  socket_.async_read_some(asio::buffer(chunk_), then([](UpstreamConnection& self, std::size_t size) {
                            self.input_.append(self.chunk_.data(), size);
                            self.parse();
                          }));
}

void UpstreamConnection::parse() {
  while (!parser_->is_done()) {
    if (input_.empty()) return read();
    error_code error;
    input_.erase(0, parser_->put(asio::buffer(input_), error));
    if (error == boost::beast::http::error::need_more) return read();
    if (error) return failed();
  }
  on_response();
}

void UpstreamConnection::on_response() {
  namespace http = boost::beast::http;
  auto message = parser_->release();
  parser_.reset();
  ready_ = true;
  if (const auto done = std::exchange(done_, nullptr)) {
    Response response{message.result_int(), "", {}, nullptr};
    for (const auto& field : message) {
      const std::string_view value(field.value().data(), field.value().size());
      if (field.name() == http::field::content_type) {
        response.content_type = value;
      } else if (field.name() != http::field::connection && field.name() != http::field::content_length) {
        response.headers.emplace_back(field.name_string(), value);
      }
    }
    response.body = std::make_shared<const std::string>(std::move(message.body()));
    done(std::move(response), true);
  }
  on_free_();
}

}  // namespace dkimprobe::exporters
