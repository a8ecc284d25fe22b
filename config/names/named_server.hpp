// Parses a server as an operator gives it: an address, an optional port, and for a nameserver its name. No
// lookups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::config {

/// A root or pinned nameserver: its name and one of its addresses.
struct NamedServer {
  DomainName name{};
  Address ip{};
  std::optional<std::uint16_t> port{};  ///< `ProbeSettings::port` when empty

  friend bool operator==(const NamedServer&, const NamedServer&) = default;
};

/// The addresses of the servers with this name; `port` where none is given.
[[nodiscard]] std::vector<ServerAddress> addresses_with_name(const std::vector<NamedServer>& servers,
                                                             const DomainName& name, std::uint16_t port);

/// Parses `NAME=ADDRESS[:PORT]`; an IPv6 address with a port is in brackets. The place of the error is
/// `where`.
[[nodiscard]] Result<NamedServer> read_named_server(std::string_view text, const std::string& where);

/// Parses `ADDRESS[:PORT]`, likewise.
[[nodiscard]] Result<ServerAddress> read_server_address(std::string_view text, const std::string& where);

}  // namespace dkimprobe::config
