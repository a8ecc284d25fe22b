// What the query engine needs of the operating system: UDP sockets, TCP streams, one timer and the clock. The
// program uses AsioSockets; tests use a script with a clock of its own.
#pragma once

#include <cstdint>
#include <span>

#include <tl/expected.hpp>

#include "config/names/address.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// Names a UDP socket or a TCP stream while it is open; numbers are used again.
using SocketId = std::uint32_t;

/// Told what happens. Calls come one at a time, and none from inside a call of `Sockets`.
class SocketEvents {
 public:
  virtual void on_datagram(SocketId socket, const config::ServerAddress& from,
                           std::span<const std::uint8_t> datagram, MonotonicTime received_at) = 0;
  /// The datagram sent with `tag` did not leave this machine.
  virtual void on_send_failed(std::uint64_t tag, int error) = 0;
  /// An ICMP message about a datagram to `to` came back with the first octets of it. It may be forged.
  virtual void on_icmp(SocketId socket, const config::ServerAddress& to,
                       std::span<const std::uint8_t> returned, int error) = 0;
  virtual void on_connected(SocketId stream) = 0;
  virtual void on_stream_octets(SocketId stream, std::span<const std::uint8_t> octets) = 0;
  /// The stream ended: `error` is 0 when the peer closed it in order. Nothing more comes; `close` is still
  /// due.
  virtual void on_stream_end(SocketId stream, int error) = 0;
  /// The time given to `wake_at` has come.
  virtual void on_wake() = 0;

 protected:
  ~SocketEvents() = default;
};

class Sockets {
 public:
  virtual ~Sockets() = default;

  /// Where events go; set once, before anything else is called.
  virtual void set_events(SocketEvents& events) = 0;
  [[nodiscard]] virtual MonotonicTime now() const = 0;

  /// A UDP socket with a port of the system's choosing; the error is an errno.
  [[nodiscard]] virtual tl::expected<SocketId, int> open_udp(config::Family family) = 0;
  /// Queues a datagram, which leaves with others when the present turn ends.
  virtual void send(SocketId socket, const config::ServerAddress& to, std::span<const std::uint8_t> datagram,
                    std::uint64_t tag) = 0;

  /// Begins a TCP connection; the error is an errno that was known at once.
  [[nodiscard]] virtual tl::expected<SocketId, int> connect(const config::ServerAddress& to) = 0;
  /// Writes all of `octets`, once connected.
  virtual void write(SocketId stream, std::span<const std::uint8_t> octets) = 0;

  /// Closes a socket or stream; no event of it comes afterwards.
  virtual void close(SocketId socket) = 0;

  /// Replaces the time at which `on_wake` is called.
  virtual void wake_at(MonotonicTime time) = 0;
};

}  // namespace dkimprobe::probe
