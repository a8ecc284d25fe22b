#include "checks/rotation/rotation_faults.hpp"

#include <array>
#include <cstddef>

namespace dkimprobe::checks {
namespace {

using config::Severity;

constexpr auto fault_rows = std::to_array<RotationFaultRow>({
    {RotationFaultKind::signing_key_mismatch, "signing_key_mismatch", Severity::critical,
     "the key that signs is not right on every server",
     "Mail fails wherever a verifier meets the wrong server.",
     "Publish the key there, or sign with a selector that is right on every server.",
     RotationAlert{"DkimSigningKeyMismatch", "critical", {}}},
    {RotationFaultKind::signing_key_not_seen, "signing_key_not_seen", Severity::warning,
     "the key that signs was not seen on every server",
     "Whether mail can be verified with what these servers say is not known.", "See why they give no answer.",
     RotationAlert{"DkimSigningKeyNotSeen", "unsteady", {}}},
    {RotationFaultKind::signing_key_faulty, "signing_key_faulty", Severity::critical,
     "every server has the key that signs, and mail with its signature fails",
     "The key or its record has a fault that no waiting takes away.",
     "Publish a record without the fault, or change to a new key.",
     RotationAlert{"DkimSigningKeyFaulty", "critical", {}}},
    {RotationFaultKind::signing_key_weak, "signing_key_weak", Severity::warning, "the key that signs is weak",
     "Mail with its signature is verified, but some receivers may refuse such a key.", "Change to a new key.",
     RotationAlert{"DkimSigningKeyWeak", "warning", {}}},
    {RotationFaultKind::next_key_not_everywhere, "next_key_not_everywhere", Severity::warning,
     "a server has the next key for a day or longer, and others still do not",
     "Mail must not be signed with it yet.", "Let the other servers transfer the zone again.",
     RotationAlert{"DkimNextKeyNotEverywhere", "planned", {}}},
    {RotationFaultKind::selector_reused_too_soon, "selector_reused_too_soon", Severity::critical,
     "it has a new key, and an earlier one was in use until lately",
     "Mail that the earlier key signed may be on its way, and caches may hold that key.",
     "Give the new key a selector of its own.",
     RotationAlert{"DkimSelectorReusedTooSoon", "critical", "selector_reused_too_soon"}},
    {RotationFaultKind::removed_too_early, "removed_too_early", Severity::critical,
     "its key was removed while mail that it signed may be on its way",
     "Such mail cannot be verified any more.", "Publish the record again until its time is over.",
     RotationAlert{"DkimKeyRemovedTooEarly", "critical", "removed_too_early"}},
    {RotationFaultKind::old_key_still_published, "old_key_still_published", Severity::warning,
     "its key signs no longer, and is still published after its date",
     "Whoever has the old key can still sign with it.", "Revoke it with an empty p=, and remove it later.",
     RotationAlert{"DkimOldKeyStillPublished", "planned", "retired_key_still_published"}},
    {RotationFaultKind::rotation_overdue, "rotation_overdue", Severity::warning,
     "the key was to change by now", "It is older than the settings allow.",
     "Begin the change to the next key.", RotationAlert{"DkimRotationOverdue", "planned", {}}},
    {RotationFaultKind::compromised_key_published,
     "compromised_key_published",
     Severity::critical,
     "a key that somebody else has is still published",
     "Whoever has the key can sign with it.",
     "Revoke it now with an empty p=.",
     {}},
});

constexpr bool faults_are_in_order() {
  for (std::size_t i = 0; i < fault_rows.size(); ++i) {
    if (fault_rows[i].kind != static_cast<RotationFaultKind>(i)) return false;
  }
  return fault_rows.back().kind == RotationFaultKind::compromised_key_published;
}
static_assert(faults_are_in_order());

}  // namespace

std::span<const RotationFaultRow> rotation_faults() {
  return fault_rows;
}

const RotationFaultRow& row_of(RotationFaultKind kind) {
  return fault_rows.at(static_cast<std::size_t>(kind));
}

}  // namespace dkimprobe::checks
