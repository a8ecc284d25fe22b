#include "tests/exporters/status_samples.hpp"
#include "config/basics/escape.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <boost/url/pct_string_view.hpp>

#include "exporters/http/request_target.hpp"
#include "exporters/status/status_pages.hpp"
#include "tests/exporters/sample_probes.hpp"
#include "tests/exporters/sample_reports.hpp"

namespace dkimprobe::tests {
namespace {

using checks::Report;
using exporters::StatusDomain;
using exporters::StatusOverview;
using exporters::StatusSelector;
using namespace std::chrono_literals;

config::DomainName name(const std::string& text) {
  return config::DomainName::parse(text).value();
}

Report sample(const std::string& which) {
  const auto samples = exporters::sample_reports();
  return std::ranges::find(samples, which, &exporters::Sample::name)->report;
}

/// The same report for another domain and selector.
Report moved(Report report, const std::string& domain, const std::string& selector) {
  const auto old_name = report.name;
  const auto old_domain = report.domain;
  report.domain = name(domain);
  report.selector = config::Selector::parse(selector).value();
  report.name = report.selector.owner_name(report.domain).value();
  for (auto& row : report.servers) {
    if (row.owner == old_name) row.owner = report.name;
  }
  for (auto& alias : report.chain) {
    if (alias.owner == old_name) alias.owner = report.name;
  }
  for (auto& delegation : report.delegations) {
    if (delegation.zone == old_domain) delegation.zone = report.domain;
  }
  return report;
}

StatusSelector watched(Report report) {
  StatusSelector selector;
  selector.selector = report.selector;
  selector.role = report.role;
  selector.last_probe = report.observed_at;
  selector.next_probe = report.observed_at + 15min;
  selector.last_change = report.observed_at - 26h;
  selector.report = std::make_shared<const Report>(std::move(report));
  return selector;
}

/// The history of the key in the report `differing`: published on two servers, then on the third; one server
/// silent for some hours; replaced on two of them.
std::shared_ptr<const checks::SelectorHistory> life(const Report& report, const std::string& hostile) {
  const std::string domain = report.domain.to_string();
  const Texts first = {{"v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="}};
  const Texts second = {hostile.empty() ? report.record.strings : std::vector{hostile}};
  const auto absent = [](int server) { return Said{server, probe::Rcode::nxdomain}; };
  const auto has = [](int server, const Texts& texts) { return Said{server, probe::Rcode::noerror, texts}; };
  Said silent{2};
  silent.silent = true;
  const std::vector<std::pair<std::int64_t, std::vector<Said>>> probes = {
      {0, {absent(1), absent(2), absent(3)}},
      {4, {has(1, first), absent(2), absent(3)}},
      {5, {has(1, first), has(2, first), has(3, first)}},
      {18, {has(1, first), silent, has(3, first)}},
      {21, {has(1, first), has(2, first), has(3, first)}},
      {30, {has(1, second), has(2, second), has(3, first)}},
      {40, {has(1, second), has(2, second), has(3, first)}}};
  checks::SelectorHistory history;
  history.domain = report.domain;
  history.selector = report.selector;
  for (const auto& [day, said] : probes) {
    const auto time = report.observed_at - std::chrono::days(40 - day);
    checks::extend(history, sample_probe(domain, report.selector.to_string(), time, said));
  }
  return std::make_shared<const checks::SelectorHistory>(std::move(history));
}

/// A change in progress, another that is not due, and an overdue step. All texts contain `words`.
std::shared_ptr<const checks::RotationOverview> rotation(const Report& report, const std::string& words) {
  const auto now = report.observed_at;
  const auto selector = [](const char* text) { return config::Selector::parse(text).value(); };
  checks::RotationOverview overview;
  overview.domain = report.domain;
  overview.now = now;
  overview.status = checks::Status::warning;
  overview.headline = "from s1 to next: publish the key " + words;
  overview.faults.push_back({&checks::row_of(checks::RotationFaultKind::rotation_overdue),
                             checks::Severity::warning, selector("s1"),
                             "the key of s1 was to change " + words, "it is older than 90 days", words});
  auto& change = overview.changes.emplace_back();
  change.from = selector("s1");
  change.to = selector("next");
  using Step = checks::RotationStep;
  using State = checks::StepState;
  change.steps = {{Step::generate, State::done, now - 2h, {}, "there is a key", {}, {}, {}},
                  {Step::publish,
                   State::due,
                   {},
                   {},
                   "1 of 3 servers has it " + words,
                   {},
                   {{"put this line into the zone",
                     {"next._domainkey.example.com. 300 IN TXT \"v=DKIM1; p=" + std::string(216, 'A') + "\""},
                     checks::ActionKind::record,
                     {}}},
                   {}},
                  {Step::check, State::blocked, {}, {}, words, {}, {}, {}},
                  {Step::sign, State::pending, {}, now + 30h, "when every server has it", {}, {}, {}}};
  auto& idle = overview.changes.emplace_back();
  idle.from = selector("next");
  idle.steps = {{Step::choose, State::pending, {}, now + 2'000h, "not before its time", {}, {}, {}},
                {Step::generate, State::pending, {}, {}, "this line is not shown", {}, {}, {}}};
  return std::make_shared<const checks::RotationOverview>(std::move(overview));
}

StatusDomain example() {
  StatusDomain domain{name("example.com"), {}};
  Report differing = sample("differing");
  differing.rotation =
      checks::RotationFacts{differing.observed_at + 3h,
                            differing.observed_at + std::chrono::days(8),
                            {checks::reason_for(checks::Reason::negative_ttl, differing.observed_at + 3h,
                                                "a cache may hold that there is no such name")}};
  domain.rotation = rotation(differing, "");
  auto history = life(differing, "");
  domain.selectors.push_back(watched(std::move(differing)));
  domain.selectors.back().history = std::move(history);
  domain.selectors.back().confirming = true;
  domain.selectors.push_back(watched(sample("alias")));
  domain.selectors.push_back(watched(sample("revoked")));
  domain.selectors.back().maintenance = exporters::StatusMaintenance{
      domain.selectors.back().report->observed_at + 2h, "the old key <b>goes</b>, see ticket 42"};
  StatusSelector next;
  next.selector = config::Selector::parse("next").value();
  next.role = config::Role::pending;
  next.next_probe = domain.selectors.front().report->observed_at + 5min;
  domain.selectors.push_back(std::move(next));
  return domain;
}

StatusDomain hostile() {
  const std::string text = std::string(hostile_script) + "\x1b[31mred\x1b[0m \xe2\x80\xae" +
                           std::string("drawkcab \0 \"><img src=x onerror=alert(1)>&amp;", 46);
  Report report = sample("hostile");
  report.headline =
      config::escape_text("the text begins with " + std::string(hostile_script) + "\xe2\x80\xae");
  report.record.strings = {text, std::string(255, 'x')};
  report.record.tags = {{std::string(hostile_script), text, 0}, {"p", "", 9}};
  report.key = checks::KeyFacts{std::string(hostile_script), 8, "", std::nullopt};
  report.size.direct = 2'047;
  report.size.drop_first = {text};
  for (auto& row : report.servers) {
    row.id.name = std::string(hostile_script);
    row.answer = config::escape_text(text);
    row.nsid = text;
    row.disagrees_with_itself = true;
  }
  for (auto& finding : report.findings) finding.detail = finding.remedy = config::escape_text(text);
  report.outcomes = {
      {report.findings.front().check, checks::CheckOutcome::found, ""},
      {report.findings.front().check, checks::CheckOutcome::not_evaluated, std::string(hostile_script)}};
  StatusDomain domain{report.domain, {}};
  domain.rotation = rotation(report, std::string(hostile_script));
  auto history = life(report, text);
  domain.selectors.push_back(watched(std::move(report)));
  domain.selectors.back().history = std::move(history);
  return domain;
}

StatusDomain with_one(const std::string& which, const std::string& domain, const std::string& selector) {
  return {name(domain), {watched(moved(sample(which), domain, selector))}};
}

/// The targets of the links of a page, without links to other hosts and to fragments.
std::vector<std::string> links_of(const std::string& page) {
  constexpr std::string_view start = "href=\"/";
  std::vector<std::string> links;
  for (std::size_t at = page.find(start); at != std::string::npos; at = page.find(start, at + 1)) {
    const std::size_t first = at + start.size() - 1;
    std::string link = page.substr(first, page.find('"', first) - first);
    for (std::size_t amp = link.find("&amp;"); amp != std::string::npos; amp = link.find("&amp;"))
      link.erase(amp + 1, 4);
    links.push_back(std::move(link));
  }
  return links;
}

}  // namespace

StatusOverview sample_overview() {
  StatusOverview overview;
  overview.now = sample("healthy").observed_at + 4min;
  overview.version = "0.1.0";
  overview.domains = {example(),
                      hostile(),
                      with_one("healthy", "example.net", "s1"),
                      with_one("dead", "example.org", "mail2026"),
                      with_one("unknown", "silent.example", "s1"),
                      {sample("long").domain, {watched(sample("long"))}},
                      {name("new.example"), {}}};
  overview.domains.back().selectors.emplace_back().selector = config::Selector::parse("s1").value();
  for (int number = 1; number <= 9; ++number) {
    const std::string domain = "customer-" + std::to_string(number) + ".example";
    overview.domains.push_back(with_one("healthy", domain, "s1"));
    overview.domains.back().selectors.push_back(watched(moved(sample("healthy"), domain, "s2")));
  }
  std::ranges::sort(overview.domains, {}, &StatusDomain::domain);
  overview.reload = {false,
                     overview.now - 90s,
                     {"/etc/dkimprobe/settings.yaml:12: `selectros` is not known",
                      "/etc/dkimprobe/settings.yaml:29: 30 is not a duration"}};
  overview.recent_probes = {{overview.now - 20s, 214ms, "example.com", "s1", "default",
                             checks::Status::critical, "1 of 3 servers publishes another key"},
                            {overview.now - 5min, 1'200ms, std::string(hostile_script) + "\x1b[2J",
                             "\xe2\x80\xae", "default", std::nullopt, "the target is no domain name"},
                            {overview.now - 3h, 90ms, "example.net", "", "", checks::Status::ok, "RSA 2048"}};
  return overview;
}

std::optional<exporters::StatusRoute> route_of(const std::string& target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const auto path = boost::urls::make_pct_string_view(std::string_view(target).substr(0, mark));
  if (!path) return std::nullopt;
  return exporters::parse_route(path->decode(),
                                exporters::parameters(target.substr(std::min(mark + 1, target.size()))));
}

exporters::StatusAnswer answer_target(const StatusOverview& overview, const std::string& target) {
  if (target == exporters::stylesheet_path)
    return {200, "text/css; charset=utf-8", std::string(exporters::stylesheet())};
  if (const auto route = route_of(target)) return answer_route(overview, *route);
  return exporters::no_such_page(overview, target.starts_with("/api/"));
}

std::map<std::string, exporters::StatusAnswer> linked_pages(const StatusOverview& overview) {
  std::map<std::string, exporters::StatusAnswer> pages;
  std::vector<std::string> open{"/"};
  while (!open.empty()) {
    const std::string target = std::move(open.back());
    open.pop_back();
    if (pages.contains(target)) continue;
    const auto& answer = pages[target] = answer_target(overview, target);
    if (!answer.content_type.starts_with("text/html")) continue;
    for (const auto& link : links_of(answer.body)) open.push_back(link.substr(0, link.find('#')));
  }
  return pages;
}

}  // namespace dkimprobe::tests
