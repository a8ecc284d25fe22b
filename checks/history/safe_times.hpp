// When it is safe to sign with a key, when to remove one, and when its last copy expires from caches: pure
// functions of what was published when, of what the operator states, and of the current time. Each time comes
// with its reasons. Nothing here queries a server or reads a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/report/report.hpp"
#include "config/basics/escape.hpp"
#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// How long unknown answers may last, and which addresses count.
struct RotationPolicy {
  std::chrono::seconds retention{std::chrono::days{7}};  ///< from the last signature to the last verification
  std::chrono::seconds unknown_wait{std::chrono::hours{24}};  ///< if nothing is known of an earlier answer
  /// Whether servers are queried over the family. An address of a disabled family does not count if the same
  /// nameserver has one of the other family; otherwise the nameserver stays unknown.
  bool ipv4 = true;
  bool ipv6 = true;
};

/// What a recursive resolver of the operator had in its cache for the selector (asked with RD=0).
enum class CacheState : std::uint8_t {
  denied,    ///< it holds that there is no such record
  other,     ///< it holds a record that is not the expected one
  expected,  ///< it holds the right record
  empty,     ///< it holds nothing for the name
  hidden,    ///< it does not show its cache (REFUSED)
  unknown,   ///< it returned no usable answer
};

struct CacheContent {
  config::ServerAddress resolver{};
  WallTime seen{};
  CacheState state = CacheState::unknown;
  std::uint32_t seconds_left = 0;  ///< TTL left of what it holds
};

/// What the operator states about the key that should be published.
struct NewKey {
  /// Of its SubjectPublicKeyInfo in DER, lower-case hex. Without it any usable key is right, as long as all
  /// servers publish the same one.
  std::optional<std::string> sha256{};
  /// Nobody can have queried a recursive resolver for the selector: it was never used and never announced.
  bool never_used = false;
  /// With `never_used`: how long caches may hold, from before the first probe of the domain, that
  /// `_domainkey` and so everything below it does not exist. Nothing if it is known to have existed; see
  /// `earlier_domainkey_absence`.
  std::optional<std::chrono::seconds> domainkey_absence{};
  config::Service service = config::Service::email;  ///< what `s=` of the record must allow
};

/// What one server of one name of the chain has, compared with the key that should be there.
enum class Progress : std::uint8_t {
  match,
  mismatch,   ///< a usable key, not the expected one
  corrupted,  ///< verifiers cannot use the record, or there are several
  revoked,
  absent,
  unknown,  ///< it could not be checked: never counted as ready
};

struct ServerProgress {
  config::DomainName owner{};
  ServerId server{};
  Progress progress = Progress::unknown;
  std::optional<WallTime> since{};  ///< since when this has been seen
  config::EscapedText detail{};     ///< a clause: what it has, or why it is unknown
};

enum class Readiness : std::uint8_t { ready, wait, not_ready, unknown };

struct SafeTime {
  Readiness readiness = Readiness::unknown;
  std::optional<WallTime> at{};         ///< with `ready` and `wait`
  std::vector<ReasonDetail> reasons{};  ///< the latest first
};

struct SignVerdict {
  SafeTime safe{};
  /// A server that is right now was right before but not in between, or returned different answers in one
  /// probe: one more right answer proves nothing.
  bool alternates = false;
  std::vector<ServerProgress> servers{};
  std::vector<config::EscapedText> limits{};  ///< sentences: what this probe cannot show, besides caveats
};

/// A sentence: what to do if this machine has no route to addresses of a family, which stay unknown; else
/// empty.
[[nodiscard]] std::string no_way_sentence(const probe::Observation& observation);
/// The same from the rows of a report, which do not include the servers of the zones above.
[[nodiscard]] std::string no_way_sentence(std::span<const ServerRow> rows);

/// The time for `NewKey::domainkey_absence` from what the probe saw. Nothing if something else exists below
/// `_domainkey`, unless a zone begins there, which may have brought it. `unknown_wait` if no server returned
/// a negative TTL.
[[nodiscard]] std::optional<std::chrono::seconds> earlier_domainkey_absence(
    const probe::Observation& observation, const RotationPolicy& policy);

/// `now` only decides between `ready` and `wait`. The last probe of the history counts as the present state:
/// a readiness is only as fresh as that.
[[nodiscard]] SignVerdict safe_to_sign(const SelectorHistory& history, const NewKey& key,
                                       const std::vector<CacheContent>& caches, const RotationPolicy& policy,
                                       WallTime now);

/// When a key that no longer signs may be revoked: last signature + retention. Unknown without a last
/// signature. A last signature may be given as a day, so it can be later than `now`.
[[nodiscard]] SafeTime safe_to_remove(std::optional<WallTime> last_signature, const RotationPolicy& policy,
                                      WallTime now);

/// How long a key may stay published after that before it is a fault: a day, with the default retention.
[[nodiscard]] std::chrono::milliseconds removal_grace(std::chrono::milliseconds retention);

struct GoneVerdict {
  SafeTime gone{};  ///< `not_ready`: some server still publishes the key
  /// Compared with the key to be removed: `match` still has it. Aliases have no rows.
  std::vector<ServerProgress> servers{};
  std::vector<config::EscapedText> limits{};  ///< as in SignVerdict
};

/// When the key has expired from caches: the removal or revocation seen on the last server + the largest TTL
/// of the records and aliases that pointed to it. Without a fingerprint any key counts.
[[nodiscard]] GoneVerdict gone(const SelectorHistory& history, const std::optional<std::string>& key_sha256,
                               const RotationPolicy& policy, WallTime now);

[[nodiscard]] std::string_view to_string(Readiness readiness);
[[nodiscard]] std::string_view to_string(Progress progress);
[[nodiscard]] std::string_view to_string(CacheState state);

}  // namespace dkimprobe::checks
