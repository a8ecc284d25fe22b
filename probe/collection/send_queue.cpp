#include "probe/collection/send_queue.hpp"

#include <utility>

namespace dkimprobe::probe {

using config::ServerAddress;

bool Turns::take(const ServerAddress& server, TurnTaker& taker, Urgency urgency, std::uint32_t token) {
  const MonotonicTime now = engine_.now();
  const auto known = lines_.find(server);
  // If others wait, queue behind them: the next token is theirs.
  if (known == lines_.end() && servers_.of(server, now).rate.take(now)) return true;
  Line& line = known == lines_.end() ? lines_[server] : known->second;
  line.queue.join(&taker, urgency, token);
  if (known == lines_.end()) wake_for(server, line);
  return false;
}

void Turns::leave(const ServerAddress& server, TurnTaker& taker, Urgency urgency, std::uint32_t token) {
  const auto known = lines_.find(server);
  if (known == lines_.end()) return;
  known->second.queue.leave(&taker, urgency, token);
  if (!known->second.queue.empty()) return;
  engine_.end(known->second.timer, Outcome::interrupted);
  timers_.erase(known->second.token);
  lines_.erase(known);
}

MonotonicTime::duration Turns::wait_of_newcomer(const ServerAddress& server, std::size_t queries) {
  const MonotonicTime now = engine_.now();
  const auto known = lines_.find(server);
  const std::size_t before = known == lines_.end() ? 0 : known->second.queue.before_newcomer(queries);
  return servers_.of(server, now).rate.wait(before + queries - 1, now);
}

void Turns::on_timer(std::uint32_t token) {
  const auto timer = timers_.extract(token);
  if (timer.empty()) return;
  const ServerAddress server = timer.mapped();
  const MonotonicTime now = engine_.now();
  const auto known = lines_.find(server);
  Line& line = known->second;
  while (!line.queue.empty() && servers_.of(server, now).rate.take(now)) {
    const auto turn = line.queue.next();
    turn->owner->on_turn(turn->token);
  }
  if (line.queue.empty()) {
    lines_.erase(known);
  } else {
    wake_for(server, line);
  }
}

void Turns::wake_for(const ServerAddress& server, Line& line) {
  const MonotonicTime now = engine_.now();
  line.token = ++next_token_;
  timers_.emplace(line.token, server);
  line.timer = engine_.call_at(servers_.of(server, now).rate.ready_at(now), *this, line.token);
}

}  // namespace dkimprobe::probe
