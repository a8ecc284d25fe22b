#include "checks/judgement/published_facts.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/record_pieces.hpp"
#include "checks/record/size.hpp"

namespace dkimprobe::checks {
namespace {

/// The targets of the records of one step of the chain: a DNAME's own target and the next name, to which the
/// CNAME synthesized from it points; or only the next name (RFC 6672 section 3.1).
std::vector<config::DomainName> step_targets(const HopAnswers& hop, const config::DomainName& next) {
  for (const auto& server : hop.servers) {
    if (server.is_stray() || server.whole() == nullptr) continue;
    for (const auto& alias : server.whole()->aliases) {
      if (alias.is_dname && alias.target == next) return {own_target(alias, hop.hop->owner), next};
    }
  }
  return {next};
}

/// The targets of the records from the first name to `owner`, in order.
std::vector<config::DomainName> alias_targets(const ChainAnswers& answers, const config::DomainName& owner) {
  std::vector<config::DomainName> targets;
  if (answers.hops.empty()) return targets;
  const HopAnswers* hop = &answers.hops.front();
  for (std::size_t steps = 0; steps < answers.hops.size(); ++steps) {
    if (hop == nullptr || hop->hop->owner == owner) break;
    const auto group =
        std::ranges::find_if(hop->groups, [](const auto& each) { return each.alias.has_value(); });
    if (group == hop->groups.end()) break;
    std::ranges::move(step_targets(*hop, *group->alias), std::back_inserter(targets));
    hop = hop_at(answers, *group->alias);
  }
  return targets;
}

/// Where the size of a response to a question of this purpose counts; null for other questions.
std::optional<std::uint32_t>* observed_size(SizeFacts& size, probe::Purpose purpose) {
  switch (purpose) {
    case probe::Purpose::record_plain:
      return &size.observed_udp;
    case probe::Purpose::record_edns:
      return &size.observed_edns;
    case probe::Purpose::record_tcp:
      return &size.observed_tcp;
    case probe::Purpose::zone_soa:
    case probe::Purpose::zone_ns:
    case probe::Purpose::wildcard_probe:
    case probe::Purpose::domainkey:
    case probe::Purpose::record_dnssec:
    case probe::Purpose::zone_dnskey:
    case probe::Purpose::zone_ds:
    case probe::Purpose::cut:
    case probe::Purpose::host_address:
      break;
  }
  return nullptr;
}

void measure_responses(const std::vector<probe::ServerObservation>& servers, SizeFacts& size) {
  for (const auto& server : servers) {
    for (const auto& exchange : server.exchanges) {
      auto* const largest = observed_size(size, exchange.purpose);
      if (largest == nullptr || !exchange.response || exchange.response->txt.empty()) continue;
      *largest = std::max(largest->value_or(0), exchange.bytes_received);
    }
  }
}

/// Examines the numbers of an RSA key. A record whose key can be broken is not valid.
void examine_key(ReadText& text, const Policy& policy, ExaminedKeys* examined) {
  const auto& key = text.record.key;
  if (!key || !key->is_rsa() || key->bits < examined_bits.fewest || key->bits > examined_bits.most ||
      (static_cast<unsigned char>(key->modulus.back()) & 1U) == 0)
    return;
  const bool is_prime_tested = !policy.disabled.contains(prime_modulus_check);
  const PrimeTest prime_test = is_prime_tested ? PrimeTest::done : PrimeTest::omitted;
  text.weaknesses = examined == nullptr
                        ? find_weaknesses(key->modulus, key->exponent_octets, prime_test)
                        : examined->weaknesses(key->sha256, key->modulus, key->exponent_octets, prime_test);
  if (text.record.record_class == RecordClass::valid && std::ranges::any_of(*text.weaknesses, breaks_key))
    text.record.record_class = RecordClass::weak;
}

ReadText read_text(const PublishedText& text, const AnswerGroup& group, const Expectation& expectation,
                   const Policy& policy, ExaminedKeys* examined) {
  ReadText read{
      .published = &text, .group = &group, .record = read_key_record(text.text, expectation.service)};
  KeyRecord& record = read.record;
  if (expectation.key_sha256 && record.key) {
    if (auto leaked = read_private_half(*record.key, *expectation.key_sha256))
      report_leak(record, *std::move(leaked));
  }
  examine_key(read, policy, examined);
  return read;
}

}  // namespace

std::vector<ReadText> read_texts(const ChainAnswers& answers, const Expectation& expectation,
                                 const Policy& policy, ExaminedKeys* examined) {
  std::vector<ReadText> texts;
  std::unordered_map<std::string_view, std::size_t> seen;
  for (const auto& group : answers.published) {
    for (const auto& text : group.texts) {
      if (texts.size() == most_read_texts && !seen.contains(text.text)) continue;
      const auto [place, is_new] = seen.emplace(text.text, texts.size());
      if (is_new) texts.push_back(read_text(text, group, expectation, policy, examined));
      texts[place->second].groups.push_back(&group);
    }
  }
  clear_pieces(answers, expectation.service, texts);
  return texts;
}

std::string unread_texts(const ChainAnswers& answers, const std::vector<ReadText>& texts) {
  std::unordered_set<std::string_view> published;
  for (const auto& group : answers.published) {
    for (const auto& text : group.texts) published.insert(text.text);
  }
  if (published.size() == texts.size()) return {};
  return fmt::format("Of {} different texts, {} were checked; the others may have other faults.",
                     published.size(), texts.size());
}

std::unordered_map<std::string_view, std::size_t> places_of(const std::vector<ReadText>& texts) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < texts.size(); ++i) places.emplace(texts[i].published->text, i);
  return places;
}

SizeFacts measure(const ChainAnswers& answers, const std::vector<ReadText>& texts) {
  SizeFacts size;
  for (const auto& hop : answers.hops) measure_responses(hop.hop->servers, size);
  if (answers.published.empty() || !answers.published.front().has_texts()) return size;
  const AnswerGroup& group = answers.published.front();
  std::vector<std::uint32_t> rdata;
  rdata.reserve(group.texts.size());
  for (const auto& text : group.texts) rdata.push_back(txt_rdata_bytes(text.strings));
  size.direct = answer_bytes(group.owner, rdata);
  const auto targets = alias_targets(answers, group.owner);
  if (!targets.empty()) size.chain = answer_bytes(answers.hops.front().hop->owner, rdata, targets);
  const auto key = std::ranges::find_if(
      texts, [&](const ReadText& text) { return text.group == &group && text.record.is_key_record(); });
  if (key == texts.end()) return size;
  for (const auto& tag : droppable_tags(key->record.list.tags)) size.drop_first.push_back(tag.text);
  return size;
}

AdspRecord read_practices(const probe::Observation& observation, const ChainAnswers& answers) {
  AdspRecord record;
  if (domain_denied(observation)) {
    record.policy = AdspPolicy::out_of_scope;
  } else if (answers.published.empty()) {
    record.policy = AdspPolicy::not_known;
  } else if (const auto& texts = answers.published.front().texts; texts.size() == 1) {
    record = read_adsp_record(texts.front().text);
  } else {
    record.policy = texts.empty() ? AdspPolicy::none : AdspPolicy::invalid;
  }
  return record;
}

}  // namespace dkimprobe::checks
