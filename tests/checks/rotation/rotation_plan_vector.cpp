#include "tests/checks/rotation/rotation_plan_vector.hpp"

#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "config/options.hpp"

namespace dkimprobe::tests {
namespace {

using checks::AnswerPeriod;
using checks::PublishedKind;
using nlohmann::json;

struct Key {
  std::string base64{};
  std::string sha256{};
};

const std::map<std::string, Key> keys = {
    {"a",
     {"xRaMj0CHflT0WQhT8X1g5s1fF4tCghmuysOGIfijrhM=",
      "61f927bbed45e11ece0962e9795478f049924499872d3109ea41269549aaa8e3"}},
    {"b",
     {"wK7c4KHlteqDemLe4XSCOKO4mWxuekA+fPi0R7IQW/c=",
      "fac75a3cbd2ea0bdd044aebaf743ec9a5b763abd0765b69897321fbaf1b8d168"}},
    {"c",
     {"PFfUpmF5TcCO+28dJF1QLmN7gnSbtel9lw8LuQMwnQc=",
      "a1199ef497210627b25c0ba2733c6af7213513a1a80f6a18ee7e4711701eb0be"}},
};

void only(const json& object, const std::set<std::string>& known) {
  for (const auto& [key, value] : object.items()) {
    if (!known.contains(key)) throw std::runtime_error("unknown key " + key);
  }
}

template <class T>
T must(std::optional<T> value, const std::string& text) {
  if (!value) throw std::runtime_error("cannot be read: " + text);
  return *value;
}

template <class T>
T must(config::Result<T> value, const std::string& text) {
  if (!value) throw std::runtime_error("cannot be read: " + text);
  return *value;
}

config::Timestamp timestamp(const json& text) {
  return must(config::parse_timestamp(text.get<std::string>()), text);
}

std::chrono::seconds duration(const json& text) {
  return std::chrono::floor<std::chrono::seconds>(
      must(config::parse_duration(text.get<std::string>()), text.get<std::string>()));
}

config::Selector selector(const json& text) {
  return must(config::Selector::parse(text.get<std::string>()), text.get<std::string>());
}

/// [from, to, what]
AnswerPeriod period(const json& text) {
  AnswerPeriod read;
  read.first_seen = timestamp(text.at(0)).first;
  read.last_seen = timestamp(text.at(1)).first;
  const auto what = text.at(2).get<std::string>();
  read.ttl_seconds = 3'600;
  read.kind = PublishedKind::texts;
  if (const auto key = keys.find(what); key != keys.end()) {
    read.texts = {{"v=DKIM1; k=ed25519; p=" + key->second.base64}};
  } else if (what == "revoked") {
    read.texts = {{"v=DKIM1; p="}};
  } else if (what == "damaged") {
    read.texts = {{"v=DKIM1; k=ed25519; p=%%%"}};
  } else if (what == "absent") {
    read.kind = PublishedKind::nxdomain;
    read.ttl_seconds = 1'800;
  } else if (what == "silent") {
    read.kind = PublishedKind::unknown;
    read.ttl_seconds.reset();
  } else if (what.starts_with("alias ")) {
    read.kind = PublishedKind::alias;
    read.alias = must(config::DomainName::parse(what.substr(6)), what);
  } else {
    throw std::runtime_error("no such answer: " + what);
  }
  return read;
}

void read_servers(const json& servers, const config::DomainName& owner, int& number,
                  checks::SelectorHistory& history) {
  for (const auto& [name, periods] : servers.items()) {
    checks::ServerTimeline timeline;
    timeline.owner = owner;
    timeline.server = {name + ".example.com",
                       {must(config::Address::parse(fmt::format("192.0.2.{}", ++number)), name), 53}};
    for (const auto& each : periods) timeline.periods.push_back(period(each));
    const auto first = timeline.periods.front().first_seen;
    const auto last = timeline.periods.back().last_seen;
    history.first_probe = std::min(history.first_probe.value_or(first), first);
    history.last_probe = std::max(history.last_probe.value_or(last), last);
    history.servers.push_back(std::move(timeline));
  }
}

checks::PlannedSelector planned(const json& given, const config::DomainName& domain) {
  only(given, {"name", "role", "key", "since", "last_signature", "never_used", "compromised", "servers",
               "target", "target_servers"});
  checks::PlannedSelector read;
  read.selector = selector(given.at("name"));
  read.role = must(config::parse_role(given.at("role").get<std::string>()), given.at("role"));
  if (given.contains("key")) read.key_sha256 = keys.at(given["key"]).sha256;
  read.has_public_key = read.key_sha256.has_value();
  if (given.contains("since")) read.since = timestamp(given["since"]);
  if (given.contains("last_signature")) read.last_signature = timestamp(given["last_signature"]);
  read.never_used = given.value("never_used", false);
  read.compromised = given.value("compromised", false);
  read.history.domain = domain;
  read.history.selector = read.selector;
  int number = 0;
  if (given.contains("servers"))
    read_servers(given["servers"], must(read.selector.owner_name(domain), given["name"]), number,
                 read.history);
  if (given.contains("target")) {
    const auto target = must(config::DomainName::parse(given["target"].get<std::string>()), given["target"]);
    read_servers(given.at("target_servers"), target, number, read.history);
  }
  return read;
}

}  // namespace

RotationPlanVector load_rotation(const std::filesystem::path& file) {
  std::ifstream stream(file);
  const json vector = json::parse(stream);
  only(vector, {"why", "now", "max_key_age", "selector_cooldown", "retired_key_retention", "ring",
                "selectors", "compromised", "plan", "settings", "expect"});
  if (vector.at("why").get<std::string>().empty()) throw std::runtime_error("why is empty");

  checks::RotationInput input;
  input.domain = must(config::DomainName::parse("example.com"), "example.com");
  if (vector.contains("max_key_age")) input.max_key_age = duration(vector["max_key_age"]);
  if (vector.contains("selector_cooldown")) input.selector_cooldown = duration(vector["selector_cooldown"]);
  if (vector.contains("retired_key_retention"))
    input.policy.retention = duration(vector["retired_key_retention"]);
  for (const auto& name : vector.value("ring", json::array())) input.ring.push_back(selector(name));
  for (const auto& given : vector.at("selectors")) input.selectors.push_back(planned(given, input.domain));

  if (vector.value("settings", false))
    input.call.flags = input.call.settings_flags = {"--config.file", "settings.yaml"};

  const auto now = timestamp(vector.at("now")).first;
  RotationPlanVector read;
  read.expected = vector.at("expect");
  if (vector.contains("compromised")) {
    read.overview = checks::plan_emergency(input, selector(vector["compromised"]), now);
  } else if (vector.contains("plan")) {
    read.overview = checks::plan_next(input, now);
  } else {
    read.overview = checks::plan_rotation(input, now);
  }
  return read;
}

}  // namespace dkimprobe::tests
