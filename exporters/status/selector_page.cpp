#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/time_text.hpp"
#include "exporters/status/page_parts.hpp"
#include "exporters/status/status_pages.hpp"
#include "exporters/status/svg_charts.hpp"
#include "exporters/store/history_changes.hpp"
#include "exporters/terminal/history_text.hpp"
#include "exporters/text/compatibility_text.hpp"
#include "exporters/text/report_facts.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Report;
using checks::SelectorHistory;
using checks::ServerRow;
using Texts = std::vector<std::vector<std::string>>;

constexpr std::size_t most_changes = 100;
constexpr std::size_t longest_value = 512;    // octets shown of a tag value
constexpr std::size_t longest_shown = 4'096;  // octets shown of one string or text

// ---- Findings ----

void write_finding(HtmlWriter& html, const StatusOverview& overview, const checks::Finding& finding) {
  const auto item =
      html.open("li", {{"class", fmt::format("finding {}", checks::to_string(finding.severity))}});
  {
    const auto head = html.open("p", {{"class", "head"}});
    write_severity(html, finding.severity);
    html.raw(" ");
    {
      StatusRoute guide;
      guide.view = StatusView::checks;
      const auto link =
          html.open("a", {{"href", fmt::format("{}#{}", link_to(overview, guide), finding.check->name)}});
      html.leaf("code", {{"class", "check"}}, finding.check->name);
    }
    if (!finding.check->reference.empty()) {
      html.raw(" ");
      html.leaf("span", {{"class", "quiet"}}, finding.check->reference);
    }
  }
  html.leaf("p", finding.detail);
  if (!finding.servers.empty()) {
    std::vector<std::string> names;
    for (const auto& server : finding.servers) names.push_back(checks::server_text(server));
    html.leaf("p", {{"class", "quiet"}}, fmt::format("at {}", checks::join_some(names)));
  }
  if (!finding.remedy.empty()) {
    const auto remedy = html.open("p", {{"class", "remedy"}});
    html.raw("<b>Fix:</b> ");
    html.text(finding.remedy);
  }
}

void write_findings(HtmlWriter& html, const StatusOverview& overview, const Report& report) {
  const auto section = html.open("section", {{"aria-labelledby", "findings"}});
  html.leaf("h2", {{"id", "findings"}}, "Findings");
  if (report.findings.empty()) {
    html.leaf("p", report.status == checks::Status::ok ? "No fault found." : "None.");
  } else {
    const auto list = html.open("ol", {{"class", "findings"}});
    for (const auto& finding : report.findings) write_finding(html, overview, finding);
  }
  for (const auto& sentence : report.not_asked) html.leaf("p", sentence);
}

// ---- Record and key ----

std::string_view meaning_of(std::string_view tag) {
  static const std::map<std::string_view, std::string_view> meanings{{"v", "version"},
                                                                     {"k", "key type"},
                                                                     {"p", "public key"},
                                                                     {"h", "hashes allowed"},
                                                                     {"s", "services"},
                                                                     {"t", "flags"},
                                                                     {"n", "notes"},
                                                                     {"g", "granularity (historic)"},
                                                                     {"dkim", "signing practices"}};
  const auto found = meanings.find(tag);
  return found == meanings.end() ? "unknown" : found->second;
}

void write_tags(HtmlWriter& html, const checks::RecordFacts& record) {
  if (record.tags.empty()) return;
  const auto table = html.open("table", {{"class", "tags"}});
  html.leaf("caption", "The record, tag by tag");
  {
    const auto head = html.open("thead");
    const auto row = html.open("tr");
    for (const auto* const word : {"Tag", "Meaning", "Value"}) html.leaf("th", {{"scope", "col"}}, word);
  }
  const auto body = html.open("tbody");
  for (const auto& tag : record.tags) {
    const auto row = html.open("tr");
    {
      const auto cell = html.open("th", {{"scope", "row"}});
      const auto name = html.open("code");
      html.foreign(tag.name, longest_value);
    }
    html.leaf("td", meaning_of(tag.name));
    const auto cell = html.open("td");
    if (tag.value.empty()) {
      html.leaf("span", {{"class", "quiet"}}, "empty");
    } else {
      const auto value = html.open("code");
      html.foreign(tag.value, longest_value);
    }
  }
}

