#include "exporters/json/report_json.hpp"

#include <algorithm>
#include <initializer_list>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"
#include "checks/verifiers/verifier.hpp"
#include "config/basics/escape.hpp"
#include "exporters/json/json_parts.hpp"
#include "exporters/json/observation_words.hpp"
#include "exporters/text/response_sizes.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Report;
using config::escape_text;

Json milliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1'000.0;
}

Json strings_json(const std::vector<std::string>& strings) {
  Json list = Json::array();
  for (const auto& text : strings) list.push_back(escape_text(text));
  return list;
}

Json addresses_json(const std::vector<config::Address>& addresses) {
  Json list = Json::array();
  for (const auto& address : addresses) list.push_back(address.to_string());
  return list;
}

Json record_json(const checks::RecordFacts& record) {
  Json tags = Json::array();
  for (const auto& tag : record.tags) {
    tags.push_back(
        {{"name", escape_text(tag.name)}, {"value", escape_text(tag.value)}, {"offset", tag.offset}});
  }
  return {{"class", checks::to_string(record.record_class)},
          {"serves", checks::served_versions(record.record_class)},
          {"strings", strings_json(record.strings)},
          {"tags", std::move(tags)},
          {"withheld", record.withheld}};
}

Json key_json(const std::optional<checks::KeyFacts>& key) {
  if (!key) return nullptr;
  return {{"algorithm", escape_text(key->algorithm)},
          {"bits", key->bits},
          {"sha256", text_or_null(key->sha256)},
          {"exponent", or_null(key->exponent)}};
}

/// Each verdict and reason once, with the verifiers that have it. The catalogue describes the verifiers.
Json compatibility_json(const checks::Compatibility& compatibility) {
  Json list = Json::array();
  const auto& verdicts = compatibility.verdicts;
  for (auto first = verdicts.begin(); first != verdicts.end(); ++first) {
    const auto is_same = [&](const checks::VerifierVerdict& each) {
      return each.acceptance == first->acceptance && each.reason == first->reason;
    };
    if (std::any_of(verdicts.begin(), first, is_same)) continue;
    Json verifiers = Json::array();
    for (auto each = first; each != verdicts.end(); ++each) {
      if (is_same(*each)) verifiers.push_back(id_of(*each->verifier));
    }
    list.push_back({{"verdict", checks::to_string(first->acceptance)},
                    {"reason", text_or_null(first->reason)},
                    {"verifiers", std::move(verifiers)}});
  }
  return list;
}

Json headroom(std::uint32_t limit, const std::optional<std::uint32_t>& bytes) {
  if (!bytes) return nullptr;
  return static_cast<std::int64_t>(limit) - static_cast<std::int64_t>(*bytes);
}

Json size_json(const checks::SizeFacts& size) {
  return {{"direct", or_null(size.direct)},
          {"chain", or_null(size.chain)},
          {"headroom_512", headroom(plain_limit_bytes, plain_bytes(size))},
          {"headroom_1232", headroom(edns_limit_bytes, edns_bytes(size))},
          {"observed",
           {{"udp", or_null(size.observed_udp)},
            {"edns", or_null(size.observed_edns)},
            {"tcp", or_null(size.observed_tcp)}}},
          {"drop_first", strings_json(size.drop_first)}};
}

/// The object without facts that only servers can provide.
Json without(std::initializer_list<const char*> keys, Json object) {
  for (const char* key : keys) object.erase(key);
  return object;
}

Json finding_json(const checks::Finding& finding, const checks::ServerId* server) {
  return {{"id", finding.check->name},
          {"severity", checks::to_string(finding.severity)},
          {"server", server == nullptr ? Json(nullptr) : Json(server->address.ip.to_string())},
          {"server_name", server == nullptr ? Json(nullptr) : text_or_null(server->name)},
          {"offset", or_null(finding.offset)},
          {"detail", finding.detail},
          {"remedy", finding.remedy},
          {"reference", text_or_null(finding.check->reference)}};
}

/// One entry per server of a finding, so that a reader can select by server; one entry with null when the
/// finding has no server.
Json findings_json(const Report& report) {
  Json list = Json::array();
  for (const auto& finding : report.findings) {
    if (finding.servers.empty()) list.push_back(finding_json(finding, nullptr));
    for (const auto& server : finding.servers) list.push_back(finding_json(finding, &server));
  }
  return list;
}

