// What one server said about one name: its exchanges put together by purpose, and one outcome in one word.
// It compares no servers, and it knows no severity.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// All tries of one purpose with one server.
struct TransportAttempts {
  /// The one that decides: the last that was answered, else the last that tells of the server, else the last.
  const probe::Exchange* deciding = nullptr;
  /// What the deciding one says. `tcp_failed` here: the response is truncated, over whatever transport.
  ServerOutcome outcome = ServerOutcome::not_asked;
  std::uint32_t count = 0;
  std::chrono::microseconds waited{0};  ///< from the start of the first try to the end of the last
  probe::IgnoredMessages ignored{};     ///< over all tries

  [[nodiscard]] const probe::Response* response() const {
    return deciding != nullptr && deciding->response ? &*deciding->response : nullptr;
  }
  /// Something was learnt of the server; this machine's own failures teach nothing.
  [[nodiscard]] bool tells() const;
  /// A question went out and no response came: silence, ICMP, or a TCP connection that gave nothing.
  [[nodiscard]] bool failed() const;
};

/// One server, asked about one name.
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
  /// The exchange behind an outcome that is whole (answered, nodata, nxdomain), else null.
  const probe::Exchange* whole_exchange = nullptr;
  /// The zone's SOA from an answer with authority, or the one of a negative answer.
  const probe::SoaRecord* soa_record = nullptr;
  bool disagrees_with_itself = false;

  /// The response behind an outcome that is whole, else null.
  [[nodiscard]] const probe::Response* whole() const {
    return whole_exchange != nullptr ? &*whole_exchange->response : nullptr;
  }

  /// It is a server of a zone above the name's own: what it says is judged where the cut between the two is,
  /// and takes no part in a comparison of the zone's servers.
  [[nodiscard]] bool is_stray() const { return server->stray_of.has_value(); }

  [[nodiscard]] std::vector<const TransportAttempts*> all() const {
    return {&plain, &edns, &tcp, &soa, &ns, &wildcard_probe, &domainkey};
  }
};

/// Whether the server says that a DNAME leads to a name longer than DNS allows (RFC 6672 section 2.2): an
/// answer with authority, though none that tells what is published.
[[nodiscard]] bool says_name_too_long(const ServerAnswer& answer);

/// Whether the outcome tells what the server publishes: a TXT, an alias, or the absence of both.
[[nodiscard]] bool is_whole(ServerOutcome outcome);

/// Whether this machine failed, or nobody waited for the answer: nothing was learnt of the server.
[[nodiscard]] bool is_ours(probe::Outcome outcome);

/// Whether the question's name has a capital letter: names are compared without case (RFC 4343).
[[nodiscard]] bool mixes_case(const probe::Exchange& exchange);

/// The record's ways that were asked in mixed case, or those that were not.
[[nodiscard]] std::vector<const TransportAttempts*> ways_by_case(const ServerAnswer& answer, bool mixed);

/// Whether the name in mixed case is denied or met with an error, and the name in lower case has a record.
/// The one way in mixed case has EDNS too: an error counts where EDNS itself is answered.
[[nodiscard]] bool denies_mixed_case(const ServerAnswer& answer);

/// Whether two servers publish the same at the name: the same texts, the same alias, or nothing. NXDOMAIN and
/// no TXT are both nothing. False when one of them gave no whole answer.
[[nodiscard]] bool publish_the_same(const ServerAnswer& a, const ServerAnswer& b);

/// A whole answer over any transport beats the failures of the others: UDP without EDNS, then EDNS, then TCP.
[[nodiscard]] ServerAnswer read_server(const probe::ServerObservation& server,
                                       const config::DomainName& zone);

/// The strings of a TXT record put together.
[[nodiscard]] std::string join_strings(const std::vector<std::string>& strings);

/// The joined texts of a response, sorted, each once: what a comparison of servers looks at.
[[nodiscard]] std::vector<std::string> sorted_texts(const probe::Response& response);

/// Where the name asked leads when the response holds no TXT for it, else nothing.
[[nodiscard]] std::optional<config::DomainName> alias_target(const probe::Response& response);

/// Where a DNAME leads by itself: the record's target is the name asked, substituted.
[[nodiscard]] config::DomainName own_target(const probe::AliasRecord& dname, const config::DomainName& asked);

/// Short and escaped, for a column of a table.
[[nodiscard]] std::string describe(const ServerAnswer& answer);

/// "2.8 s".
[[nodiscard]] std::string seconds_text(std::chrono::microseconds time);

/// Names for a sentence: the first eight of them, and how many more there are.
[[nodiscard]] std::string join_some(const std::vector<std::string>& names);

/// "ns1.example.com (192.0.2.1)", with the port when it is not 53.
[[nodiscard]] std::string server_text(const ServerId& id);

/// "TXT", "SOA", or "TYPE99" for those without a name here (RFC 3597 section 5).
[[nodiscard]] std::string type_text(probe::RecordType type);

/// "SERVFAIL", "NXDOMAIN", or "rcode 9" for those without a name here.
[[nodiscard]] std::string rcode_text(probe::Rcode rcode);

/// Whether serial `a` comes after `b` (RFC 1982 section 3.2); neither does at a distance of 2^31.
[[nodiscard]] bool serial_is_newer(std::uint32_t a, std::uint32_t b);

}  // namespace dkimprobe::checks