void write_key_facts(HtmlWriter& html, const Report& report) {
  const auto facts = html.open("dl", {{"class", "facts"}});
  write_fact(html, "Record", spaced(checks::to_string(report.record.record_class)));
  if (const std::string serves = serves_text(report.record); !serves.empty())
    write_fact(html, "Serves", serves);
  if (!report.record.servers.empty()) write_fact(html, "Published by", publishers_text(report.record));
  if (report.key) {
    write_fact(html, "Key", key_text(*report.key));
    if (report.key->exponent) write_fact(html, "Exponent", fmt::format("{}", *report.key->exponent));
    if (!report.key->sha256.empty()) {
      html.leaf("dt", "SHA-256");
      const auto value = html.open("dd");
      html.leaf("code", report.key->sha256);
    }
  }
  if (report.negative_ttl_seconds)
    write_fact(html, "Negative TTL", checks::ttl_text(*report.negative_ttl_seconds));
  write_fact(html, "ADSP", spaced(checks::to_string(report.adsp)));
  for (const auto& line : dnssec_lines(report)) write_fact(html, "DNSSEC", line);
  for (const auto& alias : report.chain) {
    html.leaf("dt", alias.is_dname ? "DNAME" : "CNAME");
    const auto value = html.open("dd");
    html.text(alias.owner.to_string());
    html.raw(" → ");
    html.text(fmt::format("{}, TTL {}", alias.target.to_string(), checks::ttl_text(alias.ttl_seconds)));
  }
}

void write_compatibility(HtmlWriter& html, const Report& report) {
  const auto verdicts = verifier_lines(report);
  if (verdicts.empty()) return;
  html.leaf("h3", "Verifiers");
  {
    const auto list = html.open("ul");
    for (const auto& line : verdicts) html.leaf("li", line);
  }
  const auto changes = rewrite_lines(report);
  if (changes.empty()) return;
  html.leaf("p", "All accept the record with these changes:");
  const auto list = html.open("ul");
  for (const auto& line : changes) {
    const auto item = html.open("li");
    const auto code = html.open("code");
    html.foreign(line, longest_shown);
  }
}

void write_record(HtmlWriter& html, const Report& report) {
  const auto section = html.open("section", {{"aria-labelledby", "record"}});
  html.leaf("h2", {{"id", "record"}}, "Record and key");
  write_key_facts(html, report);
  write_tags(html, report.record);
  write_compatibility(html, report);
}

void write_size_section(HtmlWriter& html, const Report& report) {
  if (!report.size.direct && !report.size.chain && !report.size.observed_udp && !report.size.observed_edns)
    return;
  const auto section = html.open("section", {{"aria-labelledby", "sizes"}});
  html.leaf("h2", {{"id", "sizes"}}, "Response size");
  html.leaf(
      "p", {{"class", "quiet"}},
      "Up to 512 bytes fit UDP without EDNS; up to 1232 bytes pass every path with EDNS. Larger responses "
      "need TCP.");
  write_sizes(html, report.size);
  if (report.size.observed_tcp)
    html.leaf("p", fmt::format("Largest response over TCP: {} bytes", *report.size.observed_tcp));
  if (report.size.drop_first.empty()) return;
  const auto words = html.open("p");
  html.raw("To save bytes, drop ");
  for (std::size_t i = 0; i < report.size.drop_first.size(); ++i) {
    if (i > 0) html.raw(", then ");
    const auto tag = html.open("code");
    html.foreign(report.size.drop_first[i], longest_value);
    html.raw("=");
  }
}

// ---- Servers ----

/// The texts that the last probe saw at a server; null when the history does not have them.
const Texts* texts_in(const SelectorHistory* history, const ServerRow& row) {
  if (history == nullptr) return nullptr;
  const auto timeline = std::ranges::find_if(history->servers, [&](const checks::ServerTimeline& each) {
    return each.server == row.id && each.owner == row.owner;
  });
  if (timeline == history->servers.end() || timeline->periods.empty()) return nullptr;
  const auto& last = timeline->periods.back();
  return last.kind == checks::PublishedKind::texts ? &last.texts : nullptr;
}

/// A cell that shows its column name on narrow windows, where the table header is hidden.
void write_cell(HtmlWriter& html, std::string_view column, std::string_view value) {
  html.leaf("td",
            {{"role", "cell"}, {"data-label", std::string(column)}, {"class", value.empty() ? "void" : ""}},
            value);
}

