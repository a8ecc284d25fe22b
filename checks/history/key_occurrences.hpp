// Where a key stands, or stood: the names at which looks at a selector saw it. A plain value, by which a key
// is found that serves several names; it judges nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

struct KeyPlace {
  std::string sha256{};  ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  config::DomainName domain{};
  config::Selector selector{};
  config::DomainName owner{};  ///< of the record: the selector's own name, or one to which its aliases lead
  config::DomainName zone{};   ///< that holds the record; the owner itself where no zone was seen
  WallTime last_seen{};
  bool is_there = false;  ///< a server had it still, when last looked at
};

/// Nothing: nobody knows of other places. Empty: there are none.
using KeyPlaces = std::optional<std::vector<KeyPlace>>;

/// The keys that looks at the selector saw, each key once for each name.
[[nodiscard]] std::vector<KeyPlace> key_places(const SelectorHistory& history);

}  // namespace dkimprobe::checks