/// Findings about a text that was not queried from a server.
Json text_findings(const Report& report) {
  Json list = Json::array();
  for (const auto& finding : report.findings)
    list.push_back(without({"server", "server_name"}, finding_json(finding, nullptr)));
  return list;
}

Json server_json(const checks::ServerRow& row) {
  return {
      {"name", row.id.name},
      {"address", row.id.address.ip.to_string()},
      {"port", row.id.address.port},
      {"owner", row.owner.to_string()},
      {"outcome", checks::to_string(row.outcome)},
      {"not_asked", row.not_asked == probe::NotAsked::asked ? Json(nullptr) : Json(word_of(row.not_asked))},
      {"rcode", or_null(row.rcode)},
      {"authoritative", row.authoritative},
      {"truncated", row.truncated},
      {"serial", or_null(row.serial)},
      {"ttl", or_null(row.ttl_seconds)},
      {"answer_sha256", text_or_null(row.answer_sha256)},
      {"group", row.group == ' ' ? Json(nullptr) : Json(std::string(1, row.group))},
      {"standing", row.group == ' ' ? Json(nullptr) : Json(checks::to_string(row.standing))},
      {"answer", row.answer},
      {"nsid", row.nsid ? Json(escape_text(*row.nsid)) : Json(nullptr)},
      {"rtt_ms", row.round_trip ? milliseconds(*row.round_trip) : Json(nullptr)},
      {"udp_bytes", or_null(row.udp_bytes)}};
}

Json cut_json(const probe::ZoneCut& cut) {
  const auto targets = [](const std::vector<probe::NsRecord>& records) {
    Json list = Json::array();
    for (const auto& record : records) list.push_back(record.target.to_string());
    return list;
  };
  return {{"apex", cut.apex.to_string()},
          {"parent_ns", targets(cut.parent_ns)},
          {"parent_ns_ttl", cut.parent_ns_ttl_seconds},
          {"child_ns", targets(cut.child_ns)},
          {"child_ns_ttl", cut.child_ns_ttl_seconds}};
}

Json zone_json(const probe::Delegation& delegation) {
  Json cuts = Json::array();
  for (const auto& cut : delegation.cuts) cuts.push_back(cut_json(cut));
  Json nameservers = Json::array();
  for (const auto& server : delegation.nameservers) {
    nameservers.push_back({{"name", server.name.to_string()},
                           {"in_parent", server.in_parent},
                           {"in_child", server.in_child},
                           {"glue", addresses_json(server.glue)},
                           {"addresses", addresses_json(server.addresses)}});
  }
  const bool reached = delegation.outcome == probe::DiscoveryOutcome::complete ||
                       delegation.outcome == probe::DiscoveryOutcome::pinned;
  return {{"zone", delegation.zone.to_string()},
          {"outcome", word_of(delegation.outcome)},
          {"stopped_at", reached ? Json(nullptr) : Json(delegation.stopped_at.to_string())},
          {"cuts", std::move(cuts)},
          {"nameservers", std::move(nameservers)},
          {"nameservers_cut_off", names_json(delegation.nameservers_cut_off)},
          {"denied", names_json(delegation.denied)},
          {"queries", delegation.exchanges.size()}};
}

Json outcomes_json(const Report& report) {
  Json outcomes = Json::object();
  for (const auto& result : report.outcomes) outcomes[result.check->name] = checks::to_string(result.outcome);
  return outcomes;
}

/// Of the checks that need no more than this text, those that were not evaluated.
Json unevaluated_json(const Report& report) {
  using enum checks::Needs;
  const auto was_evaluated = [](const checks::CheckResult& result) {
    return result.outcome != checks::CheckOutcome::not_evaluated;
  };
  Json names = Json::array();
  for (const checks::Needs needs : {key_text, adsp_text, policy_text}) {
    const auto is_of = [&](const checks::CheckResult& result) { return result.check->needs == needs; };
    const auto& all = report.outcomes;
    if (std::ranges::none_of(all, [&](const auto& each) { return is_of(each) && was_evaluated(each); }))
      continue;
    for (const auto& each : all) {
      if (is_of(each) && !was_evaluated(each)) names.push_back(each.check->name);
    }
  }
  return names;
}

