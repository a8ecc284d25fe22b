#include "config/names/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {
std::optional<Address> Address::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::copy(text.begin(), text.end(), buffer);
  Address address;
  if (inet_pton(AF_INET, buffer, address.octets_.data()) == 1) return address;
  address.family_ = Family::ipv6;
  if (inet_pton(AF_INET6, buffer, address.octets_.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Address> Address::from_octets(std::span<const std::uint8_t> octets) {
  if (octets.size() != 4 && octets.size() != 16) return std::nullopt;
  Address address;
  address.family_ = octets.size() == 4 ? Family::ipv4 : Family::ipv6;
  std::copy(octets.begin(), octets.end(), address.octets_.begin());
  return address;
}

std::string Address::to_string() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(family_ == Family::ipv4 ? AF_INET : AF_INET6, octets_.data(), buffer, sizeof buffer);
  return buffer;
}

std::string ServerAddress::to_string() const {
  return ip.family() == Family::ipv4 ? fmt::format("{}:{}", ip.to_string(), port)
                                     : fmt::format("[{}]:{}", ip.to_string(), port);
}

Result<Network> Network::parse(std::string_view text) {
  const auto wrong = [&](std::string_view message) {
    return failure(escape_text(text, 80), std::string(message));
  };
  const std::size_t slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return wrong("a network was expected, such as 192.0.2.0/24 or 2001:db8::/32");
  const unsigned longest = base->family() == Family::ipv4 ? 32 : 128;
  unsigned bits = longest;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > longest) {
      return wrong(fmt::format("the prefix length must be a number from 0 to {}", longest));
    }
  }
  Network network;
  network.base_ = *base;
  network.prefix_bits_ = static_cast<std::uint8_t>(bits);
  return network;
}

bool Network::contains(const Address& address) const {
  if (address.family() != base_.family()) return false;
  const auto ours = base_.octets();
  const auto theirs = address.octets();
  const std::size_t whole = prefix_bits_ / 8U;
  if (!std::equal(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(whole), theirs.begin()))
    return false;
  const unsigned rest = prefix_bits_ % 8U;
  return rest == 0 || (ours[whole] >> (8U - rest)) == (theirs[whole] >> (8U - rest));
}

std::string Network::to_string() const {
  return fmt::format("{}/{}", base_.to_string(), prefix_bits_);
}

}  // namespace dkimprobe::config

std::size_t std::hash<dkimprobe::config::ServerAddress>::operator()(
    const dkimprobe::config::ServerAddress& server) const noexcept {
  std::size_t value = 14695981039346656037ULL ^ server.port;
  for (const std::uint8_t octet : server.ip.octets()) value = (value ^ octet) * 1099511628211ULL;
  return value;
}
