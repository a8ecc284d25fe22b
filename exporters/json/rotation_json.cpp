#include "exporters/json/rotation_json.hpp"

#include <optional>
#include <string_view>
#include <vector>

#include "checks/report/time_text.hpp"
#include "exporters/json/json_parts.hpp"

namespace dkimprobe::exporters {
namespace {

Json safe_time_json(const checks::SafeTime& time) {
  return {{"readiness", checks::to_string(time.readiness)},
          {"at", time_or_null(time.at)},
          {"reasons", reasons_json(time.reasons)}};
}

Json step_json(const checks::PlannedStep& step) {
  Json actions = Json::array();
  for (const auto& action : step.actions) {
    actions.push_back({{"summary", action.summary},
                       {"kind", checks::to_string(action.kind)},
                       {"lines", Json(action.lines)}});
  }
  Json servers = Json::array();
  for (const auto& server : step.servers) {
    servers.push_back(
        {{"name", server.server.name},
         {"address",
          server.server.has_address() ? Json(server.server.address.ip.to_string()) : Json(nullptr)},
         {"port", server.server.has_address() ? Json(server.server.address.port) : Json(nullptr)},
         {"owner", server.owner.to_string()},
         {"progress", checks::to_string(server.progress)},
         {"since", time_or_null(server.since)},
         {"detail", server.detail}});
  }
  return {{"step", checks::to_string(step.step)},
          {"state", checks::to_string(step.state)},
          {"since", time_or_null(step.since)},
          {"earliest", time_or_null(step.earliest)},
          {"summary", step.summary},
          {"reasons", reasons_json(step.reasons)},
          {"actions", std::move(actions)},
          {"servers", std::move(servers)}};
}

Json change_json(const checks::RotationChange& change) {
  Json steps = Json::array();
  for (const auto& step : change.steps) steps.push_back(step_json(step));
  return {{"from", selector_or_null(change.from)},
          {"to", selector_or_null(change.to)},
          {"to_is_new", change.to_is_new},
          {"emergency", change.emergency},
          {"steps", std::move(steps)}};
}

Json state_json(const checks::RotationState& state) {
  Json old_keys = Json::array();
  for (const auto& key : state.old_keys) {
    old_keys.push_back({{"selector", key.selector.to_string()},
                        {"compromised", key.compromised},
                        {"published", key.published},
                        {"still_published", key.still_published},
                        {"removed_too_early", key.removed_too_early},
                        {"safe_to_remove", safe_time_json(key.remove)},
                        {"cache_expiry", safe_time_json(key.gone)}});
  }
  Json also_active = Json::array();
  for (const auto& selector : state.also_active) also_active.push_back(selector.to_string());
  return {{"current", selector_or_null(state.current)},
          {"also_active", std::move(also_active)},
          {"next", selector_or_null(state.next)},
          {"key_since", time_or_null(state.key_since)},
          {"key_may_be_older", state.key_may_be_older},
          {"due_at", time_or_null(state.due_at)},
          {"overdue", state.overdue},
          {"next_everywhere", state.next_everywhere},
          {"safe_to_sign", safe_time_json(state.sign)},
          {"old_keys", std::move(old_keys)}};
}

Json overview_json(const checks::RotationOverview& overview) {
  Json faults = Json::array();
  for (const auto& fault : overview.faults) {
    faults.push_back({{"name", fault.row->name},
                      {"severity", checks::to_string(fault.severity)},
                      {"selector", fault.selector.to_string()},
                      {"summary", fault.clause},
                      {"evidence", text_or_null(fault.evidence)},
                      {"remedy", text_or_null(fault.remedy)}});
  }
  Json changes = Json::array();
  for (const auto& change : overview.changes) changes.push_back(change_json(change));
  Json notes = Json::array();
  for (const auto& note : overview.notes) notes.push_back(note);
  return {{"schema", "dkimprobe.rotation/3"},     {"domain", overview.domain.to_string()},
          {"at", checks::iso_time(overview.now)}, {"status", checks::to_string(overview.status)},
          {"headline", overview.headline},        {"in_progress", overview.in_progress},
          {"state", state_json(overview.state)},  {"faults", std::move(faults)},
          {"changes", std::move(changes)},        {"notes", std::move(notes)}};
}

}  // namespace

std::string rotation_json(const checks::RotationOverview& overview) {
  return json_text(overview_json(overview), 2);
}

std::string rotation_json_line(const checks::RotationOverview& overview) {
  return json_text(overview_json(overview), -1);
}

}  // namespace dkimprobe::exporters
