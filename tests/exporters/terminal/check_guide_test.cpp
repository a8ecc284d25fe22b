#include "exporters/terminal/check_guide.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include "exporters/json/catalogue_json.hpp"
#include "exporters/text/text_layout.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::exporters;

namespace {

std::string read_source(const std::string& path) {
  std::ifstream stream(DKIMPROBE_SOURCE_DIRECTORY "/" + path);
  std::stringstream file;
  file << stream.rdbuf();
  return file.str();
}

}  // namespace

TEST_CASE("checks/README.md is up to date with the catalogue") {
  INFO("to update it: dkimprobe explain --markdown > checks/README.md");
  CHECK(read_source("checks/README.md") == catalogue_markdown());
}

TEST_CASE("exporters/mixin/catalogue.json is up to date with the catalogue") {
  INFO(
      "to update it: dkimprobe explain --json > exporters/mixin/catalogue.json, then "
      "exporters/mixin/render");
  CHECK(read_source("exporters/mixin/catalogue.json") == catalogue_json());
}

TEST_CASE("each name is explained and listed within the width of the terminal") {
  for (const std::size_t columns : {40U, 80U, 110U}) {
    const std::string list = list_names(columns);
    std::string all = list;
    for (const auto& check : checks::catalogue()) {
      CHECK(list.find("  " + std::string(check.name)) != std::string::npos);
      const std::string text = explain_check(check, columns);
      INFO(text);
      CHECK(text.starts_with(check.name));
      for (const auto* label : {"  Effect", "  Fix", "  Example", "  Severity", "  Scope"}) {
        CHECK(text.find(label) != std::string::npos);
      }
      CHECK((text.find("  Reference") != std::string::npos) == !check.reference.empty());
      all += text;
    }
    for (const auto& fault : checks::rotation_faults()) all += explain_fault(fault, columns);
    for (const auto* reason : checks::reasons()) {
      INFO(reason->name);
      CHECK(reason->meaning.ends_with('.'));
      all += explain_reason(*reason, columns);
    }
    all += explain_caveats(columns);
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK(text_width(line) <= columns);
    }
  }
}

TEST_CASE("explain names the roles for which a fault has another severity") {
  const std::string text = explain_check(*checks::find_check("key_revoked"), 110);
  CHECK(text.find("critical; for a pending selector: no fault") != std::string::npos);
  CHECK(text.find("selector: not evaluated") != std::string::npos);
}
