#include "exporters/json/observation_json.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "config/basics/escape.hpp"
#include "exporters/json/observation_words.hpp"

namespace dkimprobe::exporters {
namespace {

using Json = nlohmann::ordered_json;
using config::escape_text;

constexpr std::string_view schema = "dkimprobe.observation/2";
constexpr std::size_t longest_list = 65'536;
constexpr std::size_t longest_data = 65'535;  // of an EDNS option or a record (RFC 6891 section 6.1.2)
constexpr int deepest = 24;                   // levels of nesting; the format needs fewer
constexpr std::int64_t longest_time_us = 1'000'000'000'000'000;
constexpr const char* not_negative = "it must be a whole number from 0 to 1000000000000000";
constexpr std::int64_t last_timestamp_ms = 253'402'300'799'999;  // the end of the year 9999

// ---- The fields, for both writing and reading ----
//
// Each struct is decomposed into all of its members, so that a struct with a new member does not compile
// until the member is added here.

template <class T, class Struct>
concept Is = std::same_as<std::remove_const_t<T>, Struct>;

template <class Archive, Is<probe::TxtRecord> T>
void fields(Archive& archive, T& value) {
  auto& [ttl_seconds, strings] = value;
  archive("ttl_seconds", ttl_seconds);
  archive("strings", strings);
  archive.demand(
      std::ranges::all_of(strings,
                          [](const std::string& string) { return string.size() <= probe::longest_string; }),
      "strings", fmt::format("each has at most {} octets", probe::longest_string));
}

template <class Archive, Is<probe::AliasRecord> T>
void fields(Archive& archive, T& value) {
  auto& [owner, target, ttl_seconds, is_dname] = value;
  archive("owner", owner);
  archive("target", target);
  archive("ttl_seconds", ttl_seconds);
  archive("is_dname", is_dname);
}

template <class Archive, Is<probe::SignatureTimes> T>
void fields(Archive& archive, T& value) {
  auto& [first_inception, last_expiration] = value;
  archive("first_inception", first_inception);
  archive("last_expiration", last_expiration);
}

template <class Archive, Is<probe::SoaRecord> T>
void fields(Archive& archive, T& value) {
  auto& [owner, mname, rname, serial, refresh_seconds, retry_seconds, expire_seconds, minimum_seconds,
         ttl_seconds, in_answer] = value;
  archive("owner", owner);
  archive("mname", mname);
  archive("rname", rname);
  archive("serial", serial);
  archive("refresh_seconds", refresh_seconds);
  archive("retry_seconds", retry_seconds);
  archive("expire_seconds", expire_seconds);
  archive("minimum_seconds", minimum_seconds);
  archive("ttl_seconds", ttl_seconds);
  archive("in_answer", in_answer);
}

template <class Archive, Is<probe::NsRecord> T>
void fields(Archive& archive, T& value) {
  auto& [owner, target, ttl_seconds] = value;
  archive("owner", owner);
  archive("target", target);
  archive("ttl_seconds", ttl_seconds);
}

template <class Archive, Is<probe::AddressRecord> T>
void fields(Archive& archive, T& value) {
  auto& [owner, address, ttl_seconds] = value;
  archive("owner", owner);
  archive("address", address);
  archive("ttl_seconds", ttl_seconds);
}

template <class Archive, Is<probe::DsRecord> T>
void fields(Archive& archive, T& value) {
  auto& [owner, key_tag, algorithm, digest_type, digest, ttl_seconds] = value;
  archive("owner", owner);
  archive("key_tag", key_tag);
  archive("algorithm", algorithm);
  archive("digest_type", digest_type);
  archive("digest", digest);
  archive("ttl_seconds", ttl_seconds);
}

template <class Archive, Is<probe::Edns> T>
void fields(Archive& archive, T& value) {
  auto& [payload_bytes, version, dnssec_ok, nsid, server_cookie] = value;
  archive("payload_bytes", payload_bytes);
  archive("version", version);
  archive("dnssec_ok", dnssec_ok);
  archive("nsid", nsid);
  archive("server_cookie", server_cookie);
}

template <class Archive, Is<probe::RecordSet> T>
void fields(Archive& archive, T& value) {
  auto& [owner, type, ttl_seconds, rdata, signatures] = value;
  archive("owner", owner);
  archive("type", type);
  archive("ttl_seconds", ttl_seconds);
  archive("rdata", rdata);
  archive("signatures", signatures);
}

template <class Archive, Is<probe::OversizedTxt> T>
void fields(Archive& archive, T& value) {
  auto& [records, octets] = value;
  archive("records", records);
  archive("bytes", octets);
}

template <class Archive, Is<probe::Response> T>
void fields(Archive& archive, T& value) {
  auto& [rcode, authoritative, truncated, recursion_available, has_question, question_case_kept, edns, txt,
         oversized_txt, aliases, ns, addresses, soa, referral, glue, ds, answers_elsewhere, malformed_txt,
         dname_target_too_long, has_rrsig, nsec_ttl_seconds, signatures, sets, sets_omitted] = value;
  archive("rcode", rcode);
  archive("authoritative", authoritative);
  archive("truncated", truncated);
  archive("recursion_available", recursion_available);
  archive("has_question", has_question);
  archive("question_case_kept", question_case_kept);
  archive("edns", edns);
  archive("txt", txt);
  archive.added("oversized_txt", oversized_txt);
  archive("aliases", aliases);
  archive("ns", ns);
  archive("addresses", addresses);
  archive("soa", soa);
  archive("referral", referral);
  archive("glue", glue);
  archive.added("ds", ds);
  archive("answers_elsewhere", answers_elsewhere);
  archive("malformed_txt", malformed_txt);
  archive("dname_target_too_long", dname_target_too_long);
  archive("has_rrsig", has_rrsig);
  archive.added("nsec_ttl_seconds", nsec_ttl_seconds);
  archive.added("signatures", signatures);
  archive.added("sets", sets);
  archive.added("sets_omitted", sets_omitted);
}

template <class Archive, Is<probe::IgnoredMessages> T>
void fields(Archive& archive, T& ignored) {
  for (std::size_t i = 0; i < probe::ignore_reason_count; ++i) {
    archive(words_of<probe::IgnoreReason>()[i], ignored.counts[i]);
  }
}

template <class Archive, Is<probe::Exchange> T>
void fields(Archive& archive, T& value) {
  auto& [purpose, question_name, question_type, transport, edns_sent, attempt, started, took, bytes_sent,
         bytes_received, outcome, system_error, ignored, response] = value;
  archive("purpose", purpose);
  archive("question_name", question_name);
  archive("question_type", question_type);
  archive("transport", transport);
  archive("edns_sent", edns_sent);
  archive("attempt", attempt);
  archive("started_us", started);
  archive("took_us", took);
  archive.demand(took.count() >= 0, "took_us", not_negative);
  archive("bytes_sent", bytes_sent);
  archive("bytes_received", bytes_received);
  archive("outcome", outcome);
  archive("system_error", system_error);
  archive("ignored", ignored);
  archive("response", response);
  archive.demand((outcome == probe::Outcome::answered) == response.has_value(), "response",
                 "it must be present exactly when the outcome is `answered`");
}

template <class Archive, Is<config::ServerAddress> T>
void fields(Archive& archive, T& value) {
  auto& [ip, port] = value;
  archive("ip", ip);
  archive("port", port);
}

template <class Archive, Is<probe::ServerObservation> T>
void fields(Archive& archive, T& value) {
  auto& [names, address, not_asked, cut_short, stray_of, exchanges] = value;
  archive("names", names);
  archive("address", address);
  archive("not_asked", not_asked);
  archive("cut_short", cut_short);
  archive.added("stray_of", stray_of);
  archive("exchanges", exchanges);
  archive.demand(!names.empty(), "names", "a server has at least one name");
}

template <class Archive, Is<probe::Nameserver> T>
void fields(Archive& archive, T& value) {
  auto& [name, in_parent, in_child, host, glue, addresses, ipv4_unknown, ipv6_unknown] = value;
  archive("name", name);
  archive("in_parent", in_parent);
  archive("in_child", in_child);
  archive("host", host);
  archive("glue", glue);
  archive("addresses", addresses);
  archive.added("ipv4_unknown", ipv4_unknown);
  archive.added("ipv6_unknown", ipv6_unknown);
}

template <class Archive, Is<probe::Referral> T>
void fields(Archive& archive, T& value) {
  auto& [ns, glue, ds, sets] = value;
  archive("ns", ns);
  archive("glue", glue);
  archive("ds", ds);
  archive.added("sets", sets);
}

template <class Archive, Is<probe::ParentAnswer> T>
void fields(Archive& archive, T& value) {
  auto& [names, address, answer, not_asked, referral, serial, nsid] = value;
  archive("names", names);
  archive("address", address);
  archive("answer", answer);
  archive("not_asked", not_asked);
  archive("referral", referral);
  archive("serial", serial);
  archive("nsid", nsid);
}

template <class Archive, Is<probe::ZoneCut> T>
void fields(Archive& archive, T& value) {
  auto& [apex, parent, parent_ns_ttl_seconds, child_ns_ttl_seconds, parent_ns, child_ns, referrals, parents] =
      value;
  archive("apex", apex);
  archive.added("parent", parent);
  archive("parent_ns_ttl_seconds", parent_ns_ttl_seconds);
  archive("child_ns_ttl_seconds", child_ns_ttl_seconds);
  archive("parent_ns", parent_ns);
  archive("child_ns", child_ns);
  archive.added("referrals", referrals);
  archive.added("parents", parents);
  archive.demand(std::ranges::all_of(parents,
                                     [&](const probe::ParentAnswer& each) {
                                       return !each.referral || *each.referral < referrals.size();
                                     }),
                 "parents", "each `referral` must be the index of one of `referrals`");
}

template <class Archive, Is<probe::WalkExchange> T>
void fields(Archive& archive, T& value) {
  auto& [server, zone, exchange] = value;
  archive("server", server);
  archive("zone", zone);
  archive("exchange", exchange);
}

template <class Archive, Is<probe::StrayServer> T>
void fields(Archive& archive, T& value) {
  auto& [names, address, zone, answer] = value;
  archive("names", names);
  archive("address", address);
  archive("zone", zone);
  archive("answer", answer);
}

template <class Archive, Is<probe::Interception> T>
void fields(Archive& archive, T& value) {
  auto& [sign, servers] = value;
  archive("sign", sign);
  archive("servers", servers);
}

template <class Archive, Is<probe::ZoneReply> T>
void fields(Archive& archive, T& value) {
  auto& [zone, type, server, rcode, sets] = value;
  archive("zone", zone);
  archive("type", type);
  archive("server", server);
  archive("rcode", rcode);
  archive("sets", sets);
}

template <class Archive, Is<probe::Delegation> T>
void fields(Archive& archive, T& value) {
  auto& [zone, outcome, stopped_at, cuts, nameservers, nameservers_cut_off, strays, interception, denied,
         exchanges, chain_of_trust] = value;
  archive("zone", zone);
  archive("outcome", outcome);
  archive("stopped_at", stopped_at);
  archive("cuts", cuts);
  archive("nameservers", nameservers);
  archive("nameservers_cut_off", nameservers_cut_off);
  archive.added("strays", strays);
  archive.added("interception", interception);
  archive("denied", denied);
  archive("exchanges", exchanges);
  archive.added("chain_of_trust", chain_of_trust);
}

template <class Archive, Is<probe::Hop> T>
void fields(Archive& archive, T& value) {
  auto& [owner, delegation, servers] = value;
  archive("owner", owner);
  archive("delegation", delegation);
  archive("servers", servers);
}

template <class Archive, Is<probe::Chain> T>
void fields(Archive& archive, T& value) {
  auto& [hops, outcome] = value;
  archive("outcome", outcome);
  archive("hops", hops);
}

template <class Archive, Is<probe::RateShortage> T>
void fields(Archive& archive, T& value) {
  auto& [server, queries, needed, selectors] = value;
  archive("server", server);
  archive("queries", queries);
  archive("needed_us", needed);
  archive.demand(needed.count() >= 0, "needed_us", not_negative);
  archive("selectors", selectors);
}

template <class Archive, Is<probe::Observation> T>
void fields(Archive& archive, T& value) {
  auto& [domain, selector, observed_at, took, key, adsp, wildcard_name, is_quick, rate_shortage,
         size_exhausted] = value;
  archive("domain", domain);
  archive("selector", selector);
  archive("observed_at_unix_ms", observed_at);
  archive("took_us", took);
  archive.demand(took.count() >= 0, "took_us", not_negative);
  archive("key", key);
  archive("adsp", adsp);
  archive("wildcard_name", wildcard_name);
  archive.added("is_quick", is_quick);
  archive.added("rate_shortage", rate_shortage);
  archive.added("size_exhausted", size_exhausted);
  archive.demand(selector.owner_name(domain).has_value(), "selector",
                 "with the domain it forms a name of more than 255 octets");
}

// ---- Writing ----

class Writer;

Json to_json(bool value) {
  return value;
}
Json to_json(std::integral auto value) {
  return value;
}
Json to_json(const std::string& octets) {
  return escape_text(octets);
}
Json to_json(const config::DomainName& name) {
  return name.to_string();
}
Json to_json(const config::Selector& selector) {
  return selector.to_string();
}
Json to_json(const config::Address& address) {
  return address.to_string();
}
Json to_json(std::chrono::microseconds time) {
  return time.count();
}
Json to_json(probe::WallTime time) {
  return time.time_since_epoch().count();
}
template <class Enum>
  requires std::is_enum_v<Enum>
Json to_json(Enum value) {
  if constexpr (Worded<Enum>) {
    return words_of<Enum>()[static_cast<std::size_t>(value)];
  } else {
    return static_cast<std::uint16_t>(value);
  }
}
template <class Struct>
  requires requires(Writer& writer, const Struct& value) { fields(writer, value); }
Json to_json(const Struct& value);
template <class T>
Json to_json(const std::optional<T>& value);
template <class T>
Json to_json(const std::vector<T>& values);

class Writer {
 public:
  template <class T>
  void operator()(const char* key, const T& value) {
    object_[key] = to_json(value);
  }
  template <class T>
  void added(const char* key, const T& value) {
    (*this)(key, value);
  }
  void demand(bool, std::string_view, std::string_view) {}
  [[nodiscard]] Json take() { return std::move(object_); }

