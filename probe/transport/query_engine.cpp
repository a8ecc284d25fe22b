#include "probe/transport/query_engine.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "probe/wire/query_message.hpp"
#include "probe/wire/response_match.hpp"

namespace dkimprobe::probe {
namespace {

std::uint16_t id_of(std::span<const std::uint8_t> message) {
  return static_cast<std::uint16_t>(message[0] << 8U | message[1]);
}

std::chrono::microseconds since(MonotonicTime start, MonotonicTime end) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::max(end - start, MonotonicTime::duration{0}));
}

/// Distinguishes a missing route from another failure of this machine. EADDRNOTAVAIL means with IPv6 that
/// this machine has no suitable source address, with IPv4 that its ports are used up.
Outcome outcome_of_local_error(int error, config::Family family) {
  const bool no_way = error == ENETUNREACH || error == EHOSTUNREACH || error == EAFNOSUPPORT ||
                      (error == EADDRNOTAVAIL && family == config::Family::ipv6);
  return no_way ? Outcome::no_route : Outcome::local_error;
}

}  // namespace

QueryEngine::QueryEngine(Sockets& sockets, const SocketUse& use)
    : sockets_(sockets), use_(use), deadlines_(sockets.now()) {
  sockets_.set_events(*this);
  for (auto& family : leased_) family.reserve(use_.open_at_once);
}

QueryEngine::~QueryEngine() {
  for (SocketId id = 0; id < socket_records_.size(); ++id) {
    if (socket_records_[id].open) sockets_.close(id);
  }
}

// ---- Starting ----

EngineTicket QueryEngine::start(const QueryRequest& request, QueryHandler& handler, std::uint32_t token) {
  if (is_interrupted(handler)) return {};
  const std::uint32_t index =
      take_slot(request.transport == Transport::udp ? SlotKind::udp : SlotKind::tcp, &handler, token);
  Slot& slot = slots_[index];
  slot.server = request.server;
  slot.query.assign(request.query.begin(), request.query.end());
  if (request.right_to_recursion == nullptr) slot.query[2] &= 0xfeU;  // RD=0
  slot.started = sockets_.now();
  slot.deadline = slot.started + request.timeout;
  if (request.transport == Transport::udp) {
    start_udp(index);
  } else {
    start_tcp(index);
  }
  return {index, slots_[index].generation};
}

/// When descriptors run out, closes sockets that only wait for late answers.
template <class Open>
tl::expected<SocketId, int> QueryEngine::open_with_room(Open open) {
  tl::expected<SocketId, int> opened = open();
  while (!opened && (opened.error() == EMFILE || opened.error() == ENFILE) && !draining_.empty()) {
    close_oldest_draining();
    opened = open();
  }
  return opened;
}

void QueryEngine::start_udp(std::uint32_t index) {
  const config::Family family = slots_[index].server.ip.family();
  const auto leased = lease(family);
  if (!leased) return fail_soon(index, outcome_of_local_error(leased.error(), family), leased.error());
  Slot& slot = slots_[index];
  Socket& socket = record_of(*leased);
  slot.socket = *leased;
  slot.id = draw_id(*leased);
  slot.sent = true;
  ++socket.pending;
  socket.latest_slot = index;
  set_query_id(slot.query, slot.id);
  table_.insert(slot.socket, slot.id, index);
  set_deadline(index, slot.deadline);
  ++totals_.queries_udp;
  sockets_.send(slot.socket, slot.server, slot.query, std::uint64_t{slot.generation} << 32U | index);
}

void QueryEngine::start_tcp(std::uint32_t index) {
  const auto stream = open_with_room([&] { return sockets_.connect(slots_[index].server); });
  if (!stream) {
    // A server on this machine may refuse before connect(2) returns.
    const Outcome outcome = stream.error() == ECONNREFUSED
                                ? Outcome::connection_refused
                                : outcome_of_local_error(stream.error(), slots_[index].server.ip.family());
    return fail_soon(index, outcome, stream.error());
  }
  Slot& slot = slots_[index];
  Socket& record = record_of(*stream);
  record = {};
  record.open = true;
  record.latest_slot = index;
  slot.socket = *stream;
  slot.id = random_.bits16();
  set_query_id(slot.query, slot.id);
  set_deadline(index, slot.deadline);
}

void QueryEngine::fail_soon(std::uint32_t index, Outcome outcome, int error) {
  Slot& slot = slots_[index];
  slot.kind = SlotKind::failed;
  slot.failure = outcome;
  slot.system_error = error;
  set_deadline(index, slot.started);
}

EngineTicket QueryEngine::call_at(MonotonicTime time, QueryHandler& handler, std::uint32_t token) {
  if (is_interrupted(handler)) return {};
  const std::uint32_t index = take_slot(SlotKind::timer, &handler, token);
  set_deadline(index, time);
  return {index, slots_[index].generation};
}

