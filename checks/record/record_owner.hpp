// What a text is published for, from its name alone: a selector of a domain, or the signing practices.
#pragma once

#include <optional>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

struct RecordPlace {
  config::DomainName name{};    ///< the root if the text came without a name
  config::DomainName domain{};  ///< what follows `_domainkey`; the whole name without that label
  std::optional<config::Selector> selector{};  ///< what precedes `_domainkey`
  bool is_adsp = false;                        ///< `_adsp._domainkey` (RFC 5617 section 4.1)
  bool is_domainkey = false;                   ///< `_domainkey` itself, the name of DomainKeys policies
};

[[nodiscard]] RecordPlace place_of(const config::DomainName& name);

}  // namespace dkimprobe::checks
