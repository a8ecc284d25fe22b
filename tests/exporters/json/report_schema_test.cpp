// The lists in the schema of reports are exactly those of the program. Whether reports conform to the schema
// is tested on every report of the lab (tests/lab/run_cases.py) and on the golden files.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/report/report.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "config/names/selector.hpp"
#include "exporters/json/observation_words.hpp"
#include "exporters/store/history_changes.hpp"
#include "exporters/store/history_codec.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using Json = nlohmann::ordered_json;

namespace {

const std::string folder = DKIMPROBE_SOURCE_DIRECTORY "/exporters/json/";
const std::string file = folder + "report.schema.json";

/// The words of an enum with consecutive values; `to_string` returns an empty text after the last one.
template <class Enum, class ToString>
Json words(ToString to_string) {
  Json list = Json::array();
  for (int value = 0;; ++value) {
    const std::string_view word = to_string(static_cast<Enum>(value));
    if (word.empty()) return list;
    list.push_back(word);
  }
}

template <class Enum>
Json words() {
  return words<Enum>([](Enum value) { return checks::to_string(value); });
}

template <class Enum>
Json exporter_words() {
  return words<Enum>([](Enum value) { return exporters::to_string(value); });
}

/// Those of an observation, from the enumerator `first` on.
template <class Enum>
Json observation_words(std::size_t first = 0) {
  const auto& list = exporters::words_of<Enum>();
  return Json(std::vector<std::string>(list.begin() + static_cast<std::ptrdiff_t>(first), list.end()));
}

Json check_names() {
  Json list = Json::array();
  for (const auto& check : checks::catalogue()) list.push_back(check.name);
  return list;
}

struct List {
  std::string name{};
  Json words{};
};

std::vector<List> lists() {
  Json roles = Json::array();
  for (const auto role :
       {config::Role::pending, config::Role::active, config::Role::standby, config::Role::retired}) {
    roles.push_back(config::to_string(role));
  }
  return {{"check", check_names()},
          {"severity", words<checks::Severity>()},
          {"status", words<checks::Status>()},
          {"outcome", words<checks::CheckOutcome>()},
          {"record_class", words<checks::RecordClass>()},
          {"server_outcome", words<checks::ServerOutcome>()},
          {"adsp_policy", words<checks::AdspPolicy>()},
          {"role", roles}};
}

/// A list of words in one of the other schemas, which are written by hand.
struct ListInSchema {
  std::string schema{};
  std::string pointer{};
  Json words{};
};

std::vector<ListInSchema> other_lists() {
  Json faults = Json::array();
  for (const auto& row : checks::rotation_faults()) faults.push_back(row.name);
  const Json readiness = words<checks::Readiness>();
  const Json progress = words<checks::Progress>();
  const Json cache_states = words<checks::CacheState>();
  return {{"report", "/$defs/discovery_outcome", observation_words<probe::DiscoveryOutcome>()},
          // `asked` is null in a report.
          {"report", "/$defs/not_asked", observation_words<probe::NotAsked>(1)},
          {"preflight", "/properties/readiness", readiness},
          {"preflight", "/properties/servers/items/properties/progress", progress},
          {"preflight", "/properties/caches/items/properties/state", cache_states},
          {"preflight", "/properties/public_answer/anyOf/0/properties/answers/items/properties/state",
           cache_states},
          {"rotation", "/properties/status", words<checks::Status>()},
          {"rotation", "/$defs/safe_time/properties/readiness", readiness},
          {"rotation", "/$defs/fault/properties/name", faults},
          {"rotation", "/$defs/fault/properties/severity", words<checks::Severity>()},
          {"rotation", "/$defs/server/properties/progress", progress},
          {"rotation", "/$defs/step/properties/step", words<checks::RotationStep>()},
          {"rotation", "/$defs/step/properties/state", words<checks::StepState>()},
          {"history", "/$defs/change_kind", exporter_words<exporters::HistoryChangeKind>()},
          {"history", "/$defs/answer_kind", exporter_words<checks::PublishedKind>()}};
}

Json read_schema(const std::string& path = file) {
  std::ifstream stream(path);
  return Json::parse(stream);
}

/// Alphabetical: some schemas list words in the order of importance.
std::vector<std::string> sorted(const Json& list) {
  auto sorted_words = list.get<std::vector<std::string>>();
  std::ranges::sort(sorted_words);
  return sorted_words;
}

/// Every object of the schema, at any depth.
void for_each_object(const Json& json, const std::function<void(const Json&)>& visit) {
  if (json.is_object()) visit(json);
  if (json.is_structured()) {
    for (const auto& inner : json) for_each_object(inner, visit);
  }
}

}  // namespace

TEST_CASE("the schema lists exactly the words of the program") {
  if (std::getenv("DKIMPROBE_WRITE_GOLDEN") != nullptr) {
    Json schema = read_schema();
    for (const auto& list : lists()) schema["$defs"][list.name]["enum"] = list.words;
    std::ofstream(file) << schema.dump(2) << '\n';
  }
  const Json schema = read_schema();
  for (const auto& list : lists()) {
    INFO(list.name << "; to update the lists, run DKIMPROBE_WRITE_GOLDEN=1 exporters_test");
    CHECK(schema["$defs"][list.name]["enum"] == list.words);
  }
}

TEST_CASE("the other schemas list exactly the words of the program") {
  for (const auto& list : other_lists()) {
    INFO(list.schema << ".schema.json" << list.pointer);
    const Json place =
        read_schema(folder + list.schema + ".schema.json").at(Json::json_pointer(list.pointer));
    CHECK(sorted(place.at("enum")) == sorted(list.words));
  }
}

TEST_CASE("each object of the schema requires its members and allows no others") {
  std::size_t objects = 0;
  for_each_object(read_schema(), [&](const Json& object) {
    if (!object.contains("properties") || !object.contains("type")) return;
    ++objects;
    INFO(object.dump().substr(0, 200));
    CHECK(object["additionalProperties"] == false);
    std::vector<std::string> names;
    for (const auto& [name, value] : object["properties"].items()) names.push_back(name);
    CHECK(object["required"].get<std::vector<std::string>>() == names);
  });
  CHECK(objects > 10);
}
