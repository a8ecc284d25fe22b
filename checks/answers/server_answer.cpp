#include "checks/answers/server_answer.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using probe::Exchange;
using probe::Outcome;
using probe::Purpose;
using probe::Response;

/// The kind of lameness of a response without authority.
ServerOutcome without_authority(const Response& response, const DomainName& zone) {
  for (const auto& ns : response.referral) {
    if (ns.owner == zone) return ServerOutcome::self_referral;
    if (zone.is_at_or_below(ns.owner)) return ServerOutcome::upward_referral;
  }
  return ServerOutcome::not_authoritative;
}

ServerOutcome read_content(const Response& response, const DomainName& zone) {
  // Even if the content seems complete, only TCP counts (RFC 2181 section 9).
  if (response.truncated) return ServerOutcome::tcp_failed;
  if (!response.authoritative) return without_authority(response, zone);
  // What was not kept shows neither which key is published nor whether two servers agree.
  if (response.oversized_txt) return ServerOutcome::too_large;
  if (!response.txt.empty() || !response.aliases.empty()) return ServerOutcome::answered;
  // The answer has records but none is usable: it shows neither presence nor absence.
  if (response.malformed_txt > 0 || response.answers_elsewhere > 0) return ServerOutcome::malformed;
  return response.rcode == probe::Rcode::nxdomain ? ServerOutcome::nxdomain : ServerOutcome::nodata;
}

ServerOutcome read_response(const Response& response, const DomainName& zone) {
  switch (response.rcode) {
    case probe::Rcode::noerror:
    case probe::Rcode::nxdomain:
      return read_content(response, zone);
    case probe::Rcode::formerr:
      return ServerOutcome::formerr;
    case probe::Rcode::servfail:
      return ServerOutcome::servfail;
    case probe::Rcode::notimp:
      return ServerOutcome::notimp;
    case probe::Rcode::refused:
      return ServerOutcome::refused;
    case probe::Rcode::badvers:
    case probe::Rcode::badcookie:
      return ServerOutcome::other_rcode;
  }
  return ServerOutcome::other_rcode;  // a number from the wire that has no name in the enum
}

ServerOutcome read_exchange(const Exchange& exchange, const DomainName& zone) {
  switch (exchange.outcome) {
    case Outcome::answered:
      return exchange.response ? read_response(*exchange.response, zone) : ServerOutcome::malformed;
    case Outcome::malformed:
      return ServerOutcome::malformed;
    case Outcome::unreachable:
      return ServerOutcome::unreachable;
    case Outcome::timed_out:
    case Outcome::connection_refused:
    case Outcome::connection_reset:
    case Outcome::connection_closed:
      return ServerOutcome::timeout;
    case Outcome::no_route:
      return ServerOutcome::not_asked;
    case Outcome::local_error:
    case Outcome::interrupted:
    case Outcome::superseded:
      return ServerOutcome::local_error;
  }
  return ServerOutcome::local_error;
}

int rank(const Exchange& exchange) {
  if (exchange.outcome == Outcome::answered) return 2;
  return is_ours(exchange.outcome) ? 0 : 1;
}

TransportAttempts put_together(const probe::ServerObservation& server, Purpose purpose,
                               const DomainName& zone) {
  TransportAttempts attempts;
  std::chrono::microseconds first = std::chrono::microseconds::max();
  for (const Exchange& exchange : server.exchanges) {
    if (exchange.purpose != purpose) continue;
    ++attempts.count;
    // Attempts of one question run at the same time.
    first = std::min(first, exchange.started);
    attempts.waited = std::max(attempts.waited, exchange.started + exchange.took - first);
    for (std::size_t i = 0; i < probe::ignore_reason_count; ++i)
      attempts.ignored.counts[i] += exchange.ignored.counts[i];
    if (attempts.deciding == nullptr || rank(exchange) >= rank(*attempts.deciding))
      attempts.deciding = &exchange;
  }
  if (attempts.deciding != nullptr) attempts.outcome = read_exchange(*attempts.deciding, zone);
  return attempts;
}

const probe::SoaRecord* zone_soa(const ServerAnswer& answer, const DomainName& zone) {
  if (const Response* response = answer.soa.response(); response != nullptr && response->authoritative) {
    for (const auto& soa : response->soa) {
      if (soa.in_answer) return &soa;
    }
  }
  for (const TransportAttempts* attempts :
       {&answer.plain, &answer.edns, &answer.tcp, &answer.wildcard_probe}) {
    const Response* response = attempts->response();
    if (response == nullptr || !response->authoritative) continue;
    // After an alias, the SOA record may belong to another zone.
    for (const auto& soa : response->soa) {
      if (soa.owner == zone) return &soa;
    }
  }
  return nullptr;
}

