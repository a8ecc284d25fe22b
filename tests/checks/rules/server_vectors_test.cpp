// Each vector through `judge`: everything that it states is found, and nothing else.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;

namespace {

const std::filesystem::path vectors = DKIMPROBE_VECTORS;

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& file : tests::vector_files(vectors / folder)) names.insert(file.stem().string());
  return names;
}

/// Every chosen row is found by a vector that bears its name, and stays clear in one that comes near.
template <class Choose>
void check_rows(Choose chosen, const std::string& folder) {
  std::vector<checks::Check> rows;
  std::ranges::copy_if(checks::catalogue(), std::back_inserter(rows), chosen);
  const auto names = names_in(folder);
  // Signed answers are stored observations, which tests/exporters/json/dnssec_vectors_test.cpp reads.
  const auto signed_names = names_in("dnssec");
  for (const auto& row : rows) {
    const std::string name(row.name);
    CAPTURE(name);
    // For how long a server has been behind only time tells: its vector is one of those with a history.
    const bool needs_history = std::filesystem::exists(vectors / "history" / (name + ".json"));
    const auto comes_near = [&](const std::string& each) { return each.starts_with(name + "_near"); };
    CHECK((needs_history || names.contains(name) || signed_names.contains(name)));
    CHECK((std::ranges::any_of(names, comes_near) || std::ranges::any_of(signed_names, comes_near)));
  }
  for (const auto& file : names) {
    CAPTURE(file);
    if (file.starts_with("healthy") || file == "lost_datagrams") continue;
    CHECK(std::any_of(rows.begin(), rows.end(), [&](const checks::Check& row) {
      return file == row.name || file.starts_with(std::string(row.name) + '_');
    }));
  }
}

}  // namespace

TEST_CASE("each vector of servers or zones has exactly the findings that it states") {
  const std::string folder = GENERATE("servers", "zones", "path");
  for (const auto& file : tests::vector_files(vectors / folder)) {
    const auto expected = tests::load_observation(file);
    INFO(folder << "/" << file.filename().string() << ": " << expected.about);
    const auto report = checks::judge(expected.observation, expected.expectation, checks::Policy{}).report;
    CHECK(tests::differences(expected, report) == "");
    // The row that the file is named after is found, unless the file comes near it and no more.
    const std::string stem = file.stem().string();
    if (const auto* check = checks::find_check(stem.substr(0, stem.find("_near"))); check != nullptr) {
      const bool found = std::any_of(report.findings.begin(), report.findings.end(),
                                     [&](const checks::Finding& finding) { return finding.check == check; });
      CHECK(found == (stem.find("_near") == std::string::npos));
    }
  }
}

TEST_CASE("each check of servers or zones has a vector that triggers it and one that almost does") {
  const auto is_of_path = [](const checks::Check& check) { return check.needs == checks::Needs::path; };
  check_rows([](const checks::Check& check) { return check.scope == checks::Scope::server; }, "servers");
  check_rows(
      [&](const checks::Check& check) { return check.scope == checks::Scope::zone && !is_of_path(check); },
      "zones");
  check_rows(is_of_path, "path");
}

TEST_CASE("a finding names the servers and the remedy, in text that is safe to print") {
  const std::string folder = GENERATE("servers", "zones", "path");
  for (const auto& file : tests::vector_files(vectors / folder)) {
    const auto vector = tests::load_observation(file);
    const auto report = checks::judge(vector.observation, vector.expectation, checks::Policy{}).report;
    for (const auto& finding : report.findings) {
      INFO(file.filename().string() << ": " << tests::summary(finding) << ": " << finding.detail);
      CHECK_FALSE(finding.remedy.empty());
      for (const auto& server : finding.servers) {
        const std::string text = finding.detail.str() + finding.remedy.str();
        const bool named = text.find(server.name) != std::string::npos ||
                           finding.check->name == "ns_family_unreachable" ||
                           finding.check->name == "quorum_unknown";
        // A finding at a zone names the zone where it holds for all of its servers.
        if (finding.check->scope == checks::Scope::server) CHECK(named);
      }
    }
  }
}
