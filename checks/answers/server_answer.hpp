// What one server answered for one name: its exchanges, grouped by purpose, and one outcome. It does not
// compare servers and does not know severities.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// All attempts of one purpose with one server.
struct TransportAttempts {
  /// The attempt that counts: the last that was answered, else the last that shows something about the
  /// server, else the last.
  const probe::Exchange* deciding = nullptr;
  /// The outcome of the deciding attempt. `tcp_failed` here: the response is truncated, over any transport.
  ServerOutcome outcome = ServerOutcome::not_asked;
  std::uint32_t count = 0;
  std::chrono::microseconds waited{0};  ///< from the start of the first attempt to the end of the last
  probe::IgnoredMessages ignored{};     ///< over all attempts

  [[nodiscard]] const probe::Response* response() const {
    return deciding != nullptr && deciding->response ? &*deciding->response : nullptr;
  }
  /// Whether the attempt shows something about the server; failures of this machine do not.
  [[nodiscard]] bool is_conclusive() const;
  /// A query was sent and no response came: a timeout, ICMP, or a TCP connection without a response.
  [[nodiscard]] bool failed() const;
};

/// One server, queried for one name.
struct ServerAnswer {
  const probe::ServerObservation* server = nullptr;
  ServerId id{};
  TransportAttempts plain{};
  TransportAttempts edns{};
  TransportAttempts tcp{};
  TransportAttempts soa{};
  TransportAttempts ns{};
  TransportAttempts wildcard_probe{};
  TransportAttempts domainkey{};
  ServerOutcome outcome = ServerOutcome::not_asked;
  /// The exchange behind a complete answer (answered, nodata, nxdomain), else null.
  const probe::Exchange* whole_exchange = nullptr;
  /// The zone's SOA record, from an authoritative answer for it or from a negative answer.
  const probe::SoaRecord* soa_record = nullptr;
  bool disagrees_with_itself = false;

  /// The response behind a complete answer, else null.
  [[nodiscard]] const probe::Response* whole() const {
    return whole_exchange != nullptr ? &*whole_exchange->response : nullptr;
  }

  /// Whether it is a server of a zone above the name's own zone. Its answers are evaluated at the cut between
  /// the two zones, and are not compared with those of the zone's servers.
  [[nodiscard]] bool is_stray() const { return server->stray_of.has_value(); }

  /// The queries for the record, over each transport.
  [[nodiscard]] std::array<const TransportAttempts*, 3> record_attempts() const {
    return {&plain, &edns, &tcp};
  }
  [[nodiscard]] std::vector<const TransportAttempts*> all() const {
    return {&plain, &edns, &tcp, &soa, &ns, &wildcard_probe, &domainkey};
  }
};

/// Whether the server reports that a DNAME points to a name longer than DNS allows (RFC 6672 section 2.2).
/// That answer is authoritative but does not show what is published.
[[nodiscard]] bool says_name_too_long(const ServerAnswer& answer);

/// Whether the outcome shows what the server publishes: a TXT record, an alias, or the absence of both.
[[nodiscard]] bool is_whole(ServerOutcome outcome);

/// Whether this machine failed or stopped waiting, so that the outcome shows nothing about the server.
[[nodiscard]] bool is_ours(probe::Outcome outcome);

/// Whether the queried name has a capital letter; names are compared without case (RFC 4343).
[[nodiscard]] bool mixes_case(const probe::Exchange& exchange);

/// The transports over which the record was queried in mixed case, or the others.
[[nodiscard]] std::vector<const TransportAttempts*> transports_by_case(const ServerAnswer& answer,
                                                                       bool mixed);

/// Whether the name in mixed case is denied or gets an error, while the name in lower case has a record. The
/// query in mixed case also has EDNS, so an error counts only if the server answers EDNS.
[[nodiscard]] bool denies_mixed_case(const ServerAnswer& answer);

/// Uses the first complete answer: of UDP without EDNS, UDP with EDNS, then TCP; failures count only without
/// one.
[[nodiscard]] ServerAnswer read_server(const probe::ServerObservation& server,
                                       const config::DomainName& zone);

/// The joined strings of a TXT record.
[[nodiscard]] std::string join_strings(const std::vector<std::string>& strings);

/// The joined texts of a response, sorted, each once; servers are compared by them.
[[nodiscard]] std::vector<std::string> sorted_texts(const probe::Response& response);

/// The alias target of the queried name if the response has no TXT record for it, else empty.
[[nodiscard]] std::optional<config::DomainName> alias_target(const probe::Response& response);

/// The DNAME's own target; the record's `target` is the queried name after the substitution.
[[nodiscard]] config::DomainName own_target(const probe::AliasRecord& dname, const config::DomainName& asked);

/// Short and escaped, for a column of a table.
[[nodiscard]] std::string describe(const ServerAnswer& answer);

/// Names for a sentence: the first few, and how many more there are.
[[nodiscard]] std::string join_some(const std::vector<std::string>& names, std::size_t shown = 8);

/// "ns1.example.com (192.0.2.1)", with the port when it is not 53.
[[nodiscard]] std::string server_text(const ServerId& id);

/// "TXT", "SOA", or "TYPE99" for types without a name here (RFC 3597 section 5).
[[nodiscard]] std::string type_text(probe::RecordType type);

/// "SERVFAIL", "NXDOMAIN", or "rcode 9" for codes without a name here.
[[nodiscard]] std::string rcode_text(probe::Rcode rcode);

/// For how long a resolver caches a negative answer with this SOA record (RFC 2308 section 5).
[[nodiscard]] std::uint32_t negative_ttl(const probe::SoaRecord& soa);

/// Whether serial `a` is newer than `b` (RFC 1982 section 3.2); at a distance of 2^31 neither is.
[[nodiscard]] bool serial_is_newer(std::uint32_t a, std::uint32_t b);

}  // namespace dkimprobe::checks