void write_server(HtmlWriter& html, const Report& report, const ServerRow& row) {
  const bool differs = row.standing == checks::Standing::differs;
  const auto line = html.open("tr", {{"role", "row"}, {"class", differs ? "differs" : ""}});
  {
    const auto cell = html.open("th", {{"scope", "row"}, {"role", "rowheader"}});
    html.leaf("span", {{"class", "name"}}, row.id.name);
    html.raw(" ");
    html.leaf("span", {{"class", "address"}}, row.id.address.to_string());
  }
  {
    const auto cell = html.open("td", {{"role", "cell"}, {"data-label", "Group"}});
    if (row.group == ' ') {
      html.raw("none");
    } else {
      html.leaf("span", {{"class", "letter"}}, std::string(1, row.group));
      if (differs) html.raw(" <b>differs</b>");
    }
  }
  {
    const auto cell = html.open("td", {{"role", "cell"}, {"class", "wide"}});
    html.text(row.answer.empty() ? checks::to_string(row.outcome) : std::string_view(row.answer));
    if (row.disagrees_with_itself) html.raw(" <b>disagrees with itself</b>");
    if (const auto severity = report.worst_about(row.id)) {
      html.raw(" ");
      write_severity(html, *severity);
    }
    if (row.nsid) {
      html.raw(" ");
      const auto nsid = html.open("span", {{"class", "quiet"}});
      html.raw("NSID ");
      html.foreign(*row.nsid, longest_value);
    }
  }
  write_cell(html, "Flags", flags_text(row));
  write_cell(html, "Bytes", row.udp_bytes ? fmt::format("{}", *row.udp_bytes) : "");
  write_cell(html, "TTL", row.ttl_seconds ? checks::ttl_text(*row.ttl_seconds) : "");
  write_cell(html, "Serial", row.serial ? fmt::format("{}", *row.serial) : "");
  write_cell(html, "Time", row.round_trip ? checks::measured_text(*row.round_trip) : "");
}

void write_texts(HtmlWriter& html, const Texts& texts, bool withheld) {
  for (const auto& strings : texts) {
    std::size_t octets = 0;
    for (const auto& string : strings) octets += string.size();
    html.leaf(
        "p", {{"class", "quiet"}},
        fmt::format("TXT record of {}, {}", counted(octets, "octet"), counted(strings.size(), "string")));
    if (withheld || checks::read_key_record(checks::join_strings(strings)).is_leak()) {
      html.leaf("p", "It is not shown: it contains a private key.");
      continue;
    }
    const auto list = html.open("ol", {{"class", "strings"}});
    for (const auto& string : strings) {
      const auto item = html.open("li");
      {
        const auto code = html.open("code");
        html.raw("&quot;");
        html.foreign(string, longest_shown);
        html.raw("&quot;");
      }
      html.raw(" ");
      html.leaf("span", {{"class", "quiet"}}, fmt::format("{}", string.size()));
    }
  }
}

/// What each group of servers publishes at a name, string by string.
void write_groups(HtmlWriter& html, const Report& report, const SelectorHistory* history,
                  const std::vector<const ServerRow*>& rows) {
  std::map<char, std::vector<const ServerRow*>> groups;
  for (const auto* const row : rows) {
    if (row->group != ' ' && !row->answer_sha256.empty()) groups[row->group].push_back(row);
  }
  for (const auto& [letter, members] : groups) {
    const auto details = letter == 'A' && groups.size() == 1
                             ? html.open("details", {{"class", "published"}})
                             : html.open("details", {{"class", "published"}, {"open", ""}});
    {
      const auto summary = html.open("summary");
      html.raw("Published by ");
      html.leaf("span", {{"class", "letter"}}, std::string(1, letter));
      std::vector<std::string> names;
      for (const auto* const row : members) names.push_back(row->id.name.str());
      html.text(fmt::format(" {}", checks::join_some(names)));
    }
    const Texts* texts = texts_in(history, *members.front());
    if (texts != nullptr) {
      write_texts(html, *texts, report.record.withheld);
    } else if (letter == 'A' && !report.record.strings.empty()) {
      write_texts(html, {report.record.strings}, false);
    } else {
      html.leaf("p", fmt::format("{}; only the history has its strings", members.front()->answer));
    }
  }
}

