// The lists in the schema of reports are exactly those of the program. Whether reports conform to the schema
// is tested on every report of the lab (tests/lab/run_cases.py) and on the golden files.
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/report.hpp"
#include "config/names/selector.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* file = DKIMPROBE_SOURCE_DIRECTORY "/exporters/json/report.schema.json";

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

Json read_schema() {
  std::ifstream stream(file);
  return Json::parse(stream);
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