void QueryEngine::end(EngineTicket ticket, Outcome outcome) {
  if (ticket.slot >= slots_.size()) return;
  const Slot& slot = slots_[ticket.slot];
  if (slot.kind == SlotKind::free || slot.generation != ticket.generation) return;
  if (slot.kind == SlotKind::timer) return release_slot(ticket.slot);
  if (slot.kind == SlotKind::failed)
    return finish(ticket.slot, slot.failure, slot.system_error, slot.started);
  finish_unanswered(ticket.slot, outcome, sockets_.now());
}

void QueryEngine::interrupt(QueryHandler& handler) {
  interrupted_.push_back(&handler);
  for (std::uint32_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].kind == SlotKind::free || slots_[index].handler != &handler) continue;
    if (slots_[index].kind == SlotKind::timer) {
      release_slot(index);
    } else {
      finish(index, Outcome::interrupted, 0, sockets_.now());
    }
  }
  interrupted_.pop_back();
}

bool QueryEngine::is_interrupted(const QueryHandler& handler) const {
  return std::find(interrupted_.begin(), interrupted_.end(), &handler) != interrupted_.end();
}

// ---- What arrives ----

void QueryEngine::on_datagram(SocketId socket, const config::ServerAddress& from,
                              std::span<const std::uint8_t> datagram, MonotonicTime received_at) {
  const auto found = datagram.size() < 2 ? std::nullopt : table_.find(socket, id_of(datagram));
  if (!found) return ignore_stray(socket, from, datagram);
  if (from != slots_[*found].server) return ignore(*found, IgnoreReason::wrong_source);
  take_message(*found, datagram, received_at);
}

/// Finishes the exchange if `bytes` are its answer; otherwise counts why not and returns false.
bool QueryEngine::take_message(std::uint32_t index, std::span<const std::uint8_t> bytes,
                               MonotonicTime received_at) {
  auto reason = mismatch(bytes, slots_[index].query);
  if (!reason) {
    const auto message = scanner_.scan(bytes);
    if (message) {
      finish(index, Outcome::answered, 0, received_at, &*message);
      return true;
    }
    reason = IgnoreReason::malformed;
  }
  ignore(index, *reason);
  return false;
}

void QueryEngine::ignore(std::uint32_t index, IgnoreReason reason) {
  ++slots_[index].ignored[reason];
  ++totals_.ignored[static_cast<std::size_t>(reason)];
}

/// Counts a datagram whose id matches no pending exchange of its socket. If only one exchange is pending
/// there, it is counted for that exchange.
void QueryEngine::ignore_stray(SocketId id, const config::ServerAddress& from,
                               std::span<const std::uint8_t> datagram) {
  const Socket& socket = socket_records_[id];
  if (datagram.size() >= 2) {
    const UsedIds::Use use = (*socket.ids)[id_of(datagram)];
    if (use != UsedIds::Use::never) {
      const IgnoreReason reason =
          use == UsedIds::Use::answered ? IgnoreReason::duplicate : IgnoreReason::late;
      ++totals_.ignored[static_cast<std::size_t>(reason)];
      return;
    }
  }
  const IgnoreReason reason = datagram.size() < 12 ? IgnoreReason::malformed : IgnoreReason::wrong_id;
  // The slot of the latest exchange may belong to another socket by now, while an earlier exchange is pending
  // here.
  const Slot& latest = slots_[socket.latest_slot];
  if (socket.pending == 1 && latest.kind == SlotKind::udp && latest.socket == id) {
    ignore(socket.latest_slot, from == latest.server ? reason : IgnoreReason::wrong_source);
  } else {
    ++totals_.ignored[static_cast<std::size_t>(reason)];
  }
}

void QueryEngine::on_send_failed(std::uint64_t tag, int error) {
  const auto index = static_cast<std::uint32_t>(tag);
  if (index >= slots_.size() || slots_[index].kind != SlotKind::udp || slots_[index].generation != tag >> 32U)
    return;
  slots_[index].sent = false;
  finish(index, outcome_of_local_error(error, slots_[index].server.ip.family()), error, sockets_.now());
}

void QueryEngine::on_icmp(SocketId socket, const config::ServerAddress& to,
                          std::span<const std::uint8_t> returned, int error) {
  if (returned.size() < 2) return;
  const auto index = table_.find(socket, id_of(returned));
  if (!index || slots_[*index].server != to) return;
  // The returned part must match our query. Only record the error: ICMP can be forged, so keep waiting.
  const auto& query = slots_[*index].query;
  const std::size_t shown = std::min(returned.size(), query.size());
  if (std::equal(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(shown), returned.begin())) {
    slots_[*index].system_error = error;
  }
}

