// The real sockets, only on loopback: no packet leaves this machine.
#include "probe/transport/asio_sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::Family;
using config::ServerAddress;
using probe::AsioSockets;
using probe::SocketId;
using Bytes = std::vector<std::uint8_t>;

/// The test's own socket, the other end of the exchange.
class Peer {
 public:
  Peer(int type, Family family = Family::ipv4)
      : descriptor_(::socket(family == Family::ipv4 ? AF_INET : AF_INET6, type, 0)) {
    if (family == Family::ipv4) {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      bound_ = ::bind(descriptor_, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0;
    } else {
      sockaddr_in6 in{};
      in.sin6_family = AF_INET6;
      in.sin6_addr = in6addr_loopback;
      bound_ = ::bind(descriptor_, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0;
    }
    if (type == SOCK_STREAM) ::listen(descriptor_, 16);
    // So that no test hangs: the read fails if no datagram arrives.
    const timeval longest{5, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    family_ = family;
  }
  struct Accepted {
    int descriptor;
  };
  explicit Peer(Accepted accepted) : descriptor_(accepted.descriptor) {}
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] bool bound() const { return bound_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] ServerAddress address() const {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size);
    in_port_t port = 0;  // at the same offset for both families
    std::memcpy(&port, reinterpret_cast<const char*>(&storage) + offsetof(sockaddr_in, sin_port),
                sizeof port);
    return {config::Address::parse(family_ == Family::ipv4 ? "127.0.0.1" : "::1").value(), ntohs(port)};
  }
  /// Sends the next `count` datagrams back unchanged; returns their source ports.
  std::set<in_port_t> echo(std::size_t count = 1) {
    std::set<in_port_t> ports;
    for (std::size_t i = 0; i < count; ++i) {
      Bytes octets(2'000);
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          ::recvfrom(descriptor_, octets.data(), octets.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      REQUIRE(got >= 0);
      in_port_t port = 0;
      std::memcpy(&port, reinterpret_cast<const char*>(&from) + offsetof(sockaddr_in, sin_port), sizeof port);
      ports.insert(port);
      ::sendto(descriptor_, octets.data(), static_cast<std::size_t>(got), 0,
               reinterpret_cast<sockaddr*>(&from), size);
    }
    return ports;
  }
  [[nodiscard]] Accepted accept() const { return {::accept(descriptor_, nullptr, nullptr)}; }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
  Family family_ = Family::ipv4;
  bool bound_ = false;
};

class Recorder final : public probe::SocketEvents {
 public:
  struct Datagram {
    SocketId socket = 0;
    ServerAddress from{};
    Bytes octets{};
    probe::MonotonicTime received_at{};
  };
  struct Icmp {
    SocketId socket = 0;
    ServerAddress to{};
    Bytes returned{};
    int error = 0;
  };
  std::vector<Datagram> datagrams{};
  std::vector<Icmp> icmp{};
  std::vector<std::pair<std::uint64_t, int>> send_failures{};
  std::vector<SocketId> connected{};
  Bytes stream{};
  std::vector<int> ends{};
  int wakes = 0;
  std::function<void()> then{};

  void on_datagram(SocketId socket, const ServerAddress& from, std::span<const std::uint8_t> datagram,
                   probe::MonotonicTime received_at) override {
    datagrams.push_back({socket, from, Bytes(datagram.begin(), datagram.end()), received_at});
    if (then) then();
  }
  void on_send_failed(std::uint64_t tag, int error) override { send_failures.emplace_back(tag, error); }
  void on_icmp(SocketId socket, const ServerAddress& to, std::span<const std::uint8_t> returned,
               int error) override {
    icmp.push_back({socket, to, Bytes(returned.begin(), returned.end()), error});
    if (then) then();
  }
  void on_connected(SocketId socket) override { connected.push_back(socket); }
  void on_stream_octets(SocketId, std::span<const std::uint8_t> octets) override {
    stream.insert(stream.end(), octets.begin(), octets.end());
    if (then) then();
  }
  void on_stream_end(SocketId, int error) override { ends.push_back(error); }
  void on_wake() override { ++wakes; }
};

struct Scene {
  Scene() { sockets.set_events(events); }
  /// Runs until `done`, or until a time limit that only a hanging test reaches.
  template <class Done>
  bool run_until(Done done) {
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < limit) {
      context.restart();
      context.run_one_for(100ms);
    }
    return done();
  }
  void run_ready() {
    context.restart();
    context.poll();
  }

  Recorder events{};
  boost::asio::io_context context{1};
  AsioSockets sockets{context};
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int descriptor = 0; descriptor < 1'024; ++descriptor) count += ::fcntl(descriptor, F_GETFD) != -1;
  return count;
}

/// Permits no descriptors beyond those that are open now.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    int next = ::dup(0);
    ::close(next);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("a datagram is sent and its echo received") {
  const auto family = GENERATE(Family::ipv4, Family::ipv6);
  Peer peer(SOCK_DGRAM, family);
  if (!peer.bound()) {
    WARN("no ::1 on this machine: not tested");
    return;
  }
  Scene scene;
  const auto id = scene.sockets.open_udp(family);
  REQUIRE(id);
  const Bytes octets = {1, 2, 3, 4};
  const auto before = scene.sockets.now();
  scene.sockets.send(*id, peer.address(), octets, 1);
  CHECK(scene.events.datagrams.empty());
  scene.run_ready();
  peer.echo();
  REQUIRE(scene.run_until([&] { return !scene.events.datagrams.empty(); }));
  const auto& datagram = scene.events.datagrams.front();
  CHECK(datagram.socket == *id);
  CHECK(datagram.from == peer.address());
  CHECK(datagram.octets == octets);
  CHECK(datagram.received_at >= before);
  CHECK(datagram.received_at <= scene.sockets.now());
}

TEST_CASE("the longest datagram and an empty one arrive complete") {
  Peer peer(SOCK_DGRAM);
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  scene.sockets.send(id, peer.address(), Bytes{1}, 1);
  scene.run_ready();
  sockaddr_storage to{};
  socklen_t size = sizeof to;
  char octet = 0;
  REQUIRE(::recvfrom(peer.descriptor(), &octet, 1, 0, reinterpret_cast<sockaddr*>(&to), &size) == 1);
  Bytes longest(65'507);
  for (std::size_t i = 0; i < longest.size(); ++i) longest[i] = static_cast<std::uint8_t>(i * 7);
  REQUIRE(::sendto(peer.descriptor(), longest.data(), longest.size(), 0, reinterpret_cast<sockaddr*>(&to),
                   size) == static_cast<ssize_t>(longest.size()));
  REQUIRE(::sendto(peer.descriptor(), nullptr, 0, 0, reinterpret_cast<sockaddr*>(&to), size) == 0);
  REQUIRE(scene.run_until([&] { return scene.events.datagrams.size() == 2; }));
  CHECK(scene.events.datagrams[0].octets == longest);
  CHECK(scene.events.datagrams[1].octets.empty());
}

TEST_CASE("one unconnected socket exchanges datagrams with many servers") {
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  std::vector<std::unique_ptr<Peer>> peers;
  for (std::uint8_t i = 0; i < 10; ++i) {
    peers.push_back(std::make_unique<Peer>(SOCK_DGRAM));
    scene.sockets.send(id, peers.back()->address(), Bytes{i}, i);
  }
  scene.run_ready();
  std::set<in_port_t> ports;
  for (const auto& peer : peers) ports.merge(peer->echo());
  CHECK(ports.size() == 1);
  REQUIRE(scene.run_until([&] { return scene.events.datagrams.size() == 10; }));
  for (const auto& datagram : scene.events.datagrams)
    CHECK(datagram.from == peers.at(datagram.octets.at(0))->address());
}

TEST_CASE("a burst of 500 datagrams over 8 sockets is echoed completely") {
  Peer peer(SOCK_DGRAM);
  const int bytes = 4 << 20;
  ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  Scene scene;
  std::vector<SocketId> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(scene.sockets.open_udp(Family::ipv4).value());
  for (std::size_t i = 0; i < 500; ++i) {
    const Bytes octets = {static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)};
    scene.sockets.send(ids[i % ids.size()], peer.address(), octets, i);
    // The peer's buffer may be the system's smallest: read a part before the rest is sent.
    if (i % 100 != 99) continue;
    scene.run_ready();
    peer.echo(100);
  }
  REQUIRE(scene.run_until([&] { return scene.events.datagrams.size() == 500; }));
  std::set<Bytes> seen;
  for (const auto& datagram : scene.events.datagrams) {
    seen.insert(datagram.octets);
    const std::size_t i = static_cast<std::size_t>(datagram.octets.at(0) << 8U | datagram.octets.at(1));
    CHECK(datagram.socket == ids[i % ids.size()]);
  }
  CHECK(seen.size() == 500);
  CHECK(scene.events.send_failures.empty());
}

TEST_CASE("a closed port is reported as ICMP, with what was sent to it") {
  const auto family = GENERATE(Family::ipv4, Family::ipv6);
  ServerAddress closed;
  {
    const Peer peer(SOCK_DGRAM, family);
    if (!peer.bound()) {
      WARN("no ::1 on this machine: not tested");
      return;
    }
    closed = peer.address();
  }
  Scene scene;
  const auto id = scene.sockets.open_udp(family).value();
  const Bytes octets(40, 0x77);
  scene.sockets.send(id, closed, octets, 1);
  REQUIRE(scene.run_until([&] { return !scene.events.icmp.empty(); }));
  CHECK(scene.events.icmp[0].socket == id);
  CHECK(scene.events.icmp[0].to == closed);
  CHECK(scene.events.icmp[0].error == ECONNREFUSED);
  CHECK(scene.events.icmp[0].returned == octets);
  CHECK(scene.events.send_failures.empty());
}

TEST_CASE("ICMP about one destination does not affect datagrams to another") {
  Peer peer(SOCK_DGRAM);
  ServerAddress closed;
  {
    const Peer gone(SOCK_DGRAM);
    closed = gone.address();
  }
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  for (std::uint8_t i = 0; i < 100; ++i)
    scene.sockets.send(id, i % 2 ? peer.address() : closed, Bytes{i, i, i}, i);
  scene.run_ready();
  peer.echo(50);
  REQUIRE(
      scene.run_until([&] { return scene.events.datagrams.size() == 50 && scene.events.icmp.size() == 50; }));
  CHECK(scene.events.send_failures.empty());
}

TEST_CASE("an ICMP error left on the socket is not charged to the next datagram") {
  Peer peer(SOCK_DGRAM);
  ServerAddress closed;
  {
    const Peer gone(SOCK_DGRAM);
    closed = gone.address();
  }
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  scene.sockets.send(id, closed, Bytes{1}, 1);
  scene.context.restart();
  scene.context.run_one();  // it was sent, and its error waits to be read
  scene.sockets.send(id, peer.address(), Bytes{2}, 2);
  scene.run_ready();
  CHECK(scene.events.send_failures.empty());
  peer.echo();
  REQUIRE(scene.run_until([&] { return !scene.events.datagrams.empty() && !scene.events.icmp.empty(); }));
}

TEST_CASE("a datagram that cannot be sent is reported, and the rest of its batch is sent") {
  Peer peer(SOCK_DGRAM);
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  // This socket must not broadcast: the system refuses it at once.
  const ServerAddress forbidden{config::Address::parse("255.255.255.255").value(), 9};
  scene.sockets.send(id, peer.address(), Bytes{1}, 1);
  scene.sockets.send(id, forbidden, Bytes{2}, 2);
  scene.sockets.send(id, peer.address(), Bytes{3}, 3);
  scene.run_ready();
  CHECK(scene.events.send_failures == std::vector<std::pair<std::uint64_t, int>>{{2, EACCES}});
  peer.echo(2);
  REQUIRE(scene.run_until([&] { return scene.events.datagrams.size() == 2; }));
}

TEST_CASE("a missing route is reported at once") {
  const auto family = GENERATE(Family::ipv4, Family::ipv6);
  const auto* const ip = family == Family::ipv4 ? "192.0.2.1" : "2001:db8::1";
  bool isolated = false;
  int udp_error = 0;
  int tcp_error = 0;
  // A new network namespace has no route at all, so nothing can leave it.
  std::thread([&] {
    isolated = ::unshare(CLONE_NEWNET) == 0;
    if (!isolated) return;
    Scene scene;
    const ServerAddress far{config::Address::parse(ip).value(), 53};
    const auto id = scene.sockets.open_udp(family).value();
    scene.sockets.send(id, far, Bytes{1}, 1);
    scene.run_ready();
    if (scene.events.send_failures.size() == 1) udp_error = scene.events.send_failures.front().second;
    const auto stream = scene.sockets.connect(far);
    if (!stream) tcp_error = stream.error();
  }).join();
  if (!isolated) {
    WARN("no right to a network namespace: not tested");
    return;
  }
  // Over IPv6, the system chooses the source address before the route.
  const std::set<int> expected =
      family == Family::ipv4 ? std::set<int>{ENETUNREACH} : std::set<int>{ENETUNREACH, EADDRNOTAVAIL};
  CHECK(expected.count(udp_error) == 1);
  CHECK(expected.count(tcp_error) == 1);
}

TEST_CASE("TCP to an unroutable address fails at once") {
  Scene scene;
  // Multicast: the system refuses it without sending anything.
  const auto stream = scene.sockets.connect({config::Address::parse("224.0.0.1").value(), 53});
  REQUIRE_FALSE(stream);
  CHECK(stream.error() == ENETUNREACH);
}

TEST_CASE("a TCP connection transfers octets, and its end is reported") {
  Peer listener(SOCK_STREAM);
  Scene scene;
  const auto stream = scene.sockets.connect(listener.address()).value();
  REQUIRE(scene.run_until([&] { return !scene.events.connected.empty(); }));
  CHECK(scene.events.connected.front() == stream);
  Peer peer(listener.accept());
  const Bytes octets(20'000, 0x42);
  scene.sockets.write(stream, octets);
  std::size_t read = 0;
  SECTION("echo, then an orderly end") {
    Bytes back;
    while (read < octets.size()) {
      scene.run_ready();
      Bytes part(4'096);
      const ssize_t got = ::recv(peer.descriptor(), part.data(), part.size(), 0);
      REQUIRE(got > 0);
      read += static_cast<std::size_t>(got);
      ::send(peer.descriptor(), part.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
    }
    REQUIRE(scene.run_until([&] { return scene.events.stream.size() == octets.size(); }));
    CHECK(scene.events.stream == octets);
    CHECK(scene.events.ends.empty());
    ::shutdown(peer.descriptor(), SHUT_WR);
    REQUIRE(scene.run_until([&] { return !scene.events.ends.empty(); }));
    CHECK(scene.events.ends == std::vector<int>{0});
  }
  SECTION("reset") {
    const linger at_once{1, 0};
    ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    peer.close();
    REQUIRE(scene.run_until([&] { return !scene.events.ends.empty(); }));
    CHECK(scene.events.ends == std::vector<int>{ECONNRESET});
  }
  SECTION("closed by us in the midst of receiving") {
    scene.events.then = [&] { scene.sockets.close(stream); };
    ::send(peer.descriptor(), octets.data(), octets.size(), MSG_NOSIGNAL);
    REQUIRE(scene.run_until([&] { return !scene.events.stream.empty(); }));
    peer.close();
    scene.run_ready();
    CHECK(scene.events.stream.size() <= 4'096);
    CHECK(scene.events.ends.empty());
  }
}

TEST_CASE("a refused connection is reported as the end of its stream") {
  ServerAddress closed;
  {
    const Peer gone(SOCK_STREAM);
    closed = gone.address();
  }
  Scene scene;
  REQUIRE(scene.sockets.connect(closed));
  REQUIRE(scene.run_until([&] { return !scene.events.ends.empty(); }));
  CHECK(scene.events.ends == std::vector<int>{ECONNREFUSED});
  CHECK(scene.events.connected.empty());
}

TEST_CASE("without descriptors, opening fails and leaves nothing behind") {
  const Peer listener(SOCK_STREAM);
  Scene scene;
  const auto first = scene.sockets.open_udp(Family::ipv4).value();
  const std::size_t before = open_descriptors();
  {
    const NoMoreDescriptors limit;
    const auto udp = scene.sockets.open_udp(Family::ipv4);
    const auto tcp = scene.sockets.connect(listener.address());
    REQUIRE_FALSE(udp);
    REQUIRE_FALSE(tcp);
    CHECK(udp.error() == EMFILE);
    CHECK(tcp.error() == EMFILE);
    scene.sockets.close(first);
    CHECK(scene.sockets.open_udp(Family::ipv4));
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a socket closed while its datagrams are delivered sends no further events") {
  Peer peer(SOCK_DGRAM);
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  for (std::uint8_t i = 0; i < 20; ++i) scene.sockets.send(id, peer.address(), Bytes{i}, i);
  scene.run_ready();
  peer.echo(20);
  std::optional<SocketId> next;
  scene.events.then = [&] {
    if (scene.events.datagrams.size() != 3) return;
    scene.sockets.close(id);
    next = scene.sockets.open_udp(Family::ipv4).value();  // reuses the number that was freed
    scene.sockets.send(*next, peer.address(), Bytes{99}, 99);
  };
  REQUIRE(scene.run_until([&] { return next.has_value(); }));
  CHECK(*next == id);
  scene.run_ready();
  peer.echo();
  REQUIRE(scene.run_until([&] { return scene.events.datagrams.size() > 3; }));
  REQUIRE(scene.events.datagrams.size() == 4);
  CHECK(scene.events.datagrams.back().octets == Bytes{99});
}

TEST_CASE("a socket closed while its errors are read sends no further events") {
  ServerAddress closed;
  {
    const Peer gone(SOCK_DGRAM);
    closed = gone.address();
  }
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  scene.events.then = [&] { scene.sockets.close(id); };
  for (std::uint8_t i = 0; i < 5; ++i) scene.sockets.send(id, closed, Bytes{i}, i);
  REQUIRE(scene.run_until([&] { return !scene.events.icmp.empty(); }));
  scene.run_ready();
  CHECK(scene.events.icmp.size() == 1);
}

TEST_CASE("queued datagrams are dropped with their socket") {
  Peer peer(SOCK_DGRAM);
  Scene scene;
  const auto doomed = scene.sockets.open_udp(Family::ipv4).value();
  const auto kept = scene.sockets.open_udp(Family::ipv4).value();
  scene.sockets.send(doomed, peer.address(), Bytes{1}, 1);
  scene.sockets.send(kept, peer.address(), Bytes{2}, 2);
  scene.sockets.close(doomed);
  scene.run_ready();
  peer.echo();
  REQUIRE(scene.run_until([&] { return !scene.events.datagrams.empty(); }));
  CHECK(scene.events.datagrams.front().octets == Bytes{2});
}

TEST_CASE("a flood on one socket does not block the timer") {
  Peer peer(SOCK_DGRAM);
  Scene scene;
  const auto id = scene.sockets.open_udp(Family::ipv4).value();
  scene.sockets.send(id, peer.address(), Bytes{1}, 1);
  scene.run_ready();
  sockaddr_storage to{};
  socklen_t size = sizeof to;
  char octet = 0;
  REQUIRE(::recvfrom(peer.descriptor(), &octet, 1, 0, reinterpret_cast<sockaddr*>(&to), &size) == 1);
  const auto flood = [&] {
    for (int i = 0; i < 2; ++i)
      ::sendto(peer.descriptor(), &octet, 1, 0, reinterpret_cast<sockaddr*>(&to), size);
  };
  for (int i = 0; i < 100; ++i) flood();
  // More arrives than is read: the socket is never empty.
  scene.events.then = [&] {
    if (scene.events.datagrams.size() < 100'000) flood();
  };
  scene.sockets.wake_at(scene.sockets.now());
  scene.run_until([&] { return scene.events.wakes > 0; });
  CHECK(scene.events.wakes == 1);
  CHECK(scene.events.datagrams.size() < 100'000);
}

TEST_CASE("the timer fires at the time that was set last") {
  Scene scene;
  const auto start = scene.sockets.now();
  scene.sockets.wake_at(start + 1h);
  scene.sockets.wake_at(start + 5ms);
  REQUIRE(scene.run_until([&] { return scene.events.wakes > 0; }));
  CHECK(scene.sockets.now() >= start + 5ms);
  scene.sockets.wake_at(start);
  REQUIRE(scene.run_until([&] { return scene.events.wakes > 1; }));
}

TEST_CASE("no event comes once the sockets are gone") {
  Peer peer(SOCK_DGRAM);
  const Peer listener(SOCK_STREAM);
  Recorder events;
  boost::asio::io_context context{1};
  // The first sockets also open the reactor's own descriptors.
  {
    const AsioSockets sockets(context);
  }
  const std::size_t before = open_descriptors();
  {
    AsioSockets sockets(context);
    sockets.set_events(events);
    const auto id = sockets.open_udp(Family::ipv4).value();
    sockets.send(id, peer.address(), Bytes{1}, 1);
    context.poll();
    peer.echo();
    REQUIRE(sockets.connect(listener.address()));
    sockets.wake_at(sockets.now());
    sockets.send(id, peer.address(), Bytes{2}, 2);
  }
  context.restart();
  context.run();
  CHECK(events.datagrams.empty());
  CHECK(events.connected.empty());
  CHECK(events.ends.empty());
  CHECK(events.wakes == 0);
  CHECK(open_descriptors() == before);
}

}  // namespace
}  // namespace dkimprobe::tests
