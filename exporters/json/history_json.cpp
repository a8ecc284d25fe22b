#include "exporters/json/history_json.hpp"

#include "checks/answers/server_answer.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"
#include "exporters/json/json_parts.hpp"
#include "exporters/store/history_codec.hpp"

namespace dkimprobe::exporters {
namespace {

using config::escape_text;

Json answer_json(const std::optional<checks::AnswerPeriod>& period) {
  if (!period) return nullptr;
  Json records = Json::array();
  for (const auto& strings : period->texts) {
    const auto record = checks::read_key_record(checks::join_strings(strings));
    Json list = Json::array();
    if (!record.is_leak()) {
      for (const auto& string : strings) list.push_back(escape_text(string));
    }
    const bool has_key = record.key && !record.key->sha256.empty();
    records.push_back({{"strings", std::move(list)},
                       {"withheld", record.is_leak()},
                       {"key_sha256", has_key ? Json(record.key->sha256) : Json(nullptr)}});
  }
  return {{"kind", to_string(period->kind)},
          {"records", std::move(records)},
          {"is_incomplete", period->is_incomplete},
          {"alias", period->alias ? Json(period->alias->to_string()) : Json(nullptr)},
          {"ttl_seconds", or_null(period->ttl_seconds)},
          {"nsec_ttl_seconds", or_null(period->nsec_ttl_seconds)},
          {"domainkey_denied_seconds", or_null(period->domainkey_denied_seconds)},
          {"wildcard_ttl_seconds", or_null(period->wildcard_ttl_seconds)}};
}

Json nameservers_json(const std::optional<checks::NameserverPeriod>& period) {
  if (!period) return nullptr;
  return {{"parent", names_json(period->parent)},
          {"child", names_json(period->child)},
          {"ttl_seconds", period->ttl_seconds()}};
}

Json change_json(const HistoryChange& change) {
  Json servers = Json::array();
  for (const auto& server : change.servers) {
    servers.push_back({{"name", escape_text(server.name)},
                       {"address", server.address.ip.to_string()},
                       {"port", server.address.port}});
  }
  return {{"kind", to_string(change.kind)},
          {"seen", checks::iso_time(change.seen)},
          {"not_before", time_or_null(change.not_before)},
          {"owner", change.owner.to_string()},
          {"servers", std::move(servers)},
          {"before", answer_json(change.before)},
          {"after", answer_json(change.after)},
          {"nameservers_before", nameservers_json(change.nameservers_before)},
          {"nameservers_after", nameservers_json(change.nameservers_after)}};
}

Json key_json(const KeyPeriod& key) {
  Json elsewhere = Json::array();
  for (const auto& use : key.elsewhere) {
    elsewhere.push_back({{"domain", use.domain.to_string()},
                         {"selector", use.selector.to_string()},
                         {"first_seen", checks::iso_time(use.first_seen)},
                         {"last_seen", checks::iso_time(use.last_seen)}});
  }
  return {{"sha256", key.sha256},
          {"algorithm", escape_text(key.algorithm)},
          {"bits", key.bits},
          {"first_seen", checks::iso_time(key.first_seen)},
          {"last_seen", checks::iso_time(key.last_seen)},
          {"elsewhere", std::move(elsewhere)}};
}

Json selector_json(const SelectorRecord& record) {
  const auto& history = record.history;
  Json keys = Json::array();
  for (const auto& key : record.keys) keys.push_back(key_json(key));
  Json changes = Json::array();
  for (const auto& change : history_changes(history)) changes.push_back(change_json(change));
  return {{"selector", history.selector.to_string()},
          {"name", history.selector.owner_name(history.domain).value_or(history.domain).to_string()},
          {"first_probe", time_or_null(history.first_probe)},
          {"last_probe", time_or_null(history.last_probe)},
          {"keys", std::move(keys)},
          {"changes", std::move(changes)}};
}

}  // namespace

std::string history_json(const config::DomainName& domain, std::span<const SelectorRecord> selectors) {
  Json list = Json::array();
  for (const auto& record : selectors) list.push_back(selector_json(record));
  const Json whole = {
      {"schema", "dkimprobe.history/2"}, {"domain", domain.to_string()}, {"selectors", std::move(list)}};
  return json_text(whole, 2);
}

}  // namespace dkimprobe::exporters
