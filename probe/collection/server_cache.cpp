#include "probe/collection/server_cache.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace dkimprobe::probe {

config::ServerAddress network_of(const config::ServerAddress& server) {
  const std::span<const std::uint8_t> octets = server.ip.octets();
  std::array<std::uint8_t, 16> network{};
  std::ranges::copy(octets.first(server.ip.family() == config::Family::ipv4 ? 3 : 6), network.begin());
  const auto ip = config::Address::from_octets(std::span(network).first(octets.size()));
  return {ip.value_or(config::Address{}), 0};
}

}  // namespace dkimprobe::probe
