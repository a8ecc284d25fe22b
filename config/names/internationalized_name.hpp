// Parses a domain as a person types it: plain or internationalized (IDNA 2008 by libidn2), and detects what
// people often give instead. Only for domains, not for selectors.
#pragma once

#include <string_view>

#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::config {

/// The domain in lower case, with internationalized labels as `xn--...`. For a URL, an e-mail address, an IP
/// address or a selector's full name, the error says what to give instead.
[[nodiscard]] Result<DomainName> read_domain(std::string_view text);

}  // namespace dkimprobe::config
