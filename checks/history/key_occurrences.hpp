// Where a key is or was published: the names at which probes of a selector saw it. Used to find a key that
// serves several names. It judges nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

struct KeyPlace {
  std::string sha256{};   ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string modulus{};  ///< of an RSA key, big-endian; else empty
  config::DomainName domain{};
  config::Selector selector{};
  config::DomainName owner{};  ///< of the record: the selector's own name, or a target of its aliases
  config::DomainName zone{};   ///< that holds the record; the owner itself if no zone was seen
  WallTime last_seen{};
  bool is_there = false;  ///< a server still had it at the last probe
};

/// Nothing: other places are unknown. Empty: there are none.
using KeyPlaces = std::optional<std::vector<KeyPlace>>;

/// The keys that probes of the selector saw, each key once per name.
[[nodiscard]] std::vector<KeyPlace> key_places(const SelectorHistory& history);

}  // namespace dkimprobe::checks
