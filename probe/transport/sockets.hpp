// What the query engine needs from the operating system: UDP sockets, TCP streams, one timer and the clock.
// The program uses AsioSockets; tests use scripted sockets with their own clock.
#pragma once

#include <cstdint>
#include <span>

#include <tl/expected.hpp>

#include "config/names/address.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// Identifies a UDP socket or a TCP stream while it is open; numbers are reused.
using SocketId = std::uint32_t;

/// Receives the events. Calls come one at a time, and never from inside a call of `Sockets`.
class SocketEvents {
 public:
  virtual void on_datagram(SocketId socket, const config::ServerAddress& from,
                           std::span<const std::uint8_t> datagram, MonotonicTime received_at) = 0;
  /// The datagram with `tag` could not be sent.
  virtual void on_send_failed(std::uint64_t tag, int error) = 0;
  /// An ICMP message about a datagram to `to` arrived, with that datagram's first octets. It may be forged.
  virtual void on_icmp(SocketId socket, const config::ServerAddress& to,
                       std::span<const std::uint8_t> returned, int error) = 0;
  virtual void on_connected(SocketId stream) = 0;
  virtual void on_stream_octets(SocketId stream, std::span<const std::uint8_t> octets) = 0;
  /// The stream ended; `error` is 0 when the peer closed it normally. No event follows; `close` must still be
  /// called.
  virtual void on_stream_end(SocketId stream, int error) = 0;
  /// The time given to `wake_at` has come.
  virtual void on_wake() = 0;

 protected:
  ~SocketEvents() = default;
};

class Sockets {
 public:
  virtual ~Sockets() = default;

  /// Sets the receiver of events; call it once, before anything else.
  virtual void set_events(SocketEvents& events) = 0;
  [[nodiscard]] virtual MonotonicTime now() const = 0;

  /// Opens a UDP socket with a port that the system chooses; the error is an errno.
  [[nodiscard]] virtual tl::expected<SocketId, int> open_udp(config::Family family) = 0;
  /// Queues a datagram; it is sent with others at the end of the current turn of the event loop.
  virtual void send(SocketId socket, const config::ServerAddress& to, std::span<const std::uint8_t> datagram,
                    std::uint64_t tag) = 0;

  /// Starts a TCP connection; an immediate error is an errno.
  [[nodiscard]] virtual tl::expected<SocketId, int> connect(const config::ServerAddress& to) = 0;
  /// Writes all of `octets`, once connected.
  virtual void write(SocketId stream, std::span<const std::uint8_t> octets) = 0;

  /// Closes a socket or stream; no event of it comes afterwards.
  virtual void close(SocketId socket) = 0;

  /// Sets the time of the next `on_wake`; replaces the one set before.
  virtual void wake_at(MonotonicTime time) = 0;
};

}  // namespace dkimprobe::probe
