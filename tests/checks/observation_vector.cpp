#include "tests/checks/observation_vector.hpp"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/record/key_record.hpp"

namespace dkimprobe::tests {
namespace {

using config::DomainName;
using nlohmann::json;
using probe::Exchange;
using probe::Outcome;
using probe::Purpose;
using probe::Response;

// Keys made for these tests: RSA, 2048 bits; nobody signs with them.
constexpr std::string_view key_text =
    "v=DKIM1; k=rsa; "
    "p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA+"
    "d55mahxNYQDDaTcU8N5IPE1z1S6Pjyv30egai86a3KmnNiHFJVsLNO93aHI"
    "zlOWvV5cdFH6A5y2xNbQDjJF5X8DEeSGtFoUpKIS068tCkVRog9luXystUjO576zkoZYly8f6FPGiSCAWfggqB1LRCpajrdUNg/"
    "NT8QZucTP"
    "aS0f32uWvGMyT93xG9TrhOVtHFQnQ1msgtwk0Ry+"
    "pJbU4aFodqmOdna658SRbR913GxRTJ3h8ksOygrpsN4qRNQ70hB6B7fAC3blPlbgC/ja"
    "8Q8KwHmPdoLOomMYMQzb800bqWNk9Ttff/PjV+1a685nRe5ONr/S6x+jTafS17jKlQIDAQAB";
constexpr std::string_view other_key_text =
    "v=DKIM1; k=rsa; "
    "p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0egNw9jW5rFDY+TGyH9IOHpR9Lo52UmdsjiYXruGyHETZzLQ71E8W/"
    "hfHbLm"
    "w/"
    "vlZrpQAhzZ0daHcBi8O4fYqR1rYvP5DRhX2vSztpdAeJZK+"
    "n8gJL4XjKXeu3I3KmMrcqARM4DUtq5gzSNRCE9AYwLwWOH4fYvqR2JksRz7"
    "XEiwLSnnIgQH18mAX6KLIZMbcYvQBKvmpZ8FYpNptUQ8Fyg2JRfeZBQdAC/"
    "F9OtSp5CkMdWGBbsSgaaprGWKyNq5oMnWe6z3UrBKmO8DR4El"
    "tTkxtpyrhzGJkOECGNi/WpOYXvZqOMvE6/UsSsPJgQ0LDOWVhTyeKEouZlUzCUk3ywIDAQAB";

constexpr std::string_view outcome_names[] = {
    "answered",          "timed_out", "malformed",   "unreachable", "connection_refused", "connection_reset",
    "connection_closed", "no_route",  "local_error", "interrupted", "superseded"};
constexpr std::string_view not_asked_names[] = {"asked",           "address_refused",  "no_route",
                                                "family_disabled", "budget_exhausted", "answers_as_resolver"};
constexpr std::string_view host_names[] = {"found",   "is_alias",         "name_missing", "no_address",
                                           "unknown", "budget_exhausted", "loop"};
constexpr std::string_view discovery_names[] = {"complete", "pinned",           "no_servers", "intercepted",
                                                "loop",     "budget_exhausted", "interrupted"};
constexpr std::string_view cut_answer_names[] = {"refers",  "serves_it", "no_cut",   "denied",
                                                 "useless", "silent",    "not_asked"};
constexpr std::string_view sign_names[] = {
    "recursion_available", "answers_below",   "no_authority", "refused",
    "one_identity",        "ttl_counts_down", "tcp_closed"};
constexpr std::string_view chain_names[] = {"complete", "loop", "too_long", "interrupted"};
constexpr std::string_view role_names[] = {"pending", "active", "standby", "retired"};
constexpr std::string_view ignore_names[] = {
    "wrong_source",   "wrong_id",    "wrong_question", "wrong_class", "wrong_opcode",
    "not_a_response", "no_question", "malformed",      "late",        "duplicate"};

[[noreturn]] void wrong(const std::string& message) {
  throw std::runtime_error(message);
}

template <class Enum, std::size_t count>
Enum one_of(const json& value, const std::string_view (&names)[count]) {
  const auto text = value.get<std::string>();
  const auto* found = std::find(std::begin(names), std::end(names), text);
  if (found == std::end(names)) wrong(fmt::format("\"{}\" is not one of: {}", text, fmt::join(names, ", ")));
  return static_cast<Enum>(found - std::begin(names));
}

void only(const json& object, std::initializer_list<std::string_view> keys) {
  if (!object.is_object()) wrong("an object was expected, but this is " + object.dump());
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) wrong("unknown key \"" + key + "\"");
  }
}

