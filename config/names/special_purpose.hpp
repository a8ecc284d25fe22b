// Which addresses cannot be those of public nameservers: IANA's registries of special-purpose addresses.
#pragma once

#include <string_view>

#include "config/names/address.hpp"

namespace dkimprobe::config {

/// Why an address cannot be that of a public nameserver ("loopback", "private", "link-local", "multicast"),
/// by the registries of RFC 6890; empty when it may be asked. An address that translates an IPv4 address
/// (RFC 6052 section 2.1) has the purpose of that one.
[[nodiscard]] std::string_view special_purpose(const Address& address);

}  // namespace dkimprobe::config
