// When it is safe to sign with a key, to remove one, and when the last copy of it is gone from caches: pure
// functions of what was published when, of what the operator says, and of the time now. Each time comes with
// its reasons. Nothing here asks a server or looks at a clock.
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
#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// How long what is not known may last, and which addresses count.
struct RotationPolicy {
  std::chrono::seconds retention{std::chrono::days{7}};  ///< from the last signature to the last verification
  std::chrono::seconds unknown_wait{std::chrono::hours{24}};  ///< where nothing is known of an earlier answer
  /// Whether servers are asked over the family. Addresses of one that the operator leaves out do not count
  /// where the same nameserver has one of the other; where it has none, it stays unknown.
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
  unknown,   ///< it gave no answer that tells
};

struct CacheContent {
  config::ServerAddress resolver{};
  WallTime seen{};
  CacheState state = CacheState::unknown;
  std::uint32_t seconds_left = 0;  ///< of what it holds
};

/// What the operator says of the key that should be published, and how far that can be relied on.
struct NewKey {
  /// Of its SubjectPublicKeyInfo in DER, lower-case hex. Without it any one usable key is right, as long as
  /// all servers publish the same.
  std::optional<std::string> sha256{};
  /// Nobody can have asked a recursive resolver for the selector: it was never used and never told anybody.
  bool never_used = false;
  /// With `never_used`: how long caches may hold that there is no `_domainkey` at all, and so no selector
  /// below it, from before any probe of the domain saw it. Nothing where that is known to have been there;
  /// see `earlier_domainkey_absence`.
  std::optional<std::chrono::seconds> domainkey_absence{};
  config::Service service = config::Service::email;  ///< what `s=` of the record must allow
};

/// What one server of one name of the chain has, compared with the key that should be there.
enum class Progress : std::uint8_t {
  match,
  mismatch,   ///< a usable key, not the expected one
  corrupted,  ///< a record is there that verifiers cannot use, or not alone
  revoked,
  absent,
  unknown,  ///< it could not be seen: never counted as ready
};

struct ServerProgress {
  config::DomainName owner{};
  ServerId server{};
  Progress progress = Progress::unknown;
  std::optional<WallTime> since{};  ///< when it was first seen so
  std::string detail{};             ///< escaped clause: what it has, or why it is unknown
};

enum class Readiness : std::uint8_t { ready, wait, not_ready, unknown };

struct SafeTime {
  Readiness readiness = Readiness::unknown;
  std::optional<WallTime> at{};         ///< with `ready` and `wait`
  std::vector<ReasonDetail> reasons{};  ///< the latest first
};

struct SignVerdict {
  SafeTime safe{};
  /// A server that is right now was so before, and not in between, or gave different answers in one look:
  /// once more is no proof.
  bool alternates = false;
  std::vector<ServerProgress> servers{};
  std::vector<std::string> limits{};  ///< sentences: what no look at servers can know
};

/// What to do where this machine has no way to addresses of a family, which stay unknown for it; empty where
/// it has. A sentence.
[[nodiscard]] std::string no_way_sentence(const probe::Observation& observation);
/// The same from the rows of a report, which do not tell of the way to the servers.
[[nodiscard]] std::string no_way_sentence(std::span<const ServerRow> rows);

/// How long that may be by what the probe saw; nothing where something else is below `_domainkey`, unless a
/// zone begins there, which may have brought it. `unknown_wait` where no server told for how long it denies.
[[nodiscard]] std::optional<std::chrono::seconds> earlier_domainkey_absence(
    const probe::Observation& observation, const RotationPolicy& policy);

/// `now` decides between `ready` and `wait` alone. The last look of the history is taken for the present
/// state: a readiness is as fresh as that.
[[nodiscard]] SignVerdict safe_to_sign(const SelectorHistory& history, const NewKey& key,
                                       const std::vector<CacheContent>& caches, const RotationPolicy& policy,
                                       WallTime now);

/// When a key that signs no longer may be revoked: last signature + transit. Without a last signature
/// unknown, with the reason.
[[nodiscard]] SafeTime safe_to_remove(std::optional<WallTime> last_signature, const RotationPolicy& policy,
                                      WallTime now);

struct GoneVerdict {
  SafeTime gone{};  ///< `not_ready`: some server still publishes the key
  /// Compared with the key that goes: `right` still has it. Aliases are no rows of their own.
  std::vector<ServerProgress> servers{};
  std::vector<std::string> limits{};  ///< as of SignVerdict
};

/// When no cache can hold the key any more: removal or revocation seen on the last server + the largest TTL
/// of the records and aliases that led to it. Without a key any key counts.
[[nodiscard]] GoneVerdict gone(const SelectorHistory& history, const std::optional<std::string>& key_sha256,
                               const RotationPolicy& policy, WallTime now);

[[nodiscard]] std::string_view to_string(Readiness readiness);
[[nodiscard]] std::string_view to_string(Progress progress);
[[nodiscard]] std::string_view to_string(CacheState state);

}  // namespace dkimprobe::checks