/// Whether two responses of one server agree on the name.
bool agree(const TransportAttempts& a, const TransportAttempts& b) {
  if (a.outcome != b.outcome) return false;
  if (a.outcome != ServerOutcome::answered) return true;
  return sorted_texts(*a.response()) == sorted_texts(*b.response()) &&
         alias_target(*a.response()) == alias_target(*b.response());
}

/// Answers that a server gives deliberately; failures may be temporary.
bool is_definite(ServerOutcome outcome) {
  return is_whole(outcome) || outcome == ServerOutcome::too_large ||
         outcome == ServerOutcome::not_authoritative || outcome == ServerOutcome::upward_referral ||
         outcome == ServerOutcome::self_referral;
}

bool disagrees(const std::array<const TransportAttempts*, 3>& transports) {
  const TransportAttempts* first = nullptr;
  for (const TransportAttempts* attempts : transports) {
    if (!is_definite(attempts->outcome)) continue;
    if (first == nullptr) {
      first = attempts;
    } else if (!agree(*first, *attempts)) {
      return true;
    }
  }
  return false;
}

/// The outcome of a server without a complete answer: a response counts more than a missing one. If it was
/// not asked for the record, how it failed to answer for its zone.
ServerOutcome failure(const std::array<const TransportAttempts*, 3>& transports,
                      const TransportAttempts& soa) {
  for (const ServerOutcome wanted : {ServerOutcome::too_large, ServerOutcome::tcp_failed}) {
    for (const TransportAttempts* attempts : transports) {
      if (attempts->outcome == wanted) return wanted;
    }
  }
  for (const TransportAttempts* attempts : transports) {
    if (attempts->response() != nullptr) return attempts->outcome;
  }
  for (const ServerOutcome wanted : {ServerOutcome::malformed, ServerOutcome::unreachable,
                                     ServerOutcome::timeout, ServerOutcome::local_error}) {
    for (const TransportAttempts* attempts : transports) {
      if (attempts->outcome == wanted) return wanted;
    }
  }
  const bool tried = std::ranges::any_of(
      transports, [](const TransportAttempts* attempts) { return attempts->deciding != nullptr; });
  return !tried && soa.failed() ? soa.outcome : ServerOutcome::not_asked;
}

std::string describe_answered(const Response& response, const config::DomainName& asked) {
  if (const auto target = alias_target(response)) {
    const probe::AliasRecord& alias = response.aliases.front();
    return alias.is_dname ? fmt::format("DNAME to {}", own_target(alias, asked).to_string())
                          : fmt::format("CNAME to {}", target->to_string());
  }
  const auto texts = sorted_texts(response);
  if (texts.size() > 1) return fmt::format("{} TXT", texts.size());
  return fmt::format("TXT of {} bytes", texts.front().size());
}

}  // namespace

config::DomainName own_target(const probe::AliasRecord& dname, const config::DomainName& asked) {
  const std::size_t prefix = asked.label_count() - dname.owner.label_count();
  return dname.target.suffix(dname.target.label_count() - prefix);
}

bool TransportAttempts::is_conclusive() const {
  return deciding != nullptr && !is_ours(deciding->outcome);
}

bool TransportAttempts::failed() const {
  return is_conclusive() && deciding->outcome != Outcome::answered && deciding->outcome != Outcome::malformed;
}

bool is_ours(Outcome outcome) {
  switch (outcome) {
    case Outcome::no_route:
    case Outcome::local_error:
    case Outcome::interrupted:
    case Outcome::superseded:
      return true;
    case Outcome::answered:
    case Outcome::timed_out:
    case Outcome::malformed:
    case Outcome::unreachable:
    case Outcome::connection_refused:
    case Outcome::connection_reset:
    case Outcome::connection_closed:
      return false;
  }
  return true;
}

bool mixes_case(const probe::Exchange& exchange) {
  return !exchange.question_name.same_octets(exchange.question_name.lower_case());
}

std::vector<const TransportAttempts*> transports_by_case(const ServerAnswer& answer, bool mixed) {
  std::vector<const TransportAttempts*> transports;
  for (const TransportAttempts* attempts : answer.record_attempts()) {
    if (attempts->is_conclusive() && mixes_case(*attempts->deciding) == mixed) transports.push_back(attempts);
  }
  return transports;
}