 private:
  Json object_ = Json::object();
};

template <class Struct>
  requires requires(Writer& writer, const Struct& value) { fields(writer, value); }
Json to_json(const Struct& value) {
  Writer writer;
  fields(writer, value);
  return writer.take();
}

template <class T>
Json to_json(const std::optional<T>& value) {
  return value ? to_json(*value) : Json(nullptr);
}

template <class T>
Json to_json(const std::vector<T>& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(to_json(value));
  return list;
}

// ---- Reading ----

/// The place of a value, as a chain from the inside out.
struct Place {
  const Place* outer = nullptr;
  std::string_view key{};
  std::size_t index = 0;  ///< used when there is no key
};

std::string to_text(const Place& place) {
  std::string text = place.outer == nullptr ? "" : to_text(*place.outer);
  if (place.key.empty()) {
    if (place.outer != nullptr) text += fmt::format("[{}]", place.index);
  } else {
    text += (text.empty() ? "" : ".") + std::string(place.key);
  }
  return text;
}

/// The first error. Errors after it are ignored.
struct Failure {
  std::optional<config::Error> error{};

  bool at(const Place& place, std::string message) {
    if (!error) error = config::Error{to_text(place), std::move(message)};
    return false;
  }
};

bool read(const Json& json, bool& value, const Place& place, Failure& failure) {
  if (!json.is_boolean()) return failure.at(place, "it must be true or false");
  value = json.get<bool>();
  return true;
}

/// The number, when it is a whole number within the limits.
std::optional<std::int64_t> whole_number(const Json& json, std::int64_t lowest, std::int64_t highest) {
  if (!json.is_number_integer()) return std::nullopt;
  if (json.is_number_unsigned() &&
      json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  const auto number = json.get<std::int64_t>();
  return number < lowest || number > highest ? std::nullopt : std::optional(number);
}

bool read_number(const Json& json, std::int64_t lowest, std::int64_t highest, std::int64_t& value,
                 const Place& place, Failure& failure) {
  const auto number = whole_number(json, lowest, highest);
  if (!number)
    return failure.at(place, fmt::format("it must be a whole number from {} to {}", lowest, highest));
  value = *number;
  return true;
}

template <std::integral T>
bool read(const Json& json, T& value, const Place& place, Failure& failure) {
  std::int64_t number = 0;
  if (!read_number(json, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), number, place,
                   failure))
    return false;
  value = static_cast<T>(number);
  return true;
}

bool read(const Json& json, std::chrono::microseconds& value, const Place& place, Failure& failure) {
  std::int64_t number = 0;
  // Negative: an exchange of an earlier probe, carried over into this one (probe/schedule/quick_probe.hpp).
  if (!read_number(json, -longest_time_us, longest_time_us, number, place, failure)) return false;
  value = std::chrono::microseconds{number};
  return true;
}

bool read(const Json& json, probe::WallTime& value, const Place& place, Failure& failure) {
  std::int64_t number = 0;
  if (!read_number(json, 0, last_timestamp_ms, number, place, failure)) return false;
  value = probe::WallTime{std::chrono::milliseconds{number}};
  return true;
}

const std::string* text_of(const Json& json, const Place& place, Failure& failure) {
  if (json.is_string()) return json.get_ptr<const std::string*>();
  failure.at(place, "it must be a string");
  return nullptr;
}

bool read(const Json& json, std::string& value, const Place& place, Failure& failure) {
  const auto* const text = text_of(json, place, failure);
  if (text == nullptr) return false;
  auto octets = config::unescape_text(*text);
  if (!octets) {
    return failure.at(
        place, R"(it must be printable ASCII; write a backslash as `\\` and any other octet as `\xHH`)");
  }
  if (octets->size() > longest_data)
    return failure.at(place, fmt::format("it has {} octets, more than {}", octets->size(), longest_data));
  value = std::move(*octets);
  return true;
}

/// Reads a type that has its own `parse`.
template <class T>
bool read_parsed(const Json& json, T& value, const Place& place, Failure& failure) {
  const auto* const text = text_of(json, place, failure);
  if (text == nullptr) return false;
  const auto parsed = T::parse(*text);
  if (parsed) {
    value = *parsed;
    return true;
  }
  if constexpr (requires { parsed.error(); }) {
    return failure.at(place, fmt::format("`{}`: {}", escape_text(*text, 80), parsed.error().front().message));
  } else {
    return failure.at(place, fmt::format("`{}` is not an IP address", escape_text(*text, 80)));
  }
}

bool read(const Json& json, config::DomainName& value, const Place& place, Failure& failure) {
  return read_parsed(json, value, place, failure);
}
bool read(const Json& json, config::Selector& value, const Place& place, Failure& failure) {
  return read_parsed(json, value, place, failure);
}
bool read(const Json& json, config::Address& value, const Place& place, Failure& failure) {
  return read_parsed(json, value, place, failure);
}

template <class Enum>
  requires std::is_enum_v<Enum>
bool read(const Json& json, Enum& value, const Place& place, Failure& failure) {
  if constexpr (Worded<Enum>) {
    const auto& words = words_of<Enum>();
    if (json.is_string()) {
      const auto word = std::ranges::find(words, json.get_ref<const std::string&>());
      if (word != words.end()) {
        value = static_cast<Enum>(word - words.begin());
        return true;
      }
    }
    return failure.at(place, fmt::format("it must be one of: {}", fmt::join(words, ", ")));
  } else {
    std::uint16_t number = 0;
    if (!read(json, number, place, failure)) return false;
    value = static_cast<Enum>(number);
    return true;
  }
}

template <class Struct>
  requires(!std::is_enum_v<Struct> && std::is_aggregate_v<Struct>)
bool read(const Json& json, Struct& value, const Place& place, Failure& failure);

template <class T>
bool read(const Json& json, std::optional<T>& value, const Place& place, Failure& failure) {
  if (json.is_null()) return true;
  return read(json, value.emplace(), place, failure);
}

template <class T>
bool read(const Json& json, std::vector<T>& values, const Place& place, Failure& failure) {
  if (!json.is_array()) return failure.at(place, "it must be a list");
  if (json.size() > longest_list)
    return failure.at(place, fmt::format("it has {} elements, more than {}", json.size(), longest_list));
  values.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (!read(json[i], values.emplace_back(), Place{&place, {}, i}, failure)) return false;
  }
  return true;
}

class ObservationReader {
 public:
  ObservationReader(const Json& object, const Place& place, Failure& failure)
      : object_(object), place_(place), failure_(failure) {}

