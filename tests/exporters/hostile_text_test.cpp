// Hostile text from a zone on its way to the terminal and to JSON: only printable ASCII and the table's own
// drawing characters may come out.
#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/judgement/judge.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/report_table.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

using namespace dkimprobe;

namespace {

const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> texts = {
      "v=DKIM1; \x1b[31mp=red\x1b[0m\x1b]0;title\x07",
      "v=DKIM1;\r\np=A\nFAKE: all is well\n",
      std::string("v=DKIM1; p=\0\0hidden", 19),
      "v=DKIM1; n=\xe2\x80\xae"
      "backwards; p=\xe2\x80\x8f\xd7\x90",
      "v=DKIM1; p=\xff\xfe\xc3\x28\xf0\x90\x28\xbc\xed\xa0\x80",
      "v=DKIM1; n=\xc2\x9b"
      "31m; p=\x7f\x08\x08\x08",
      "\x1b]8;;http://example.com\x1b\\click\x1b]8;;\x1b\\",
      "v=spf1 \x1b[2J \xe2\x80\xa8 -all",
      "v=DKIM1; <script>alert(1)</script>=1; k=\"><img>; p=A",
      "\"\\\"\\\\\", \"injected\": true",
      "v=DKIM1; k=rsa; p=" + std::string(64 * 1024, 'A'),
      std::string(64 * 1024, '\x1b'),
      std::string(64 * 1024, ';'),
  };
  return texts;
}

checks::Report judged(const std::string& text) {
  auto vector = tests::read_observation({{"about", ""}, {"findings", nlohmann::json::array()}});
  const auto put = [&](probe::Chain& chain) {
    for (auto& server : chain.hops.front().servers) {
      for (auto& exchange : server.exchanges) {
        if (!exchange.response) continue;
        if (exchange.response->edns) exchange.response->edns->nsid = text.substr(0, 200);
        exchange.response->txt.assign(1, {3'600, {}});
        for (std::size_t at = 0; at < text.size(); at += 255)
          exchange.response->txt.front().strings.push_back(text.substr(at, 255));
      }
    }
  };
  put(vector.observation.key);
  put(vector.observation.adsp);
  // One server has another text, so that the report contains both.
  vector.observation.key.hops.front().servers.back().exchanges.front().response->txt.front().strings = {
      text.substr(0, 100)};
  return checks::judge(vector.observation, vector.expectation, {}).report;
}

/// `drawn` has the drawing characters of the table.
bool is_safe(const std::string& text, const std::string& drawn) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet = static_cast<unsigned char>(text[at]);
    if (text[at] == '\n' || (octet >= 0x20 && octet < 0x7f)) continue;
    const std::size_t size = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : 2;
    if (octet < 0xc2 || drawn.find(text.substr(at, size)) == std::string::npos) return false;
    at += size - 1;
  }
  return true;
}

}  // namespace

TEST_CASE("the terminal table prints hostile text as printable characters only") {
  const std::string signs = "·•…→█░▲✓✗";
  for (const auto& text : hostile_texts()) {
    const auto report = judged(text);
    INFO(report.headline);
    CHECK_FALSE(report.findings.empty());
    for (const bool unicode : {true, false}) {
      const std::string table = exporters::report_table(report, {80, false, unicode});
      CHECK(is_safe(table, unicode ? signs : ""));
      CHECK(table.size() < 64 * 1024);
    }
    const std::vector<checks::Report> reports{report, report};
    CHECK(is_safe(exporters::summary_table(report.domain, reports, {80, false, true}), signs));
  }
}

TEST_CASE("JSON contains hostile text escaped, and keeps its structure") {
  const auto harmless = nlohmann::json::parse(exporters::check_json(
      judged("v=spf1").domain, checks::Status::critical, std::vector{judged("v=spf1")}));
  for (const auto& text : hostile_texts()) {
    const auto report = judged(text);
    const std::string json = exporters::check_json(report.domain, report.status, std::vector{report});
    CHECK(is_safe(json, ""));
    const auto parsed = nlohmann::json::parse(json, nullptr, false);
    REQUIRE_FALSE(parsed.is_discarded());
    CHECK(parsed.size() == harmless.size());
    CHECK(parsed["reports"].size() == 1);
    CHECK(parsed["reports"][0].size() == harmless["reports"][0].size());
    CHECK_FALSE(parsed.contains("injected"));
  }
}
