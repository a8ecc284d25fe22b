// Sockets without a network: they keep what the engine sends for the test, and the test decides what arrives,
// what fails and how time passes. They also check that the engine obeys the contract of `Sockets`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/transport/sockets.hpp"

namespace dkimprobe::tests {

using Bytes = std::vector<std::uint8_t>;

class ScriptedSockets final : public probe::Sockets {
 public:
  struct Sent {
    probe::SocketId socket = 0;
    config::ServerAddress to{};
    Bytes octets{};
    probe::MonotonicTime at{};

    [[nodiscard]] std::uint16_t id() const {
      return static_cast<std::uint16_t>(octets.at(0) << 8U | octets.at(1));
    }
  };
  enum class Kind : std::uint8_t { udp, tcp };

  // ---- What the engine did ----
  std::vector<Sent> datagrams{};               ///< sent
  std::vector<Sent> connections{};             ///< started; what was written to them is in `written`
  std::map<probe::SocketId, Bytes> written{};  ///< by stream, of its current or last connection
  std::map<probe::SocketId, Kind> open{};      ///< the open sockets
  std::size_t opened_udp = 0;
  std::size_t calls = 0;  ///< number of calls of open_udp, send, connect and write, which can fail

  // ---- What the test decides ----
  std::optional<std::size_t> fail_at_call{};  ///< the call with this number fails, counted from 0
  int fail_with = 0;
  std::size_t most_open = static_cast<std::size_t>(-1);  ///< beyond it, EMFILE
  std::function<int(const config::ServerAddress&)>
      send_error{};  ///< errno of a datagram to this address, or 0
  std::function<int(const config::ServerAddress&)> connect_error{};  ///< immediate errno, or 0

  /// Delivers octets; returns false and does nothing when the socket is closed.
  bool datagram(probe::SocketId socket, const config::ServerAddress& from,
                std::span<const std::uint8_t> octets);
  bool icmp(probe::SocketId socket, const config::ServerAddress& to, std::span<const std::uint8_t> returned,
            int error);
  bool connected(probe::SocketId stream);
  bool stream_octets(probe::SocketId stream, std::span<const std::uint8_t> octets);
  bool stream_end(probe::SocketId stream, int error);

  /// Ends the current turn: reports failed sends.
  void end_turn();
  /// Advances time, turn by turn, and wakes the engine when it is due.
  void advance(std::chrono::microseconds by);
  /// The time at which the engine wants to be woken.
  [[nodiscard]] std::optional<probe::MonotonicTime> next_wake() const { return wake_; }

  // ---- Sockets ----
  void set_events(probe::SocketEvents& events) override { events_ = &events; }
  [[nodiscard]] probe::MonotonicTime now() const override { return now_; }
  [[nodiscard]] tl::expected<probe::SocketId, int> open_udp(config::Family family) override;
  void send(probe::SocketId socket, const config::ServerAddress& to, std::span<const std::uint8_t> datagram,
            std::uint64_t tag) override;
  [[nodiscard]] tl::expected<probe::SocketId, int> connect(const config::ServerAddress& to) override;
  void write(probe::SocketId stream, std::span<const std::uint8_t> octets) override;
  void close(probe::SocketId socket) override;
  void wake_at(probe::MonotonicTime time) override;

 private:
  [[nodiscard]] bool is_open(probe::SocketId socket, Kind kind) const;
  [[nodiscard]] bool fails_now();
  probe::SocketId take(Kind kind);
  /// Delivers one event to the engine; throws if another is delivered meanwhile.
  void tell(const std::function<void(probe::SocketEvents&)>& event);

  probe::SocketEvents* events_ = nullptr;
  probe::MonotonicTime now_{std::chrono::hours(1)};
  std::optional<probe::MonotonicTime> wake_{};
  std::vector<std::pair<std::uint64_t, int>> send_failures_{};
  std::vector<std::pair<probe::SocketId, int>> write_failures_{};
  std::vector<probe::SocketId> free_{};
  probe::SocketId next_ = 0;
  bool telling_ = false;
};

/// The query's bytes as a response: QR and AA set, and one TXT record with `text`.
[[nodiscard]] Bytes response_to(const Bytes& query, std::string_view text = "v=DKIM1; p=");

/// A message with its length prefix, as in TCP.
[[nodiscard]] Bytes framed(const Bytes& message);

}  // namespace dkimprobe::tests
