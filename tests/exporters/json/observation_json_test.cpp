#include "exporters/json/observation_json.hpp"

#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/judgement/judge.hpp"
#include "exporters/json/report_json.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

using namespace dkimprobe;
using exporters::observation_json;
using exporters::read_observation_json;
using Json = nlohmann::ordered_json;

namespace {

struct Vector {
  std::string name{};
  probe::Observation observation{};
  checks::Expectation expectation{};
};

std::vector<Vector> vectors() {
  std::vector<Vector> all;
  for (const auto* folder : {"servers", "zones"}) {
    for (const auto& file : tests::vector_files(
             std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY "/tests/checks/vectors") / folder)) {
      const auto vector = tests::load_observation(file);
      all.push_back({file.filename().string(), vector.observation, vector.expectation});
    }
  }
  return all;
}

std::vector<probe::Observation> stored(const probe::Observation& observation) {
  return {observation};
}

std::string judged(const probe::Observation& observation, const checks::Expectation& expectation) {
  const auto report = checks::judge(observation, expectation, {}).report;
  return exporters::check_json(observation.domain, report.status, std::span(&report, 1));
}

Json sample() {
  return Json::parse(observation_json(stored(vectors().front().observation)));
}

/// The only error in the file, as the operator sees it.
std::string error_in(const std::string& text) {
  const auto result = read_observation_json(text, "o.json");
  if (result) return "no error";
  if (result.error().size() != 1) return "not one error";
  return result.error().front().where + ": " + result.error().front().message;
}

/// `json` and all values inside it.
void collect(Json& json, std::vector<Json*>& all) {
  all.push_back(&json);
  for (auto& inner : json) {
    if (json.is_structured()) collect(inner, all);
  }
}

}  // namespace

TEST_CASE("an observation read from its file is equal and gets the same verdict") {
  REQUIRE(vectors().size() > 20);
  for (const auto& vector : vectors()) {
    INFO(vector.name);
    const std::string text = observation_json(stored(vector.observation));
    const auto back = read_observation_json(text, vector.name);
    if (!back) FAIL(back.error().front().where + ": " + back.error().front().message);
    CHECK(observation_json(*back) == text);
    CHECK(judged(back->front(), vector.expectation) == judged(vector.observation, vector.expectation));
  }
}

