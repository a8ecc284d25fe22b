// The status page: its markup, its paths, the contents of each page, and the same as JSON.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "config/basics/escape.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/status/html_writer.hpp"
#include "exporters/status/status_json.hpp"
#include "exporters/status/status_pages.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"
#include "tests/exporters/sample_reports.hpp"
#include "tests/exporters/status_samples.hpp"

using namespace dkimprobe;
using namespace dkimprobe::exporters;
using tests::linked_pages;
using tests::sample_overview;

// Text made at run time can never be markup.
static_assert(!std::is_constructible_v<Markup, std::string>);
static_assert(!std::is_constructible_v<Markup, std::string_view>);
static_assert(!std::is_constructible_v<Markup, const char*>);

namespace {

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

/// Reads a page as strictly as XML: elements are closed in order, attributes are quoted and unique, and each
/// `&` starts one of the five references. Returns the error, or an empty text.
std::string fault_of_markup(std::string_view page) {
  static const std::vector<std::string_view> references{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  constexpr std::string_view type = "<!DOCTYPE html>";
  if (!page.starts_with(type)) return "no document type";
  std::vector<std::string> open;
  for (std::size_t at = type.size(); at < page.size();) {
    const char c = page[at];
    if (c == '&') {
      const auto rest = page.substr(at);
      if (std::ranges::none_of(references, [&](auto each) { return rest.starts_with(each); }))
        return "a bare & before " + std::string(rest.substr(0, 20));
    }
    if (c != '<') {
      ++at;
      continue;
    }
    const std::size_t end = page.find('>', at);
    if (end == std::string_view::npos) return "a tag without an end";
    std::string_view tag = page.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "closed too early: " + std::string(tag);
      open.pop_back();
      continue;
    }
    const bool is_empty = tag.ends_with('/');
    if (is_empty) tag.remove_suffix(1);
    const std::size_t name_end = std::min(tag.find(' '), tag.size());
    const std::string name(tag.substr(0, name_end));
    if (name.empty() || !std::ranges::all_of(name, [](char l) { return std::isalnum(l) != 0; }))
      return "no name of an element: " + name;
    std::set<std::string> names;
    for (tag.remove_prefix(name_end); !tag.empty();) {
      const std::size_t equals = tag.find("=\"");
      if (!tag.starts_with(' ') || equals == std::string_view::npos) return "attributes of " + name;
      const std::string attribute(tag.substr(1, equals - 1));
      if (!names.insert(attribute).second) return "twice " + attribute;
      if (attribute == "style" || attribute.starts_with("on")) return "never written: " + attribute;
      const std::size_t close = tag.find('"', equals + 2);
      if (close == std::string_view::npos) return "a value without an end";
      if (tag.substr(0, close).find('<') != std::string_view::npos) return "< in a value";
      tag.remove_prefix(close + 1);
    }
    if (name == "script") return "a script";
    if (!is_empty) open.push_back(name);
  }
  return open.empty() ? std::string{} : "not closed: " + open.back();
}

std::string page_of(const StatusOverview& overview, const std::string& target) {
  const auto answer = tests::answer_target(overview, target);
  CHECK(answer.code == 200);
  return answer.body;
}

bool has(std::string_view page, std::string_view words) {
  return page.find(words) != std::string_view::npos;
}

/// Whether these texts occur in this order, with anything between them.
bool has_in_order(std::string_view page, const std::vector<std::string_view>& words) {
  std::size_t at = 0;
  for (const auto word : words) {
    at = page.find(word, at);
    if (at == std::string_view::npos) return false;
    at += word.size();
  }
  return true;
}

}  // namespace

