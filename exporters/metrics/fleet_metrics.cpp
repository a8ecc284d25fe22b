#include "exporters/metrics/fleet_metrics.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/basics/escape.hpp"
#include "exporters/metrics/metric_values.hpp"
#include "exporters/metrics/report_metrics.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::RotationOverview;

/// Largest length of a reason in a label, in octets.
constexpr std::size_t longest_reason = 200;

/// Begins its family when the first sample is added, so that an empty family is left out.
class Samples {
 public:
  Samples(MetricWriter& writer, std::string_view name, std::string_view help)
      : writer_(writer), family_{name, MetricKind::gauge, help} {}

  void add(const MetricLabels& labels, double value) {
    if (!begun_) writer_.begin(family_);
    begun_ = true;
    writer_.sample(labels, value);
  }

 private:
  MetricWriter& writer_;
  MetricFamily family_;
  bool begun_ = false;
};

MetricLabels labels_of(const config::DomainName& domain) {
  MetricLabels labels;
  labels.add("domain", domain.to_string());
  return labels;
}

MetricLabels labels_of(const config::DomainName& domain, const config::Selector& selector) {
  MetricLabels labels = labels_of(domain);
  labels.add("selector", selector.to_string());
  return labels;
}

// ---- How targets are watched ----

struct LabelledTarget {
  const checks::TargetState* state = nullptr;
  MetricLabels labels{};
};

