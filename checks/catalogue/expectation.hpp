// What the operator says of a selector, by which facts become faults or not. A plain value.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "config/names/selector.hpp"
#include "config/policy.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// What the operator says should be there.
struct Expectation {
  config::Role role = config::Role::active;
  /// Whether no other selector of the domain is in use, so that this one's missing key is all of them
  /// missing.
  bool only_selector = true;
  config::Service service = config::Service::email;  ///< what `s=` of the record must allow
  /// Whether mail is signed with i= at subdomains of d=, which `t=s` of the record forbids.
  bool subdomain_identities = false;
  /// Of the SubjectPublicKeyInfo in DER, lower-case hex: the key that should be published. Without it any
  /// key is right.
  std::optional<std::string> key_sha256{};
  /// The last one with the selector's key, or with an earlier key of it.
  std::optional<probe::WallTime> last_signature{};
  std::chrono::milliseconds highest_key_age{0};  ///< zero for no limit
  bool never_used = false;                       ///< see NewKey
};

/// What the operator decides: it turns facts into faults, sets severities and switches checks off.
using config::Policy;

}  // namespace dkimprobe::checks
