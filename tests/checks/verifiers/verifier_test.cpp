#include "checks/verifiers/verifier.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "checks/record/key_record.hpp"
#include "config/basics/escape.hpp"
#include "tests/catch.hpp"
#include "tests/checks/record/record_vector.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;
namespace tests = dkimprobe::tests;

namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
  return fields;
}

std::string name_of(const checks::Verifier& verifier) {
  return fmt::format("{} {}", verifier.name, verifier.versions);
}

std::vector<checks::VerifierVerdict> verdicts_of(const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return checks::judge_compatibility(views, checks::algorithm_of(checks::read_key_record(texts.front())));
}

const checks::VerifierVerdict& verdict_of(const std::vector<checks::VerifierVerdict>& verdicts,
                                          const std::string& name) {
  const auto found = std::ranges::find_if(
      verdicts, [&](const checks::VerifierVerdict& each) { return name_of(*each.verifier) == name; });
  INFO(name);
  REQUIRE(found != verdicts.end());
  return *found;
}

}  // namespace

TEST_CASE("the models do what the verifiers did with each shape of record") {
  const std::filesystem::path vectors = DKIMPROBE_VECTORS;
  std::ifstream stream(vectors.parent_path() / "verifiers" / "runs.tsv");
  std::vector<std::string> names;
  std::size_t compared = 0;
  std::size_t differ = 0;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('#')) continue;
    const auto fields = fields_of(line);
    if (names.empty()) {
      names = fields;
      continue;
    }
    REQUIRE(fields.size() == names.size());
    const std::string text = tests::with_keys(*config::unescape_text(fields[1]), vectors / "keys");
    const auto verdicts = verdicts_of({text});
    for (std::size_t i = 2; i < fields.size(); ++i) {
      if (fields[i] == "-") continue;
      const auto& verdict = verdict_of(verdicts, names[i]);
      ++compared;
      // A verifier does not tell apart what it does not know.
      const bool is_unsupported = verdict.acceptance == checks::Acceptance::unsupported;
      const auto modelled = is_unsupported ? checks::Acceptance::rejected : verdict.acceptance;
      if (checks::to_string(modelled) == fields[i]) continue;
      ++differ;
      INFO(fields[0] << ": " << names[i] << ": " << verdict.reason);
      CHECK(checks::to_string(modelled) == fields[i]);
    }
  }
  std::cout << compared << " verdicts compared, " << differ << " differ\n";
  CHECK(compared > 400);
}

TEST_CASE("each verifier vector has exactly the refusals that it states") {
  const std::filesystem::path vectors = DKIMPROBE_VECTORS;
  std::size_t read = 0;
  for (const auto& file : tests::vector_files(vectors / "verifiers")) {
    std::ifstream stream(file);
    const auto vector = nlohmann::json::parse(stream);
    std::vector<std::string> texts;
    for (const auto& strings : vector.at("texts")) {
      std::string& text = texts.emplace_back();
      for (const auto& string : strings)
        text += tests::with_keys(string.get<std::string>(), vectors / "keys");
    }
    nlohmann::json refused = nlohmann::json::object();
    for (const auto& verdict : verdicts_of(texts)) {
      if (verdict.acceptance == checks::Acceptance::accepted) continue;
      refused[std::string(checks::to_string(verdict.acceptance))][name_of(*verdict.verifier)] =
          verdict.reason.str();
    }
    auto stated = vector;
    stated.erase("why");
    stated.erase("texts");
    INFO(file.filename().string() << ": " << vector.at("why"));
    CHECK(refused.dump(1) == stated.dump(1));
    ++read;
  }
  CHECK(read > 40);
}
