// What the operator expects of a selector; it decides which facts are faults. A plain value.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "config/names/selector.hpp"
#include "config/policy.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// What the operator expects to be published.
struct Expectation {
  config::Role role = config::Role::active;
  /// Whether no other selector of the domain is in use, so that without this key the domain has none.
  bool only_selector = true;
  config::Service service = config::Service::email;  ///< what `s=` of the record must allow
  config::Signs signs = config::Signs::not_stated;
  /// Whether mail is signed with i= at subdomains of d=, which `t=s` of the record forbids.
  bool subdomain_identities = false;
  /// The key that should be published: of the SubjectPublicKeyInfo in DER, lower-case hex. Without it, any
  /// key is accepted.
  std::optional<std::string> key_sha256{};
  /// The last signature with the selector's key or an earlier key of it.
  std::optional<probe::WallTime> last_signature{};
  std::chrono::milliseconds highest_key_age{0};  ///< zero for no limit
  bool never_used = false;                       ///< see NewKey
  bool compromised = false;                      ///< somebody else has the private key
};

/// The operator's policy: it sets thresholds and severities, and disables checks.
using config::Policy;

}  // namespace dkimprobe::checks
