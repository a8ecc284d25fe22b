#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "exporters/status/page_parts.hpp"
#include "exporters/status/status_pages.hpp"
#include "exporters/terminal/rotation_text.hpp"
#include "exporters/text/report_facts.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Report;
using checks::ServerRow;

/// One nameserver of a zone, with its answers for each selector.
struct MatrixRow {
  checks::ServerId server{};
  /// By the index of the selector. An alias inside the zone gives several rows for one selector.
  std::map<std::size_t, std::vector<const ServerRow*>> cells{};
};

struct MatrixZone {
  std::string name{};
  std::vector<MatrixRow> rows{};
};

std::string zone_name(const Report& report, const ServerRow& row) {
  const auto* const zone = zone_of(report.delegations, row.owner);
  return zone == nullptr ? row.owner.to_string() : zone->zone.to_string();
}

std::vector<MatrixZone> matrix_of(const StatusDomain& domain) {
  std::vector<MatrixZone> zones;
  for (std::size_t i = 0; i < domain.selectors.size(); ++i) {
    const auto& report = domain.selectors[i].report;
    if (!report) continue;
    for (const auto& row : report->servers) {
      std::string name = zone_name(*report, row);
      auto zone = std::ranges::find(zones, name, &MatrixZone::name);
      if (zone == zones.end()) zone = zones.insert(zones.end(), MatrixZone{std::move(name)});
      auto server = std::ranges::find(zone->rows, row.id, &MatrixRow::server);
      if (server == zone->rows.end()) server = zone->rows.insert(zone->rows.end(), MatrixRow{row.id});
      server->cells[i].push_back(&row);
    }
  }
  return zones;
}

/// Whether the servers publish different answers at that name.
bool has_groups(const Report& report, const config::DomainName& owner) {
  return std::ranges::any_of(report.servers, [&](const ServerRow& row) {
    return row.owner == owner && row.group != ' ' && row.group != 'A';
  });
}

void write_answer(HtmlWriter& html, const Report& report, const ServerRow& row) {
  const bool groups = has_groups(report, row.owner);
  const bool differs = row.standing == checks::Standing::differs;
  const auto answer = html.open("div", {{"class", differs            ? "answer differs"
                                                  : row.group == ' ' ? "answer silent"
                                                                     : "answer"}});
  if (groups && row.group != ' ') {
    html.leaf("span", {{"class", "letter"}}, std::string(1, row.group));
    html.raw(" ");
  }
  html.text(row.answer.empty() ? checks::to_string(row.outcome) : std::string_view(row.answer));
  if (differs) {
    html.raw(" ");
    html.leaf("b", "differs");
  }
  if (row.disagrees_with_itself) {
    html.raw(" ");
    html.leaf("b", "disagrees with itself");
  }
  if (const auto severity = report.worst_about(row.id); severity && *severity != checks::Severity::notice) {
    html.raw(" ");
    write_severity(html, *severity);
  }
}

void write_zone(HtmlWriter& html, const StatusDomain& domain, const MatrixZone& zone) {
  const auto body = html.open("tbody");
  {
    const auto row = html.open("tr", {{"class", "zone"}});
    const auto cell =
        html.open("th", {{"scope", "rowgroup"}, {"colspan", fmt::format("{}", domain.selectors.size() + 1)}});
    html.raw("zone ");
    html.leaf("span", {{"class", "name"}}, zone.name);
  }
  for (const auto& server : zone.rows) {
    const auto row = html.open("tr");
    {
      const auto cell = html.open("th", {{"scope", "row"}});
      html.leaf("span", {{"class", "name"}}, server.server.name);
      html.raw(" ");
      html.leaf("span", {{"class", "address"}}, server.server.address.ip.to_string());
    }
    for (std::size_t i = 0; i < domain.selectors.size(); ++i) {
      const auto cell = html.open("td");
      const auto found = server.cells.find(i);
      if (found == server.cells.end()) {
        html.leaf("span", {{"class", "quiet"}}, "not asked");
        continue;
      }
      for (const auto* const answer : found->second) write_answer(html, *domain.selectors[i].report, *answer);
    }
  }
}

void write_matrix(HtmlWriter& html, const StatusOverview& overview, const StatusDomain& domain) {
  const auto zones = matrix_of(domain);
  const auto section = html.open("section", {{"aria-labelledby", "servers"}});
  html.leaf("h2", {{"id", "servers"}}, "Answers by nameserver");
  if (zones.empty()) return html.leaf("p", "No nameserver has been asked yet.");
  html.leaf(
      "p", {{"class", "quiet"}},
      "Servers with the same letter publish the same; \"differs\" marks those that are not right: not the "
      "expected key or, where none is expected, not what most publish. Without letters, all servers that "
      "answer agree.");
  // A wide matrix scrolls in its own frame, also by keyboard; the page never scrolls sideways.
  const auto frame = html.open(
      "div", {{"class", "scroll"}, {"role", "region"}, {"tabindex", "0"}, {"aria-labelledby", "servers"}});
  const auto table = html.open("table", {{"class", "matrix"}});
  html.leaf("caption", {{"class", "visually-hidden"}}, "Nameservers by selectors");
  {
    const auto head = html.open("thead");
    const auto row = html.open("tr");
    html.leaf("th", {{"scope", "col"}}, "Nameserver");
    for (const auto& selector : domain.selectors) {
      const auto cell = html.open("th", {{"scope", "col"}});
      html.leaf("a", {{"href", link_to_selector(overview, domain.domain, selector.selector)}},
                selector.selector.to_string());
      html.raw(" ");
      write_status(html, status_of(selector));
    }
  }
  for (const auto& zone : zones) write_zone(html, domain, zone);
}

