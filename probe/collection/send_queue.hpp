// Decides for all probes of a process when a query may be sent to its server address. Combines the rate
// limits of the address and of its network (probe/collection/rate_limit.hpp), the network's queue
// (probe/collection/fair_queue.hpp) and the engine's clock. It sends nothing itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "config/names/address.hpp"
#include "probe/collection/fair_queue.hpp"
#include "probe/collection/server_cache.hpp"
#include "probe/transport/query_engine.hpp"

namespace dkimprobe::probe {

/// Sends the queries of one domain.
class TurnTaker {
 public:
  /// The query's turn has come; it counts as sent. Never called from inside a call of `Turns`.
  virtual void on_turn(std::uint32_t token) = 0;

 protected:
  ~TurnTaker() = default;
};

class Turns final : private QueryHandler {
 public:
  /// Both arguments must outlive it.
  Turns(QueryEngine& engine, ServerMemories& servers) : engine_(engine), servers_(servers) {}
  ~Turns() { engine_.interrupt(*this); }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// True when the query may be sent at once. Otherwise it is queued, and `taker` is called when its turn
  /// comes, unless `leave` removes it before.
  [[nodiscard]] bool take(const config::ServerAddress& server, TurnTaker& taker, Urgency urgency,
                          std::uint32_t token);
  void leave(const config::ServerAddress& server, TurnTaker& taker, Urgency urgency, std::uint32_t token);

  /// How long the last of `queries` from a domain that is not in the queue yet would wait.
  [[nodiscard]] MonotonicTime::duration wait_of_newcomer(const config::ServerAddress& server,
                                                         std::size_t queries);

 private:
  /// The queries that wait for the limits of one network and of its addresses.
  struct Gate {
    TurnQueue<TurnTaker*, config::ServerAddress> queue{};
    EngineTicket timer{};
    std::uint32_t token = 0;  ///< of the timer
  };

  void on_result(std::uint32_t, const QueryResult&) override {}
  void on_timer(std::uint32_t token) override;
  [[nodiscard]] bool pass(const config::ServerAddress& server);
  void wake_for(const config::ServerAddress& network, Gate& gate);
  void end_timer(const Gate& gate);

  QueryEngine& engine_;
  ServerMemories& servers_;
  std::unordered_map<config::ServerAddress, Gate> gates_{};  ///< of networks with queued queries
  std::unordered_map<std::uint32_t, config::ServerAddress> timers_{};
  std::uint32_t next_token_ = 0;
};

}  // namespace dkimprobe::probe