Json planned_json(const PlannedRecord& record) {
  std::string text;
  for (const auto& string : record.strings) text += string;
  return {{"name", record.name.to_string()},
          {"type", "TXT"},
          {"ttl", record.ttl_seconds},
          {"text", escape_text(text)},
          {"strings", strings_json(record.strings)}};
}

Json rotation_json(const Report& report) {
  Json rotation = Json::object();
  rotation["negative_ttl"] = or_null(report.negative_ttl_seconds);
  rotation.update(rotation_facts_json(report.rotation.value_or(checks::RotationFacts{})));
  return rotation;
}

Json dnssec_json(const checks::DnssecFacts& facts) {
  Json zones = Json::array();
  for (const auto& link : facts.zones) {
    zones.push_back({{"zone", link.zone.to_string()},
                     {"state", checks::to_string(link.state)},
                     {"key_tags", link.key_tags}});
  }
  Json servers = Json::array();
  for (const auto& server : facts.servers) {
    const bool has_address = server.id.has_address();
    servers.push_back({{"name", server.id.name},
                       {"address", has_address ? Json(server.id.address.ip.to_string()) : Json(nullptr)},
                       {"port", has_address ? Json(server.id.address.port) : Json(nullptr)},
                       {"state", checks::to_string(server.state)},
                       {"broken_link", text_or_null(server.broken_link)},
                       {"signatures_expire", time_or_null(server.expires)}});
  }
  return {{"owner", facts.owner.to_string()}, {"zones", std::move(zones)}, {"servers", std::move(servers)}};
}

Json report_object(const Report& report) {
  Json servers = Json::array();
  for (const auto& row : report.servers) servers.push_back(server_json(row));
  Json chain = Json::array();
  for (const auto& alias : report.chain) {
    chain.push_back({{"owner", alias.owner.to_string()},
                     {"target", alias.target.to_string()},
                     {"type", alias.is_dname ? "DNAME" : "CNAME"},
                     {"ttl", alias.ttl_seconds}});
  }
  Json dnssec = Json::array();
  for (const auto& facts : report.dnssec) dnssec.push_back(dnssec_json(facts));
  Json zones = Json::array();
  for (const auto& delegation : report.delegations) zones.push_back(zone_json(delegation));
  Json not_asked = Json::array();
  for (const auto& sentence : report.not_asked) not_asked.push_back(sentence);
  Json disabled = Json::object();
  for (const auto& result : report.outcomes) {
    if (!result.disabled.empty()) disabled[result.check->name] = result.disabled;
  }
  return {{"schema", "dkimprobe.report/2"},
          {"domain", report.domain.to_string()},
          {"selector", report.selector.to_string()},
          {"name", report.name.to_string()},
          {"role", config::to_string(report.role)},
          {"observed_at", checks::iso_time(report.observed_at)},
          {"took_ms", milliseconds(report.took)},
          {"status", checks::to_string(report.status)},
          {"headline", report.headline},
          {"record", record_json(report.record)},
          {"key", key_json(report.key)},
          {"compatibility", compatibility_json(report.compatibility)},
          {"rewrite", text_or_null(escape_text(report.compatibility.rewrite))},
          {"size", size_json(report.size)},
          {"findings", findings_json(report)},
          {"servers", std::move(servers)},
          {"chain", std::move(chain)},
          {"dnssec", std::move(dnssec)},
          {"delegation", {{"zones", std::move(zones)}, {"not_asked", std::move(not_asked)}}},
          {"rotation", rotation_json(report)},
          {"adsp", {{"policy", checks::to_string(report.adsp)}}},
          {"outcomes", outcomes_json(report)},
          {"disabled", std::move(disabled)}};
}

Json check_object(const config::DomainName& domain, checks::Status status, std::span<const Report> reports) {
  Json list = Json::array();
  for (const auto& report : reports) list.push_back(report_object(report));
  return {{"schema", "dkimprobe.check/2"},
          {"domain", domain.to_string()},
          {"status", checks::to_string(status)},
          {"reports", std::move(list)}};
}