void write_servers(HtmlWriter& html, const Report& report, const SelectorHistory* history) {
  const auto section = html.open("section", {{"aria-labelledby", "servers"}});
  html.leaf("h2", {{"id", "servers"}}, "Nameservers");
  if (report.servers.empty()) html.leaf("p", "No nameserver was asked.");
  for (const auto& [owner, zone, rows] : hop_rows_of(report)) {
    if (rows.empty()) continue;
    html.leaf("h3", fmt::format("{}{}{}", owner.to_string(), zone == nullptr ? "" : ", zone ",
                                zone == nullptr ? "" : zone->zone.to_string()));
    {
      const auto table = html.open("table", {{"class", "cards servers"}, {"role", "table"}});
      html.leaf("caption", {{"class", "visually-hidden"}},
                fmt::format("Nameservers asked for {}", owner.to_string()));
      write_column_heads(html, {"Nameserver", "Group", "Answer", "Flags", "Bytes", "TTL", "Serial", "Time"});
      const auto body = html.open("tbody", {{"role", "rowgroup"}});
      for (const auto* const row : rows) write_server(html, report, *row);
    }
    write_groups(html, report, history, rows);
  }
}

// ---- Rotation and history ----

void write_safe_time(HtmlWriter& html, std::string_view name, const std::optional<probe::WallTime>& time,
                     probe::WallTime now) {
  html.leaf("dt", name);
  const auto value = html.open("dd");
  if (time) {
    write_timestamp(html, *time, now);
  } else {
    html.raw("unknown");
  }
}

void write_rotation(HtmlWriter& html, const Report& report, probe::WallTime now) {
  if (!report.rotation) return;
  const auto section = html.open("section", {{"aria-labelledby", "rotation"}});
  html.leaf("h2", {{"id", "rotation"}}, "Rotation");
  {
    const auto facts = html.open("dl", {{"class", "facts"}});
    switch (report.role) {
      case config::Role::active:
        write_fact(html, "Signing", "mail is signed with this key now");
        break;
      case config::Role::pending:
      case config::Role::standby:
        write_safe_time(html, "Safe to sign from", report.rotation->safe_to_sign_at, now);
        break;
      case config::Role::retired:
        write_safe_time(html, "Safe to remove from", report.rotation->safe_to_remove_at, now);
    }
  }
  // The reasons are about the time of the next step, and an active key has none.
  if (report.rotation->reasons.empty() || report.role == config::Role::active) return;
  const auto list = html.open("ul", {{"class", "reasons"}});
  for (const auto& reasons : report.rotation->reasons) {
    const auto item = html.open("li");
    html.text(reasons.detail);
    if (reasons.until) {
      html.raw(": ");
      write_timestamp(html, *reasons.until);
    }
    if (reasons.reference().empty()) continue;
    html.raw(" ");
    html.leaf("span", {{"class", "quiet"}}, reasons.reference());
  }
}

void write_keys(HtmlWriter& html, const SelectorHistory& history) {
  const auto keys = key_periods(history);
  if (keys.empty()) return;
  const auto table = html.open("table", {{"class", "cards"}, {"role", "table"}});
  html.leaf("caption", "Keys published here");
  write_column_heads(html, {"SHA-256", "Key", "First seen", "Last seen"});
  const auto body = html.open("tbody", {{"role", "rowgroup"}});
  const std::size_t first = keys.size() - std::min(keys.size(), most_changes);
  for (std::size_t i = first; i < keys.size(); ++i) {
    const auto& key = keys[i];
    const auto row = html.open("tr", {{"role", "row"}});
    {
      const auto cell = html.open("th", {{"scope", "row"}, {"role", "rowheader"}});
      html.leaf("code", key.sha256.substr(0, 16) + "...");
    }
    html.leaf("td", {{"role", "cell"}}, fmt::format("{} {} bits", key.algorithm, key.bits));
    for (const auto& [label, time] :
         {std::pair{"First seen", key.first_seen}, std::pair{"Last seen", key.last_seen}}) {
      const auto cell = html.open("td", {{"role", "cell"}, {"data-label", label}});
      write_timestamp(html, time);
    }
  }
}