bool denies_mixed_case(const ServerAnswer& answer) {
  const auto mixed = transports_by_case(answer, true);
  const auto lower = transports_by_case(answer, false);
  const auto has_record = [](const TransportAttempts* attempts) {
    return attempts->outcome == ServerOutcome::answered;
  };
  const bool answers_edns = answer.ns.response() != nullptr && answer.ns.deciding->edns_sent &&
                            answer.ns.response()->rcode == probe::Rcode::noerror;
  const auto lacks_record = [&](const TransportAttempts* attempts) {
    const Response* const response = attempts->response();
    if (response == nullptr || response->truncated) return false;
    return attempts->outcome == ServerOutcome::nxdomain || attempts->outcome == ServerOutcome::nodata ||
           attempts->outcome == ServerOutcome::refused || (answers_edns && !is_whole(attempts->outcome));
  };
  return !mixed.empty() && std::ranges::all_of(mixed, lacks_record) &&
         std::ranges::any_of(lower, has_record) && std::ranges::none_of(lower, lacks_record);
}

bool says_name_too_long(const ServerAnswer& answer) {
  const auto all = answer.all();
  return std::ranges::any_of(all, [](const TransportAttempts* attempts) {
    return attempts->response() != nullptr && attempts->response()->dname_target_too_long;
  });
}

bool is_whole(ServerOutcome outcome) {
  return outcome == ServerOutcome::answered || outcome == ServerOutcome::nodata ||
         outcome == ServerOutcome::nxdomain;
}

std::string join_strings(const std::vector<std::string>& strings) {
  std::string text;
  for (const std::string& part : strings) text += part;
  return text;
}

