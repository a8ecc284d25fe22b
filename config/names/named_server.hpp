// A server as an operator names it: by one of its addresses, perhaps a port, a nameserver with its name too.
// Nothing is looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"
#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::config {

/// A server to start from or to stay with: its name and one of its addresses.
struct NamedServer {
  DomainName name{};
  Address ip{};
  std::optional<std::uint16_t> port{};  ///< `ProbeSettings::port` when empty

  friend bool operator==(const NamedServer&, const NamedServer&) = default;
};

/// Reads `NAME=ADDRESS[:PORT]`, an IPv6 address with a port in brackets. The mistake is at `where`.
[[nodiscard]] Result<NamedServer> read_named_server(std::string_view text, const std::string& where);

/// Reads `ADDRESS[:PORT]`, an IPv6 address with a port in brackets. The mistake is at `where`.
[[nodiscard]] Result<ServerAddress> read_server_address(std::string_view text, const std::string& where);

}  // namespace dkimprobe::config