Json signature_json(const checks::SignatureField& field) {
  Json tags = Json::array();
  for (const auto& tag : field.list.tags)
    tags.push_back({{"name", escape_text(tag.name)}, {"value", escape_text(tag.value)}});
  Json errors = Json::array();
  for (const auto& fault : field.faults) errors.push_back(fault.detail);
  return {{"number", field.number},
          {"line", field.line},
          {"domain", field.domain ? Json(field.domain->to_string()) : Json(nullptr)},
          {"selector", field.selector ? Json(field.selector->to_string()) : Json(nullptr)},
          {"tags", std::move(tags)},
          {"errors", std::move(errors)}};
}

Json resolver_json(const checks::CacheAnswer& word) {
  const bool holds_something = word.probe.state == checks::CacheState::denied ||
                               word.probe.state == checks::CacheState::other ||
                               word.probe.state == checks::CacheState::expected;
  return {{"resolver", word.probe.resolver.to_string()},
          {"seen", checks::iso_time(word.probe.seen)},
          {"state", checks::to_string(word.probe.state)},
          {"seconds_left", holds_something ? Json(word.probe.seconds_left) : Json(nullptr)},
          {"detail", word.detail}};
}

Json resolvers_json(const std::vector<checks::CacheAnswer>& words) {
  Json list = Json::array();
  for (const auto& word : words) list.push_back(resolver_json(word));
  return list;
}

Json expected_key_json(const checks::Preflight& preflight) {
  const auto& expected = preflight.expected_key;
  if (!expected) return nullptr;
  return {{"sha256", expected->sha256},
          {"algorithm", text_or_null(expected->algorithm)},
          {"bits", expected->bits == 0 ? Json(nullptr) : Json(expected->bits)}};
}

Json progress_json(const checks::ServerProgress& server) {
  const bool has_address = server.server.has_address();
  return {{"owner", server.owner.to_string()},
          {"name", server.server.name},
          {"address", has_address ? Json(server.server.address.ip.to_string()) : Json(nullptr)},
          {"port", has_address ? Json(server.server.address.port) : Json(nullptr)},
          {"progress", checks::to_string(server.progress)},
          {"since", time_or_null(server.since)},
          {"detail", server.detail}};
}

Json difference_json(const std::optional<checks::TextDifference>& difference) {
  if (!difference) return nullptr;
  return {{"offset", difference->offset},
          {"shown_from", difference->shown_from},
          {"published", escape_text(difference->published)},
          {"meant", escape_text(difference->meant)},
          {"cause", text_or_null(difference->cause)}};
}

Json texts_json(const checks::Preflight& preflight) {
  if (!preflight.text_known) return nullptr;
  Json texts = Json::array();
  for (const auto& copy : preflight.texts) {
    Json addresses = Json::array();
    for (const auto& server : copy.servers) addresses.push_back(server.address.ip.to_string());
    texts.push_back({{"servers", std::move(addresses)},
                     {"string_sizes", copy.string_sizes},
                     {"difference", difference_json(copy.difference)}});
  }
  return texts;
}

Json limits_json(const checks::Preflight& preflight) {
  Json limits = Json::array();
  for (const auto& limit : preflight.sign.limits) limits.push_back(limit);
  if (!preflight.no_way.empty()) limits.push_back(preflight.no_way);
  return limits;
}

Json public_answer_json(const checks::Preflight& preflight) {
  if (!preflight.public_answer) return nullptr;
  return {{"why_not_asked", text_or_null(preflight.public_answer->why_not_asked)},
          {"answers", resolvers_json(preflight.public_answer->answers)}};
}

checks::Status status_of(config::FaultWeight weight) {
  switch (weight) {
    case config::FaultWeight::note:
      return checks::Status::ok;
    case config::FaultWeight::warning:
      return checks::Status::warning;
    case config::FaultWeight::unknown:
      return checks::Status::unknown;
  }
  return checks::Status::unknown;
}

}  // namespace

std::string check_json(const config::DomainName& domain, checks::Status status,
                       std::span<const Report> reports) {
  return json_text(check_object(domain, status, reports), 2);
}

std::string check_json_line(const config::DomainName& domain, checks::Status status,
                            std::span<const Report> reports) {
  return json_text(check_object(domain, status, reports), -1);
}