  template <class T>
  void operator()(const char* key, T& value) {
    if (failure_.error) return;
    const Place place{&place_, key};
    const auto found = object_.find(key);
    if (found == object_.end()) {
      failure_.at(place, "it is missing");
      return;
    }
    known_.emplace_back(key);
    read(*found, value, place, failure_);
  }

  /// A fact that older files lack.
  template <class T>
  void added(const char* key, T& value) {
    if (object_.contains(key)) (*this)(key, value);
  }

  void demand(bool holds, std::string_view key, std::string message) {
    if (!holds) failure_.at(Place{&place_, key}, std::move(message));
  }

  /// Returns whether the object has no other keys.
  bool end() {
    if (failure_.error) return false;
    if (object_.size() == known_.size()) return true;
    for (const auto& [key, value] : object_.items()) {
      if (std::ranges::find(known_, key) != known_.end()) continue;
      return failure_.at(place_, fmt::format("it has the unknown key `{}`", escape_text(key, 80)));
    }
    return true;
  }

 private:
  const Json& object_;
  const Place& place_;
  Failure& failure_;
  std::vector<std::string_view> known_{};
};

template <class Struct>
  requires(!std::is_enum_v<Struct> && std::is_aggregate_v<Struct>)
bool read(const Json& json, Struct& value, const Place& place, Failure& failure) {
  if (!json.is_object()) return failure.at(place, "it must be an object");
  ObservationReader reader(json, place, failure);
  fields(reader, value);
  return reader.end();
}

struct File {
  std::string schema{};
  std::vector<probe::Observation> observations{};
};

template <class Archive, Is<File> T>
void fields(Archive& archive, T& file) {
  archive("schema", file.schema);
  archive.demand(file.schema == schema, "schema",
                 fmt::format("it is `{}`; this program reads `{}`", escape_text(file.schema, 80), schema));
  archive("observations", file.observations);
  archive.demand(!file.observations.empty(), "observations", "it must have at least one element");
}

/// The error if it is another output of this program, perhaps one object per line.
std::optional<config::Error> other_output(std::string_view text, const std::string& file) {
  constexpr std::size_t longest_start = 100;
  constexpr std::string_view prefix = "\"dkimprobe.";
  std::string_view start = text.substr(0, longest_start);
  const std::size_t name = start.find(prefix);
  if (name == std::string_view::npos) return std::nullopt;
  start.remove_prefix(name + 1);
  start = start.substr(0, start.find('/'));
  if (schema.substr(0, schema.find('/')) == start) return std::nullopt;
  return config::Error{
      file, fmt::format("this is `{}`, a report, which lacks the answers of the servers; give the file that "
                        "`dkimprobe check DOMAIN SELECTOR --save FILE` wrote",
                        escape_text(start, 80))};
}

}  // namespace

