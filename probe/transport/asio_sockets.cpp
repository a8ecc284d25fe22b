#include "probe/transport/asio_sockets.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace dkimprobe::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

constexpr std::size_t batch = 64;
// The most batches that one socket reads before timers and other sockets get their turn.
constexpr int most_batches_a_turn = 16;
// The most attempts for one datagram: each may fail because of ICMP about another datagram.
constexpr int most_send_tries = 4;
constexpr std::size_t largest_datagram = 65535;
// The distance between receive buffers. A multiple of 64 KiB would map the front of every buffer, which is
// all that most answers use, to the same few cache lines.
constexpr std::size_t buffer_stride = 65536 + 17 * 64;
// A burst of answers must fit, or the kernel drops some silently; the system may grant less.
constexpr int socket_buffer_bytes = 4 << 20;

/// Half a cache line, whereas sockaddr_storage takes two lines: every datagram has one.
struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
  };
  socklen_t size;
};

SocketAddress to_system(const config::ServerAddress& server) {
  SocketAddress address;
  const auto octets = server.ip.octets();
  if (server.ip.family() == config::Family::ipv4) {
    address.ipv4 = {};
    address.ipv4.sin_family = AF_INET;
    address.ipv4.sin_port = htons(server.port);
    std::memcpy(&address.ipv4.sin_addr, octets.data(), octets.size());
    address.size = sizeof address.ipv4;
  } else {
    address.ipv6 = {};
    address.ipv6.sin6_family = AF_INET6;
    address.ipv6.sin6_port = htons(server.port);
    std::memcpy(&address.ipv6.sin6_addr, octets.data(), octets.size());
    address.size = sizeof address.ipv6;
  }
  return address;
}

config::ServerAddress from_system(const sockaddr_storage& storage) {
  config::ServerAddress server;
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &storage, sizeof in);
    server.ip = *config::Address::from_octets({reinterpret_cast<const std::uint8_t*>(&in.sin6_addr), 16});
    server.port = ntohs(in.sin6_port);
  } else {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    server.ip = *config::Address::from_octets({reinterpret_cast<const std::uint8_t*>(&in.sin_addr), 4});
    server.port = ntohs(in.sin_port);
  }
  return server;
}

/// Receive buffers of one batch, shared by all sockets, since they are read one after another.
struct ReceiveBatch {
  // Not cleared, so that memory that no datagram fills is never touched.
  std::unique_ptr<std::uint8_t[]> octets =
      std::make_unique_for_overwrite<std::uint8_t[]>(batch * buffer_stride);
  std::array<mmsghdr, batch> messages{};
  std::array<iovec, batch> buffers{};
  std::array<sockaddr_storage, batch> sources{};
  struct alignas(cmsghdr) Control {
    std::array<char, 128> octets;
  };
  std::array<Control, batch> controls{};

  void prepare() {
    for (std::size_t i = 0; i < batch; ++i) {
      buffers[i] = {octets.get() + i * buffer_stride, largest_datagram};
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = &sources[i];
      header.msg_namelen = sizeof(sockaddr_storage);
      header.msg_iov = &buffers[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].octets.data();
      header.msg_controllen = controls[i].octets.size();
      header.msg_flags = 0;
    }
  }
};

/// The headers of one batch to send, shared by all sockets and cleared once.
struct SendBatch {
  std::array<mmsghdr, batch> messages{};
  std::array<iovec, batch> buffers{};
};

/// Kernel timestamps are wall-clock time. They are trusted while the offset between the wall clock and the
/// monotonic clock is constant; after a clock step, the time of reading is used instead.
class StampReader {
 public:
  void begin_batch() {
    now_ = std::chrono::steady_clock::now();
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    const auto offset = now_.time_since_epoch() - wall;
    trusted_ = offset_ && std::chrono::abs(offset - *offset_) < std::chrono::milliseconds(1);
    offset_ = offset;
  }

  [[nodiscard]] MonotonicTime received_at(msghdr& header) const {
    if (!trusted_) return now_;
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
         control = CMSG_NXTHDR(&header, control)) {
      if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
      const auto wall = std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
      return std::min(now_, MonotonicTime(wall + *offset_));
    }
    return now_;
  }

 private:
  MonotonicTime now_{};
  std::optional<std::chrono::nanoseconds> offset_{};
  bool trusted_ = false;
};

/// The error that ICMP reported about a datagram, if a message of the error queue is about one (ip(7),
/// IP_RECVERR).
std::optional<int> icmp_error(msghdr& header) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    const bool is_error = (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR) ||
                          (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR);
    if (!is_error) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(item), sizeof error);
    if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6)
      return static_cast<int>(error.ee_errno);
  }
  return std::nullopt;
}