TEST_CASE("strings keep every octet") {
  auto observation = vectors().front().observation;
  std::string all;
  for (int octet = 0; octet < 255; ++octet) all.push_back(static_cast<char>(octet));
  auto& exchange = observation.key.hops.front().servers.front().exchanges.front();
  REQUIRE(exchange.response);
  exchange.response->txt = {{3'600, {all, "", "\xff", "\\x41"}}};
  exchange.response->edns.emplace().nsid = std::string("\0a", 2) + std::string(65'000, '\xff');
  const auto back = read_observation_json(observation_json(stored(observation)), "o.json");
  REQUIRE(back);
  const auto& response = *back->front().key.hops.front().servers.front().exchanges.front().response;
  CHECK(response.txt == exchange.response->txt);
  CHECK(response.edns->nsid == exchange.response->edns->nsid);
}

TEST_CASE("a fact that an older file lacks is unknown") {
  auto observation = vectors().front().observation;
  auto& exchange = observation.key.hops.front().servers.front().exchanges.front();
  REQUIRE(exchange.response);
  exchange.response->nsec_ttl_seconds = 3'600;
  const std::string text = observation_json(stored(observation));
  const auto ttl_in = [](const std::string& file) {
    const auto back = read_observation_json(file, "o.json");
    REQUIRE(back);
    return back->front().key.hops.front().servers.front().exchanges.front().response->nsec_ttl_seconds;
  };
  CHECK(ttl_in(text) == 3'600U);
  Json older = Json::parse(text);
  std::vector<Json*> places;
  collect(older, places);
  std::erase_if(places, [](const Json* place) { return !place->contains("nsec_ttl_seconds"); });
  REQUIRE(!places.empty());
  for (Json* const place : places) place->erase("nsec_ttl_seconds");
  CHECK(ttl_in(older.dump()) == std::nullopt);
}

TEST_CASE("each error in a file is reported in one sentence with its place") {
  struct Case {
    std::function<void(Json&)> edit{};
    std::string says{};
  };
  const std::vector<Case> cases = {
      {[](Json& j) { j["schema"] = "dkimprobe.report/2"; },
       "o.json: this is `dkimprobe.report`, a report, which lacks the answers of the servers; give the file "
       "that "
       "`dkimprobe check DOMAIN SELECTOR --save FILE` wrote"},
      {[](Json& j) { j["schema"] = "dkimprobe.observation/1"; },
       "o.json: schema: it is `dkimprobe.observation/1`; this program reads `dkimprobe.observation/2`"},
      {[](Json& j) { j.erase("schema"); }, "o.json: schema: it is missing"},
      {[](Json& j) { j = Json::array(); }, "o.json: it must be an object"},
      {[](Json& j) { j["extra\n"] = 1; }, R"(o.json: it has the unknown key `extra\x0a`)"},
      {[](Json& j) { j["observations"][0]["domain"] = 5; },
       "o.json: observations[0].domain: it must be a string"},
      {[](Json& j) { j["observations"] = Json::array(); },
       "o.json: observations: it must have at least one element"},
      {[](Json& j) { j["observations"] = Json::object(); }, "o.json: observations: it must be a list"},
      {[](Json& j) { j["observations"][0]["took_us"] = -1; },
       "o.json: observations[0].took_us: it must be a whole number from 0 to 1000000000000000"},
      {[](Json& j) { j["observations"][0]["observed_at_unix_ms"] = 1e300; },
       "o.json: observations[0].observed_at_unix_ms: it must be a whole number from 0 to 253402300799999"},
      {[](Json& j) { j["observations"][0]["selector"] = ""; },
       "o.json: observations[0].selector: ``: it is empty; give the value of s= of a DKIM-Signature"},
      {[](Json& j) { j["observations"][0]["key"]["outcome"] = "fine"; },
       "o.json: observations[0].key.outcome: it must be one of: complete, loop, too_long, interrupted"},
      {[](Json& j) { j["observations"][0]["key"]["hops"][0]["servers"][0]["address"]["ip"] = "ns1"; },
       "o.json: observations[0].key.hops[0].servers[0].address.ip: `ns1` is not an IP address"},
      {[](Json& j) { j["observations"][0]["key"]["hops"][0]["servers"][0]["address"]["port"] = 65'536; },
       "o.json: observations[0].key.hops[0].servers[0].address.port: it must be a whole number from 0 to "
       "65535"},
      {[](Json& j) { j["observations"][0]["key"]["hops"][0]["servers"][0]["names"] = Json::array(); },
       "o.json: observations[0].key.hops[0].servers[0].names: a server has at least one name"},
      {[](Json& j) {
         j["observations"][0]["key"]["hops"][0]["servers"][0]["exchanges"][0]["response"] = nullptr;
       },
       "o.json: observations[0].key.hops[0].servers[0].exchanges[0].response: it must be present exactly "
       "when the outcome is `answered`"},
      {[](Json& j) {
         j["observations"][0]["key"]["hops"][0]["servers"][0]["exchanges"][0]["response"]["txt"] =
             Json::array({{{"ttl_seconds", 1}, {"strings", {std::string(256, 'a')}}}});
       },
       "o.json: observations[0].key.hops[0].servers[0].exchanges[0].response.txt[0].strings: each has at "
       "most "
       "255 octets"},
      {[](Json& j) {
         j["observations"][0]["key"]["hops"][0]["servers"][0]["exchanges"][0]["response"]["edns"] =
             Json{{"payload_bytes", 1232},
                  {"version", 0},
                  {"dnssec_ok", false},
                  {"server_cookie", nullptr},
                  {"nsid", std::string(65'536, 'a')}};
       },
       "o.json: observations[0].key.hops[0].servers[0].exchanges[0].response.edns.nsid: it has 65536 octets, "
       "more than 65535"},
      {[](Json& j) {
         j["observations"][0]["key"]["hops"][0]["servers"][0]["exchanges"][0]["response"]["txt"] =
             Json::array({{{"ttl_seconds", 1}, {"strings", {"\\"}}}});
       },
       "o.json: observations[0].key.hops[0].servers[0].exchanges[0].response.txt[0].strings[0]: it must be "
       R"(printable ASCII; write a backslash as `\\` and any other octet as `\xHH`)"},
      {[](Json& j) {
         j["observations"][0]["key"]["hops"][0]["servers"][0]["names"] =
             std::vector<std::string>(65'537, "a.example");
       },
       "o.json: observations[0].key.hops[0].servers[0].names: it has 65537 elements, more than 65536"},
  };
  for (const auto& each : cases) {
    Json json = sample();
    each.edit(json);
    CHECK(error_in(json.dump()) == each.says);
  }
  CHECK(error_in("") == "o.json: it is cut off: the JSON does not end (0 bytes)");
  CHECK(error_in("{\"schema\": nonsense}") == "o.json: it is not valid JSON: error at byte 13");
  CHECK(error_in("{\"schema\": 1e999}") == "o.json: it has a number that is too large");
  CHECK(error_in(sample().dump() + "x").starts_with("o.json: it is not valid JSON: error at byte "));
  CHECK(error_in(std::string(exporters::largest_observation_file_bytes + 1, ' ')) ==
        "o.json: it has more than 33554432 bytes, too many for an observation");
}

TEST_CASE("a truncated file is refused") {
  const std::string text = sample().dump();
  for (std::size_t end = 0; end < text.size(); end += 1 + text.size() / 400) {
    CHECK(error_in(text.substr(0, end)) ==
          "o.json: it is cut off: the JSON does not end (" + std::to_string(end) + " bytes)");
  }
}

TEST_CASE("deep nesting is refused without using the stack") {
  CHECK(error_in(std::string(1'000'000, '[')) ==
        "o.json: it is cut off: the JSON does not end (1000000 bytes)");
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  CHECK(error_in(deep) == "o.json: it must be an object");
}

TEST_CASE("a modified file is either refused or can be judged") {
  std::mt19937 random(20'261'122);
  const auto draw = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  const auto all = vectors();
  const std::vector<Json> values = {
      nullptr, true,       0,   1,           -1,          65'535,        4'294'967'295U, "",
      "a",     "answered", ".", "x.example", "192.0.2.1", Json::array(), Json::object(), 1.5};
  std::size_t accepted = 0;
  for (int round = 0; round < 600; ++round) {
    Json json = Json::parse(observation_json(stored(all[draw(all.size())].observation)));
    for (std::size_t change = 1 + draw(3); change > 0; --change) {
      std::vector<Json*> places;
      collect(json, places);
      Json& place = *places[draw(places.size())];
      if (place.is_array() && !place.empty() && draw(2) == 0) {
        place.erase(draw(place.size()));
      } else {
        const Json other = draw(2) == 0 ? values[draw(values.size())] : Json(*places[draw(places.size())]);
        place = other;
      }
    }
    const auto back = read_observation_json(json.dump(), "o.json");
    if (!back) continue;
    ++accepted;
    for (const auto& observation : *back) CHECK_FALSE(judged(observation, {}).empty());
  }
  CHECK(accepted > 20);
}
