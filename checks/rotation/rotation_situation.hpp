// The input to all rotation plans: each selector as its history shows it, which one signs, and which one is
// next.
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
  PresentKey key{};
  std::optional<Reuse> reuse{};                ///< it has a new key
  std::optional<std::uint32_t> ttl_seconds{};  ///< the largest seen of its texts
  std::optional<std::uint32_t> longest_ttl{};  ///< the largest seen of anything, absence included
  std::optional<config::DomainName> alias{};   ///< the current alias target of its own name
  bool has_appeared = false;                   ///< its present key: a server answered without it before

  [[nodiscard]] const config::Selector& selector() const { return planned->selector; }
  [[nodiscard]] bool probed() const { return planned->history.last_probe.has_value(); }
  [[nodiscard]] std::size_t count(Progress progress) const {
    return static_cast<std::size_t>(std::ranges::count(sign.servers, progress, &ServerProgress::progress));
  }
  /// No server has any key: mail signed with it already fails.
  [[nodiscard]] bool missing_everywhere() const {
    return !sign.servers.empty() && count(Progress::absent) + count(Progress::revoked) == sign.servers.size();
  }
  [[nodiscard]] bool match_everywhere() const {
    return !sign.servers.empty() && count(Progress::match) == sign.servers.size();
  }
  [[nodiscard]] bool holds_earlier_key() const { return is_earlier_key(*planned, key); }
  /// Whether some server has the next key.
  [[nodiscard]] bool has_next_key() const { return count(Progress::match) > 0 && !holds_earlier_key(); }
};

struct RotationSituation {
  const RotationInput& input;
  WallTime now{};
  std::vector<SelectorView> views{};
  const SelectorView* current = nullptr;
  const SelectorView* next = nullptr;             ///< pending or standby
  const SelectorView* comes_next = nullptr;       ///< next in the ring, if none is pending or standby
  std::optional<config::Selector> compromised{};  ///< in a plan for this emergency alone
  bool is_for_later = false;                      ///< commands are run on days that are not known yet
};

[[nodiscard]] RotationSituation read_situation(const RotationInput& input, WallTime now,
                                               const std::optional<config::Selector>& compromised = {});

/// Whether somebody else has its private key.
[[nodiscard]] bool is_compromised(const RotationSituation& situation, const SelectorView& view);

[[nodiscard]] const SelectorView* find_view(const RotationSituation& situation,
                                            const config::Selector& selector);

/// Since when the key of a signing selector has been in use.
[[nodiscard]] std::optional<WallTime> key_since(const SelectorView& view);

/// Whether the key may be older than the first probe and the settings have no date.
[[nodiscard]] bool key_may_be_older(const SelectorView& view);

/// `planned` is one of its selectors, or null for a new one.
[[nodiscard]] SigningTerms terms_for(const RotationInput& input, const PlannedSelector* planned);

/// The end of the cooldown: counted from the last signature, or from when an earlier key was last seen.
[[nodiscard]] std::optional<WallTime> rests_until(const RotationInput& input, const SelectorView& view);

/// When the current key is due to change, and when the change should begin.
struct Due {
  std::optional<WallTime> at{};
  std::optional<WallTime> begin{};
};

[[nodiscard]] Due due_of(const RotationSituation& situation);

[[nodiscard]] bool is_reached(const std::optional<WallTime>& time, WallTime now);

/// The signing selectors, the current one first. The others only if they have been probed: otherwise nothing
/// is known about them.
[[nodiscard]] std::vector<const SelectorView*> signers_of(const RotationSituation& situation);

/// Its key is unknown on every server.
[[nodiscard]] bool is_never_probed(const SelectorView& signer);

}  // namespace dkimprobe::checks
