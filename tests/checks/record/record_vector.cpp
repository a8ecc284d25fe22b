#include "tests/checks/record/record_vector.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dkimprobe::tests {

std::string with_keys(std::string text, const std::filesystem::path& keys) {
  for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos) throw std::runtime_error("a `{` is not closed: " + text);
    const std::string inside = text.substr(open + 1, close - open - 1);
    const std::string name = inside.substr(0, inside.find(':'));
    std::ifstream stream(keys / (name + ".b64"));
    std::string key;
    if (!std::getline(stream, key)) throw std::runtime_error("no key is named " + name);
    if (name.size() < inside.size()) {
      const std::size_t count = std::stoul(inside.substr(name.size() + 1));
      key = inside.ends_with('-') ? key.substr(count) : key.substr(0, count);
    }
    text.replace(open, close + 1 - open, key);
  }
  return text;
}

namespace {

using nlohmann::json;

constexpr std::size_t longest_string = 255;

/// A text is a list of strings; one that is too long for a string is split as zone files are.
json strings_of(const json& given, const std::filesystem::path& keys) {
  json strings = json::array();
  for (const auto& string : given) {
    std::string text = with_keys(string.get<std::string>(), keys);
    do {
      strings.push_back(text.substr(0, longest_string));
      text.erase(0, longest_string);
    } while (!text.empty());
  }
  return strings;
}

std::size_t answer_bytes(const json& texts) {
  std::size_t bytes = 12 + 27 + 4;
  for (const auto& strings : texts) {
    bytes += 12 + strings.size();
    for (const auto& string : strings) bytes += string.get_ref<const std::string&>().size();
  }
  return bytes;
}

/// Two servers that publish the texts, with TC=1 where they do not fit.
json servers_of(const json& texts, std::string_view zone, std::string_view network,
                const json& wildcard_probe, const json& domainkey) {
  const json record = {{"txt", texts}};
  const json cut_off = {{"tc", true}};
  json servers = json::array();
  for (const int number : {1, 2}) {
    json server = {{"server", fmt::format("{}{}", network, number)},
                   {"name", fmt::format("ns{}.{}", number, zone)},
                   {"record", record}};
    if (answer_bytes(texts) > 512) server["record_plain"] = cut_off;
    if (answer_bytes(texts) + 11 > 1232) server["record_edns"] = cut_off;
    if (!wildcard_probe.is_null()) server["wildcard_probe"] = {{"txt", wildcard_probe}};
    if (!domainkey.is_null()) server["domainkey"] = {{"txt", domainkey}};
    servers.push_back(std::move(server));
  }
  return servers;
}

json texts_of(const json& given, const std::filesystem::path& keys) {
  json texts = json::array();
  for (const auto& strings : given) texts.push_back(strings_of(strings, keys));
  return texts;
}

RecordVector read(const json& vector, const std::filesystem::path& keys) {
  for (const auto& [key, value] : vector.items()) {
    static constexpr std::string_view known[] = {"why",
                                                 "adsp_second",
                                                 "reference",
                                                 "texts",
                                                 "role",
                                                 "class",
                                                 "findings",
                                                 "near",
                                                 "status",
                                                 "selector",
                                                 "alias",
                                                 "adsp",
                                                 "wildcard_probe",
                                                 "record",
                                                 "denied",
                                                 "domain",
                                                 "domainkey",
                                                 "not_evaluated",
                                                 "only_selector",
                                                 "service",
                                                 "signs",
                                                 "key_sha256",
                                                 "subdomain_identities",
                                                 "message"};
    if (std::ranges::find(known, key) == std::end(known)) throw std::runtime_error("unknown key " + key);
  }
  json observed = {{"about", vector.at("why")}, {"findings", json::array()}};
  for (const char* key : {"role", "status", "selector", "domain", "record", "not_evaluated"}) {
    if (vector.contains(key)) observed[key] = vector[key];
  }
  for (const auto& finding : vector.at("findings")) {
    if (finding.is_object()) {
      observed["findings"].push_back(finding);
      continue;
    }
    json wanted = {{"check", finding.at(0)}, {"severity", finding.at(1)}};
    if (finding.size() > 2) wanted["answer"] = json::array({finding.at(2)});
    observed["findings"].push_back(std::move(wanted));
  }
  if (vector.contains("denied")) observed["delegation"] = {{"denied", vector["denied"]}};
  const json wildcard_probe =
      vector.contains("wildcard_probe") ? texts_of(vector["wildcard_probe"], keys) : json();
  const json domainkey = vector.contains("domainkey") ? texts_of(vector["domainkey"], keys) : json();
  if (vector.contains("texts")) {
    const json texts = texts_of(vector["texts"], keys);
    if (vector.contains("alias")) {
      const json& alias = vector["alias"];
      const std::string zone = alias.at("zone");
      observed["record"] = {{"cname", alias.at("owner")}};
      observed["hops"] = json::array({{{"owner", alias.at("owner")},
                                       {"zone", zone},
                                       {"servers", servers_of(texts, zone, "198.51.100.", {}, {})}}});
    } else {
      observed["servers"] = servers_of(texts, "example.com", "192.0.2.", wildcard_probe, domainkey);
    }
  }
  if (vector.contains("adsp")) observed["adsp"] = {{"txt", texts_of(vector["adsp"], keys)}};
  RecordVector result;
  result.observed = read_observation(observed);
  if (vector.contains("adsp_second")) {
    const json texts = texts_of(vector["adsp_second"], keys);
    for (auto& exchange : result.observed.observation.adsp.hops.front().servers.back().exchanges) {
      if (!exchange.response || exchange.response->txt.empty()) continue;
      exchange.response->txt.clear();
      for (const auto& strings : texts) exchange.response->txt.push_back({3'600, strings});
    }
  }
  result.observed.expectation.only_selector = vector.value("only_selector", true);
  if (vector.contains("service"))
    result.observed.expectation.service = config::parse_service(vector["service"].get<std::string>()).value();
  if (vector.contains("signs"))
    result.observed.expectation.signs = config::parse_signs(vector["signs"].get<std::string>()).value();
  result.observed.expectation.subdomain_identities = vector.value("subdomain_identities", false);
  if (vector.contains("key_sha256")) result.observed.expectation.key_sha256 = vector["key_sha256"];
  std::string message;
  for (const auto& line : vector.value("message", json::array()))
    message += with_keys(line.get<std::string>(), keys) + "\r\n";
  result.signatures = checks::read_signatures(message).fields;
  result.reference = vector.at("reference").get<std::string>();
  result.record_class = vector.value("class", std::string{});
  result.near = vector.value("near", std::vector<std::string>{});
  return result;
}

}  // namespace

RecordVector load_record(const std::filesystem::path& file) {
  std::ifstream stream(file);
  try {
    return read(json::parse(stream), file.parent_path().parent_path() / "keys");
  } catch (const std::exception& error) {
    throw std::runtime_error(file.filename().string() + ": " + error.what());
  }
}

}  // namespace dkimprobe::tests
