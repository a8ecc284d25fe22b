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

struct Sample {
  MetricLabels labels{};
  double value = 0;
};

/// A report with its labels rendered, so that each family only adds its own.
struct Labelled {
  const MeasuredReport* measured = nullptr;
  MetricLabels labels{};
  std::size_t capped = 0;  ///< series of it that were left out

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

/// Each check and severity once, however many servers it was found at.
void findings(Labelled& each, std::vector<Sample>& samples) {
  std::vector<std::pair<const checks::Check*, checks::Severity>> told;
  for (const auto& finding : each.report().findings) {
    const std::pair key{finding.check, finding.severity};
    if (std::ranges::find(told, key) != told.end()) continue;
    told.push_back(key);
    samples.push_back(
        {each.with("check", finding.check->name).add("severity", checks::to_string(finding.severity)), 1});
  }
}

/// A server that is asked for several names of a chain has answered when it did for all of them.
void server_answers(Labelled& each, std::vector<Sample>& samples) {
  std::vector<std::pair<const checks::ServerId*, bool>> servers;
  for (const auto& row : each.report().servers) {
    // Nothing is known of a server that was not asked, or where this machine failed.
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
  if (servers.size() > most_servers_told) {
    each.capped += servers.size() - most_servers_told;
    servers.resize(most_servers_told);
  }
  for (const auto& [id, answer] : servers) {
    const auto& address = id->address;
    samples.push_back({each.with("nameserver", id->name)
                           .add("address", address.port == 53 ? address.ip.to_string() : address.to_string()),
                       answer ? 1.0 : 0.0});
  }
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
    {"dkim_selector_status", "Worst of what was found: 0 ok, 1 warning, 2 critical, 3 unknown.", status},
    {"dkim_finding", "A fault that is there now; see dkimprobe explain CHECK. No series when it is not.",
     findings},
    {"dkim_nameserver_answer",
     "1 if the server told what it publishes, or that there is nothing; 0 if it failed or refused.",
     server_answers},
    {"dkim_key_size", "Size of the published key in bits; of RSA its modulus.", key_size},
    {"dkim_key_info", "Kind and fingerprint (SHA-256 of the SubjectPublicKeyInfo) of the published key.",
     key_info},
    {"dkim_record_ttl_seconds", "How long caches keep the record, the longest of all servers.", record_ttl},
    {"dkim_negative_ttl_seconds", "How long caches keep that there is no such record, the longest seen.",
     negative_ttl},
    {"dkim_response_bytes", "Largest response seen, by path: plain UDP, UDP with EDNS, TCP.", response_bytes},
    {"dkim_response_headroom_bytes",
     "What is left below the limit: 512 over plain UDP, 1232 with EDNS. Below zero it does not fit.",
     headroom},
    {"dkim_adsp_policy", "The signing practices of the domain (RFC 5617, historic).", adsp_policy},
    {"dkim_key_first_seen_timestamp_seconds", "When the key was seen for the first time.", key_first_seen},
    {"dkim_safe_to_sign_timestamp_seconds", "From when on mail may be signed with the key.", safe_to_sign},
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