std::uint32_t QueryEngine::pending_slot(SocketId stream) const {
  return socket_records_[stream].latest_slot;
}

void QueryEngine::on_connected(SocketId stream) {
  Slot& slot = slots_[pending_slot(stream)];
  std::vector<std::uint8_t> framed;
  framed.reserve(slot.query.size() + 2);
  framed.push_back(static_cast<std::uint8_t>(slot.query.size() >> 8U));
  framed.push_back(static_cast<std::uint8_t>(slot.query.size()));
  framed.insert(framed.end(), slot.query.begin(), slot.query.end());
  slot.sent = true;
  ++totals_.queries_tcp;
  sockets_.write(stream, framed);
}

void QueryEngine::on_stream_octets(SocketId stream, std::span<const std::uint8_t> octets) {
  const std::uint32_t index = pending_slot(stream);
  Slot& slot = slots_[index];
  slot.stream.insert(slot.stream.end(), octets.begin(), octets.end());
  std::size_t taken = 0;
  // A length precedes each message (RFC 1035 section 4.2.2). Messages that are not the answer are skipped.
  while (slot.stream.size() - taken >= 2) {
    const std::size_t length = id_of(std::span(slot.stream).subspan(taken));
    if (slot.stream.size() - taken < 2 + length) break;
    const auto bytes = std::span<const std::uint8_t>(slot.stream).subspan(taken + 2, length);
    taken += 2 + length;
    if (take_message(index, bytes, sockets_.now())) return;
  }
  slot.stream.erase(slot.stream.begin(), slot.stream.begin() + static_cast<std::ptrdiff_t>(taken));
  slot.stream_octets += octets.size();
  if (slot.stream_octets > most_stream_octets)
    finish_unanswered(index, Outcome::connection_closed, sockets_.now());
}

void QueryEngine::on_stream_end(SocketId stream, int error) {
  const std::uint32_t index = pending_slot(stream);
  Outcome outcome = Outcome::connection_closed;
  if (slots_[index].ignored[IgnoreReason::malformed] > 0) {
    outcome = Outcome::malformed;
  } else if (error == ECONNREFUSED) {
    outcome = Outcome::connection_refused;
  } else if (error == ECONNRESET || error == EPIPE) {
    outcome = Outcome::connection_reset;
  } else if (error == ETIMEDOUT) {
    outcome = Outcome::timed_out;
  } else if (error == ENETUNREACH || error == EHOSTUNREACH) {
    outcome = Outcome::unreachable;
  } else if (error != 0) {
    outcome = Outcome::local_error;
  }
  finish(index, outcome, error, sockets_.now());
}

void QueryEngine::on_wake() {
  armed_ = MonotonicTime::max();
  const MonotonicTime now = sockets_.now();
  // Do this first: otherwise the exchanges that expire would set a wake-up for a socket that is already due.
  while (!draining_.empty() && draining_.front().close_at <= now) close_oldest_draining();
  expired_.clear();
  deadlines_.expire(now, expired_);
  for (const std::uint32_t index : expired_) expire(index, now);
  if (const auto next = deadlines_.next()) wake_by(*next);
  if (!draining_.empty()) wake_by(draining_.front().close_at);
}

/// A slot taken from the queue may have ended meanwhile: a handler of another slot that expired in the same
/// turn may have ended it. The slot may even hold a new exchange, whose deadline is still ahead.
void QueryEngine::expire(std::uint32_t index, MonotonicTime now) {
  const Slot& slot = slots_[index];
  if (slot.kind == SlotKind::free || slot.deadline > now) return;
  switch (slot.kind) {
    case SlotKind::free:
      return;
    case SlotKind::failed:
      return finish(index, slot.failure, slot.system_error, slot.started);
    case SlotKind::timer: {
      QueryHandler* handler = slot.handler;
      const std::uint32_t token = slot.token;
      release_slot(index);
      return handler->on_timer(token);
    }
    case SlotKind::udp:
    case SlotKind::tcp:
      return finish_unanswered(index, Outcome::timed_out, slot.deadline);
  }
}

/// Malformed answers and ICMP errors say more than `outcome` alone.
void QueryEngine::finish_unanswered(std::uint32_t index, Outcome outcome, MonotonicTime at) {
  const Slot& slot = slots_[index];
  if (slot.ignored[IgnoreReason::malformed] > 0) return finish(index, Outcome::malformed, 0, at);
  if (slot.system_error != 0) return finish(index, Outcome::unreachable, slot.system_error, at);
  finish(index, outcome, 0, at);
}

// ---- Ending ----

