#include "checks/rotation/overview_parts.hpp"

#include <algorithm>

#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::checks {

RotationState state_of(const RotationSituation& situation, const std::vector<KeyEnding>& endings) {
  RotationState state;
  if (const SelectorView* const current = situation.current) {
    state.current = current->selector();
    state.key_since = key_since(*current);
    state.key_may_be_older = state.key_since && key_may_be_older(*current);
    state.due_at = due_of(situation).at;
    state.overdue = is_reached(state.due_at, situation.now);
  }
  for (const auto& view : situation.views) {
    if (view.planned->role == config::Role::active && &view != situation.current)
      state.also_active.push_back(view.selector());
  }
  if (const SelectorView* const next = situation.next) {
    state.next = next->selector();
    state.next_everywhere = next->match_everywhere() && !next->holds_earlier_key();
    if (next->has_next_key() || next->count(Progress::unknown) > 0)
      state.sign = next->sign.safe;
    else
      state.sign.readiness = Readiness::not_ready;
  } else if (situation.comes_next != nullptr) {
    state.next = situation.comes_next->selector();
    state.sign.readiness = Readiness::not_ready;
  }
  for (const auto& ending : endings) state.old_keys.push_back(ending.facts);
  return state;
}

void add_note_of_servers(const RotationInput& input, RotationOverview& overview) {
  if (!input.only_given_servers) return;
  overview.notes.insert(overview.notes.begin(),
                        "According to the given servers only: the zone's other servers were not queried.");
}

void report_interception(const RotationInput& input, RotationOverview& overview) {
  const auto probed = std::ranges::find_if(
      input.selectors, [](const PlannedSelector& each) { return !each.probed.path_intercepted.empty(); });
  if (probed == input.selectors.end()) return;
  overview.status = Status::unknown;
  overview.headline = find_check("path_intercepted")->summary;
  overview.faults.clear();
  overview.notes.insert(overview.notes.begin(), probed->probed.path_intercepted);
}

}  // namespace dkimprobe::checks
