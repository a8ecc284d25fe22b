// A published private key on its way to every output: none may show a part of it, or advise to publish it
// again.
#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/record/ed25519_point.hpp"
#include "checks/record/key_record.hpp"
#include "checks/rotation/preflight.hpp"
#include "exporters/formats/plugin_text.hpp"
#include "exporters/json/history_json.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_pages.hpp"
#include "exporters/store/history_changes.hpp"
#include "exporters/terminal/history_text.hpp"
#include "exporters/terminal/lint_text.hpp"
#include "exporters/terminal/preflight_text.hpp"
#include "exporters/terminal/report_table.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

using namespace dkimprobe;

namespace {

/// The value of p=, and which part of it is private.
struct Wrapped {
  std::string name{};
  std::string value{};
  std::size_t private_from = 0;
  std::size_t private_to = std::string::npos;
};

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string armored(std::string_view label, const std::string& der) {
  std::string text = "-----BEGIN " + std::string(label) + "-----\n";
  const std::string digits = base64(der);
  for (std::size_t at = 0; at < digits.size(); at += 64) text += digits.substr(at, 64) + "\n";
  return text + "-----END " + std::string(label) + "-----\n";
}

std::string on_one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

const std::string& seed() {
  static const std::string octets(
      "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4"
      "\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x61",
      32);
  return octets;
}

std::string rsa_pkcs1() {
  std::ifstream stream(std::string(DKIMPROBE_SOURCE_DIRECTORY) +
                       "/tests/checks/vectors/keys/rsa2048_private.b64");
  std::string digits;
  std::getline(stream, digits);
  return checks::decode_base64(digits).bytes;
}

/// An element of DER whose content has from 256 to 65,535 octets.
std::string element(char tag, const std::string& content) {
  return std::string{tag, '\x82', static_cast<char>(content.size() >> 8U),
                     static_cast<char>(content.size())} +
         content;
}

/// What comes before the numbers of the key: known to everybody.
constexpr std::size_t ed25519_head = 24;
constexpr std::size_t rsa_head = 48;

std::vector<Wrapped> wrapped_keys() {
  using namespace std::string_literals;
  const std::string ed25519 = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"s + seed();
  const std::string pkcs1 = rsa_pkcs1();
  const std::string octets = element('\x04', pkcs1);
  const std::string pkcs8 =
      element('\x30', "\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"s + octets);
  std::string cut = base64(pkcs8);
  cut.resize(200);
  return {
      {"PKCS#8", base64(ed25519), ed25519_head},
      {"without padding", base64(ed25519).substr(0, 63), ed25519_head},
      {"what PKCS#8 holds", base64(ed25519.substr(12)), 8},
      {"the inner OCTET STRING", base64(ed25519.substr(14)), 4},
      {"with its public key", base64(seed() + checks::ed25519_public_key(seed())), 0, 40},
      {"PEM", on_one_line(armored("PRIVATE KEY", ed25519)), 28 + ed25519_head, 28 + 60},
      {"PEM in base64", base64(armored("PRIVATE KEY", ed25519)), 72, 112},
      {"twice in base64", base64(base64(ed25519)), 32},
      {"with white space", base64(ed25519).insert(40, " "), 41},
      {"RSA in PKCS#8", base64(pkcs8), rsa_head},
      {"RSA in PKCS#8, cut", cut, rsa_head},
      {"RSA in PKCS#1", base64(pkcs1), rsa_head},
      {"RSA in an OCTET STRING", base64(octets), rsa_head},
      {"RSA as PEM in base64", base64(armored("RSA PRIVATE KEY", pkcs1)), 120},
      {"RSA as PEM", on_one_line(armored("RSA PRIVATE KEY", pkcs1)), 32 + rsa_head,
       31 + base64(pkcs1).size()},
  };
}

std::string expected_sha256() {
  return checks::read_public_key(checks::ed25519_public_key(seed())).sha256;
}

/// Whether `text` contains ten characters of the private part, or the octets of the private key.
bool shows(const std::string& text, const Wrapped& key) {
  constexpr std::size_t window = 10;
  const std::size_t end = std::min(key.private_to, key.value.size());
  for (std::size_t at = key.private_from; at + window <= end; ++at) {
    if (text.find(key.value.substr(at, window)) != std::string::npos) return true;
  }
  return text.find("9d61b19deffd5a60") != std::string::npos ||
         text.find(base64(seed()).substr(0, 16)) != std::string::npos;
}

/// What the servers publish: one record, or the same beside a good key, or at one server only.
std::vector<probe::Observation> observations(const std::string& text) {
  using nlohmann::json;
  const json strings = json::array({text});
  const json base = {{"about", ""}, {"findings", json::array()}};
  std::vector<json> vectors(3, base);
  vectors[0]["record"] = {{"txt", strings}};
  vectors[1]["record"] = {
      {"txt", {text, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="}}};
  vectors[2]["servers"] = {
      {{"server", "192.0.2.1"}, {"name", "ns1.example.com"}, {"record", {{"txt", strings}}}},
      {{"server", "192.0.2.2"}, {"name", "ns2.example.com"}}};
  std::vector<probe::Observation> observations;
  for (const auto& vector : vectors) observations.push_back(tests::read_observation(vector).observation);
  return observations;
}

std::string report_outputs(const checks::Report& report) {
  std::string text = exporters::report_table(report, {500, false, true});
  text += exporters::check_json(report.domain, report.status, std::vector{report});
  text +=
      exporters::lint_text(report, 1, {500, false, true}) + exporters::lint_json(report, {"records.txt", 1});
  return text + exporters::plugin_text(std::vector{report}, report.status, {});
}

std::string history_outputs(const checks::SelectorHistory& history) {
  exporters::SelectorRecord record{.history = history, .keys = exporters::key_periods(history)};
  return exporters::history_text(record, {500, false, true}) +
         exporters::history_json(history.domain, std::vector{record});
}

std::string page_of(const checks::Report& report, const checks::SelectorHistory& history) {
  exporters::StatusDomain domain;
  domain.domain = report.domain;
  exporters::StatusSelector& selector = domain.selectors.emplace_back();
  selector.selector = report.selector;
  selector.report = std::make_shared<const checks::Report>(report);
  selector.history = std::make_shared<const checks::SelectorHistory>(history);
  return exporters::selector_page({}, domain, selector);
}

std::string preflight_outputs(const probe::Observation& observation, const checks::SelectorHistory& history) {
  checks::SigningPlan plan;
  plan.key = config::KeyIdentity{expected_sha256(), "ed25519", 256, {}};
  plan.text = "v=DKIM1; k=ed25519; p=" + base64(checks::ed25519_public_key(seed()));
  const auto judgement = checks::judge_as_pending(observation, plan);
  auto preflight =
      checks::judge_preflight(observation, judgement, history, plan, {}, checks::end_of(observation));
  return exporters::preflight_text(preflight, {500, false, true}) + exporters::preflight_json(preflight);
}

std::string all_outputs(const probe::Observation& observation, const checks::Expectation& expectation) {
  checks::SelectorHistory history;
  checks::extend(history, observation);
  const auto report = checks::judge(observation, expectation, history, {}).report;
  return report_outputs(report) + history_outputs(history) + page_of(report, history) +
         preflight_outputs(observation, history);
}

}  // namespace

TEST_CASE("no output shows a part of a published private key, in any wrapping") {
  for (const auto& key : wrapped_keys()) {
    for (const std::string& head : {std::string("v=DKIM1; k=rsa; p="), std::string("v=DKIM1; k=ed25519; p="),
                                    std::string("p="), std::string()}) {
      INFO(head << key.name);
      const std::string text = head + key.value;
      const auto record = checks::read_key_record(text);
      CHECK(record.is_leak());
      REQUIRE(record.faults.size() == 1);
      CHECK(record.faults.front().fault == checks::RecordFault::key_private_leaked);
      const auto lint = checks::judge_record({}, {text}, {}, {});
      CHECK(lint.record.record_class != checks::RecordClass::valid);
      CHECK_FALSE(shows(report_outputs(lint), key));
      for (const auto& observation : observations(text)) {
        const std::string outputs = all_outputs(observation, {});
        CHECK(outputs.find("key_private_leaked") != std::string::npos);
        CHECK_FALSE(shows(outputs, key));
      }
    }
  }
}

TEST_CASE("a private key in place of the public one is recognised if the public one is expected") {
  const Wrapped key{"the private key alone", base64(seed())};
  const std::string text = "v=DKIM1; k=ed25519; p=" + key.value;
  checks::Expectation expectation;
  CHECK_FALSE(checks::judge_record({}, {text}, expectation, {}).record.withheld);
  expectation.key_sha256 = expected_sha256();
  for (const auto& observation : observations(text)) {
    checks::SelectorHistory history;
    checks::extend(history, observation);
    const auto report = checks::judge(observation, expectation, history, {}).report;
    CHECK(std::ranges::any_of(report.findings, [](const checks::Finding& finding) {
      return finding.check->name == "key_private_leaked";
    }));
    CHECK_FALSE(shows(report_outputs(report), key));
    CHECK_FALSE(shows(preflight_outputs(observation, history), key));
  }
  const std::string other = "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=";
  for (const auto& finding : checks::judge_record({}, {other}, expectation, {}).findings)
    CHECK(finding.check->name != "key_private_leaked");
}

TEST_CASE("two public keys one after the other, and other octets, are no private key") {
  const std::string key = checks::ed25519_public_key(seed());
  for (const std::string& octets : {key + key, key + seed(), std::string(64, '\4'),
                                    std::string("\4\40", 2) + key + key, std::string("\4\5abcde", 7)}) {
    CHECK_FALSE(checks::read_key_record("v=DKIM1; k=ed25519; p=" + base64(octets)).is_leak());
  }
}