std::string observation_json(const std::vector<probe::Observation>& observations) {
  Json file = {{"schema", schema}};
  file["observations"] = to_json(observations);
  return file.dump(1) + '\n';
}

config::Result<std::vector<probe::Observation>> read_observation_json(std::string_view text,
                                                                      const std::string& file) {
  if (text.size() > largest_observation_file_bytes) {
    return config::failure(file, fmt::format("it has more than {} bytes, too many for an observation",
                                             largest_observation_file_bytes));
  }
  if (auto wrong = other_output(text, file)) return config::failure(wrong->where, wrong->message);
  Json json;
  try {
    // Values nested deeper than the format are discarded and then reported as missing or unknown.
    json = Json::parse(text, [](int depth, Json::parse_event_t, Json&) { return depth <= deepest; });
  } catch (const Json::parse_error& error) {
    return config::failure(file,
                           error.byte > text.size()
                               ? fmt::format("it is cut off: the JSON does not end ({} bytes)", text.size())
                               : fmt::format("it is not valid JSON: error at byte {}", error.byte));
  } catch (const Json::exception&) {
    return config::failure(file, "it has a number that is too large");
  }
  File read_file;
  Failure failure;
  if (!read(json, read_file, Place{}, failure)) {
    const auto& [where, message] = *failure.error;
    return config::failure(file, where.empty() ? message : fmt::format("{}: {}", where, message));
  }
  return std::move(read_file.observations);
}

}  // namespace dkimprobe::exporters
