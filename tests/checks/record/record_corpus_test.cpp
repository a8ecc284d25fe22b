// The corpus of records beside the project, where it is there: the class of each record against what the
// RFCs and several other implementations made of it.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "checks/record/adsp_record.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/report.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;

namespace {

std::string joined(const nlohmann::json& strings) {
  std::string text;
  for (const auto& string : strings) text += string.get<std::string>();
  return text;
}

std::string adsp_class(const nlohmann::json& entry) {
  if (!entry.at("name").get<std::string>().starts_with("_adsp._domainkey.")) return "not_dkim";
  if (entry.contains("rrs") && entry.at("rrs").size() > 1) return "syntax_error";
  const auto record = checks::read_adsp_record(joined(entry.at("txt")));
  if (record.has(checks::AdspFault::not_adsp)) return "not_dkim";
  return record.policy == checks::AdspPolicy::invalid ? "syntax_error" : "valid";
}

}  // namespace

TEST_CASE("the records of the corpus are classified as the RFCs require") {
  const std::filesystem::path corpus =
      std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY) / ".." / "shared" / "data" / "records.jsonl";
  if (!std::filesystem::exists(corpus)) {
    std::cerr << "not run: there is no corpus of records beside the project\n";
    return;
  }
  std::ifstream lines(corpus);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto entry = nlohmann::json::parse(line);
    ++count;
    const std::string text = joined(entry.at("txt"));
    CAPTURE(entry.at("id").get<std::string>(), text);
    const std::string expected = entry.at("expected").at("class");
    if (entry.at("kind") == "adsp") {
      CHECK(adsp_class(entry) == expected);
    } else {
      const auto record = checks::read_key_record(text);
      CHECK(checks::to_string(record.record_class) == expected);
      if (entry.at("bits").is_number() && record.key)
        CHECK(record.key->bits == entry.at("bits").get<unsigned>());
    }
  }
  CHECK(count == 311);
}