std::vector<std::string> sorted_texts(const Response& response) {
  std::vector<std::string> texts;
  texts.reserve(response.txt.size());
  for (const auto& record : response.txt) texts.push_back(join_strings(record.strings));
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

std::optional<DomainName> alias_target(const Response& response) {
  if (!response.txt.empty() || response.aliases.empty()) return std::nullopt;
  return response.aliases.front().target;
}

ServerAnswer read_server(const probe::ServerObservation& server, const DomainName& zone_of_name) {
  const DomainName& zone = server.stray_of ? *server.stray_of : zone_of_name;
  ServerAnswer answer;
  answer.server = &server;
  answer.id = {server.names.empty() ? std::string{} : server.names.front().to_string(), server.address};
  answer.plain = put_together(server, Purpose::record_plain, zone);
  answer.edns = put_together(server, Purpose::record_edns, zone);
  answer.tcp = put_together(server, Purpose::record_tcp, zone);
  answer.soa = put_together(server, Purpose::zone_soa, zone);
  answer.ns = put_together(server, Purpose::zone_ns, zone);
  answer.wildcard_probe = put_together(server, Purpose::wildcard_probe, zone);
  answer.domainkey = put_together(server, Purpose::domainkey, zone);

  const auto transports = answer.record_attempts();
  const auto whole = std::find_if(transports.begin(), transports.end(),
                                  [](const TransportAttempts* t) { return is_whole(t->outcome); });
  if (whole != transports.end()) {
    answer.outcome = (*whole)->outcome;
    answer.whole_exchange = (*whole)->deciding;
  } else if (server.not_asked == probe::NotAsked::answers_as_resolver) {
    answer.outcome = is_whole(answer.soa.outcome) ? ServerOutcome::not_authoritative : answer.soa.outcome;
  } else {
    answer.outcome = failure(transports, answer.soa);
  }
  answer.soa_record = zone_soa(answer, zone);
  answer.disagrees_with_itself = disagrees(transports);
  return answer;
}

std::string join_some(const std::vector<std::string>& names, std::size_t shown) {
  if (names.size() <= shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(std::span(names).first(shown), ", "), names.size() - shown);
}

namespace {

std::string_view why_not_asked(const ServerAnswer& answer) {
  constexpr std::string_view no_route = "not asked: no route from here";
  switch (answer.server->not_asked) {
    case probe::NotAsked::address_refused:
      return "not asked: no public address";
    case probe::NotAsked::asked: {
      const auto& exchanges = answer.server->exchanges;
      const bool has_no_route =
          std::ranges::find(exchanges, Outcome::no_route, &Exchange::outcome) != exchanges.end();
      return has_no_route ? no_route : "not asked: a limit was reached";
    }
    case probe::NotAsked::no_route:
      return no_route;
    case probe::NotAsked::family_disabled:
      return "not asked: family disabled";
    case probe::NotAsked::budget_exhausted:
      return "not asked: too many servers";
    case probe::NotAsked::answers_as_resolver:
      return "not asked: answers as a resolver";
  }
  return "";
}

/// How long the probe waited for the record, or for the SOA record if it did not get to the record.
std::chrono::microseconds waited(const ServerAnswer& answer) {
  const auto for_record = std::max({answer.plain.waited, answer.edns.waited, answer.tcp.waited});
  return for_record > std::chrono::microseconds{0} ? for_record : answer.soa.waited;
}

std::string outcome_text(const ServerAnswer& answer) {
  switch (answer.outcome) {
    case ServerOutcome::answered:
      return describe_answered(*answer.whole(), answer.whole_exchange->question_name);
    case ServerOutcome::nodata:
      return "no TXT";
    case ServerOutcome::nxdomain:
      return "NXDOMAIN";
    case ServerOutcome::servfail:
      return "SERVFAIL";
    case ServerOutcome::refused:
      return "REFUSED";
    case ServerOutcome::formerr:
      return "FORMERR";
    case ServerOutcome::notimp:
      return "NOTIMP";
    case ServerOutcome::other_rcode:
      for (const TransportAttempts* attempts : answer.record_attempts()) {
        if (attempts->outcome == ServerOutcome::other_rcode) return rcode_text(attempts->response()->rcode);
      }
      return {};
    case ServerOutcome::not_authoritative:
      return "not authoritative";
    case ServerOutcome::upward_referral:
      return "refers upwards";
    case ServerOutcome::self_referral:
      return "refers to itself";
    case ServerOutcome::timeout:
      return fmt::format("no answer in {}", seconds_text(waited(answer)));
    case ServerOutcome::unreachable:
      return "unreachable";
    case ServerOutcome::tcp_failed:
      return "truncated, TCP failed";
    case ServerOutcome::malformed:
      return "malformed answer";
    case ServerOutcome::too_large:
      return "too many TXT records";
    case ServerOutcome::local_error:
      return "failed on this machine";
    case ServerOutcome::not_asked:
      return std::string(why_not_asked(answer));
  }
  return {};
}

}  // namespace

std::string describe(const ServerAnswer& answer) {
  return outcome_text(answer) + (answer.disagrees_with_itself ? ", inconsistent" : "");
}

std::string server_text(const ServerId& id) {
  if (!id.has_address()) return id.name.str();
  const std::string where = id.address.port == 53 ? id.address.ip.to_string() : id.address.to_string();
  return id.name.empty() ? where : fmt::format("{} ({})", id.name, where);
}

std::string type_text(probe::RecordType type) {
  using probe::RecordType;
  switch (type) {
    case RecordType::a:
      return "A";
    case RecordType::ns:
      return "NS";
    case RecordType::cname:
      return "CNAME";
    case RecordType::soa:
      return "SOA";
    case RecordType::txt:
      return "TXT";
    case RecordType::aaaa:
      return "AAAA";
    case RecordType::dname:
      return "DNAME";
    case RecordType::opt:
      return "OPT";
    case RecordType::ds:
      return "DS";
    case RecordType::rrsig:
      return "RRSIG";
    case RecordType::nsec:
      return "NSEC";
    case RecordType::dnskey:
      return "DNSKEY";
    case RecordType::nsec3:
      return "NSEC3";
  }
  return fmt::format("TYPE{}", static_cast<unsigned>(type));
}

std::string rcode_text(probe::Rcode rcode) {
  switch (rcode) {
    case probe::Rcode::noerror:
      return "NOERROR";
    case probe::Rcode::formerr:
      return "FORMERR";
    case probe::Rcode::servfail:
      return "SERVFAIL";
    case probe::Rcode::nxdomain:
      return "NXDOMAIN";
    case probe::Rcode::notimp:
      return "NOTIMP";
    case probe::Rcode::refused:
      return "REFUSED";
    case probe::Rcode::badvers:
      return "BADVERS";
    case probe::Rcode::badcookie:
      return "BADCOOKIE";
  }
  return fmt::format("rcode {}", static_cast<unsigned>(rcode));
}

std::uint32_t negative_ttl(const probe::SoaRecord& soa) {
  return std::min(soa.ttl_seconds, soa.minimum_seconds);
}

bool serial_is_newer(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t distance = a - b;
  return distance != 0 && distance < 0x8000'0000U;
}

}  // namespace dkimprobe::checks
