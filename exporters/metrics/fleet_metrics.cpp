#include "exporters/metrics/fleet_metrics.hpp"

#include <algorithm>
#include <cstddef>
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

/// Octets of a reason that fit a label.
constexpr std::size_t longest_reason = 200;

/// Begins its family with the first sample.
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
  Samples roles(writer, "dkim_selector_role", "What the selector is for, as the settings say; always 1.");
  for (const auto& [state, labels] : targets)
    roles.add(MetricLabels(labels).add("role", config::to_string(state->role)), 1);
  Samples probes(writer, "dkim_selector_last_probe_timestamp_seconds",
                 "When the last look at the selector was, in seconds since 1970.");
  for (const auto& [state, labels] : targets) {
    if (state->last_probe) probes.add(labels, metric_value(*state->last_probe));
  }
  Samples intervals(writer, "dkim_selector_interval_seconds", "Time between two looks at the selector.");
  for (const auto& [state, labels] : targets)
    intervals.add(labels, static_cast<double>(state->interval.count()) / 1'000.0);
}

void write_maintenance(MetricWriter& writer, const std::vector<LabelledTarget>& targets,
                       probe::WallTime now) {
  Samples reasons(writer, "dkim_maintenance_info",
                  "Planned work at the selector that has not ended, and why; always 1.");
  for (const auto& [state, labels] : targets) {
    if (!state->in_maintenance(now)) continue;
    reasons.add(
        MetricLabels(labels).add("reason", config::escape_text(state->maintenance->reason, longest_reason)),
        1);
  }
  Samples ends(writer, "dkim_maintenance_end_timestamp_seconds",
               "When the planned work at the selector ends, in seconds since 1970.");
  for (const auto& [state, labels] : targets) {
    if (state->in_maintenance(now)) ends.add(labels, metric_value(state->maintenance->until));
  }
}

// ---- Rotations ----

/// A family with the samples that a rotation has for it.
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

/// Each series once, whatever the plan says twice.
void faults(const RotationOverview& rotation, Samples& samples) {
  std::set<std::string> told;
  for (const auto& fault : rotation.faults) {
    auto labels = labels_of(rotation.domain, fault.selector);
    labels.add("fault", fault.row->name).add("severity", checks::to_string(fault.severity));
    if (told.insert(labels.text()).second) samples.add(labels, 1);
  }
}

/// The same step of two changes that lead to one selector: the older change counts.
void steps(const RotationOverview& rotation, Samples& samples) {
  std::set<std::string> told;
  for (const auto& change : rotation.changes) {
    auto to = labels_of(rotation.domain);
    // A proposal has another name each day.
    if (change.to && !change.to_is_new) to.add("selector", change.to->to_string());
    for (const auto& step : change.steps) {
      auto labels = to;
      labels.add("step", checks::to_string(step.step));
      if (!told.insert(labels.text()).second) continue;
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
     "How the rotation of the keys stands: 0 nothing is due, 1 something is to be done, 2 mail is in danger, "
     "3 unknown.",
     status},
    {"dkim_rotation_key_since_timestamp_seconds",
     "When the key that signs now was first there, in seconds since 1970.", key_since},
    {"dkim_rotation_due_timestamp_seconds",
     "When the key that signs now reaches its highest age, in seconds since 1970.", due},
    {"dkim_rotation_overdue", "Whether the key that signs now has reached its highest age: 1 or 0.", overdue},
    {"dkim_rotation_next_key_ready", "Whether the next key is right on every server: 1 or 0.", next_ready},
    {"dkim_rotation_fault",
     "Something in the rotation that is wrong or past its time; no series when it is not.", faults},
    {"dkim_rotation_step",
     "A step of the change to the selector, and whether it is done, now, later, blocked or unknown; always "
     "1.",
     steps},
    {"dkim_safe_to_remove_timestamp_seconds",
     "From when on the key that signs no longer may be revoked, in seconds since 1970.", remove_at},
    {"dkim_key_cache_expiry_timestamp_seconds",
     "From when on no cache holds the key that signs no longer, in seconds since 1970.", gone_at},
    {"dkim_rotation_old_key_published", "Whether some server has the key that signs no longer: 1 or 0.",
     old_published},
    {"dkim_rotation_old_key_overdue",
     "Whether some server has the key that signs no longer after its time to be removed: 1 or 0.",
     old_overdue},
};

/// All of these targets; returns how many series of them were left out.
std::size_t write_targets(MetricWriter& writer, std::span<const checks::TargetState> states,
                          probe::WallTime now) {
  std::vector<MeasuredReport> reports;
  std::vector<LabelledTarget> targets;
  for (const auto& target : states) {
    if (target.report) reports.push_back({target.report.get(), target.key_first_seen});
    targets.push_back({&target, labels_of(target.key.domain, target.key.selector)});
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
  const auto told = all.first(std::min(all.size(), most_selectors));
  std::size_t capped = write_targets(writer, told, now);
  for (const auto& family : rotation_families) {
    Samples samples(writer, family.name, family.help);
    for (const auto& rotation : fleet.rotations) family.samples(*rotation.overview, samples);
  }
  if (told.size() < all.size()) {
    MetricWriter unread(MetricFormat::text);
    capped += write_targets(unread, all.subspan(told.size()), now) + unread.series();
  }
  return capped;
}

}  // namespace dkimprobe::exporters
