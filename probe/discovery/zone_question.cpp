#include "probe/discovery/zone_question.hpp"

#include <algorithm>
#include <utility>

namespace dkimprobe::probe {

using config::ServerAddress;

bool ZoneQuestion::reads(Reading::Kind kind) const {
  return std::ranges::any_of(answers_, [&](const Answer& answer) { return answer.reading.kind == kind; });
}

bool ZoneQuestion::is_of_use(const Reading& reading) const {
  if (type_ == RecordType::ns && name_ == zone_->apex()) return reading.kind == Reading::Kind::apex_here;
  return reading.kind != Reading::Kind::useless;
}

bool ZoneQuestion::is_under_way() const {
  return std::ranges::any_of(put_, [](const auto& entry) { return entry.second.under_way; });
}

bool ZoneQuestion::has_patience(WalkBoard& board) const {
  bool waits = false;
  for (const auto& [server, put] : put_) {
    if (!put.under_way || board.now() >= put.patience_until) continue;
    board.wake_by(put.patience_until);
    waits = true;
  }
  return waits;
}

std::vector<std::uint32_t> ZoneQuestion::ask_more(WalkBoard& board) {
  std::vector<std::uint32_t> tickets;
  std::vector<ServerAddress> candidates = board.servers_of(*zone_);
  do {
    std::erase_if(candidates, [&](const ServerAddress& candidate) {
      return put_.contains(candidate) || board.server(candidate).silent;
    });
    const ServerAddress* best = board.best_of(*zone_, candidates);
    if (best == nullptr) break;
    WalkQuestion asked;
    asked.server = *best;
    asked.zone = zone_->apex();
    asked.name = name_;
    asked.type = type_;
    asked.purpose = type_ == RecordType::ns ? Purpose::cut : Purpose::host_address;
    const auto ticket = board.ask(std::move(asked));
    if (!ticket) break;
    const MonotonicTime patience_until = board.now() + board.settings().initial_timeout;
    put_[*best] = {true, patience_until};
    board.wake_by(patience_until);
    tickets.push_back(*ticket);
  } while (is_for_all());
  return tickets;
}

bool ZoneQuestion::finished(const WalkQuestion& question, const Exchange& exchange, WalkBoard& board) {
  put_[question.server].under_way = false;
  auto reading = board.note(*zone_, question, exchange);
  heard_anything_ |= reading.has_value();
  met_local_error_ |= exchange.outcome == Outcome::local_error || exchange.outcome == Outcome::interrupted;
  if (!reading || !is_of_use(*reading)) return true;
  const bool was_open = state_ == State::open;
  if (was_open || is_for_all()) answers_.push_back({question.server, *std::move(reading)});
  if (was_open && !is_for_all()) state_ = State::answered;
  return was_open;
}

void ZoneQuestion::close(WalkBoard& board) {
  state_ = answers_.empty() ? State::failed : State::answered;
  board.changed();
}

}  // namespace dkimprobe::probe