TEST_CASE("only literals are markup, and every other text is escaped") {
  HtmlWriter html;
  {
    const auto link =
        html.open("a", {{"href", "/?a=1&b=\"'<>"}, {"title", config::escape_text("\xe2\x80\xae\n")}});
    html.raw("<b>literal</b>");
    html.text("1 < 2 & \"3\" '\\x");
    html.foreign("<\\\x1b\xff");
    html.foreign("abcdef", 3);
    html.leaf("i", "text");
    html.empty("br", {});
  }
  CHECK(html.take() ==
        "<a href=\"/?a=1&amp;b=&quot;&#39;&lt;&gt;\" title=\"\\xe2\\x80\\xae\\x0a\"><b>literal</b>"
        "1 &lt; 2 &amp; &quot;3&quot; &#39;\\x&lt;\\\\\\x1b\\xffabc... (6 bytes)<i>text</i><br/></a>");
}

TEST_CASE("whatever the input, no markup and only printable ASCII gets into a page") {
  CHECK(rc::check([](const std::string& bytes) {
    HtmlWriter html;
    {
      const auto element = html.open("p", {{"title", config::escape_text(bytes)}});
      html.text(config::escape_text(bytes));
      html.foreign(bytes);
    }
    const std::string text = html.take();
    RC_ASSERT(is_plain_ascii(text));
    RC_ASSERT(fault_of_markup("<!DOCTYPE html>" + text).empty());
    RC_ASSERT(std::ranges::count(text, '<') == 2);
    RC_ASSERT(std::ranges::count(text, '"') == 2);
  }));
}

TEST_CASE("the strict reader finds errors in markup") {
  for (const auto* const bad :
       {"<p>", "</p>", "<p><b></p></b>", "<p a=b></p>", "<p a=\"1\" a=\"2\"></p>", "a & b",
        "<script></script>", "<p onclick=\"x\"></p>", "<p style=\"x\"></p>", "&nbsp;", "<p"})
    CHECK_FALSE(fault_of_markup(std::string("<!DOCTYPE html>") + bad).empty());
  CHECK(fault_of_markup("<!DOCTYPE html><p a=\"1\">x &amp; y<br/></p>").empty());
}

TEST_CASE("each linked page exists and is well-formed") {
  auto overview = sample_overview();
  const std::string prefix = GENERATE(as<std::string>{}, "", "/dkim");
  overview.path_prefix = prefix;
  auto pages = linked_pages(overview);
  if (prefix.empty()) {
    CHECK(pages.size() > 50);
  } else {
    // With a prefix, every link has it; the server removes it from requests.
    CHECK(std::ranges::all_of(
        pages, [&](const auto& page) { return page.first == "/" || page.first.starts_with(prefix + "/"); }));
    pages = {{"/", pages.at("/")}};
  }
  for (const auto& [target, answer] : pages) {
    INFO(target);
    CHECK(answer.code == 200);
    if (!answer.content_type.starts_with("text/html")) continue;
    CHECK(fault_of_markup(answer.body) == "");
    CHECK_FALSE(has(answer.body, tests::hostile_script));
    // Besides ASCII, only the drawing characters of the pages.
    std::string ascii = answer.body;
    for (const std::string_view sign : {"·", "→"}) {
      for (auto at = ascii.find(sign); at != std::string::npos; at = ascii.find(sign))
        ascii.erase(at, sign.size());
    }
    ascii.erase(std::remove(ascii.begin(), ascii.end(), '\n'), ascii.end());
    CHECK(is_plain_ascii(ascii));
  }
}

TEST_CASE("the overview lists the worst first and can be filtered") {
  const auto overview = sample_overview();
  const std::string all = page_of(overview, "/");
  CHECK(has_in_order(all, {"<h1>Domains</h1>", "example.com</a>", "1 of 3 servers publishes another key",
                           "silent.example</a>", "example.org</a>", "customer-1.example</a>"}));
  CHECK(has_in_order(all, {">2</strong>", "critical", ">2</strong>", "unknown", ">1</strong>", "warning",
                           ">11</strong>", "ok"}));
  CHECK(has(all, "not probed yet"));
  CHECK(has_in_order(all,
                     {"Reload failed, the old settings stay in use.", "selectros", "30 is not a duration"}));

  const std::string critical = page_of(overview, "/?status=critical");
  CHECK(has(critical, "2 of 16 domains"));
  CHECK_FALSE(has(critical, "silent.example"));
  const std::string found = page_of(overview, "/?search=CUSTOMER-3&status=ok");
  CHECK(has(found, "1 of 16 domains"));
  CHECK(has(found, "customer-3.example</a>"));
  const std::string none = page_of(overview, "/?search=%3Cscript%3E");
  CHECK(has(none, "0 of 16 domains"));
  CHECK(has(none, "value=\"&lt;script&gt;\""));
}