void write_changes(HtmlWriter& html, const SelectorHistory& history, const config::DomainName& name) {
  auto changes = history_changes(history);
  std::erase_if(changes, [&](const HistoryChange& change) { return !is_notable(change, history); });
  std::ranges::reverse(changes);
  html.leaf("h3", "Changes, newest first");
  const auto list = html.open("ol", {{"class", "changes"}});
  for (std::size_t i = 0; i < std::min(changes.size(), most_changes); ++i) {
    const auto& change = changes[i];
    const auto item = html.open("li");
    {
      const auto head = html.open("p", {{"class", "head"}});
      write_timestamp(html, change.seen);
      html.raw(" ");
      html.leaf("b", {{"class", "change"}}, to_string(change.kind));
    }
    for (const auto& line : change_lines(change, name)) html.leaf("p", line);
  }
  if (changes.size() > most_changes) {
    html.leaf("li",
              fmt::format("and {} earlier changes: see `dkimprobe history`", changes.size() - most_changes));
  }
}

void write_history(HtmlWriter& html, const Report& report, const SelectorHistory* history) {
  if (history == nullptr || !history->first_probe) return;
  const auto section = html.open("section", {{"aria-labelledby", "history"}});
  html.leaf("h2", {{"id", "history"}}, "History");
  write_timeline(html, *history);
  write_keys(html, *history);
  write_changes(html, *history, report.name);
}

void write_not_evaluated(HtmlWriter& html, const Report& report) {
  const auto names = unevaluated_checks(report);
  const bool disabled =
      std::ranges::any_of(report.outcomes, [](const auto& result) { return !result.disabled.empty(); });
  if (names.empty() && !disabled) return;
  const auto section = html.open("section", {{"aria-labelledby", "unjudged"}});
  html.leaf("h2", {{"id", "unjudged"}}, "Not evaluated");
  if (!names.empty()) {
    const auto details = html.open("details");
    html.leaf("summary", "The probe did not get what these checks need");
    html.leaf("p", {{"class", "checks"}}, fmt::format("{}", fmt::join(names, ", ")));
  }
  if (!disabled) return;
  const auto list = html.open("ul");
  for (const auto& result : report.outcomes) {
    if (result.disabled.empty()) continue;
    const auto item = html.open("li");
    html.leaf("code", {{"class", "check"}}, result.check->name);
    html.raw(" is disabled: ");
    html.text(result.disabled);
  }
}

void write_probes(HtmlWriter& html, const StatusSelector& selector, probe::WallTime now) {
  const auto words = html.open("p", {{"class", "quiet probes"}});
  if (selector.report) {
    html.raw("Probed ");
    write_timestamp(html, selector.report->observed_at, now);
    html.text(fmt::format(", took {}", checks::measured_text(selector.report->took)));
  }
  if (selector.last_probe && (!selector.report || *selector.last_probe != selector.report->observed_at)) {
    html.raw(" · last probe ");
    write_distance(html, *selector.last_probe, now);
  }
  if (selector.next_probe) {
    html.raw(" · ");
    write_next_probe(html, *selector.next_probe, now);
  }
  if (selector.last_change) {
    html.raw(" · unchanged since ");
    write_timestamp(html, *selector.last_change);
  }
}

}  // namespace

std::string selector_page(const StatusOverview& overview, const StatusDomain& domain,
                          const StatusSelector& selector) {
  StatusRoute json;
  json.view = StatusView::selector;
  json.domain = domain.domain;
  json.selector = selector.selector;
  json.as_json = true;
  const PageHead head{fmt::format("{} at {}", selector.selector.to_string(), domain.domain.to_string()),
                      std::nullopt,
                      {{"Domains", link_to(overview, StatusRoute{})},
                       {domain.domain.to_string(), link_to_domain(overview, domain.domain)}},
                      link_to(overview, json)};
  return framed(overview, head, [&](HtmlWriter& html) {
    {
      const auto title = html.open("div", {{"class", "title"}});
      html.leaf("h1", selector.selector.to_string());
      write_status(html, status_of(selector));
      write_labels(html, selector, overview.now);
    }
    html.leaf("p", {{"class", "headline"}}, headline_of(selector));
    write_probes(html, selector, overview.now);
    if (!selector.report) return;
    const Report& report = *selector.report;
    write_findings(html, overview, report);
    write_rotation(html, report, overview.now);
    write_servers(html, report, selector.history.get());
    write_record(html, report);
    write_size_section(html, report);
    write_history(html, report, selector.history.get());
    write_not_evaluated(html, report);
  });
}

}  // namespace dkimprobe::exporters
