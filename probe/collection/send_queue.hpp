// Lets queries leave when it is their turn at the address that they are for, for all rounds of a process: it
// joins the rate of each address (probe/collection/rate_limit.hpp) with the queue before it
// (probe/collection/fair_queue.hpp) and the clock of the engine. It sends nothing itself.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "config/names/address.hpp"
#include "probe/collection/fair_queue.hpp"
#include "probe/collection/server_cache.hpp"
#include "probe/transport/query_engine.hpp"

namespace dkimprobe::probe {

/// Who sends the queries of one domain.
class TurnTaker {
 public:
  /// The query's turn has come: it counts as sent now. Not called from inside a call of `Turns`.
  virtual void on_turn(std::uint32_t token) = 0;

 protected:
  ~TurnTaker() = default;
};

class Turns final : private QueryHandler {
 public:
  /// Both must outlive it.
  Turns(QueryEngine& engine, ServerMemories& servers) : engine_(engine), servers_(servers) {}
  ~Turns() { engine_.interrupt(*this); }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// True when the query may leave at once. Else `taker` is told when its turn comes, unless it leaves
  /// before.
  [[nodiscard]] bool take(const config::ServerAddress& server, TurnTaker& taker, Urgency urgency,
                          std::uint32_t token);
  void leave(const config::ServerAddress& server, TurnTaker& taker, Urgency urgency, std::uint32_t token);

  /// How long the last of `queries` would wait that a domain brings which does not wait there yet.
  [[nodiscard]] MonotonicTime::duration wait_of_newcomer(const config::ServerAddress& server,
                                                         std::size_t queries);

 private:
  struct Line {
    TurnQueue<TurnTaker*> queue{};
    EngineTicket timer{};
    std::uint32_t token = 0;  ///< of the timer
  };

  void on_result(std::uint32_t, const QueryResult&) override {}
  void on_timer(std::uint32_t token) override;
  void wake_for(const config::ServerAddress& server, Line& line);

  QueryEngine& engine_;
  ServerMemories& servers_;
  std::unordered_map<config::ServerAddress, Line> lines_{};  ///< of addresses for which somebody waits
  std::unordered_map<std::uint32_t, config::ServerAddress> timers_{};
  std::uint32_t next_token_ = 0;
};

}  // namespace dkimprobe::probe
