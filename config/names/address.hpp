// Addresses of nameservers, and networks: plain values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses (RFC 4291 section 2.5.5.2) stay IPv6.
class Address {
 public:
  Address() = default;
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);
  /// From the 4 octets of an A record or the 16 of an AAAA record.
  [[nodiscard]] static std::optional<Address> from_octets(std::span<const std::uint8_t> octets);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] std::span<const std::uint8_t> octets() const {
    return {octets_.data(), family_ == Family::ipv4 ? 4U : 16U};
  }
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> octets_{};
};

/// An address and port of a nameserver.
struct ServerAddress {
  Address ip{};
  std::uint16_t port = 53;

  [[nodiscard]] std::string to_string() const;  ///< `192.0.2.1:53`, `[2001:db8::1]:53`
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
  friend auto operator<=>(const ServerAddress&, const ServerAddress&) = default;
};

/// A network in CIDR form.
class Network {
 public:
  [[nodiscard]] static Result<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const Address& address) const;
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Network&, const Network&) = default;

 private:
  Address base_{};
  std::uint8_t prefix_bits_ = 0;
};

}  // namespace dkimprobe::config

template <>
struct std::hash<dkimprobe::config::ServerAddress> {
  std::size_t operator()(const dkimprobe::config::ServerAddress& server) const noexcept;
};
