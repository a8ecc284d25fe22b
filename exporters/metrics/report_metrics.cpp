#include "exporters/metrics/report_metrics.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "config/names/address.hpp"
#include "exporters/metrics/metric_values.hpp"
#include "exporters/text/response_sizes.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Report;
using checks::ServerOutcome;

/// Largest number of servers that the text of an alert names.
constexpr std::size_t most_servers_named = 3;

struct Sample {
  MetricLabels labels{};
  double value = 0;
};

/// A report with its common labels rendered; each family only adds its own labels.
struct Labelled {
  const MeasuredReport* measured = nullptr;
  MetricLabels labels{};
  std::size_t capped = 0;  ///< number of its series left out

  [[nodiscard]] const Report& report() const { return *measured->report; }
  [[nodiscard]] MetricLabels with(std::string_view name, std::string_view value) const {
    MetricLabels more = labels;
    more.add(name, value);
    return more;
  }
};

void status(Labelled& each, std::vector<Sample>& samples) {
  samples.push_back({each.labels, metric_value(each.report().status)});
}

/// Adds each check and severity once, even when several servers have the finding.
void findings(Labelled& each, std::vector<Sample>& samples) {
  std::vector<std::pair<const checks::Check*, checks::Severity>> written;
  for (const auto& finding : each.report().findings) {
    const std::pair key{finding.check, finding.severity};
    if (std::ranges::find(written, key) != written.end()) continue;
    written.push_back(key);
    samples.push_back(
        {each.with("check", finding.check->name).add("severity", checks::to_string(finding.severity)), 1});
  }
}

/// For the texts of alerts. The servers are not labels of the finding itself, so that its alert stays the
/// same alert while they change.
void finding_servers(Labelled& each, std::vector<Sample>& samples) {
  using Key = std::pair<const checks::Check*, checks::Severity>;
  std::vector<std::pair<Key, std::vector<std::string>>> written;
  for (const auto& finding : each.report().findings) {
    if (finding.servers.empty()) continue;
    const Key key{finding.check, finding.severity};
    auto names = std::ranges::find(written, key, [](const auto& entry) { return entry.first; });
    if (names == written.end()) names = written.insert(names, {key, {}});
    for (const auto& server : finding.servers) {
      std::string name = checks::server_text(server);
      if (std::ranges::find(names->second, name) == names->second.end())
        names->second.push_back(std::move(name));
    }
  }
  for (const auto& [key, names] : written) {
    samples.push_back({each.with("check", key.first->name)
                           .add("severity", checks::to_string(key.second))
                           .add("servers", checks::join_some(names, most_servers_named)),
                       1});
  }
}

MetricLabels of_server(const Labelled& each, const checks::ServerId& id) {
  return each.with("nameserver", id.name)
      .add("address", id.address.port == 53 ? id.address.ip.to_string() : id.address.to_string());
}

/// A server that is asked for several names of a chain counts as answering only when it answered for all of
/// them.
void server_answers(Labelled& each, std::vector<Sample>& samples) {
  std::vector<std::pair<const checks::ServerId*, bool>> servers;
  for (const auto& row : each.report().servers) {
    // The state of a server is unknown when it was not asked or when this machine failed.
    if (row.outcome == ServerOutcome::not_asked || row.outcome == ServerOutcome::local_error) continue;
    const bool answer = checks::is_whole(row.outcome);
    const auto known =
        std::ranges::find_if(servers, [&](const auto& server) { return *server.first == row.id; });
    if (known == servers.end()) {
      servers.emplace_back(&row.id, answer);
    } else {
      known->second = known->second && answer;
    }
  }
  if (servers.size() > most_servers_listed) {
    each.capped += servers.size() - most_servers_listed;
    servers.resize(most_servers_listed);
  }
  for (const auto& [id, answer] : servers) samples.push_back({of_server(each, *id), answer ? 1.0 : 0.0});
}

/// Of a server that is asked for several names, the worst.
void dnssec_states(Labelled& each, std::vector<Sample>& samples) {
  std::vector<std::pair<const checks::ServerId*, checks::Security>> servers;
  for (const auto& facts : each.report().dnssec) {
    for (const auto& server : facts.servers) {
      const auto known =
          std::ranges::find_if(servers, [&](const auto& one) { return *one.first == server.id; });
      if (known == servers.end()) {
        servers.emplace_back(&server.id, server.state);
      } else if (server.state == checks::Security::bogus || known->second == checks::Security::secure) {
        known->second = server.state;
      }
    }
  }
  servers.resize(std::min(servers.size(), most_servers_listed));
  for (const auto& [id, state] : servers) samples.push_back({of_server(each, *id), metric_value(state)});
}

void signatures_expire(Labelled& each, std::vector<Sample>& samples) {
  std::optional<std::chrono::sys_seconds> first;
  for (const auto& facts : each.report().dnssec) {
    for (const auto& server : facts.servers) {
      if (server.expires) first = std::min(first.value_or(*server.expires), *server.expires);
    }
  }
  if (first) samples.push_back({each.labels, metric_value(*first)});
}

void key_size(Labelled& each, std::vector<Sample>& samples) {
  if (each.report().key) samples.push_back({each.labels, static_cast<double>(each.report().key->bits)});
}

void key_info(Labelled& each, std::vector<Sample>& samples) {
  const auto& key = each.report().key;
  if (key) samples.push_back({each.with("algorithm", key->algorithm).add("sha256", key->sha256), 1});
}