DomainName name_of(const json& value) {
  auto name = DomainName::parse(value.get<std::string>());
  if (!name) wrong(name.error().front().message);
  return *name;
}

config::Address address_of(const json& value) {
  const auto address = config::Address::parse(value.get<std::string>());
  if (!address) wrong("not an address: " + value.dump());
  return *address;
}

template <class T, class Read>
std::vector<T> list_of(const json& array, Read read) {
  std::vector<T> values;
  for (const auto& value : array) values.push_back(read(value));
  return values;
}

std::vector<std::string> in_strings(std::string_view text, std::size_t longest) {
  std::vector<std::string> strings;
  for (; !text.empty(); text.remove_prefix(std::min(longest, text.size())))
    strings.emplace_back(text.substr(0, longest));
  return strings;
}

/// `"key"`, `"mismatch"`, a text to be cut every 255 octets, or the list of the strings.
std::vector<std::string> strings_of(const json& value) {
  if (value.is_array()) return value.get<std::vector<std::string>>();
  const auto text = value.get<std::string>();
  if (text == "key") return in_strings(key_text, 255);
  if (text == "key_cut_early") return in_strings(key_text, 200);
  if (text == "mismatch") return in_strings(other_key_text, 255);
  return in_strings(text, 255);
}

/// What holds for all servers of a leg, or for one of them, unless said otherwise further in.
struct Place {
  DomainName owner{};
  DomainName zone{};
  std::vector<DomainName> nameservers{};
  std::uint32_t serial = 2026010100;
  std::string mname{};
  std::string rname{};
  std::uint32_t soa_ttl_seconds = 3'600;
  std::uint32_t soa_minimum_seconds = 3'600;
};

probe::SoaRecord soa_of(const Place& place, bool in_answer) {
  probe::SoaRecord soa;
  soa.owner = place.zone;
  soa.mname = place.mname.empty() ? place.zone.child("ns1").value() : name_of(place.mname);
  soa.rname = place.rname.empty() ? place.zone.child("hostmaster").value() : name_of(place.rname);
  soa.serial = place.serial;
  soa.refresh_seconds = 7'200;
  soa.retry_seconds = 900;
  soa.expire_seconds = 1'209'600;
  soa.minimum_seconds = place.soa_minimum_seconds;
  soa.ttl_seconds = place.soa_ttl_seconds;
  soa.in_answer = in_answer;
  return soa;
}

std::uint32_t message_bytes(const Exchange& exchange) {
  std::size_t size = 12 + exchange.question_name.wire_size() + 4;
  const Response& response = *exchange.response;
  for (const auto& record : response.txt) {
    size += 12;
    for (const auto& part : record.strings) size += 1 + part.size();
  }
  for (const auto& alias : response.aliases) size += 12 + alias.target.wire_size();
  if (response.edns) size += 11 + (response.edns->nsid ? 4 + response.edns->nsid->size() : 0);
  return static_cast<std::uint32_t>(size);
}

probe::Rcode rcode_of(const json& value) {
  if (value.is_number()) return static_cast<probe::Rcode>(value.get<std::uint16_t>());
  static const std::pair<std::string_view, probe::Rcode> names[] = {
      {"noerror", probe::Rcode::noerror},   {"formerr", probe::Rcode::formerr},
      {"servfail", probe::Rcode::servfail}, {"nxdomain", probe::Rcode::nxdomain},
      {"notimp", probe::Rcode::notimp},     {"refused", probe::Rcode::refused},
      {"badvers", probe::Rcode::badvers},   {"badcookie", probe::Rcode::badcookie}};
  for (const auto& [name, rcode] : names) {
    if (name == value.get<std::string>()) return rcode;
  }
  wrong("unknown rcode " + value.dump());
}

