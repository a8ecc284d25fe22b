// Where a text stands, read from its name alone: which selector of which domain, or the signing practices.
#pragma once

#include <optional>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

struct RecordPlace {
  config::DomainName name{};    ///< the root: the text came without a name
  config::DomainName domain{};  ///< what follows `_domainkey`; without that label the whole name
  std::optional<config::Selector> selector{};  ///< what precedes `_domainkey`
  bool is_adsp = false;                        ///< `_adsp._domainkey` (RFC 5617 section 4.1)
  bool is_domainkey = false;                   ///< `_domainkey` itself, the place of DomainKeys policies
};

[[nodiscard]] RecordPlace place_of(const config::DomainName& name);

}  // namespace dkimprobe::checks
