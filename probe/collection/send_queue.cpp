#include "probe/collection/send_queue.hpp"

#include <algorithm>

namespace dkimprobe::probe {

using config::ServerAddress;

bool Turns::take(const ServerAddress& server, TurnTaker& taker, Urgency urgency, std::uint32_t token) {
  const ServerAddress network = network_of(server);
  // If others wait, queue behind them: the next turn is theirs.
  if (!gates_.contains(network) && pass(server)) return true;
  Gate& gate = gates_[network];
  gate.queue.join(&taker, urgency, server, token);
  wake_for(network, gate);
  return false;
}

void Turns::leave(const ServerAddress& server, TurnTaker& taker, Urgency urgency, std::uint32_t token) {
  const auto known = gates_.find(network_of(server));
  if (known == gates_.end()) return;
  known->second.queue.leave(&taker, urgency, server, token);
  if (!known->second.queue.empty()) return;
  end_timer(known->second);
  gates_.erase(known);
}

MonotonicTime::duration Turns::wait_of_newcomer(const ServerAddress& server, std::size_t queries) {
  const MonotonicTime now = engine_.now();
  const ServerAddress network = network_of(server);
  std::size_t before_at_server = 0;
  std::size_t before_in_network = 0;
  if (const auto known = gates_.find(network); known != gates_.end()) {
    before_at_server = known->second.queue.before_newcomer(queries, server);
    before_in_network = known->second.queue.before_newcomer(queries);
  }
  return std::max(servers_.rate_of(server, now).wait(before_at_server + queries - 1, now),
                  servers_.rate_of(network, now).wait(before_in_network + queries - 1, now));
}

/// Whether both limits permit a query now; if so, it counts as sent.
bool Turns::pass(const ServerAddress& server) {
  const MonotonicTime now = engine_.now();
  const ServerAddress network = network_of(server);
  if (servers_.rate_of(network, now).ready_at(now) > now || !servers_.rate_of(server, now).take(now))
    return false;
  return servers_.rate_of(network, now).take(now);
}

void Turns::on_timer(std::uint32_t token) {
  const auto timer = timers_.extract(token);
  if (timer.empty()) return;
  const ServerAddress network = timer.mapped();
  Gate& gate = gates_.at(network);
  while (const auto turn = gate.queue.next([&](const ServerAddress& server) { return pass(server); }))
    turn->owner->on_turn(turn->token);
  if (gate.queue.empty()) {
    gates_.erase(network);
  } else {
    wake_for(network, gate);
  }
}

/// Sets the timer to when the first waiting query may be sent.
void Turns::wake_for(const ServerAddress& network, Gate& gate) {
  const MonotonicTime now = engine_.now();
  MonotonicTime first = MonotonicTime::max();
  gate.queue.for_each_place([&](const ServerAddress& server) {
    first = std::min(first, servers_.rate_of(server, now).ready_at(now));
  });
  end_timer(gate);
  gate.token = ++next_token_;
  timers_.emplace(gate.token, network);
  gate.timer =
      engine_.call_at(std::max(first, servers_.rate_of(network, now).ready_at(now)), *this, gate.token);
}

void Turns::end_timer(const Gate& gate) {
  engine_.end(gate.timer, Outcome::interrupted);
  timers_.erase(gate.token);
}

}  // namespace dkimprobe::probe
