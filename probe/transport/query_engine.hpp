// Performs exchanges: sends one query to one server address over UDP or TCP, and finds its answer among
// everything that arrives. It sends each query once and never judges; its callers decide what to ask next
// (probe/collection/query_plan.hpp, probe/discovery/delegation_walk.hpp).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "config/names/address.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"
#include "probe/transport/deadline_queue.hpp"
#include "probe/transport/public_question.hpp"
#include "probe/transport/random_bits.hpp"
#include "probe/transport/slot_table.hpp"
#include "probe/transport/sockets.hpp"
#include "probe/transport/used_ids.hpp"
#include "probe/wire/message_scan.hpp"

namespace dkimprobe::probe {

/// How UDP sockets are used. New ports make answers hard to forge; reused sockets are cheap. A program with
/// few questions opens a socket for each; a bulk scan draws from a pool that is renewed.
struct SocketUse {
  std::uint32_t open_at_once = 1;          ///< size of the pool, for each family
  std::uint32_t fewest_uses = 1;           ///< a socket is retired after a random number of uses from this
  std::uint32_t most_uses = 1;             ///< to this; at most 32,768, because ids are not reused
  std::chrono::milliseconds drain{2'000};  ///< how long a retired socket still accepts late answers
  std::uint32_t most_draining = 128;       ///< beyond this number, the oldest closes early
};

inline constexpr SocketUse one_use_sockets{};
inline constexpr SocketUse bulk_sockets{.open_at_once = 64, .fewest_uses = 64, .most_uses = 4'096};

struct QueryRequest {
  config::ServerAddress server{};
  Transport transport = Transport::udp;
  std::span<const std::uint8_t> query{};  ///< from `build_query`; copied, with a new id
  std::chrono::microseconds timeout{0};   ///< for the whole exchange; over TCP, including the connection
  const PublicQuestion* right_to_recursion = nullptr;  ///< without it, RD is cleared
};

/// The most octets that one exchange reads over TCP: the longest answer, and as much before it. Then the
/// exchange ends as `connection_closed`, unless a malformed message came.
inline constexpr std::size_t most_stream_octets = 2 * (std::size_t{2} + longest_message);

/// The result of an exchange, as `Exchange` records it, and the message.
struct QueryResult {
  Outcome outcome = Outcome::timed_out;
  int system_error = 0;
  IgnoredMessages ignored{};
  MonotonicTime started{};
  std::chrono::microseconds took{0};
  std::uint32_t bytes_sent = 0;
  std::uint32_t bytes_received = 0;
  const ScannedMessage* message = nullptr;  ///< not null if and only if answered; valid during the call
};

/// Identifies an exchange or a timer. The default identifies none.
struct EngineTicket {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

/// Called when an exchange or a timer ends; never from inside a call of the engine other than `end` and
/// `interrupt`.
class QueryHandler {
 public:
  virtual void on_result(std::uint32_t token, const QueryResult& result) = 0;
  virtual void on_timer(std::uint32_t token) = 0;

 protected:
  ~QueryHandler() = default;
};

/// Counts since the engine started.
struct EngineTotals {
  std::uint64_t queries_udp = 0;
  std::uint64_t queries_tcp = 0;
  std::uint64_t answers = 0;
  std::array<std::uint64_t, ignore_reason_count> ignored{};
};

class QueryEngine final : private SocketEvents {
 public:
  QueryEngine(Sockets& sockets, const SocketUse& use);
  ~QueryEngine();
  QueryEngine(const QueryEngine&) = delete;
  QueryEngine& operator=(const QueryEngine&) = delete;

  [[nodiscard]] MonotonicTime now() const { return sockets_.now(); }

  /// Sends the query; `handler` gets the result with `token`, even when nothing could be sent.
  EngineTicket start(const QueryRequest& request, QueryHandler& handler, std::uint32_t token);
  /// Calls the handler at `time` or soon after.
  EngineTicket call_at(MonotonicTime time, QueryHandler& handler, std::uint32_t token);
  /// Ends an exchange that is no longer wanted with `outcome`, or as malformed or unreachable if that has
  /// occurred; delivers the result before it returns. Cancels a timer. Does nothing when it is already over.
  void end(EngineTicket ticket, Outcome outcome);
  /// Ends all exchanges of the handler with `Outcome::interrupted` and cancels its timers. Delivers the
  /// results before it returns. Exchanges and timers that the handler starts meanwhile are not started, so it
  /// may be destroyed afterwards.
  void interrupt(QueryHandler& handler);

  [[nodiscard]] const EngineTotals& totals() const { return totals_; }

 private:
  enum class SlotKind : std::uint8_t { free, udp, tcp, failed, timer };

  struct Slot {
    SlotKind kind = SlotKind::free;
    bool sent = false;
    std::uint16_t id = 0;
    std::uint32_t generation = 1;
    std::uint32_t token = 0;
    SocketId socket = 0;
    int system_error = 0;
    Outcome failure = Outcome::timed_out;
    QueryHandler* handler = nullptr;
    config::ServerAddress server{};
    MonotonicTime started{};
    MonotonicTime deadline{};
    IgnoredMessages ignored{};
    std::vector<std::uint8_t> query{};
    std::vector<std::uint8_t> stream{};  ///< octets received over TCP and not yet parsed
    std::size_t stream_octets = 0;       ///< received over TCP in all
  };

  struct Socket {
    bool open = false;
    bool retired = false;
    std::uint32_t uses_left = 0;
    std::uint32_t pending = 0;
    std::uint32_t latest_slot = 0;   ///< of the exchange started last on it
    std::unique_ptr<UsedIds> ids{};  ///< UDP only
  };

  struct Draining {
    SocketId socket = 0;
    MonotonicTime close_at{};
  };

  void on_datagram(SocketId socket, const config::ServerAddress& from, std::span<const std::uint8_t> datagram,
                   MonotonicTime received_at) override;
  void on_send_failed(std::uint64_t tag, int error) override;
  void on_icmp(SocketId socket, const config::ServerAddress& to, std::span<const std::uint8_t> returned,
               int error) override;
  void on_connected(SocketId stream) override;
  void on_stream_octets(SocketId stream, std::span<const std::uint8_t> octets) override;
  void on_stream_end(SocketId stream, int error) override;
  void on_wake() override;

  std::uint32_t take_slot(SlotKind kind, QueryHandler* handler, std::uint32_t token);
  void release_slot(std::uint32_t index);
  void start_udp(std::uint32_t index);
  void start_tcp(std::uint32_t index);
  void fail_soon(std::uint32_t index, Outcome outcome, int error);
  void finish(std::uint32_t index, Outcome outcome, int error, MonotonicTime at,
              const ScannedMessage* message = nullptr);
  bool take_message(std::uint32_t index, std::span<const std::uint8_t> bytes, MonotonicTime received_at);
  void ignore(std::uint32_t index, IgnoreReason reason);
  void ignore_stray(SocketId id, const config::ServerAddress& from, std::span<const std::uint8_t> datagram);
  void expire(std::uint32_t index, MonotonicTime now);
  void finish_unanswered(std::uint32_t index, Outcome outcome, MonotonicTime at);
  void set_deadline(std::uint32_t index, MonotonicTime deadline);
  tl::expected<SocketId, int> lease(config::Family family);
  void release_use(SocketId id, std::uint16_t message_id, bool answered);
  void close_oldest_draining();
  template <class Open>
  tl::expected<SocketId, int> open_with_room(Open open);
  Socket& record_of(SocketId id);
  std::uint16_t draw_id(SocketId id);
  [[nodiscard]] std::uint32_t pending_slot(SocketId stream) const;
  void wake_by(MonotonicTime time);
  [[nodiscard]] bool is_interrupted(const QueryHandler& handler) const;

  Sockets& sockets_;
  SocketUse use_;
  RandomBits random_{};
  MessageScanner scanner_{};
  DeadlineQueue deadlines_;
  SlotTable table_{};
  std::vector<Slot> slots_{};
  std::vector<std::uint32_t> free_slots_{};
  std::vector<Socket> socket_records_{};
  std::array<std::vector<SocketId>, 2> leased_{};  ///< for each family
  std::deque<Draining> draining_{};                ///< retired and without pending exchanges, oldest first
  std::vector<std::uint32_t> expired_{};
  std::vector<const QueryHandler*> interrupted_{};  ///< handlers whose `interrupt` is running
  MonotonicTime armed_ = MonotonicTime::max();
  EngineTotals totals_{};
};

}  // namespace dkimprobe::probe
