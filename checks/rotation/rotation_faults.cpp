#include "checks/rotation/rotation_faults.hpp"

#include <array>
#include <cstddef>

namespace dkimprobe::checks {
namespace {

using config::Severity;

constexpr auto fault_rows = std::to_array<RotationFaultRow>({
    {RotationFaultKind::signing_key_mismatch, "signing_key_mismatch", Severity::critical,
     "the signing key does not match on every server",
     "Mail fails whenever a verifier queries a wrong server.",
     "Publish the key there, or sign with a selector whose key is on every server.",
     RotationAlert{"DkimSigningKeyMismatch", "critical", {}}},
    {RotationFaultKind::signing_key_not_seen, "signing_key_not_seen", Severity::warning,
     "the signing key was not seen on every server",
     "Whether mail can be verified with the answers of these servers is unknown.",
     "Find out why they do not answer.", RotationAlert{"DkimSigningKeyNotSeen", "unsteady", {}}},
    {RotationFaultKind::signing_key_faulty, "signing_key_faulty", Severity::critical,
     "every server has the signing key, but mail signed with it fails",
     "The key or its record has a fault that does not go away with time.",
     "Publish a record without the fault, or change to a new key.",
     RotationAlert{"DkimSigningKeyFaulty", "critical", {}}},
    {RotationFaultKind::signing_key_weak, "signing_key_weak", Severity::warning, "the signing key is weak",
     "Mail signed with it is verified, but some receivers may reject such a key.", "Change to a new key.",
     RotationAlert{"DkimSigningKeyWeak", "warning", {}}},
    {RotationFaultKind::next_key_not_everywhere, "next_key_not_everywhere", Severity::warning,
     "a server has had the next key for a day or longer, but others still do not",
     "Do not sign mail with it yet.", "Make the other servers transfer the zone again.",
     RotationAlert{"DkimNextKeyNotEverywhere", "planned", {}}},
    {RotationFaultKind::selector_reused_too_soon, "selector_reused_too_soon", Severity::critical,
     "it has a new key, but an earlier one was in use until recently",
     "Mail signed with the earlier key may be in transit, and caches may hold that key.",
     "Give the new key its own selector.",
     RotationAlert{"DkimSelectorReusedTooSoon", "critical", "selector_reused_too_soon"}},
    {RotationFaultKind::removed_too_early, "removed_too_early", Severity::critical,
     "its key was removed while mail signed with it may be in transit",
     "Such mail can no longer be verified.",
     "Publish the record again until the retention time is over, unless somebody else has the key.",
     RotationAlert{"DkimKeyRemovedTooEarly", "critical", "removed_too_early"}},
    {RotationFaultKind::old_key_still_published, "old_key_still_published", Severity::warning,
     "its key no longer signs, but is still published after its removal date",
     "Whoever has the old key can still sign with it.", "Revoke it with an empty p=, and remove it later.",
     RotationAlert{"DkimOldKeyStillPublished", "planned", "retired_key_still_published"}},
    {RotationFaultKind::rotation_overdue, "rotation_overdue", Severity::warning,
     "the key should have changed by now", "The key is older than the settings allow.",
     "Start the change to the next key.", RotationAlert{"DkimRotationOverdue", "planned", {}}},
    {RotationFaultKind::compromised_key_published, "compromised_key_published", Severity::critical,
     "a compromised key is still published", "Whoever has the key can sign with it.",
     "Revoke it now with an empty p=.",
     RotationAlert{"DkimCompromisedKeyPublished", "critical", "compromised_key_published"}},
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