void record_ttl(Labelled& each, std::vector<Sample>& samples) {
  std::optional<std::uint32_t> longest;
  for (const auto& row : each.report().servers) {
    if (row.ttl_seconds && !row.answer_sha256.empty())
      longest = std::max(longest.value_or(0), *row.ttl_seconds);
  }
  if (longest) samples.push_back({each.labels, static_cast<double>(*longest)});
}

void negative_ttl(Labelled& each, std::vector<Sample>& samples) {
  if (const auto ttl = each.report().negative_ttl_seconds)
    samples.push_back({each.labels, static_cast<double>(*ttl)});
}

void response_bytes(Labelled& each, std::vector<Sample>& samples) {
  const auto& size = each.report().size;
  for (const auto& [path, bytes] :
       {std::pair{"udp", size.observed_udp}, {"edns", size.observed_edns}, {"tcp", size.observed_tcp}}) {
    if (bytes) samples.push_back({each.with("path", path), static_cast<double>(*bytes)});
  }
}

void headroom(Labelled& each, std::vector<Sample>& samples) {
  const auto& size = each.report().size;
  for (const auto& [limit, bytes] :
       {std::pair{plain_limit_bytes, plain_bytes(size)}, {edns_limit_bytes, edns_bytes(size)}}) {
    if (!bytes) continue;
    samples.push_back({each.with("limit", std::to_string(limit)),
                       static_cast<double>(limit) - static_cast<double>(*bytes)});
  }
}

void adsp_policy(Labelled& each, std::vector<Sample>& samples) {
  samples.push_back({each.with("policy", checks::to_string(each.report().adsp)), 1});
}

void key_first_seen(Labelled& each, std::vector<Sample>& samples) {
  if (const auto seen = each.measured->key_first_seen) samples.push_back({each.labels, metric_value(*seen)});
}

void safe_to_sign(Labelled& each, std::vector<Sample>& samples) {
  const auto& rotation = each.report().rotation;
  if (rotation && rotation->safe_to_sign_at)
    samples.push_back({each.labels, metric_value(*rotation->safe_to_sign_at)});
}

struct Family {
  std::string_view name{};
  std::string_view help{};
  void (*samples)(Labelled&, std::vector<Sample>&) = nullptr;
};

constexpr Family families[] = {
    {"dkim_selector_status", "Status of the selector: 0 ok, 1 warning, 2 critical, 3 unknown.", status},
    {"dkim_finding",
     "A current finding, which dkimprobe explain CHECK explains; always 1, no series without one.", findings},
    {"dkim_finding_servers_info",
     "The servers at which a current finding was seen, the first few of them; always 1.", finding_servers},
    {"dkim_nameserver_answer",
     "Whether the server returned its record, or that there is none: 1; 0 if it failed or refused.",
     server_answers},
    {"dkim_nameserver_dnssec_state",
     "What a validating resolver concludes from the server: 0 secure, 1 insecure, 2 bogus, 3 indeterminate.",
     dnssec_states},
    {"dkim_signatures_expire_timestamp_seconds",
     "Time when the first DNSSEC signature over the zone's keys or the record expires, in seconds since "
     "1970.",
     signatures_expire},
    {"dkim_key_size", "Size of the published key in bits; for RSA, of its modulus.", key_size},
    {"dkim_key_info", "Algorithm and SHA-256 of the SubjectPublicKeyInfo of the published key; always 1.",
     key_info},
    {"dkim_record_ttl_seconds", "TTL of the record in seconds, the longest of all servers.", record_ttl},
    {"dkim_negative_ttl_seconds",
     "Negative TTL in seconds, for which caches keep the absence of the record; the longest seen.",
     negative_ttl},
    {"dkim_response_bytes", "Largest response seen in bytes, by path: plain UDP, UDP with EDNS, TCP.",
     response_bytes},
    {"dkim_response_headroom_bytes",
     "Bytes left below the limit, 512 over plain UDP or 1232 with EDNS; negative if it does not fit.",
     headroom},
    {"dkim_adsp_policy", "Signing practices of the domain (ADSP, RFC 5617, historic); always 1.",
     adsp_policy},
    {"dkim_key_first_seen_timestamp_seconds", "Time when the key was first seen, in seconds since 1970.",
     key_first_seen},
    {"dkim_safe_to_sign_timestamp_seconds",
     "Time from which mail may be signed with the key, in seconds since 1970.", safe_to_sign},
};

}  // namespace

std::size_t write_report_metrics(MetricWriter& writer, std::span<const MeasuredReport> reports) {
  std::vector<Labelled> labelled;
  labelled.reserve(reports.size());
  for (const auto& measured : reports) {
    auto& each = labelled.emplace_back(&measured);
    each.labels.add("domain", measured.report->domain.to_string())
        .add("selector", measured.report->selector.to_string());
  }
  std::vector<Sample> samples;
  for (const auto& family : families) {
    bool begun = false;
    for (auto& each : labelled) {
      samples.clear();
      family.samples(each, samples);
      if (!begun && !samples.empty()) writer.begin({family.name, MetricKind::gauge, family.help});
      begun = begun || !samples.empty();
      for (const auto& sample : samples) writer.sample(sample.labels, sample.value);
    }
  }
  std::size_t capped = 0;
  for (const auto& each : labelled) capped += each.capped;
  return capped;
}

}  // namespace dkimprobe::exporters