TEST_CASE("an overview of many domains is split into pages") {
  StatusOverview overview;
  for (int number = 100'000; number < 100'450; ++number)
    overview.domains.push_back({config::DomainName::parse("d" + std::to_string(number)).value(), {}});
  const std::string first = page_of(overview, "/");
  CHECK(has(first, "page 1 of 3"));
  CHECK(has(first, "href=\"/?page=2\""));
  CHECK(has(first, "d100199</a>"));
  CHECK_FALSE(has(first, "d100200</a>"));
  CHECK(has(page_of(overview, "/?page=3"), "d100449</a>"));
  for (const auto* const beyond : {"/?page=4", "/?page=18446744073709551615"}) {
    const std::string page = page_of(overview, beyond);
    CHECK_FALSE(has(page, "<table"));
    CHECK(has(page, "href=\"/?page=3\""));
  }
}

TEST_CASE("the page of a domain shows which servers differ, in words and by letters") {
  const std::string page = page_of(sample_overview(), "/domains/example.com");
  CHECK(has_in_order(page,
                     {"ns1.example.com", "class=\"letter\">A<", "ns3.example.com", "class=\"answer differs\"",
                      "class=\"letter\">B<", "RSA 1024", "<b>differs</b>", "critical"}));
  CHECK(has(page, "a.dns.provider.example"));
  CHECK(has(page, "not asked"));
  CHECK(has(page, "not probed yet"));
  // If all servers agree, there are no letters.
  CHECK_FALSE(has(page_of(sample_overview(), "/domains/example.net"), "class=\"letter\""));
}

TEST_CASE("the page of a domain shows its rotation: due steps in full, pending ones in one line") {
  const auto overview = sample_overview();
  const auto* const domain = find_domain(overview, config::DomainName::parse("example.com").value());
  REQUIRE(domain != nullptr);
  const auto page = domain_page(overview, *domain);
  for (const auto* text :
       {"Key rotation", "rotation_overdue", "Change from s1 to next", "3 Publish it",
        "put this line into the zone", "next._domainkey.example.com. 300 IN TXT", "Next change from next",
        "not before its time", "2 h 4 min ago", "aria-current=\"step\""}) {
    INFO(text);
    CHECK(page.find(text) != std::string::npos);
  }
  CHECK(page.find("this line is not shown") == std::string::npos);
  const auto json = nlohmann::json::parse(domain_json(overview, *domain));
  CHECK(json.at("rotation").at("domain") == "example.com");
}

TEST_CASE("a fault that is the headline of a rotation is shown once") {
  const auto overview = sample_overview();
  auto domain = *find_domain(overview, config::DomainName::parse("example.com").value());
  auto rotation = *domain.rotation;
  REQUIRE_FALSE(rotation.faults.empty());
  rotation.headline = rotation.faults.front().clause;
  domain.rotation = std::make_shared<const checks::RotationOverview>(rotation);
  const auto page = domain_page(overview, domain);
  const auto first = page.find(rotation.headline.str());
  REQUIRE(first != std::string::npos);
  CHECK(page.find(rotation.headline.str(), first + 1) == std::string::npos);
}

TEST_CASE("the pages of a domain and of a selector show the reason of a maintenance window") {
  const std::string reason = "the old key &lt;b&gt;goes&lt;/b&gt;, see ticket 42";
  const auto overview = sample_overview();
  const auto* const domain = find_domain(overview, config::DomainName::parse("example.com").value());
  const std::string selector = domain->selectors[2].selector.to_string();
  CHECK(has_in_order(page_of(overview, "/domains/example.com"), {"maintenance until", reason}));
  CHECK(has_in_order(page_of(overview, "/domains/example.com/selectors/" + selector),
                     {"maintenance until", reason}));
}

