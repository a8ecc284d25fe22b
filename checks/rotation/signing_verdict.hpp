// Whether a selector may sign: one verdict for the preflight, the command `rotation` and the daemon.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/rotation/probed_selector.hpp"
#include "config/basics/timestamp.hpp"
#include "config/names/selector.hpp"
#include "config/policy.hpp"

namespace dkimprobe::checks {

/// A selector with its settings, and what was published for it.
struct PlannedSelector {
  /// Whether the settings say which key should be there.
  [[nodiscard]] bool has_key_in_settings() const { return key_sha256 && !is_key_of_file; }

  config::Selector selector{};
  config::Role role = config::Role::active;
  config::Service service = config::Service::email;
  std::optional<std::string> key_sha256{};  ///< the key that should be there; see NewKey
  bool has_public_key = false;              ///< the settings contain that key, not only its fingerprint
  bool is_key_of_file = false;              ///< that key is in `key_file`, and the settings name none
  std::string key_file{};     ///< for its next key, without one in the settings; see key_file_name
  bool has_key_file = false;  ///< it exists
  std::optional<config::Timestamp> since{};  ///< when its role began
  std::optional<config::Timestamp> last_signature{};
  bool never_used = false;
  bool compromised = false;   ///< the settings say that somebody else has its private key
  SelectorHistory history{};  ///< empty without any probe
  ProbedSelector probed{};    ///< by the last probe
};

/// What the verdict depends on besides the selector itself.
struct SigningTerms {
  bool has_neighbour = false;  ///< another selector of the domain signs, or signed recently
  std::chrono::seconds selector_cooldown{std::chrono::days{7}};  ///< unused time before its next key
  RotationPolicy policy{};
};

/// Adds a reason that does not go away with time.
void forbid(SafeTime& safe, ReasonDetail reason);

/// The cooldown of a selector before its next key, at least the retention for mail in transit.
[[nodiscard]] std::chrono::seconds cooldown_of(const SigningTerms& terms);

/// The key of the selector as its servers have it now.
struct PresentKey {
  std::string sha256{};  ///< a usable key, the expected one before others; may be empty
  std::optional<WallTime> first_seen{};
  std::optional<WallTime> other_last_seen{};  ///< of any other usable key
};

[[nodiscard]] PresentKey present_key(const PlannedSelector& planned);

/// Whether the key was published for the selector earlier, and no server has it any more.
[[nodiscard]] bool was_removed(const PlannedSelector& planned, std::string_view sha256);

/// Whether the published key already signed in an earlier rotation.
[[nodiscard]] bool is_earlier_key(const PlannedSelector& planned, const PresentKey& key);

/// A new key was published while mail signed with the selector's earlier key may be in transit.
struct Reuse {
  WallTime last_signature{};  ///< with the earlier key
  WallTime transit_ends{};
  WallTime cooldown_ends{};
};

/// Nothing before any server has the new key, or if the selector is not known to have signed before.
[[nodiscard]] std::optional<Reuse> reuse_of(const PlannedSelector& planned, const PresentKey& key,
                                            const SignVerdict& sign, const SigningTerms& terms);

/// When the selector may sign: what caches may hold, what the last probe found about signing with the key,
/// and the cooldown of a selector that signed before. `key` is the present key of the selector.
[[nodiscard]] SignVerdict signing_verdict(const PlannedSelector& planned, const PresentKey& key,
                                          const std::vector<CacheContent>& caches, const SigningTerms& terms,
                                          WallTime now);

}  // namespace dkimprobe::checks
