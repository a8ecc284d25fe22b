// The history as text and as JSON.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "exporters/json/history_json.hpp"
#include "exporters/store/history_changes.hpp"
#include "exporters/store/history_codec.hpp"
#include "exporters/terminal/history_text.hpp"
#include "exporters/text/text_layout.hpp"
#include "tests/catch.hpp"
#include "tests/exporters/sample_probes.hpp"
#include "tests/golden_file.hpp"

using namespace dkimprobe;
using namespace dkimprobe::exporters;
using Kind = HistoryChangeKind;
using probe::Rcode;
using tests::at_second;
using tests::Said;
using tests::sample_probe;
using tests::Texts;

namespace {

const Texts ed_key = {{"v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="}};
const Texts mismatch = {{"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}};
const Texts revoked = {{"v=DKIM1; p="}};
const Texts hostile = {{"\x1b[31m<script>\n\xe2\x80\xae" + std::string(300, 'x')}};

constexpr std::int64_t hour = 3'600;

SelectorRecord record_of(const std::string& selector, const std::vector<probe::Observation>& probes) {
  SelectorRecord record;
  record.history.domain = probes.empty() ? config::DomainName{} : probes.front().domain;
  record.history.selector = config::Selector::parse(selector).value();
  for (const auto& each : probes) checks::extend(record.history, each);
  record.keys = key_periods(record.history);
  return record;
}

std::vector<probe::Observation> probes_at(const std::vector<std::vector<Said>>& said) {
  std::vector<probe::Observation> probes;
  for (std::size_t i = 0; i < said.size(); ++i)
    probes.push_back(
        sample_probe("example.com", "s1", at_second(static_cast<std::int64_t>(i) * hour), said[i]));
  return probes;
}

struct Sample {
  std::string name{};
  std::vector<SelectorRecord> selectors{};
};

/// The life of a key: absent, published on one server, then on both, one server silent, replaced, revoked,
/// removed.
Sample life() {
  const auto absent = [](int server) { return Said{server, Rcode::nxdomain}; };
  const auto has = [](int server, const Texts& texts) { return Said{server, Rcode::noerror, texts}; };
  Said silent{2};
  silent.silent = true;
  auto probes = probes_at({{absent(1), absent(2)},
                           {absent(1), absent(2)},
                           {has(1, ed_key), absent(2)},
                           {has(1, ed_key), has(2, ed_key)},
                           {has(1, ed_key), silent},
                           {has(1, ed_key), has(2, ed_key)},
                           {has(1, mismatch), has(2, mismatch)},
                           {has(1, mismatch), has(2, mismatch), has(3, mismatch)},
                           {has(1, revoked), has(2, revoked), has(3, revoked)},
                           {absent(1), absent(3)}});
  auto record = record_of("s1", probes);
  record.keys.front().elsewhere.push_back({config::DomainName::parse("example.org").value(),
                                           config::Selector::parse("old").value(), at_second(0),
                                           at_second(hour)});
  return {"life", {std::move(record)}};
}

Sample strange() {
  Said alias{1};
  alias.alias = "s1.provider.example";
  Said servfail{2, Rcode::servfail};
  Said short_ttl{1, Rcode::noerror, hostile};
  short_ttl.ttl_seconds = 90;
  auto probes = probes_at({{{1, Rcode::noerror, hostile}, servfail},
                           {short_ttl, {2, Rcode::noerror, {{"v=spf1 -all"}, {"v=DKIM1; p=AAAA"}}}},
                           {alias, {2, Rcode::noerror}}});
  probes.back().key.hops.push_back(
      tests::hop("s1.provider.example", "provider.example", {{7, Rcode::noerror, ed_key}}));
  auto adsp = sample_probe("example.com", "_adsp", at_second(0), {{1, Rcode::noerror, {{"dkim=all"}}}});
  return {"strange", {record_of("s1", probes), record_of("_adsp", {adsp})}};
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  all.push_back(life());
  all.push_back(strange());
  all.push_back({"nothing", {}});
  return all;
}

std::string text_of(const Sample& sample, const TableStyle& style) {
  std::string text;
  for (const auto& record : sample.selectors)
    text += (text.empty() ? "" : "\n") + history_text(record, style);
  return text;
}

std::string json_of(const Sample& sample) {
  return history_json(config::DomainName::parse("example.com").value(), sample.selectors);
}

/// `kind at SECOND-HOURS of servers`, for comparisons.
std::vector<std::string> changes_of(const checks::SelectorHistory& history) {
  std::vector<std::string> lines;
  for (const auto& change : history_changes(history)) {
    if (change.kind == Kind::nameservers) continue;
    std::string line = std::string(to_string(change.kind)) + " " +
                       std::to_string((change.seen - at_second(0)) / std::chrono::hours{1});
    for (const auto& server : change.servers) line += " " + server.address.ip.to_string().substr(8);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("the text and the JSON of a history match their golden files") {
  for (const auto& sample : samples()) {
    INFO(sample.name);
    tests::compare_with_golden("history/" + sample.name + ".json", json_of(sample));
    if (sample.selectors.empty()) continue;
    tests::compare_with_golden("history/" + sample.name + ".txt", text_of(sample, {80, false, true}));
  }
}

TEST_CASE("each change is listed once, with all servers that made it") {
  CHECK(changes_of(life().selectors.front().history) ==
        std::vector<std::string>{"found 0 1 2", "appeared 2 1", "differed 2 1 2", "appeared 3 2",
                                 "agreed 3 1 2", "unanswered 4 2", "answered 5 2", "changed 6 1 2",
                                 "joined 7 3", "revoked 8 1 2 3", "vanished 9 1 3", "left 9 2"});
  CHECK(changes_of(strange().selectors.front().history) ==
        std::vector<std::string>{"found 0 1", "found 0 2", "ttl 1 1", "answered 1 2", "differed 1 1 2",
                                 "changed 2 1", "vanished 2 2", "joined 2 7"});
}

TEST_CASE("a change has the probes between which it happened") {
  const auto changes = history_changes(life().selectors.front().history);
  const auto appeared = std::ranges::find(changes, Kind::appeared, &HistoryChange::kind);
  REQUIRE(appeared != changes.end());
  CHECK(appeared->seen == at_second(2 * hour));
  CHECK(appeared->not_before == at_second(hour));
  // Server 2 was silent in the probe before.
  const auto answered = std::ranges::find(changes, Kind::answered, &HistoryChange::kind);
  REQUIRE(answered != changes.end());
  CHECK(answered->not_before == at_second(3 * hour));
}

TEST_CASE("a change of the nameservers is listed, the first set is not") {
  std::vector<probe::Observation> probes;
  for (const int second : {1, 2}) {
    probes.push_back(sample_probe("example.com", "s1", at_second(second), {{1, Rcode::nxdomain}},
                                  second == 1 ? std::vector{1, 2} : std::vector{2, 3}));
  }
  const auto text = history_text(record_of("s1", probes), {80, false, true});
  INFO(text);
  CHECK(text.find("of example.com: ns2.example.com, ns3.example.com") != std::string::npos);
  CHECK(text.find("was ns1.example.com, ns2.example.com") != std::string::npos);
  CHECK(text.find("nameservers") == text.rfind("nameservers"));
}

TEST_CASE("no line is wider than the terminal, no foreign octet reaches it, and colour changes no text") {
  for (const auto& sample : samples()) {
    for (const std::size_t columns : {1U, 40U, 57U, 80U, 200U}) {
      const std::string text = text_of(sample, {columns, false, true});
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) {
        INFO(sample.name << " at " << columns << ": " << line);
        CHECK(text_width(line) <= std::max<std::size_t>(columns, 40));
      }
      CHECK(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
      std::string plain = text_of(sample, {columns, true, true});
      while (plain.find('\x1b') != std::string::npos) {
        const std::size_t start = plain.find('\x1b');
        plain.erase(start, plain.find('m', start) - start + 1);
      }
      CHECK(plain == text);
    }
  }
}

TEST_CASE("the schema of the history lists exactly the words of the program") {
  std::ifstream stream(DKIMPROBE_SOURCE_DIRECTORY "/exporters/json/history.schema.json");
  const auto schema = nlohmann::json::parse(stream);
  const auto words = [](auto first) {
    nlohmann::json list = nlohmann::json::array();
    for (int value = 0;; ++value) {
      const auto word = to_string(static_cast<decltype(first)>(value));
      if (word.empty()) return list;
      list.push_back(word);
    }
  };
  CHECK(schema["$defs"]["change_kind"]["enum"] == words(Kind{}));
  CHECK(schema["$defs"]["answer_kind"]["enum"] == words(checks::PublishedKind{}));
}
