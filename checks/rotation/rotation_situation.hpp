// What the whole of a rotation is planned from: each selector as its history shows it, which one signs, and
// which one comes next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checks/rotation/rotation_plan.hpp"

namespace dkimprobe::checks {

/// A selector with what follows from its history.
struct SelectorView {
  const PlannedSelector* planned = nullptr;
  config::DomainName name{};
  SignVerdict sign{};
  std::string key{};  ///< the usable key that is there, the expected one before others; empty without one
  std::optional<WallTime> key_first_seen{};
  std::optional<WallTime> other_key_last_seen{};  ///< a usable key that is not `key`
  std::optional<std::uint32_t> ttl_seconds{};     ///< the largest seen of its texts
  std::optional<std::uint32_t> longest_ttl{};     ///< the largest seen of anything, absence included
  std::optional<config::DomainName> alias{};      ///< where its own name leads now

  [[nodiscard]] const config::Selector& selector() const { return planned->selector; }
  [[nodiscard]] bool probed() const { return planned->history.last_probe.has_value(); }
  [[nodiscard]] std::size_t count(Progress progress) const {
    return static_cast<std::size_t>(std::ranges::count(sign.servers, progress, &ServerProgress::progress));
  }
  /// No server has any key: what signs with it fails already.
  [[nodiscard]] bool missing_everywhere() const {
    return !sign.servers.empty() && count(Progress::absent) + count(Progress::revoked) == sign.servers.size();
  }
  [[nodiscard]] bool match_everywhere() const {
    return !sign.servers.empty() && count(Progress::match) == sign.servers.size();
  }
  /// The key there is one that the selector signed with in an earlier rotation.
  [[nodiscard]] bool holds_earlier_key() const {
    return !planned->key_sha256 && planned->last_signature && key_first_seen &&
           *key_first_seen < planned->last_signature->first;
  }
  /// Whether some server has the key that is to sign next.
  [[nodiscard]] bool has_next_key() const { return count(Progress::match) > 0 && !holds_earlier_key(); }
};

/// What the whole of a rotation is planned from.
struct RotationSituation {
  const RotationInput& input;
  WallTime now{};
  std::vector<SelectorView> views{};
  const SelectorView* current = nullptr;
  const SelectorView* next = nullptr;  ///< pending or standby
  const SelectorView* comes_next =
      nullptr;  ///< of a ring: whose turn it is, where none is pending or standby
};

[[nodiscard]] RotationSituation read_situation(const RotationInput& input, WallTime now);

[[nodiscard]] const SelectorView* find_view(const RotationSituation& situation,
                                            const config::Selector& selector);

/// When the key of a selector that signs was first there.
[[nodiscard]] std::optional<WallTime> key_since(const SelectorView& view);

/// Whether the key was there before anything was seen or told of it.
[[nodiscard]] bool key_may_be_older(const SelectorView& view);

/// How long a selector rests before its next key: mail that its last key signed has to arrive, too.
[[nodiscard]] std::chrono::seconds rest_of(const RotationInput& input);

/// Until when the selector rests, by its last signature, or by the last sight of an earlier key.
[[nodiscard]] std::optional<WallTime> rests_until(const RotationInput& input, const SelectorView& view);

/// When the current key is old, and when the change should begin.
struct Due {
  std::optional<WallTime> at{};
  std::optional<WallTime> begin{};
};

[[nodiscard]] Due due_of(const RotationSituation& situation);

[[nodiscard]] bool is_reached(const std::optional<WallTime>& time, WallTime now);

/// What signs, the current one first. Of the others those that were looked at: of one that nobody asked for
/// nothing can be wrong yet.
[[nodiscard]] std::vector<const SelectorView*> signers_of(const RotationSituation& situation);

/// Nothing is known of its key: no server let it be seen.
[[nodiscard]] bool is_never_probed(const SelectorView& signer);

}  // namespace dkimprobe::checks