/// Datagrams queued for one socket, in order.
struct Outbox {
  struct Datagram {
    SocketAddress to;
    std::size_t offset = 0;
    std::size_t size = 0;
    std::uint64_t tag = 0;
  };
  std::vector<Datagram> datagrams{};
  std::vector<std::uint8_t> octets{};
  std::size_t sent = 0;

  void clear() {
    datagrams.clear();
    octets.clear();
    sent = 0;
  }
};

struct UdpSocket {
  explicit UdpSocket(asio::io_context& context) : socket(context) {}
  udp::socket socket;
  Outbox outbox{};
  bool in_flush_list = false;
  bool waiting_to_write = false;
};

struct TcpStream {
  explicit TcpStream(asio::io_context& context) : socket(context) {}
  tcp::socket socket;
  std::vector<std::uint8_t> outgoing{};
  std::array<std::uint8_t, 4096> incoming{};
};

}  // namespace

class AsioSockets::State : public std::enable_shared_from_this<AsioSockets::State> {
 public:
  explicit State(asio::io_context& context) : context_(context), timer_(context) {}

  void set_events(SocketEvents& events) { events_ = &events; }

  tl::expected<SocketId, int> open_udp(config::Family family) {
    auto socket = std::make_shared<UdpSocket>(context_);
    error_code error;
    socket->socket.open(family == config::Family::ipv4 ? udp::v4() : udp::v6(), error);
    if (error) return tl::unexpected(error.value());
    const int descriptor = socket->socket.native_handle();
    const bool ipv4 = family == config::Family::ipv4;
    if (ipv4) {
      set_option(descriptor, IPPROTO_IP, IP_RECVERR, 1);
    } else {
      set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
      set_option(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    set_option(descriptor, SOL_SOCKET, SO_RCVBUF, socket_buffer_bytes);
    set_option(descriptor, SOL_SOCKET, SO_SNDBUF, socket_buffer_bytes);
    // Bind now, so that the kernel chooses the port before anything is sent.
    socket->socket.bind(udp::endpoint(ipv4 ? udp::v4() : udp::v6(), 0), error);
    if (error) return tl::unexpected(error.value());
    socket->socket.non_blocking(true, error);
    if (error) return tl::unexpected(error.value());
    const SocketId id = put(socket);
    wait_to_read(id, socket);
    return id;
  }

  void send(SocketId id, const config::ServerAddress& to, std::span<const std::uint8_t> datagram,
            std::uint64_t tag) {
    const auto& socket = std::get<std::shared_ptr<UdpSocket>>(sockets_[id]);
    Outbox& outbox = socket->outbox;
    outbox.datagrams.push_back({to_system(to), outbox.octets.size(), datagram.size(), tag});
    outbox.octets.insert(outbox.octets.end(), datagram.begin(), datagram.end());
    if (socket->in_flush_list) return;
    socket->in_flush_list = true;
    to_flush_.push_back(socket);
    if (to_flush_.size() > 1) return;
    asio::post(context_, [self = shared_from_this()] { self->flush(); });
  }

  tl::expected<SocketId, int> connect(const config::ServerAddress& to) {
    auto stream = std::make_shared<TcpStream>(context_);
    error_code error;
    stream->socket.open(to.ip.family() == config::Family::ipv4 ? tcp::v4() : tcp::v6(), error);
    if (error) return tl::unexpected(error.value());
    stream->socket.set_option(tcp::no_delay(true), error);
    stream->socket.non_blocking(true, error);
    if (error) return tl::unexpected(error.value());
    // Call connect(2) directly: an immediate error (no route) comes from this machine, a later one from the
    // network.
    const SocketAddress address = to_system(to);
    if (::connect(stream->socket.native_handle(), &address.any, address.size) != 0 && errno != EINPROGRESS) {
      return tl::unexpected(errno);
    }
    const SocketId id = put(stream);
    stream->socket.async_wait(
        tcp::socket::wait_write, [self = shared_from_this(), id, stream](error_code failed) {
          if (failed || !self->is_open(id, stream)) return;
          int refused = 0;
          socklen_t size = sizeof refused;
          getsockopt(stream->socket.native_handle(), SOL_SOCKET, SO_ERROR, &refused, &size);
          if (refused != 0) return self->events_->on_stream_end(id, refused);
          self->events_->on_connected(id);
          if (self->is_open(id, stream)) self->read_some(id, stream);
        });
    return id;
  }

  void write(SocketId id, std::span<const std::uint8_t> octets) {
    const auto stream = std::get<std::shared_ptr<TcpStream>>(sockets_[id]);
    stream->outgoing.assign(octets.begin(), octets.end());
    // The read that follows reports a failed write.
    asio::async_write(stream->socket, asio::buffer(stream->outgoing), [stream](error_code, std::size_t) {});
  }

  void close(SocketId id) {
    error_code ignored;
    if (auto* socket = std::get_if<std::shared_ptr<UdpSocket>>(&sockets_[id])) {
      (*socket)->outbox.clear();
      (*socket)->socket.close(ignored);
    } else if (auto* stream = std::get_if<std::shared_ptr<TcpStream>>(&sockets_[id])) {
      (*stream)->socket.close(ignored);
    }
    sockets_[id] = std::monostate{};
    free_.push_back(id);
  }

  void wake_at(MonotonicTime time) {
    timer_.expires_at(time);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->events_ != nullptr) self->events_->on_wake();
    });
  }

  /// Ends everything, so that queued handlers find nothing to do.
  void shut_down() {
    events_ = nullptr;
    timer_.cancel();
    for (SocketId id = 0; id < sockets_.size(); ++id) {
      if (!std::holds_alternative<std::monostate>(sockets_[id])) close(id);
    }
  }

 private:
  using Slot = std::variant<std::monostate, std::shared_ptr<UdpSocket>, std::shared_ptr<TcpStream>>;

  // A refused option loses a feature (larger buffers, ICMP), never the query.
  static void set_option(int descriptor, int level, int name, int value) {
    static_cast<void>(setsockopt(descriptor, level, name, &value, sizeof value));
  }

  SocketId put(Slot slot) {
    if (free_.empty()) {
      sockets_.push_back(std::move(slot));
      return static_cast<SocketId>(sockets_.size() - 1);
    }
    const SocketId id = free_.back();
    free_.pop_back();
    sockets_[id] = std::move(slot);
    return id;
  }

  template <class Kind>
  [[nodiscard]] bool is_open(SocketId id, const std::shared_ptr<Kind>& kind) const {
    const auto* present = std::get_if<std::shared_ptr<Kind>>(&sockets_[id]);
    return events_ != nullptr && present != nullptr && *present == kind;
  }

  void wait_to_read(SocketId id, const std::shared_ptr<UdpSocket>& socket) {
    socket->socket.async_wait(udp::socket::wait_read,
                              [self = shared_from_this(), id, socket](error_code error) {
                                if (error || !self->is_open(id, socket)) return;
                                self->receive(id, socket);
                                if (self->is_open(id, socket)) self->wait_to_read(id, socket);
                              });
  }

  void receive(SocketId id, const std::shared_ptr<UdpSocket>& socket) {
    if (receive_ == nullptr) receive_ = std::make_unique<ReceiveBatch>();
    for (int turn = 0; turn < most_batches_a_turn && is_open(id, socket); ++turn) {
      receive_->prepare();
      const int got =
          recvmmsg(socket->socket.native_handle(), receive_->messages.data(), batch, MSG_DONTWAIT, nullptr);
      if (got < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return drain_errors(id, socket);
        // ICMP left an error on the socket: this call has cleared it; the error queue has the details.
        drain_errors(id, socket);
        continue;
      }
      stamps_.begin_batch();
      for (int i = 0; i < got && is_open(id, socket); ++i) {
        const auto at = static_cast<std::size_t>(i);
        mmsghdr& message = receive_->messages[at];
        events_->on_datagram(id, from_system(receive_->sources[at]),
                             {receive_->octets.get() + at * buffer_stride, message.msg_len},
                             stamps_.received_at(message.msg_hdr));
      }
      if (got < static_cast<int>(batch)) return;
    }
  }

  void drain_errors(SocketId id, const std::shared_ptr<UdpSocket>& socket) {
    while (is_open(id, socket)) {
      std::array<std::uint8_t, 512> returned;
      sockaddr_storage to{};
      alignas(cmsghdr) std::array<char, 512> control;
      iovec buffer{returned.data(), returned.size()};
      msghdr header{};
      header.msg_name = &to;
      header.msg_namelen = sizeof to;
      header.msg_iov = &buffer;
      header.msg_iovlen = 1;
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      const ssize_t got = recvmsg(socket->socket.native_handle(), &header, MSG_ERRQUEUE | MSG_DONTWAIT);
      if (got < 0) return;
      const auto error = icmp_error(header);
      if (!error || header.msg_namelen == 0) continue;
      events_->on_icmp(id, from_system(to), {returned.data(), static_cast<std::size_t>(got)}, *error);
    }
  }

  void flush() {
    std::vector<std::shared_ptr<UdpSocket>> sockets;
    sockets.swap(to_flush_);
    for (const auto& socket : sockets) {
      socket->in_flush_list = false;
      if (events_ != nullptr && socket->socket.is_open() && !socket->waiting_to_write) send_queued(socket);
    }
    sockets.clear();
    if (to_flush_.empty()) to_flush_.swap(sockets);
  }

  void send_queued(const std::shared_ptr<UdpSocket>& socket) {
    Outbox& outbox = socket->outbox;
    std::vector<std::pair<std::uint64_t, int>> failed;
    int attempts = 0;
    while (outbox.sent < outbox.datagrams.size()) {
      const std::size_t count = std::min(batch, outbox.datagrams.size() - outbox.sent);
      for (std::size_t i = 0; i < count; ++i) {
        Outbox::Datagram& datagram = outbox.datagrams[outbox.sent + i];
        send_.buffers[i] = {outbox.octets.data() + datagram.offset, datagram.size};
        msghdr& header = send_.messages[i].msg_hdr;
        header.msg_name = &datagram.to.any;
        header.msg_namelen = datagram.to.size;
        header.msg_iov = &send_.buffers[i];
        header.msg_iovlen = 1;
      }
      const int sent = sendmmsg(socket->socket.native_handle(), send_.messages.data(),
                                static_cast<unsigned>(count), MSG_DONTWAIT);
      if (sent > 0) {
        outbox.sent += static_cast<std::size_t>(sent);
        attempts = 0;
        continue;
      }
      const int error = errno;
      if (error == EINTR) continue;
      if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS) {
        wait_to_write(socket);
        break;
      }
      // ICMP about another datagram may have left this error on the socket. This call has cleared it, so send
      // the same datagram again; only a repeated failure is its own.
      if (++attempts < most_send_tries) continue;
      failed.emplace_back(outbox.datagrams[outbox.sent].tag, error);
      ++outbox.sent;
      attempts = 0;
    }
    if (!socket->waiting_to_write) outbox.clear();
    for (const auto& [tag, error] : failed) {
      if (events_ != nullptr) events_->on_send_failed(tag, error);
    }
  }

  void wait_to_write(const std::shared_ptr<UdpSocket>& socket) {
    socket->waiting_to_write = true;
    socket->socket.async_wait(udp::socket::wait_write, [self = shared_from_this(), socket](error_code error) {
      socket->waiting_to_write = false;
      if (!error && self->events_ != nullptr && socket->socket.is_open()) self->send_queued(socket);
    });
  }

  void read_some(SocketId id, const std::shared_ptr<TcpStream>& stream) {
    stream->socket.async_read_some(asio::buffer(stream->incoming), [self = shared_from_this(), id, stream](
                                                                       error_code error, std::size_t got) {
      if (!self->is_open(id, stream)) return;
      if (error) return self->events_->on_stream_end(id, error == asio::error::eof ? 0 : error.value());
      self->events_->on_stream_octets(id, {stream->incoming.data(), got});
      if (self->is_open(id, stream)) self->read_some(id, stream);
    });
  }

  asio::io_context& context_;
  asio::steady_timer timer_;
  SocketEvents* events_ = nullptr;
  std::vector<Slot> sockets_{};
  std::vector<SocketId> free_{};
  std::vector<std::shared_ptr<UdpSocket>> to_flush_{};
  std::unique_ptr<ReceiveBatch> receive_{};
  SendBatch send_{};
  StampReader stamps_{};
};

AsioSockets::AsioSockets(boost::asio::io_context& context) : state_(std::make_shared<State>(context)) {}
AsioSockets::~AsioSockets() {
  state_->shut_down();
}
void AsioSockets::set_events(SocketEvents& events) {
  state_->set_events(events);
}
MonotonicTime AsioSockets::now() const {
  return std::chrono::steady_clock::now();
}
tl::expected<SocketId, int> AsioSockets::open_udp(config::Family family) {
  return state_->open_udp(family);
}
void AsioSockets::send(SocketId socket, const config::ServerAddress& to,
                       std::span<const std::uint8_t> datagram, std::uint64_t tag) {
  state_->send(socket, to, datagram, tag);
}
tl::expected<SocketId, int> AsioSockets::connect(const config::ServerAddress& to) {
  return state_->connect(to);
}
void AsioSockets::write(SocketId stream, std::span<const std::uint8_t> octets) {
  state_->write(stream, octets);
}
void AsioSockets::close(SocketId socket) {
  state_->close(socket);
}
void AsioSockets::wake_at(MonotonicTime time) {
  state_->wake_at(time);
}

}  // namespace dkimprobe::probe
