// The domain as a person types it: plain or international (IDNA 2008 by libidn2), checked for the things that
// people give in its place. It asks no server, and it is for domains alone, never for selectors.
#pragma once

#include <string_view>

#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::config {

/// The domain in lower case, its international labels as `xn--...`. A URL, an e-mail address, an IP address
/// or a selector's full name is a mistake whose message says what to give in its place.
[[nodiscard]] Result<DomainName> read_domain(std::string_view text);

}  // namespace dkimprobe::config