TEST_CASE("the list of recent probes shows nothing in place of an empty parameter") {
  auto overview = sample_overview();
  overview.recent_probes = {
      {overview.now, std::chrono::milliseconds{90}, "", "", "", std::nullopt, "target is missing"}};
  const std::string page = page_of(overview, "/probes");
  CHECK(has_in_order(page, {"no target", "refused", "target is missing", "default module"}));
  CHECK_FALSE(has(page, "class=\"mark\""));
}

TEST_CASE("a notice of a healthy domain is not its worst finding") {
  auto overview = sample_overview();
  auto domain = *find_domain(overview, config::DomainName::parse("example.net").value());
  REQUIRE(status_of(domain) == checks::Status::ok);
  auto report = *domain.selectors.front().report;
  report.findings = {{.check = checks::find_check("key_reused"), .severity = checks::Severity::notice}};
  domain.selectors.front().report = std::make_shared<const checks::Report>(report);
  overview.domains = {domain};
  CHECK_FALSE(has(page_of(overview, "/"), "key_reused"));
}

TEST_CASE("the guide has each check, under the anchor to which alerts link") {
  const std::string page = page_of(sample_overview(), "/checks");
  for (const auto& check : checks::catalogue()) {
    INFO(check.name);
    CHECK(has_in_order(page, {fmt::format("<h3 id=\"{}\">", check.name), ">Fix</dt>"}));
  }
  CHECK(has(page, "Publish the key record as TXT at `SELECTOR._domainkey.DOMAIN`."));
  CHECK(has(page_of(sample_overview(), "/domains/example.com/selectors/s1"),
            "href=\"/checks#answer_differs_between_ns\""));
}

TEST_CASE("the page of a selector shows its report and its history") {
  const std::string page = page_of(sample_overview(), "/domains/example.com/selectors/s1");
  for (const auto* const words :
       {"1 of 3 servers publishes another key", "a change is being confirmed", "answer_differs_between_ns",
        "make every server of example.com serve the same zone", "2048 bits",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "UDP without EDNS: 467 bytes, 45 left of 512", "UDP with EDNS: 491 bytes, 741 left of 1232",
        "mail is signed with this key now",
        "9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=", "Keys published here", ">appeared<", ">differed<",
        "class=\"span answer-2\"", "class=\"span absent\"", "class=\"span unknown\""})
    CHECK(has(page, words));
  CHECK(has_in_order(page, {"Published by", ">A<", "ns1.example.com, ns2.example.com", "v=DKIM1; k=rsa",
                            "Published by", ">B<", "ns3.example.com", "v=DKIM1; k=ed25519"}));
  const std::string over = page_of(sample_overview(), "/domains/example.com/selectors/mail");
  CHECK(has(over, "UDP without EDNS: 523 bytes, 11 over 512"));
  CHECK(has(over, "class=\"bar beyond\""));
  const std::string quiet = page_of(sample_overview(), "/domains/example.com/selectors/old");
  CHECK(has(quiet, "the old key &lt;b&gt;goes&lt;/b&gt;, see ticket 42"));
}

TEST_CASE("the page of a selector shows who does not accept its record, and the rewrite that all accept") {
  auto overview = sample_overview();
  const checks::Report disputed = sample_reports().back().report;
  for (auto& domain : overview.domains) {
    for (auto& selector : domain.selectors) {
      if (domain.domain == disputed.domain && selector.selector == disputed.selector)
        selector.report = std::make_shared<const checks::Report>(disputed);
    }
  }
  const std::string page = page_of(overview, "/domains/example.com/selectors/s1");
  CHECK(has_in_order(page, {"<h3>Verifiers</h3>", "rejected by Mail::DKIM 1.20240618 and later: g= is empty",
                            "rejected by mox: s= is &quot;*&quot;", "not supported by Mail::DKIM 1.20230212",
                            "accepted by 11 of 14", "<code>-s=*</code>", "<code>-g=</code>"}));
  CHECK_FALSE(has(page_of(sample_overview(), "/domains/example.com/selectors/s1"), "<h3>Verifiers</h3>"));
}