void write_watch(MetricWriter& writer, const std::vector<LabelledTarget>& targets) {
  Samples roles(writer, "dkim_selector_role", "Role of the selector in the settings; always 1.");
  for (const auto& [state, labels] : targets)
    roles.add(MetricLabels(labels).add("role", config::to_string(state->role)), 1);
  Samples probes(writer, "dkim_selector_last_probe_timestamp_seconds",
                 "Time of the last probe of the selector, in seconds since 1970.");
  for (const auto& [state, labels] : targets) {
    if (state->last_probe) probes.add(labels, metric_value(*state->last_probe));
  }
  Samples intervals(writer, "dkim_selector_interval_seconds",
                    "Interval between two probes of the selector, in seconds.");
  for (const auto& [state, labels] : targets)
    intervals.add(labels, static_cast<double>(state->interval.count()) / 1'000.0);
}

void write_maintenance(MetricWriter& writer, const std::vector<LabelledTarget>& targets,
                       probe::WallTime now) {
  Samples reasons(writer, "dkim_maintenance_info",
                  "Maintenance of the selector that has not ended, and its reason; always 1.");
  for (const auto& [state, labels] : targets) {
    if (!state->in_maintenance(now)) continue;
    reasons.add(
        MetricLabels(labels).add("reason", config::escape_text(state->maintenance->reason, longest_reason)),
        1);
  }
  Samples ends(writer, "dkim_maintenance_end_timestamp_seconds",
               "Time when the maintenance of the selector ends, in seconds since 1970.");
  for (const auto& [state, labels] : targets) {
    if (state->in_maintenance(now)) ends.add(labels, metric_value(state->maintenance->until));
  }
}

// ---- Rotations ----

/// A metric family, with the function that adds the samples of one rotation.
struct RotationFamily {
  std::string_view name{};
  std::string_view help{};
  void (*samples)(const RotationOverview&, Samples&) = nullptr;
};

void status(const RotationOverview& rotation, Samples& samples) {
  samples.add(labels_of(rotation.domain), metric_value(rotation.status));
}

void key_since(const RotationOverview& rotation, Samples& samples) {
  const auto& state = rotation.state;
  if (state.current && state.key_since)
    samples.add(labels_of(rotation.domain, *state.current), metric_value(*state.key_since));
}

void due(const RotationOverview& rotation, Samples& samples) {
  const auto& state = rotation.state;
  if (state.current && state.due_at)
    samples.add(labels_of(rotation.domain, *state.current), metric_value(*state.due_at));
}

void overdue(const RotationOverview& rotation, Samples& samples) {
  const auto& state = rotation.state;
  if (state.current) samples.add(labels_of(rotation.domain, *state.current), state.overdue ? 1 : 0);
}

void next_ready(const RotationOverview& rotation, Samples& samples) {
  const auto& state = rotation.state;
  if (state.next) samples.add(labels_of(rotation.domain, *state.next), state.next_everywhere ? 1 : 0);
}

/// Adds each series once, even when the plan repeats a fault.
void faults(const RotationOverview& rotation, Samples& samples) {
  std::set<std::string> written;
  for (const auto& fault : rotation.faults) {
    auto labels = labels_of(rotation.domain, fault.selector);
    labels.add("fault", fault.row->name).add("severity", checks::to_string(fault.severity));
    if (written.insert(labels.text()).second) samples.add(labels, 1);
  }
}

/// When two changes to the same selector have the same step, the older change counts.
void steps(const RotationOverview& rotation, Samples& samples) {
  std::set<std::string> written;
  for (const auto& change : rotation.changes) {
    auto to = labels_of(rotation.domain);
    // A proposed selector has a new name each day, so it is no label.
    if (change.to && !change.to_is_new) to.add("selector", change.to->to_string());
    for (const auto& step : change.steps) {
      auto labels = to;
      labels.add("step", checks::to_string(step.step));
      if (!written.insert(labels.text()).second) continue;
      samples.add(labels.add("state", checks::to_string(step.state)), 1);
    }
  }
}

void remove_at(const RotationOverview& rotation, Samples& samples) {
  for (const auto& old : rotation.state.old_keys) {
    if (old.remove.at) samples.add(labels_of(rotation.domain, old.selector), metric_value(*old.remove.at));
  }
}

void gone_at(const RotationOverview& rotation, Samples& samples) {
  for (const auto& old : rotation.state.old_keys) {
    if (old.gone.at) samples.add(labels_of(rotation.domain, old.selector), metric_value(*old.gone.at));
  }
}

void old_published(const RotationOverview& rotation, Samples& samples) {
  for (const auto& old : rotation.state.old_keys)
    samples.add(labels_of(rotation.domain, old.selector), old.published ? 1 : 0);
}

void old_overdue(const RotationOverview& rotation, Samples& samples) {
  for (const auto& old : rotation.state.old_keys)
    samples.add(labels_of(rotation.domain, old.selector), old.still_published ? 1 : 0);
}

constexpr RotationFamily rotation_families[] = {
    {"dkim_rotation_status",
     "Status of the key rotation: 0 nothing is due, 1 action is needed, 2 mail is in danger, 3 unknown.",
     status},
    {"dkim_rotation_key_since_timestamp_seconds",
     "Time when the current signing key was first published, as far as known, in seconds since 1970.",
     key_since},
    {"dkim_rotation_due_timestamp_seconds",
     "Time when the current signing key reaches its maximum age, in seconds since 1970.", due},
    {"dkim_rotation_overdue", "Whether the current signing key has reached its maximum age: 1 or 0.",
     overdue},
    {"dkim_rotation_next_key_ready", "Whether every server publishes the correct next key: 1 or 0.",
     next_ready},
    {"dkim_rotation_fault", "A fault or an overdue step of the rotation; always 1, no series without one.",
     faults},
    {"dkim_rotation_step",
     "State of a step of the change to the selector: done, due, pending, blocked or unknown; always 1.",
     steps},
    {"dkim_safe_to_remove_timestamp_seconds",
     "Time from which the key that no longer signs may be revoked, in seconds since 1970.", remove_at},
    {"dkim_key_cache_expiry_timestamp_seconds",
     "Time from which no cache can hold the key that no longer signs, in seconds since 1970.", gone_at},
    {"dkim_rotation_old_key_published",
     "Whether a server still publishes the key that no longer signs: 1 or 0.", old_published},
    {"dkim_rotation_old_key_overdue",
     "Whether a server still publishes the key that no longer signs after its removal date: 1 or 0.",
     old_overdue},
};

/// Writes the metrics of these targets; returns how many of their series were left out.
std::size_t write_targets(MetricWriter& writer,
                          std::span<const std::shared_ptr<const checks::TargetState>> states,
                          probe::WallTime now) {
  std::vector<MeasuredReport> reports;
  std::vector<LabelledTarget> targets;
  for (const auto& target : states) {
    if (target->report) reports.push_back({target->report.get(), target->key_first_seen});
    targets.push_back({target.get(), labels_of(target->key.domain, target->key.selector)});
  }
  const std::size_t capped = write_report_metrics(writer, reports);
  write_watch(writer, targets);
  write_maintenance(writer, targets, now);
  return capped;
}

}  // namespace

std::size_t write_fleet_metrics(MetricWriter& writer, const checks::Fleet& fleet, probe::WallTime now,
                                std::size_t most_selectors) {
  const std::span all(fleet.targets);
  const auto written = all.first(std::min(all.size(), most_selectors));
  std::size_t capped = write_targets(writer, written, now);
  for (const auto& family : rotation_families) {
    Samples samples(writer, family.name, family.help);
    for (const auto& rotation : fleet.rotations) family.samples(*rotation.overview, samples);
  }
  if (written.size() < all.size()) {
    MetricWriter unread(MetricFormat::text);
    capped += write_targets(unread, all.subspan(written.size()), now) + unread.series();
  }
  return capped;
}

}  // namespace dkimprobe::exporters