Response response_of(const json& given, const Exchange& exchange, const Place& place) {
  Response response;
  response.rcode = rcode_of(given.value("rcode", json("noerror")));
  const bool is_error = response.rcode != probe::Rcode::noerror && response.rcode != probe::Rcode::nxdomain;
  const bool is_referral = given.contains("referral");
  response.authoritative = given.value("aa", !is_error && !is_referral);
  response.truncated = given.value("tc", false);
  response.recursion_available = given.value("ra", false);
  response.question_case_kept = given.value("case_kept", true);
  response.has_question = given.value("has_question", true);
  response.has_rrsig = given.value("rrsig", false);
  if (given.contains("signatures"))
    response.signatures = probe::SignatureTimes{given["signatures"].at(0), given["signatures"].at(1)};
  if (given.contains("nsec_ttl")) response.nsec_ttl_seconds = given["nsec_ttl"].get<std::uint32_t>();
  response.answers_elsewhere = given.value("answers_elsewhere", 0U);
  response.malformed_txt = given.value("malformed_txt", 0U);
  if (given.contains("oversized_txt"))
    response.oversized_txt = probe::OversizedTxt{given["oversized_txt"].at(0), given["oversized_txt"].at(1)};
  response.dname_target_too_long = given.value("dname_target_too_long", false);
  const auto ttl = given.value("ttl", std::uint32_t{3'600});
  const json texts = given.value("txt", json::array());
  if (texts.is_string()) {
    response.txt.push_back({ttl, strings_of(texts)});
  } else {
    for (const auto& text : texts) response.txt.push_back({ttl, strings_of(text)});
  }
  if (given.contains("cname"))
    response.aliases.push_back({exchange.question_name, name_of(given["cname"]), ttl, false});
  if (given.contains("dname")) {
    only(given["dname"], {"owner", "target"});
    response.aliases.push_back(
        {name_of(given["dname"]["owner"]), name_of(given["dname"]["target"]), ttl, true});
  }
  if (given.contains("ns")) {
    for (const auto& target : given["ns"]) response.ns.push_back({place.zone, name_of(target), 86'400});
  }
  if (is_referral) {
    only(given["referral"], {"owner", "targets"});
    for (const auto& target : given["referral"]["targets"])
      response.referral.push_back({name_of(given["referral"]["owner"]), name_of(target), 86'400});
  }
  // `"soa"` is false, or the name of a zone above whose SOA a denial has.
  const json soa = given.value("soa", json(true));
  const bool has_zone = !soa.is_string();
  if (exchange.purpose == Purpose::zone_soa && !is_error && soa != json(false) && has_zone)
    response.soa.push_back(soa_of(place, true));
  const bool empty = response.txt.empty() && response.aliases.empty() && response.ns.empty();
  if (empty && !is_error && response.soa.empty() && response.authoritative && !response.truncated &&
      soa != json(false)) {
    response.soa.push_back(soa_of(place, false));
    if (!has_zone) response.soa.back().owner = name_of(soa);
  }
  if (exchange.edns_sent && given.value("opt", !is_error)) {
    response.edns.emplace();
    response.edns->payload_bytes = 1232;
    response.edns->dnssec_ok = given.value("dnssec_ok", false);
    if (given.contains("nsid")) response.edns->nsid = given["nsid"].get<std::string>();
  }
  return response;
}

struct Way {
  const char* key;
  Purpose purpose;
  probe::RecordType type;
  probe::Transport transport;
  bool edns;
};

// In the order in which they are asked.
constexpr Way ways[] = {
    {"record_plain", Purpose::record_plain, probe::RecordType::txt, probe::Transport::udp, false},
    {"record_edns", Purpose::record_edns, probe::RecordType::txt, probe::Transport::udp, true},
    {"record_tcp", Purpose::record_tcp, probe::RecordType::txt, probe::Transport::tcp, false},
    {"zone_soa", Purpose::zone_soa, probe::RecordType::soa, probe::Transport::udp, false},
    {"zone_ns", Purpose::zone_ns, probe::RecordType::ns, probe::Transport::udp, false},
    {"wildcard_probe", Purpose::wildcard_probe, probe::RecordType::txt, probe::Transport::udp, false},
    {"domainkey", Purpose::domainkey, probe::RecordType::txt, probe::Transport::udp, false},
};

/// The tries of one way: as many as `tries` says, the last of which is as described.
void add_exchanges(probe::ServerObservation& server, const json& described, const Way& way,
                   const DomainName& question, const Place& place) {
  json given = described;
  if (given.is_string()) given = {{"outcome", given}};
  only(given, {"outcome",
               "rcode",
               "aa",
               "tc",
               "ra",
               "case_kept",
               "has_question",
               "rrsig",
               "signatures",
               "nsec_ttl",
               "answers_elsewhere",
               "malformed_txt",
               "oversized_txt",
               "dname_target_too_long",
               "ttl",
               "txt",
               "cname",
               "dname",
               "ns",
               "referral",
               "soa",
               "opt",
               "edns",
               "dnssec_ok",
               "nsid",
               "bytes",
               "took_ms",
               "ignored",
               "attempts",
               "question",
               "system_error"});
  Exchange exchange;
  exchange.purpose = way.purpose;
  exchange.question_type = way.type;
  exchange.transport = way.transport;
  exchange.edns_sent = given.value("edns", way.edns);
  exchange.question_name = given.contains("question") ? name_of(given["question"]) : question;
  exchange.outcome = one_of<Outcome>(given.value("outcome", json("answered")), outcome_names);
  exchange.bytes_sent = static_cast<std::uint32_t>(12 + question.wire_size() + 4 + (way.edns ? 15 : 0));
  exchange.system_error = given.value("system_error", 0);
  const bool waits = exchange.outcome == Outcome::timed_out || exchange.outcome == Outcome::unreachable;
  const bool is_udp = way.transport == probe::Transport::udp;
  const json ignored = given.value("ignored", json::object());
  for (const auto& [reason, count] : ignored.items())
    exchange.ignored[one_of<probe::IgnoreReason>(reason, ignore_names)] = count.get<std::uint32_t>();

  const unsigned attempts = given.value("attempts", waits && is_udp ? 3U : 1U);
  auto started = std::chrono::microseconds{0};
  if (!server.exchanges.empty()) started = server.exchanges.back().started + server.exchanges.back().took;
  for (unsigned attempt = 1; attempt < attempts; ++attempt) {
    Exchange lost = exchange;
    if (!waits) lost.outcome = Outcome::timed_out;
    lost.ignored = {};
    lost.attempt = static_cast<std::uint8_t>(attempt);
    lost.started = started;
    lost.took = std::chrono::milliseconds{200U << attempt};
    started += lost.took;
    server.exchanges.push_back(lost);
  }
  exchange.attempt = static_cast<std::uint8_t>(attempts);
  exchange.started = started + std::chrono::microseconds{100};
  exchange.took =
      std::chrono::milliseconds{given.value("took_ms", waits ? (is_udp ? 200 << attempts : 3'000) : 10)};
  if (exchange.outcome == Outcome::answered) {
    exchange.response = response_of(given, exchange, place);
    const std::uint32_t computed = message_bytes(exchange);
    if (computed > 512 && is_udp && !way.edns && !given.contains("bytes")) {
      exchange.response->truncated = true;
      exchange.response->txt.clear();
    }
    exchange.bytes_received = given.value("bytes", message_bytes(exchange));
  }
  server.exchanges.push_back(std::move(exchange));
}

/// The default of a way for a server that answers `record` for the name: what a healthy server says. Null
/// when the way is not used.
json default_way(const Way& way, const json& record, const Place& place, bool is_first, bool is_dead) {
  switch (way.purpose) {
    case Purpose::record_plain:
    case Purpose::record_tcp:
      return record;
    case Purpose::record_edns:
      return is_dead ? json() : record;
    case Purpose::zone_soa:
      return is_dead ? json() : json::object();
    case Purpose::zone_ns: {
      if (is_dead) return {};
      json names = json::array();
      for (const auto& name : place.nameservers) names.push_back(name.to_string());
      return json{{"ns", names}};
    }
    case Purpose::wildcard_probe:
      return is_first && !is_dead ? json{{"rcode", "nxdomain"}} : json();
    case Purpose::domainkey:
      return is_first && !is_dead ? json::object() : json();
    case Purpose::record_dnssec:
    case Purpose::zone_dnskey:
    case Purpose::zone_ds:
    case Purpose::cut:
    case Purpose::host_address:
      break;
  }
  return {};
}

probe::ServerObservation server_of(const json& given, Place place, const json& hop_record, bool is_first,
                                   const std::optional<DomainName>& wildcard_probe) {
  only(given, {"server", "port", "name", "stray_of", "not_asked", "cut_short", "record", "serial", "mname",
               "rname", "soa_ttl", "soa_minimum", "record_plain", "record_edns", "record_tcp", "zone_soa",
               "zone_ns", "wildcard_probe", "domainkey"});
  probe::ServerObservation server;
  server.address = {address_of(given.at("server")), given.value("port", std::uint16_t{53})};
  server.names = {name_of(given.at("name"))};
  if (given.contains("stray_of")) server.stray_of = place.zone = name_of(given["stray_of"]);
  server.not_asked = one_of<probe::NotAsked>(given.value("not_asked", json("asked")), not_asked_names);
  if (server.not_asked == probe::NotAsked::answers_as_resolver) {
    for (const Way& way : ways) {
      if (way.purpose == Purpose::zone_soa && given.at("zone_soa") != "not_asked")
        add_exchanges(server, given.at("zone_soa"), way, place.zone, place);
    }
    return server;
  }
  if (server.not_asked != probe::NotAsked::asked) return server;
  server.cut_short = given.value("cut_short", false);
  place.serial = given.value("serial", place.serial);
  place.mname = given.value("mname", place.mname);
  place.rname = given.value("rname", place.rname);
  place.soa_ttl_seconds = given.value("soa_ttl", place.soa_ttl_seconds);
  place.soa_minimum_seconds = given.value("soa_minimum", place.soa_minimum_seconds);
  const json record = given.value("record", hop_record);
  // A server of which nothing came is asked nothing more after its first question and TCP.
  const auto is_silent = [&](const char* way) {
    const json said = given.value(way, record);
    return said.is_string() && said != "malformed" && said != "answered";
  };
  const bool is_dead = is_silent("record_plain") && is_silent("record_tcp");
  for (const Way& way : ways) {
    const json described =
        given.contains(way.key) ? given[way.key] : default_way(way, record, place, is_first, is_dead);
    if (described.is_null() || described == "not_asked") continue;
    DomainName question = place.owner;
    if (way.purpose == Purpose::wildcard_probe) question = wildcard_probe.value();
    if (way.purpose == Purpose::domainkey) question = wildcard_probe.value().parent();
    if (way.purpose == Purpose::zone_soa || way.purpose == Purpose::zone_ns) question = place.zone;
    add_exchanges(server, described, way, question, place);
  }
  return server;
}

std::vector<probe::NsRecord> ns_records(const json& names, const DomainName& owner) {
  return list_of<probe::NsRecord>(
      names, [&](const json& target) { return probe::NsRecord{owner, name_of(target), 86'400}; });
}

/// What the servers of the zone above say of a cut.
void read_parents(const json& given, probe::ZoneCut& cut) {
  if (given.contains("parent")) cut.parent = name_of(given["parent"]);
  for (const auto& referral : given.value("referrals", json::array())) {
    only(referral, {"ns", "ds"});
    probe::Referral& read = cut.referrals.emplace_back();
    read.ns = ns_records(referral.at("ns"), cut.apex);
    for (const auto& ds : referral.value("ds", json::array()))
      read.ds.push_back({cut.apex, 1, ds.at(0), ds.at(1), "digest", 86'400});
  }
  for (const auto& parent : given.value("parents", json::array())) {
    only(parent, {"server", "name", "answer", "referral", "serial"});
    probe::ParentAnswer& read = cut.parents.emplace_back();
    read.address = {address_of(parent.at("server")), 53};
    read.names = {name_of(parent.at("name"))};
    read.answer = one_of<probe::CutAnswer>(parent.value("answer", json("refers")), cut_answer_names);
    if (read.answer == probe::CutAnswer::refers) read.referral = parent.value("referral", 0U);
    if (parent.contains("serial")) read.serial = parent["serial"].get<std::uint32_t>();
  }
}

/// What the walk asked, each in the form of an exchange with `server`, `zone`, `question` and `type`.
std::vector<probe::WalkExchange> walk_of(const json& given, const Place& place) {
  std::vector<probe::WalkExchange> walk;
  for (json walked : given) {
    const config::ServerAddress address{address_of(walked.at("server")), 53};
    const DomainName zone = walked.contains("zone") ? name_of(walked["zone"]) : place.zone;
    for (const char* key : {"server", "zone"}) walked.erase(key);
    probe::ServerObservation asked;
    const Way way{"cut", Purpose::cut, probe::RecordType::ns, probe::Transport::udp, true};
    add_exchanges(asked, walked, way, place.zone, place);
    for (auto& exchange : asked.exchanges) walk.push_back({address, zone, std::move(exchange)});
  }
  return walk;
}

probe::Delegation delegation_of(const json& given, const Place& place, const probe::Hop& hop) {
  only(given, {"outcome", "stopped_at", "parent_ns", "child_ns", "cuts", "nameservers", "cut_off", "denied",
               "parent", "referrals", "parents", "exchanges", "interception", "given_servers"});
  probe::Delegation delegation;
  delegation.zone = place.zone;
  delegation.outcome =
      one_of<probe::DiscoveryOutcome>(given.value("outcome", json("complete")), discovery_names);
  if (given.contains("stopped_at")) delegation.stopped_at = name_of(given["stopped_at"]);
  delegation.denied = list_of<DomainName>(given.value("denied", json::array()), name_of);
  delegation.interception =
      list_of<probe::Interception>(given.value("interception", json::array()), [](const json& sign) {
        only(sign, {"sign", "servers"});
        probe::Interception seen;
        seen.sign = one_of<probe::InterceptionSign>(sign.at("sign"), sign_names);
        for (const auto& server : sign.at("servers"))
          seen.servers.push_back({address_of(server), std::uint16_t{53}});
        return seen;
      });
  delegation.nameservers_cut_off = list_of<DomainName>(given.value("cut_off", json::array()), name_of);

  for (const auto& cut : given.value("cuts", json::array())) {
    only(cut, {"apex", "parent_ns", "child_ns", "parent", "referrals", "parents"});
    probe::ZoneCut& read = delegation.cuts.emplace_back();
    read.apex = name_of(cut.at("apex"));
    read.parent_ns_ttl_seconds = read.child_ns_ttl_seconds = 86'400;
    read.parent_ns = ns_records(cut.value("parent_ns", json::array()), read.apex);
    read.child_ns = ns_records(cut.value("child_ns", json::array()), read.apex);
    read_parents(cut, read);
  }
  if (delegation.outcome != probe::DiscoveryOutcome::pinned && !given.value("given_servers", false)) {
    json names = json::array();
    for (const auto& name : place.nameservers) names.push_back(name.to_string());
    probe::ZoneCut& cut = delegation.cuts.emplace_back();
    cut.apex = place.zone;
    cut.parent = place.zone.parent();
    cut.parent_ns_ttl_seconds = cut.child_ns_ttl_seconds = 86'400;
    cut.parent_ns = ns_records(given.value("parent_ns", names), place.zone);
    cut.child_ns = ns_records(given.value("child_ns", names), place.zone);
    read_parents(given, cut);
  }
  for (const auto& name : place.nameservers) {
    probe::Nameserver nameserver{name, true, true, probe::HostOutcome::found};
    for (const auto& server : hop.servers) {
      if (server.names.front() == name && !server.stray_of) nameserver.addresses.push_back(server.address.ip);
    }
    nameserver.glue = nameserver.addresses;
    delegation.nameservers.push_back(nameserver);
  }
  for (const auto& changed : given.value("nameservers", json::array())) {
    only(changed, {"name", "host", "glue", "addresses", "ipv4_unknown", "ipv6_unknown"});
    const DomainName name = name_of(changed.at("name"));
    auto known = std::find_if(delegation.nameservers.begin(), delegation.nameservers.end(),
                              [&](const auto& n) { return n.name == name; });
    if (known == delegation.nameservers.end()) {
      known = delegation.nameservers.insert(known, {name, true, true, probe::HostOutcome::found});
    }
    if (changed.contains("host")) known->host = one_of<probe::HostOutcome>(changed["host"], host_names);
    if (changed.contains("glue")) known->glue = list_of<config::Address>(changed["glue"], address_of);
    if (changed.contains("addresses"))
      known->addresses = list_of<config::Address>(changed["addresses"], address_of);
    known->ipv4_unknown = changed.value("ipv4_unknown", false);
    known->ipv6_unknown = changed.value("ipv6_unknown", false);
  }
  delegation.exchanges = walk_of(given.value("exchanges", json::array()), place);
  return delegation;
}

json healthy_servers(const DomainName& zone, bool is_first) {
  const std::string network = is_first ? "192.0.2." : "198.51.100.";
  json servers = json::array();
  for (const int number : {1, 2}) {
    servers.push_back({{"server", network + std::to_string(number)},
                       {"name", fmt::format("ns{}.{}", number, zone.to_string())}});
  }
  return servers;
}

probe::Hop hop_of(const json& given, const DomainName& owner, const DomainName& zone, bool is_first,
                  const std::optional<DomainName>& wildcard_probe) {
  Place place;
  place.owner = owner;
  place.zone = zone;
  probe::Hop hop;
  hop.owner = owner;
  const json servers = given.value("servers", healthy_servers(zone, is_first));
  for (const auto& server : servers) {
    const DomainName name = name_of(server.at("name"));
    const bool is_new =
        std::find(place.nameservers.begin(), place.nameservers.end(), name) == place.nameservers.end();
    if (is_new && !server.contains("stray_of")) place.nameservers.push_back(name);
  }
  const json record = given.value("record", json{{"txt", "key"}});
  for (const auto& server : servers)
    hop.servers.push_back(server_of(server, place, record, is_first, wildcard_probe));
  hop.delegation = delegation_of(given.value("delegation", json::object()), place, hop);
  return hop;
}

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> addresses_of(const checks::Finding& finding) {
  std::vector<std::string> addresses;
  for (const auto& server : finding.servers) addresses.push_back(server.address.ip.to_string());
  return sorted(std::move(addresses));
}

std::string line(std::string_view severity, std::string_view check, const std::vector<std::string>& servers) {
  return fmt::format("{} {}{}{}", severity, check, servers.empty() ? "" : " ", fmt::join(servers, " "));
}

}  // namespace

ObservationVector read_observation(const json& vector) {
  only(vector, {"about",
                "domain",
                "selector",
                "role",
                "compromised",
                "zone",
                "servers",
                "record",
                "delegation",
                "hops",
                "chain",
                "rate_shortage",
                "size_exhausted",
                "adsp",
                "findings",
                "not_evaluated",
                "not_asked",
                "status",
                "earlier",
                "last_signature_hours_ago",
                "highest_key_age_hours",
                "elsewhere",
                "expected_key",
                "distinct_keys"});
  ObservationVector read;
  read.about = vector.at("about").get<std::string>();
  read.expectation.role = one_of<config::Role>(vector.value("role", json("active")), role_names);
  read.expectation.compromised = vector.value("compromised", false);
  read.status = vector.value("status", std::string{});
  read.not_evaluated = vector.value("not_evaluated", std::vector<std::string>{});
  for (const std::string sentence : vector.value("not_asked", json::array()))
    read.not_asked.emplace_back(sentence);

  probe::Observation& observation = read.observation;
  observation.domain = name_of(vector.value("domain", json("example.com")));
  auto selector = config::Selector::parse(vector.value("selector", std::string{"s1"}));
  if (!selector) wrong(selector.error().front().message);
  observation.selector = *selector;
  observation.observed_at = probe::WallTime{std::chrono::seconds{1'767'225'600}};
  observation.took = std::chrono::milliseconds{120};
  const DomainName domainkey = config::domainkey_name(observation.domain).value();
  observation.wildcard_name = domainkey.child("q7f3k1z9").value();
  const DomainName zone = vector.contains("zone") ? name_of(vector["zone"]) : observation.domain;

  if (vector.contains("rate_shortage")) {
    const json& given = vector["rate_shortage"];
    only(given, {"selectors", "queries", "needed_ms"});
    probe::RateShortage& shortage = observation.rate_shortage.emplace();
    shortage.server = {config::Address::parse("192.0.2.1").value(), 53};
    shortage.selectors = given.at("selectors");
    shortage.queries = given.at("queries");
    shortage.needed = std::chrono::milliseconds{given.at("needed_ms").get<std::int64_t>()};
  }

  observation.size_exhausted = vector.value("size_exhausted", false);

  json first = json::object();
  for (const char* key : {"servers", "record", "delegation"}) {
    if (vector.contains(key)) first[key] = vector[key];
  }
  observation.key.outcome = one_of<probe::ChainOutcome>(vector.value("chain", json("complete")), chain_names);
  // A name that DNS does not allow is not asked for.
  if (const auto owner = selector->owner_name(observation.domain))
    observation.key.hops.push_back(hop_of(first, *owner, zone, true, observation.wildcard_name));
  for (const auto& hop : vector.value("hops", json::array())) {
    only(hop, {"owner", "zone", "servers", "record", "delegation"});
    observation.key.hops.push_back(hop_of(hop, name_of(hop.at("owner")), name_of(hop.at("zone")), false, {}));
  }

  // The same servers, that know nothing of ADSP unless the vector says so.
  json adsp = first;
  adsp["record"] = vector.value("adsp", json{{"rcode", "nxdomain"}});
  if (adsp.contains("servers")) {
    for (auto& server : adsp["servers"]) {
      json record = server.value("record", json());
      // A server that is silent without EDNS is so for this name too, and it is asked in no other way.
      if (server.contains("record_plain") && server["record_plain"].is_string())
        record = server["record_plain"];
      for (const char* key : {"record_edns", "zone_soa", "zone_ns", "wildcard_probe", "domainkey", "record",
                              "record_plain", "record_tcp"})
        server.erase(key);
      if (record.is_string()) server["record"] = record;
      for (const char* key : {"record_edns", "zone_soa", "zone_ns"}) server[key] = "not_asked";
    }
  }
  observation.adsp.hops.push_back(
      hop_of(adsp, config::adsp_name(observation.domain).value(), zone, false, {}));

  for (json probe : vector.value("earlier", json::array())) {
    const std::chrono::hours ago{probe.at("hours_ago").get<int>()};
    probe.erase("hours_ago");
    probe["about"] = "";
    probe["findings"] = json::array();
    auto earlier = read_observation(probe).observation;
    earlier.observed_at = observation.observed_at - ago;
    checks::extend(read.history, earlier);
  }
  if (vector.contains("last_signature_hours_ago")) {
    read.expectation.last_signature =
        observation.observed_at - std::chrono::hours{vector["last_signature_hours_ago"].get<int>()};
  }
  read.expectation.highest_key_age = std::chrono::hours{vector.value("highest_key_age_hours", 0)};

  if (vector.contains("expected_key")) {
    const auto expected = vector["expected_key"] == "key" ? key_text : other_key_text;
    read.expectation.key_sha256 = checks::read_key_record(expected).key->sha256;
  }
  read.policy.distinct_keys = vector.value("distinct_keys", false);
  if (vector.contains("elsewhere")) {
    read.elsewhere = list_of<checks::KeyPlace>(vector["elsewhere"], [&](const json& given) {
      only(given, {"key", "domain", "selector", "owner", "zone", "until_hours_ago"});
      checks::KeyPlace place;
      place.sha256 =
          checks::read_key_record(given.value("key", "key") == "key" ? key_text : other_key_text).key->sha256;
      place.domain = name_of(given.value("domain", json("example.com")));
      place.selector = config::Selector::parse(given.value("selector", "s1")).value();
      place.owner = place.selector.owner_name(place.domain).value();
      if (given.contains("owner")) place.owner = name_of(given["owner"]);
      place.zone = given.contains("zone") ? name_of(given["zone"]) : place.domain;
      place.is_there = !given.contains("until_hours_ago");
      place.last_seen = observation.observed_at - std::chrono::hours{given.value("until_hours_ago", 0)};
      return place;
    });
  }

  for (const auto& finding : vector.at("findings")) {
    if (finding.is_string()) {
      read.findings.push_back({finding.get<std::string>(), {}, {}, {}});
      continue;
    }
    only(finding, {"check", "severity", "servers", "answer"});
    read.findings.push_back({finding.at("check").get<std::string>(), finding.value("severity", std::string{}),
                             sorted(finding.value("servers", std::vector<std::string>{})),
                             finding.value("answer", std::vector<std::string>{})});
  }
  for (const auto& finding : read.findings) {
    if (checks::find_check(finding.check) == nullptr) wrong("no check is named " + finding.check);
  }
  return read;
}

ObservationVector load_observation(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) wrong(file.string() + ": cannot be read");
  try {
    return read_observation(json::parse(stream));
  } catch (const std::exception& error) {
    wrong(file.filename().string() + ": " + error.what());
  }
}

std::vector<std::filesystem::path> vector_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) wrong(folder.string() + ": holds no vectors");
  return files;
}

std::string summary(const checks::Finding& finding) {
  return line(checks::to_string(finding.severity), finding.check->name, addresses_of(finding));
}

std::string differences(const ObservationVector& expected, const checks::Report& report) {
  std::string text;
  std::multiset<std::string> found;
  for (const auto& finding : report.findings) found.insert(summary(finding));
  for (const auto& wanted : expected.findings) {
    const std::string severity =
        wanted.severity.empty() ? std::string(checks::to_string(checks::find_check(wanted.check)->severity))
                                : wanted.severity;
    const std::string wanted_line = line(severity, wanted.check, wanted.servers);
    const auto at = found.find(wanted_line);
    if (at == found.end()) {
      text += "not found: " + wanted_line + "\n";
      continue;
    }
    found.erase(at);
    for (const std::string& piece : wanted.says) {
      const bool said = std::any_of(report.findings.begin(), report.findings.end(), [&](const auto& f) {
        return summary(f) == wanted_line &&
               (f.detail.str() + '\n' + f.remedy.str()).find(piece) != std::string::npos;
      });
      if (!said) text += "not said by " + wanted_line + ": " + piece + "\n";
    }
  }
  for (const auto& surplus : found) text += "found, but not expected: " + surplus + "\n";
  for (const auto& name : expected.not_evaluated) {
    const bool said = std::any_of(report.outcomes.begin(), report.outcomes.end(), [&](const auto& result) {
      return result.check->name == name && result.outcome == checks::CheckOutcome::not_evaluated;
    });
    if (!said) text += "judged, though it cannot be: " + name + "\n";
  }
  if (report.not_asked != expected.not_asked)
    text += fmt::format("said of servers that were not asked: {}\n", fmt::join(report.not_asked, " "));
  if (!expected.status.empty() && expected.status != checks::to_string(report.status))
    text += fmt::format("status {}, not {}\n", checks::to_string(report.status), expected.status);
  if (!text.empty()) {
    for (const auto& finding : report.findings)
      text += "  " + summary(finding) + ": " + finding.detail.str() + "\n";
  }
  return text;
}

}  // namespace dkimprobe::tests