TEST_CASE("the pages mark the servers that are not right, and none in a tie") {
  const auto overview_of = [](const char* vector) {
    auto given = tests::read_observation(nlohmann::json::parse(vector));
    StatusSelector selector;
    selector.selector = given.observation.selector;
    selector.report = std::make_shared<const checks::Report>(
        checks::judge(given.observation, given.expectation, {}).report);
    StatusOverview overview;
    overview.domains.push_back({given.observation.domain, {std::move(selector)}});
    return overview;
  };
  // The expected key is on ns1, whose serial is older.
  const auto decided = overview_of(R"({"about": "", "findings": [], "expected_key": "key", "servers": [
      {"server": "192.0.2.1", "name": "ns1.example.com", "serial": 1},
      {"server": "192.0.2.2", "name": "ns2.example.com", "serial": 2, "record": {"txt": "mismatch"}}]})");
  const std::string page = page_of(decided, "/domains/example.com/selectors/s1");
  CHECK(has_in_order(page, {"<h2 id=\"servers\"", "ns1.example.com", ">A<", "RSA 2048", "\"differs\"",
                            "ns2.example.com", ">B<", "<b>differs</b>", "critical"}));
  CHECK(has(page, "47a2abac32e39e1a"));
  CHECK_FALSE(has(page, "<dt>Published by</dt>"));
  CHECK(has_in_order(page_of(decided, "/domains/example.com"),
                     {"ns1.example.com", "class=\"answer\"", "ns2.example.com", "class=\"answer differs\""}));
  const auto tie = overview_of(R"({"about": "", "findings": [], "servers": [
      {"server": "192.0.2.1", "name": "ns1.example.com", "serial": 1},
      {"server": "192.0.2.2", "name": "ns2.example.com", "serial": 2, "record": {"txt": "mismatch"}}]})");
  const std::string open = page_of(tie, "/domains/example.com/selectors/s1");
  CHECK_FALSE(has(open, "<b>differs</b>"));
  CHECK(has(open, "<dt>Published by</dt><dd>ns2.example.com (192.0.2.2)</dd>"));
  CHECK_FALSE(has(page_of(tie, "/domains/example.com"), "<b>differs</b>"));
}

TEST_CASE("a notice is not the worst finding of a healthy selector") {
  auto overview = sample_overview();
  const auto* const domain = find_domain(overview, config::DomainName::parse("customer-1.example").value());
  REQUIRE(domain != nullptr);
  checks::Report report = *domain->selectors.front().report;
  report.findings = {{.check = checks::find_check("key_reused"), .severity = checks::Severity::notice}};
  overview.domains = {{domain->domain, {domain->selectors.front()}}};
  overview.domains.front().selectors.front().report = std::make_shared<const checks::Report>(report);
  CHECK_FALSE(has(page_of(overview, "/"), "key_reused"));
  CHECK(nlohmann::json::parse(
            page_of(overview, "/api/v1/overview"))["domains"][0]["selectors"][0]["worst_finding"]
            .is_null());
}

TEST_CASE("hostile text is shown as text") {
  const std::string page = page_of(sample_overview(), "/domains/exa%5C027mple.com/selectors/s1");
  CHECK(has(page,
            "&quot;&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;\\x1b[31mred\\x1b[0m "
            "\\xe2\\x80\\xae"));
}