void QueryEngine::finish(std::uint32_t index, Outcome outcome, int error, MonotonicTime at,
                         const ScannedMessage* message) {
  Slot& slot = slots_[index];
  QueryResult result;
  result.outcome = outcome;
  result.system_error = error;
  result.ignored = slot.ignored;
  result.started = slot.started;
  result.took = since(slot.started, at);
  result.bytes_sent = slot.sent ? static_cast<std::uint32_t>(slot.query.size()) : 0;
  result.bytes_received = message == nullptr ? 0 : static_cast<std::uint32_t>(message->bytes.size());
  result.message = message;
  if (outcome == Outcome::answered) ++totals_.answers;

  if (slot.kind == SlotKind::udp) {
    table_.erase(slot.socket, slot.id);
    release_use(slot.socket, slot.id, outcome == Outcome::answered);
  } else if (slot.kind == SlotKind::tcp) {
    record_of(slot.socket).open = false;
    sockets_.close(slot.socket);
  }
  // Free the slot before its handler runs, because the handler may start new exchanges. Keep the octets of a
  // stream until it returns, because the message points to them.
  const std::vector<std::uint8_t> stream = std::exchange(slot.stream, {});
  QueryHandler* handler = slot.handler;
  const std::uint32_t token = slot.token;
  release_slot(index);
  handler->on_result(token, result);
}

std::uint32_t QueryEngine::take_slot(SlotKind kind, QueryHandler* handler, std::uint32_t token) {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
  }
  const std::uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  slot.kind = kind;
  slot.handler = handler;
  slot.token = token;
  slot.sent = false;
  slot.system_error = 0;
  slot.ignored = {};
  slot.stream_octets = 0;
  return index;
}

void QueryEngine::release_slot(std::uint32_t index) {
  deadlines_.remove(index);
  Slot& slot = slots_[index];
  slot.kind = SlotKind::free;
  slot.handler = nullptr;
  ++slot.generation;
  free_slots_.push_back(index);
}

void QueryEngine::set_deadline(std::uint32_t index, MonotonicTime deadline) {
  slots_[index].deadline = deadline;
  deadlines_.add(index, deadline);
  wake_by(deadline + DeadlineQueue::tick);
}

void QueryEngine::wake_by(MonotonicTime time) {
  if (time >= armed_) return;
  armed_ = time;
  sockets_.wake_at(time);
}

// ---- Sockets ----

QueryEngine::Socket& QueryEngine::record_of(SocketId id) {
  if (id >= socket_records_.size()) socket_records_.resize(id + 1U);
  return socket_records_[id];
}

tl::expected<SocketId, int> QueryEngine::lease(config::Family family) {
  std::vector<SocketId>& leased = leased_[static_cast<std::size_t>(family)];
  std::size_t drawn = use_.open_at_once == 1 ? 0 : random_.below(use_.open_at_once);
  if (drawn >= leased.size()) {
    const auto opened = open_with_room([&] { return sockets_.open_udp(family); });
    if (!opened) {
      if (leased.empty()) return opened;
      drawn = random_.below(static_cast<std::uint32_t>(leased.size()));
    } else {
      Socket& socket = record_of(*opened);
      socket = {};
      socket.open = true;
      socket.ids = std::make_unique<UsedIds>();
      socket.uses_left =
          use_.fewest_uses +
          (use_.most_uses > use_.fewest_uses ? random_.below(use_.most_uses - use_.fewest_uses + 1) : 0);
      drawn = leased.size();
      leased.push_back(*opened);
    }
  }
  const SocketId id = leased[drawn];
  Socket& socket = socket_records_[id];
  if (--socket.uses_left == 0) {
    socket.retired = true;
    leased[drawn] = leased.back();
    leased.pop_back();
  }
  return id;
}

std::uint16_t QueryEngine::draw_id(SocketId id) {
  UsedIds& ids = *socket_records_[id].ids;
  std::uint16_t drawn = random_.bits16();
  while (ids[drawn] != UsedIds::Use::never) drawn = random_.bits16();
  ids.set(drawn, UsedIds::Use::unanswered);
  return drawn;
}

void QueryEngine::release_use(SocketId id, std::uint16_t message_id, bool answered) {
  Socket& socket = socket_records_[id];
  if (answered) socket.ids->set(message_id, UsedIds::Use::answered);
  --socket.pending;
  if (!socket.retired || socket.pending > 0) return;
  draining_.push_back({id, sockets_.now() + use_.drain});
  if (draining_.size() > use_.most_draining) close_oldest_draining();
  if (!draining_.empty()) wake_by(draining_.front().close_at);
}

void QueryEngine::close_oldest_draining() {
  const SocketId id = draining_.front().socket;
  draining_.pop_front();
  socket_records_[id] = {};
  sockets_.close(id);
}

}  // namespace dkimprobe::probe