void write_selectors(HtmlWriter& html, const StatusOverview& overview, const StatusDomain& domain) {
  std::vector<const StatusSelector*> selectors;
  for (const auto& selector : domain.selectors) selectors.push_back(&selector);
  std::ranges::sort(selectors, {}, [](const StatusSelector* selector) {
    return std::pair(urgency(status_of(*selector)), selector);  // pointers into one vector keep its order
  });
  const auto section = html.open("section", {{"aria-labelledby", "selectors"}});
  html.leaf("h2", {{"id", "selectors"}}, "Selectors");
  if (selectors.empty()) return html.leaf("p", "No selector of this domain is watched.");
  const auto list = html.open("ul", {{"class", "lines"}});
  for (const auto* const selector : selectors) {
    const auto item = html.open("li");
    write_status(html, status_of(*selector));
    html.raw(" ");
    {
      const auto words = html.open("div");
      html.leaf("a", {{"href", link_to_selector(overview, domain.domain, selector->selector)}},
                selector->selector.to_string());
      html.raw(" ");
      html.text(headline_of(*selector));
      write_labels(html, *selector, overview.now);
    }
    const auto probes = html.open("div", {{"class", "time"}});
    if (selector->last_probe) {
      html.raw("probed ");
      write_distance(html, *selector->last_probe, overview.now);
    }
    if (selector->next_probe) {
      if (selector->last_probe) html.raw(", ");
      write_next_probe(html, *selector->next_probe, overview.now);
    }
  }
}

void write_step(HtmlWriter& html, const checks::PlannedStep& step, bool emergency, probe::WallTime now) {
  const bool is_now = step.state == checks::StepState::due;
  const auto item = is_now ? html.open("li", {{"aria-current", "step"}}) : html.open("li");
  html.leaf("span", {{"class", is_now ? "chip warning" : "mark"}}, checks::to_string(step.state));
  {
    const auto words = html.open("div");
    html.leaf("b", rotation_step_title(step.step, emergency));
    html.raw(" ");
    html.text(step.summary);
    if (is_now) {
      for (const auto& action : step.actions) {
        html.leaf("p", action.summary);
        for (const auto& line : action.lines) html.leaf("code", line);
      }
    }
  }
  const auto time = html.open("div", {{"class", "time"}});
  if (step.state == checks::StepState::done) {
    if (step.since) write_distance(html, *step.since, now);
  } else if (step.earliest && *step.earliest > now) {
    write_distance(html, *step.earliest, now);
  }
}

void write_rotation(HtmlWriter& html, const StatusOverview& overview, const StatusDomain& domain) {
  if (!domain.rotation) return;
  const auto& rotation = *domain.rotation;
  const auto section = html.open("section", {{"aria-labelledby", "rotation"}});
  html.leaf("h2", {{"id", "rotation"}}, "Key rotation");
  {
    const auto line = html.open("p");
    write_status(html, rotation.status);
    // A fault that is the headline is written out below.
    if (rotation.faults.empty() || rotation.faults.front().clause != rotation.headline) {
      html.raw(" ");
      html.text(rotation.headline);
    }
  }
  for (const auto& fault : rotation.faults) {
    const auto line = html.open("p");
    write_severity(html, fault.severity);
    html.raw(" ");
    html.leaf("code", {{"class", "check"}}, fault.row->name);
    html.raw(" ");
    html.text(fault.clause);
    if (!fault.evidence.empty()) html.text("; " + fault.evidence.str());
    html.raw(". ");
    html.text(fault.remedy);
  }
  for (const auto& change : rotation.changes) {
    html.leaf("h3", rotation_change_title(change));
    const auto list = html.open("ol", {{"class", "lines"}});
    for (const auto& step : change.steps) {
      write_step(html, step, change.emergency, overview.now);
      // The other steps of a change that is not due are not shown.
      if (step.step == checks::RotationStep::choose && step.state == checks::StepState::pending) break;
    }
  }
}

}  // namespace

std::string domain_page(const StatusOverview& overview, const StatusDomain& domain) {
  StatusRoute json;
  json.view = StatusView::domain;
  json.domain = domain.domain;
  json.as_json = true;
  const PageHead head{domain.domain.to_string(),
                      std::nullopt,
                      {{"Domains", link_to(overview, StatusRoute{})}},
                      link_to(overview, json)};
  return framed(overview, head, [&](HtmlWriter& html) {
    {
      const auto title = html.open("div", {{"class", "title"}});
      html.leaf("h1", domain.domain.to_string());
      write_status(html, status_of(domain));
    }
    write_selectors(html, overview, domain);
    write_rotation(html, overview, domain);
    write_matrix(html, overview, domain);
  });
}

}  // namespace dkimprobe::exporters
