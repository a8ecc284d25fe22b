#include "exporters/http/client_connection.hpp"

#include <string_view>
#include <variant>

#include <openssl/ssl.h>
#include <boost/asio/buffer.hpp>

namespace dkimprobe::exporters {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr unsigned char first_octet_of_tls = 0x16;

asio::ip::address address_of(const tcp::socket& socket) {
  error_code ignored;
  auto address = socket.remote_endpoint(ignored).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address;
}

/// An IPv6 client usually has a whole /64 network, so that is its source.
std::string source_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto octets = address.to_v6().to_bytes();
  return {octets.begin(), octets.begin() + 8};
}

}  // namespace

ClientConnection::ClientConnection(Owner& owner, tcp::socket socket, HttpSession::Service& service,
                                   std::shared_ptr<const WebRules> rules)
    : owner_(owner),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      source_(source_of(address_of(socket_))),
      session_(service, std::move(rules), address_of(socket_).to_string()) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
}

void ClientConnection::perform(const HttpSession::Actions& actions) {
  for (const auto& action : actions) std::visit([this](const auto& each) { perform(each); }, action);
  if (session_.phase() == HttpSession::Phase::closed || timer_.expiry() == session_.deadline()) return;
  timer_.expires_at(session_.deadline());
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->notify(&HttpSession::deadline_passed);
  });
}

void ClientConnection::perform(const HttpSession::Handshake& action) {
  // A client that uses plain HTTP gets an error message.
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this(), tls = action.tls](error_code error) {
    unsigned char first = 0;
    if (!error) self->socket_.receive(asio::buffer(&first, 1), tcp::socket::message_peek, error);
    if (error) {
      self->notify(&HttpSession::disconnected);
    } else if (first == first_octet_of_tls) {
      self->begin_tls(tls);
    } else {
      self->notify(&HttpSession::plain_text_came);
    }
  });
}

void ClientConnection::begin_tls(const TlsContext& context) {
  SSL* const tls = SSL_new(context.get());
  if (tls == nullptr) return notify(&HttpSession::disconnected);
  tls_.emplace(socket_, tls);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code error) {
    self->notify(error ? &HttpSession::disconnected : &HttpSession::handshake_done);
  });
}

void ClientConnection::perform(const HttpSession::Read&) {
  with_stream([this](auto& stream) {
    stream.async_read_some(
        asio::buffer(chunk_), [self = shared_from_this()](error_code error, std::size_t size) {
          if (error) return self->notify(&HttpSession::disconnected);
          self->notify(&HttpSession::received, std::string_view(self->chunk_.data(), size));
        });
  });
}

void ClientConnection::perform(const HttpSession::Write& action) {
  const std::array buffers = {asio::buffer(action.head), asio::buffer(action.body)};
  with_stream([&](auto& stream) {
    stream.async_write_some(buffers, [self = shared_from_this()](error_code error, std::size_t size) {
      if (error) return self->notify(&HttpSession::write_failed);
      self->notify(&HttpSession::written, size);
    });
  });
}

void ClientConnection::perform(const HttpSession::ShutDownSending&) {
  error_code ignored;
  if (!tls_) {
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    return;
  }
  tls_->async_shutdown([self = shared_from_this()](error_code) { self->notify(&HttpSession::disconnected); });
}

void ClientConnection::perform(const HttpSession::Close&) {
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
  owner_.closed(*this);
}

}  // namespace dkimprobe::exporters