TEST_CASE("parsing the path of a route gives the same route") {
  const auto domain = config::DomainName::parse(R"(a\.b\027.example)").value();
  const auto selector = config::Selector::parse("one.two").value();
  const std::vector<StatusRoute> routes = {
      {},
      {StatusView::overview, false, {}, {}, checks::Status::critical, "a&b=c d%", 3},
      {StatusView::overview, true, {}, {}, checks::Status::ok, "", 1},
      {StatusView::domain, false, domain, {}, {}, "", 1},
      {StatusView::domain, true, domain, {}, {}, "", 1},
      {StatusView::selector, false, domain, selector, {}, "", 1},
      {StatusView::selector, true, domain, selector, {}, "", 1},
      {StatusView::probes, false, {}, {}, {}, "", 1},
      {StatusView::probes, true, {}, {}, {}, "", 1},
  };
  for (const auto& route : routes) {
    INFO(to_path(route));
    CHECK(tests::route_of(to_path(route)) == route);
  }
  CHECK(rc::check([](const std::string& search, const std::string& target) {
    StatusRoute route;
    route.search = search.substr(0, 1'000);
    RC_ASSERT(tests::route_of(to_path(route)) == route);
    (void)tests::route_of(target);
    (void)tests::route_of("/domains/" + target);
  }));
}

TEST_CASE("unknown paths get 404, as HTML and as JSON") {
  const auto overview = sample_overview();
  for (const std::string target : {"",
                                   "x",
                                   "/x",
                                   "//",
                                   "/domains",
                                   "/domains/",
                                   "/domains/no.example",
                                   "/domains/a..b",
                                   "/domains/%",
                                   "/domains/%zz",
                                   "/domains/example.com/",
                                   "/domains/example.com/selectors",
                                   "/domains/example.com/selectors/",
                                   "/domains/example.com/selectors/no",
                                   "/domains/example.com/selectors/s1/x",
                                   "/domains/example.com/x/s1",
                                   "/domains/%3Cscript%3E",
                                   "/status.css/",
                                   "/api/v1",
                                   "/api/v1/",
                                   "/api/v2/overview"}) {
    INFO(target);
    const auto answer = tests::answer_target(overview, target);
    CHECK(answer.code == 404);
    if (answer.content_type == "application/json") {
      CHECK(nlohmann::json::parse(answer.body)["schema"] == "dkimprobe.status-error/2");
    } else {
      CHECK(fault_of_markup(answer.body) == "");
    }
  }
  CHECK(tests::answer_target(overview, "/domains/" + std::string(5'000, 'a')).code == 404);
  CHECK(tests::answer_target(overview, "/api/v1/domains/no.example").content_type == "application/json");
}

TEST_CASE("each page is available as JSON, with the same reports as elsewhere") {
  const auto overview = sample_overview();
  for (const auto& [target, answer] : linked_pages(overview)) {
    if (answer.content_type != "application/json") continue;
    INFO(target);
    CHECK_FALSE(nlohmann::json::parse(answer.body, nullptr, false).is_discarded());
    CHECK(std::ranges::all_of(answer.body, [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
  }
  const auto all = nlohmann::json::parse(page_of(overview, "/api/v1/overview"));
  CHECK(all["schema"] == "dkimprobe.status/2");
  CHECK(all["domains"].size() == 16);
  CHECK(all["domains"][0]["status"] == "critical");
  CHECK(all["domains"][0]["rotation_status"] == "warning");
  CHECK(all["reload"]["succeeded"] == false);
  CHECK(all["reload"]["errors"].size() == 2);
  CHECK(nlohmann::json::parse(page_of(overview, "/api/v1/overview?status=warning"))["domains"].size() == 1);

  const auto domain = nlohmann::json::parse(page_of(overview, "/api/v1/domains/example.com"));
  CHECK(domain["selectors"].size() == 4);
  CHECK(domain["selectors"][3]["report"].is_null());
  CHECK(domain["selectors"][3]["status"] == "unknown");
  CHECK(domain["selectors"][2]["maintenance"]["reason"] == "the old key <b>goes</b>, see ticket 42");

  const auto selector = nlohmann::json::parse(page_of(overview, "/api/v1/domains/example.com/selectors/s1"));
  const auto& report =
      *find_domain(overview, config::DomainName::parse("example.com").value())->selectors[0].report;
  const auto check = nlohmann::json::parse(check_json(report.domain, report.status, std::vector{report}));
  CHECK(selector["report"] == check["reports"][0]);
  CHECK(selector["worst_finding"] == "answer_differs_between_ns");
  CHECK(selector["rotation"]["safe_to_sign_at"] == "2026-11-22T04:34:56.789Z");
  CHECK(selector["history"]["changes"].size() > 5);
}