std::string message_json(checks::Status status, std::span<const checks::SignatureField> signatures,
                         std::span<const DomainReports> domains) {
  Json fields = Json::array();
  for (const auto& field : signatures) fields.push_back(signature_json(field));
  Json results = Json::array();
  for (const auto& each : domains) results.push_back(check_object(each.domain, each.status, each.reports));
  return json_text({{"schema", "dkimprobe.message/2"},
                    {"status", checks::to_string(status)},
                    {"verification", "not_done"},
                    {"signatures", std::move(fields)},
                    {"checks", std::move(results)}},
                   2);
}

std::string lint_json(const Report& report, const config::FilePlace& place) {
  const auto name_or_null = [](bool known, const std::string& name) {
    return known ? Json(name) : Json(nullptr);
  };
  return json_text(
      {{"schema", "dkimprobe.lint/2"},
       {"file", escape_text(place.file.string())},
       {"line", place.line},
       {"domain", name_or_null(!report.domain.is_root(), report.domain.to_string())},
       {"selector", name_or_null(report.selector != config::Selector{}, report.selector.to_string())},
       {"name", name_or_null(!report.name.is_root(), report.name.to_string())},
       {"role", config::to_string(report.role)},
       {"status", checks::to_string(report.status)},
       {"headline", report.headline},
       {"record", record_json(report.record)},
       {"key", key_json(report.key)},
       {"compatibility", compatibility_json(report.compatibility)},
       {"rewrite", text_or_null(escape_text(report.compatibility.rewrite))},
       {"size", without({"chain", "observed"}, size_json(report.size))},
       {"findings", text_findings(report)},
       {"adsp", {{"policy", checks::to_string(report.adsp)}}},
       {"not_evaluated", unevaluated_json(report)}},
      -1);
}

std::string lint_error_json(const config::FileFault& fault) {
  const auto& row = config::row_of(fault.kind);
  return json_text({{"schema", "dkimprobe.lint/2"},
                    {"file", escape_text(fault.place.file.string())},
                    {"line", fault.place.line},
                    {"status", checks::to_string(status_of(row.weight))},
                    {"fault", row.id},
                    {"error", config::EscapedText(fault.detail)},
                    {"remedy", row.remedy}},
                   -1);
}

std::string record_json(const RecordOutput& output) {
  const Report& report = output.report;
  return json_text({{"schema", "dkimprobe.record/2"},
                    {"record", planned_json(output.record)},
                    {"alias", output.alias ? Json(output.alias->to_string()) : Json(nullptr)},
                    {"status", checks::to_string(report.status)},
                    {"serves", checks::served_versions(report.record.record_class)},
                    {"key", key_json(report.key)},
                    {"size", without({"observed"}, size_json(report.size))},
                    {"findings", text_findings(report)},
                    {"in_place_of_adsp", output.in_place ? planned_json(*output.in_place) : Json(nullptr)}},
                   2);
}

std::string preflight_json(const checks::Preflight& preflight) {
  const Report& report = preflight.report;
  Json servers = Json::array();
  for (const auto& server : preflight.sign.servers) servers.push_back(progress_json(server));
  return json_text({{"schema", "dkimprobe.preflight/2"},
                    {"domain", report.domain.to_string()},
                    {"selector", report.selector.to_string()},
                    {"name", report.name.to_string()},
                    {"observed_at", checks::iso_time(report.observed_at)},
                    {"readiness", checks::to_string(preflight.sign.safe.readiness)},
                    {"safe_to_sign_at", time_or_null(preflight.sign.safe.at)},
                    {"reasons", reasons_json(preflight.sign.safe.reasons)},
                    {"expected_key", expected_key_json(preflight)},
                    {"record", record_json(report.record)},
                    {"key", key_json(report.key)},
                    {"servers", std::move(servers)},
                    {"texts", texts_json(preflight)},
                    {"size", size_json(report.size)},
                    {"findings", findings_json(report)},
                    {"caches", resolvers_json(preflight.caches)},
                    {"public_answer", public_answer_json(preflight)},
                    {"only_given_servers", preflight.only_given_servers},
                    {"limits", limits_json(preflight)},
                    {"probes", preflight.probes},
                    {"history_kept", preflight.history_kept}},
                   2);
}

}  // namespace dkimprobe::exporters
