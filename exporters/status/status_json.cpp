#include "exporters/status/status_json.hpp"

#include <span>
#include <utility>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"
#include "exporters/json/history_json.hpp"
#include "exporters/json/json_parts.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/json/rotation_json.hpp"
#include "exporters/status/page_parts.hpp"
#include "exporters/status/status_pages.hpp"

namespace dkimprobe::exporters {
namespace {

Json report_json(const StatusSelector& selector) {
  if (!selector.report) return nullptr;
  const auto& report = *selector.report;
  auto check = Json::parse(check_json_line(report.domain, report.status, std::span(&report, 1)));
  return std::move(check["reports"][0]);
}

Json maintenance_json(const StatusSelector& selector, probe::WallTime now) {
  if (!is_in_maintenance(selector, now)) return nullptr;
  return {{"until", checks::iso_time(selector.maintenance->until)},
          {"reason", config::escape_text(selector.maintenance->reason)}};
}

/// The summary of a selector, without its report.
Json line_json(const StatusSelector& selector, probe::WallTime now) {
  const auto* const fault = worst_fault(selector);
  return {{"selector", selector.selector.to_string()},
          {"role", config::to_string(selector.role)},
          {"status", checks::to_string(status_of(selector))},
          {"headline", headline_of(selector)},
          {"worst_finding", fault != nullptr ? Json(fault->check->name) : Json(nullptr)},
          {"confirming", selector.confirming},
          {"last_probe", time_or_null(selector.last_probe)},
          {"next_probe", time_or_null(selector.next_probe)},
          {"last_change", time_or_null(selector.last_change)},
          {"maintenance", maintenance_json(selector, now)}};
}

Json rotation_json(const StatusSelector& selector) {
  if (!selector.report || !selector.report->rotation) return nullptr;
  return rotation_facts_json(*selector.report->rotation);
}

Json history_object(const StatusDomain& domain, const StatusSelector& selector) {
  if (!selector.history) return nullptr;
  const SelectorRecord record{*selector.history, key_periods(*selector.history)};
  auto history = Json::parse(history_json(domain.domain, std::span(&record, 1)));
  return std::move(history["selectors"][0]);
}

}  // namespace

std::string overview_json(const StatusOverview& overview, const StatusRoute& route) {
  Json domains = Json::array();
  for (const auto* const domain : filtered_domains(overview, route)) {
    Json selectors = Json::array();
    for (const auto& selector : domain->selectors) selectors.push_back(line_json(selector, overview.now));
    domains.push_back({{"domain", domain->domain.to_string()},
                       {"status", checks::to_string(status_of(*domain))},
                       {"rotation_status",
                        domain->rotation ? Json(checks::to_string(domain->rotation->status)) : Json(nullptr)},
                       {"selectors", std::move(selectors)}});
  }
  const auto& reload = overview.reload;
  Json errors = Json::array();
  for (const auto& error : reload.errors) errors.push_back(error);
  return json_text({{"schema", "dkimprobe.status/2"},
                    {"at", checks::iso_time(overview.now)},
                    {"version", overview.version},
                    {"path_intercepted", overview.path_intercepted},
                    {"reload",
                     {{"succeeded", reload.succeeded},
                      {"at", checks::iso_time(reload.at)},
                      {"errors", std::move(errors)}}},
                    {"domains", std::move(domains)}},
                   2);
}

std::string domain_json(const StatusOverview& overview, const StatusDomain& domain) {
  Json selectors = Json::array();
  for (const auto& selector : domain.selectors) {
    auto line = line_json(selector, overview.now);
    line["report"] = report_json(selector);
    selectors.push_back(std::move(line));
  }
  return json_text(
      {{"schema", "dkimprobe.status-domain/2"},
       {"at", checks::iso_time(overview.now)},
       {"domain", domain.domain.to_string()},
       {"status", checks::to_string(status_of(domain))},
       {"selectors", std::move(selectors)},
       {"rotation", domain.rotation ? Json::parse(rotation_json_line(*domain.rotation)) : Json()}},
      2);
}

std::string selector_json(const StatusOverview& overview, const StatusDomain& domain,
                          const StatusSelector& selector) {
  Json object{{"schema", "dkimprobe.status-selector/2"},
              {"at", checks::iso_time(overview.now)},
              {"domain", domain.domain.to_string()}};
  object.update(line_json(selector, overview.now));
  object["rotation"] = rotation_json(selector);
  object["report"] = report_json(selector);
  object["history"] = history_object(domain, selector);
  return json_text(object, 2);
}

std::string probes_json(const StatusOverview& overview) {
  Json probes = Json::array();
  for (const auto& probe : overview.recent_probes) {
    probes.push_back({{"at", checks::iso_time(probe.at)},
                      {"took_ms", static_cast<double>(probe.took.count()) / 1'000.0},
                      {"target", config::escape_text(probe.target)},
                      {"selector", config::escape_text(probe.selector)},
                      {"module", config::escape_text(probe.module)},
                      {"status", probe.status ? Json(checks::to_string(*probe.status)) : Json(nullptr)},
                      {"detail", probe.detail}});
  }
  return json_text({{"schema", "dkimprobe.status-probes/2"},
                    {"at", checks::iso_time(overview.now)},
                    {"probes", std::move(probes)}},
                   2);
}

std::string error_json(const config::EscapedText& title, const config::EscapedText& words) {
  return json_text({{"schema", "dkimprobe.status-error/2"}, {"error", title}, {"detail", words}}, 2);
}

}  // namespace dkimprobe::exporters
