#include "tests/probe/transport/scripted_sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace dkimprobe::tests {

using config::ServerAddress;
using probe::SocketId;

bool ScriptedSockets::is_open(SocketId socket, Kind kind) const {
  const auto found = open.find(socket);
  return found != open.end() && found->second == kind;
}

void ScriptedSockets::tell(const std::function<void(probe::SocketEvents&)>& event) {
  if (telling_) throw std::logic_error("an event inside an event");
  telling_ = true;
  event(*events_);
  telling_ = false;
}

bool ScriptedSockets::datagram(SocketId socket, const ServerAddress& from,
                               std::span<const std::uint8_t> octets) {
  if (!is_open(socket, Kind::udp)) return false;
  const Bytes exact(octets.begin(), octets.end());  // so that a sanitizer detects an overrun
  tell([&](probe::SocketEvents& events) { events.on_datagram(socket, from, exact, now_); });
  return true;
}

bool ScriptedSockets::icmp(SocketId socket, const ServerAddress& to, std::span<const std::uint8_t> returned,
                           int error) {
  if (!is_open(socket, Kind::udp)) return false;
  const Bytes exact(returned.begin(), returned.end());
  tell([&](probe::SocketEvents& events) { events.on_icmp(socket, to, exact, error); });
  return true;
}

bool ScriptedSockets::connected(SocketId stream) {
  if (!is_open(stream, Kind::tcp)) return false;
  tell([&](probe::SocketEvents& events) { events.on_connected(stream); });
  return true;
}

bool ScriptedSockets::stream_octets(SocketId stream, std::span<const std::uint8_t> octets) {
  if (!is_open(stream, Kind::tcp)) return false;
  const Bytes exact(octets.begin(), octets.end());
  tell([&](probe::SocketEvents& events) { events.on_stream_octets(stream, exact); });
  return true;
}

bool ScriptedSockets::stream_end(SocketId stream, int error) {
  if (!is_open(stream, Kind::tcp)) return false;
  tell([&](probe::SocketEvents& events) { events.on_stream_end(stream, error); });
  return true;
}

void ScriptedSockets::end_turn() {
  for (const auto& [tag, error] : std::exchange(send_failures_, {})) {
    tell([&](probe::SocketEvents& events) { events.on_send_failed(tag, error); });
  }
  for (const auto& [stream, error] : std::exchange(write_failures_, {})) {
    stream_end(stream, error);
  }
}

void ScriptedSockets::advance(std::chrono::microseconds by) {
  end_turn();
  const probe::MonotonicTime until = now_ + by;
  while (wake_ && *wake_ <= until) {
    const probe::MonotonicTime asked = *wake_;
    now_ = std::max(now_, asked);
    wake_.reset();
    tell([](probe::SocketEvents& events) { events.on_wake(); });
    if (wake_ && *wake_ <= now_ && *wake_ <= asked) throw std::logic_error("the engine wakes in a circle");
    end_turn();
  }
  now_ = until;
}

bool ScriptedSockets::fails_now() {
  return calls++ == fail_at_call;
}

SocketId ScriptedSockets::take(Kind kind) {
  SocketId id = next_;
  if (free_.empty()) {
    ++next_;
  } else {
    id = free_.back();
    free_.pop_back();
  }
  open.emplace(id, kind);
  return id;
}

tl::expected<SocketId, int> ScriptedSockets::open_udp(config::Family) {
  if (fails_now()) return tl::unexpected(fail_with);
  if (open.size() >= most_open) return tl::unexpected(EMFILE);
  ++opened_udp;
  return take(Kind::udp);
}

void ScriptedSockets::send(SocketId socket, const ServerAddress& to, std::span<const std::uint8_t> datagram,
                           std::uint64_t tag) {
  if (!is_open(socket, Kind::udp)) throw std::logic_error("a datagram on a closed socket");
  int error = fails_now() ? fail_with : 0;
  if (error == 0 && send_error) error = send_error(to);
  if (error != 0) {
    send_failures_.emplace_back(tag, error);
    return;
  }
  datagrams.push_back({socket, to, Bytes(datagram.begin(), datagram.end()), now_});
}

tl::expected<SocketId, int> ScriptedSockets::connect(const ServerAddress& to) {
  int error = fails_now() ? fail_with : 0;
  if (error == 0 && connect_error) error = connect_error(to);
  if (error == 0 && open.size() >= most_open) error = EMFILE;
  if (error != 0) return tl::unexpected(error);
  const SocketId id = take(Kind::tcp);
  written[id].clear();
  connections.push_back({id, to, {}, now_});
  return id;
}

void ScriptedSockets::write(SocketId stream, std::span<const std::uint8_t> octets) {
  if (!is_open(stream, Kind::tcp)) throw std::logic_error("octets to a closed stream");
  if (fails_now()) {
    write_failures_.emplace_back(stream, fail_with);
    return;
  }
  written[stream].insert(written[stream].end(), octets.begin(), octets.end());
}

void ScriptedSockets::close(SocketId socket) {
  if (open.erase(socket) == 0) throw std::logic_error("a closed socket closed again");
  free_.push_back(socket);
}

void ScriptedSockets::wake_at(probe::MonotonicTime time) {
  wake_ = time;
}

Bytes response_to(const Bytes& query, std::string_view text) {
  Bytes response = query;
  response[2] = static_cast<std::uint8_t>(response[2] | 0x84U);  // QR, AA
  response[7] = 1;                                               // one answer
  response[11] = 0;                                              // no OPT
  std::size_t question_end = 12;
  while (response[question_end] != 0) question_end += 1U + response[question_end];
  response.resize(question_end + 5);
  const auto length = static_cast<std::uint8_t>(text.size());
  for (const int octet : {0xc0, 12, 0, 16, 0, 1, 0, 0, 14, 16, 0, length + 1, int{length}}) {
    response.push_back(static_cast<std::uint8_t>(octet));
  }
  response.insert(response.end(), text.begin(), text.end());
  return response;
}

Bytes framed(const Bytes& message) {
  Bytes octets = {static_cast<std::uint8_t>(message.size() >> 8U),
                  static_cast<std::uint8_t>(message.size() & 0xffU)};
  octets.insert(octets.end(), message.begin(), message.end());
  return octets;
}

}  // namespace dkimprobe::tests
