// The faults of a rotation: one table, one row per fault, like the catalogue of checks. It is the single
// source of their names, severities, summaries and remedies, and of the texts of their alerts.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "config/severity.hpp"

namespace dkimprobe::checks {

enum class RotationFaultKind : std::uint8_t {
  signing_key_mismatch,
  signing_key_not_seen,
  signing_key_faulty,
  signing_key_weak,
  next_key_not_everywhere,
  selector_reused_too_soon,
  removed_too_early,
  old_key_still_published,
  rotation_overdue,
  compromised_key_published,
};

/// The alert of a fault. It has the summary, the effect and the remedy of its row.
struct RotationAlert {
  std::string_view name{};  ///< DkimSigningKeyWeak
  std::string_view wait{};  ///< how long the fault must last before it alerts: a name in `wait` of the mixin
  /// The check whose alert already reports the same for the selector; empty without one.
  std::string_view redundant_with{};
};

struct RotationFaultRow {
  RotationFaultKind kind = RotationFaultKind::signing_key_mismatch;
  std::string_view name{};                                ///< API: stable snake_case, a metric label
  config::Severity severity = config::Severity::warning;  ///< by default; it may be lower in some cases
  std::string_view summary{};                             ///< one clause about a selector
  std::string_view effect{};                              ///< a sentence
  std::string_view remedy{};                              ///< sentences: what to do
  RotationAlert alert{};
};

/// All of them in their fixed order.
[[nodiscard]] std::span<const RotationFaultRow> rotation_faults();

[[nodiscard]] const RotationFaultRow& row_of(RotationFaultKind kind);

}  // namespace dkimprobe::checks
