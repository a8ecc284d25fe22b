// Real sockets on Boost.Asio: its reactor reports readiness, recvmmsg and sendmmsg move datagrams in batches,
// and ICMP errors are read from each socket's error queue.
#pragma once

#include <cstddef>
#include <memory>

#include "probe/transport/sockets.hpp"

namespace boost::asio {
class io_context;
}

namespace dkimprobe::probe {

class AsioSockets final : public Sockets {
 public:
  explicit AsioSockets(boost::asio::io_context& context);
  ~AsioSockets() override;
  AsioSockets(const AsioSockets&) = delete;
  AsioSockets& operator=(const AsioSockets&) = delete;

  void set_events(SocketEvents& events) override;
  [[nodiscard]] MonotonicTime now() const override;
  [[nodiscard]] tl::expected<SocketId, int> open_udp(config::Family family) override;
  void send(SocketId socket, const config::ServerAddress& to, std::span<const std::uint8_t> datagram,
            std::uint64_t tag) override;
  [[nodiscard]] tl::expected<SocketId, int> connect(const config::ServerAddress& to) override;
  void write(SocketId stream, std::span<const std::uint8_t> octets) override;
  void close(SocketId socket) override;
  void wake_at(MonotonicTime time) override;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace dkimprobe::probe
