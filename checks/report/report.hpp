// The report on one selector: an outcome for each check of the catalogue, the findings with their evidence,
// and further facts. A plain value: exporters print it and decide nothing themselves.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/reasons.hpp"
#include "config/basics/escape.hpp"
#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/severity.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

struct Check;     // checks/catalogue/catalogue.hpp
struct Verifier;  // checks/verifiers/verifier.hpp

using config::Severity;
enum class Status : std::uint8_t { ok, warning, critical, unknown };

/// The outcome of one check. `not_evaluated`: the data that it needs is missing.
enum class CheckOutcome : std::uint8_t { clear, found, not_evaluated };

/// A nameserver address, as findings name it.
struct ServerId {
  config::EscapedText name{};
  config::ServerAddress address{};  ///< port 0: no address of it is known

  [[nodiscard]] bool has_address() const { return address.port != 0; }
  /// Compares addresses: a server may have one name in its own zone and another in the parent zone.
  [[nodiscard]] bool is_same_server(const ServerId& other) const {
    return has_address() ? address == other.address : *this == other;
  }
  friend bool operator==(const ServerId&, const ServerId&) = default;
};

/// The address of a server of which none is known.
inline constexpr config::ServerAddress no_address{.ip = {}, .port = 0};

/// One fault at one place.
struct Finding {
  const Check* check = nullptr;  ///< a row of the static catalogue
  Severity severity = Severity::notice;
  std::vector<ServerId> servers{};      ///< where it was seen; empty when it does not belong to a server
  std::optional<std::size_t> offset{};  ///< in the joined text of the record
  config::EscapedText detail{};         ///< what was seen and what is expected: one sentence
  config::EscapedText remedy{};         ///< what to do, with the names and values of this case
};

enum class RecordClass : std::uint8_t {
  valid,
  dkim2_only,  ///< the key verifies DKIM2 signatures, but no DKIM1 signatures
  revoked,
  weak,
  syntax_error,
  unsupported,
  not_dkim,
  absent,
  unknown
};

struct Tag {
  std::string name{};      ///< raw
  std::string value{};     ///< raw, without outer white space
  std::size_t offset = 0;  ///< of the name in the joined text
  std::size_t value_offset = 0;
};

struct RecordFacts {
  RecordClass record_class = RecordClass::unknown;
  std::vector<std::string> strings{};  ///< raw, as the servers of the first group published them
  std::vector<Tag> tags{};
  bool withheld = false;  ///< the text contains a private key: strings and tags are left out
  /// The servers that publish it, if others publish something else and nothing shows who is right; else
  /// empty.
  std::vector<ServerId> servers{};
};

/// What a verifier does with a good signature by the published key.
enum class Acceptance : std::uint8_t {
  accepted,
  rejected,
  temporary_error,
  unsupported,  ///< it does not know the key's algorithm, whatever the record says
};

struct VerifierVerdict {
  const Verifier* verifier = nullptr;  ///< a row of the static table
  Acceptance acceptance = Acceptance::accepted;
  config::EscapedText reason{};  ///< if it does not accept it: a clause
};

/// Who accepts the record; without servers, roles and policy.
struct Compatibility {
  std::vector<VerifierVerdict> verdicts{};  ///< in the order of the verifiers; empty without a text
  /// Raw: if not all accept the record, the same with the fewest changes that all accept. Empty if there is
  /// none.
  std::string rewrite{};
};

/// Whether every verifier that knows the key's algorithm accepts the record.
[[nodiscard]] bool all_accept(const Compatibility& compatibility);
/// Whether at least half of them reject it, or fail with it for now.
[[nodiscard]] bool most_reject(const Compatibility& compatibility);

struct KeyFacts {
  std::string algorithm{};  ///< "rsa", "ed25519", else the name of the key's type
  std::uint32_t bits = 0;
  std::string sha256{};  ///< of the key's SubjectPublicKeyInfo in DER, lower-case hex
  std::optional<std::uint64_t> exponent{};
};

/// Bytes of the whole DNS message over UDP without EDNS. `answer_bytes` (checks/record/size.hpp) computes
/// them.
struct SizeFacts {
  std::optional<std::uint32_t> direct{};        ///< computed: the answer of the zone that holds the record
  std::optional<std::uint32_t> chain{};         ///< computed, upper bound: with the aliases before it
  std::optional<std::uint32_t> observed_udp{};  ///< the largest seen, as in the next two
  std::optional<std::uint32_t> observed_edns{};
  std::optional<std::uint32_t> observed_tcp{};
  std::vector<std::string> drop_first{};  ///< tags that can be dropped, in the recommended order
};

/// How a server answered the query for the record.
enum class ServerOutcome : std::uint8_t {
  answered,  ///< a TXT record or an alias, with authority
  nodata,
  nxdomain,
  servfail,
  refused,
  formerr,
  notimp,
  other_rcode,
  not_authoritative,  ///< an answer without AA, or a referral to a child zone
  upward_referral,
  self_referral,
  timeout,
  unreachable,
  tcp_failed,  ///< TC=1, and TCP gave no complete answer
  malformed,
  too_large,  ///< more TXT records than are kept; see `probe::OversizedTxt`
  local_error,
  not_asked,
};

/// Whether what a server publishes is right. Where a key is expected, only servers that publish it are right;
/// else what more than half of the servers publish. In a tie of records with one key, the only one that
/// verifiers can use is right; in any other tie, nothing is decided.
enum class Standing : std::uint8_t { right, differs, undecided };

struct ServerRow {
  ServerId id{};
  config::DomainName owner{};  ///< the name of the chain that it was queried for
  ServerOutcome outcome = ServerOutcome::not_asked;
  probe::NotAsked not_asked = probe::NotAsked::asked;
  std::optional<std::uint16_t> rcode{};
  bool authoritative = false;
  bool truncated = false;
  std::optional<std::uint32_t> serial{};
  std::optional<std::uint32_t> ttl_seconds{};
  std::string answer_sha256{};  ///< over the TXT RRset, strings joined, in any order; empty without one
  char group = ' ';             ///< servers with the same letter published the same; 'A' is the right one's
  Standing standing = Standing::undecided;
  config::EscapedText answer{};  ///< short, for people: "RSA 2048 b1b0", "NXDOMAIN", "no answer in 2.8 s"
  bool disagrees_with_itself = false;  ///< its answers over UDP, with EDNS and over TCP are not the same
  std::optional<std::string> nsid{};   ///< raw
  std::optional<std::chrono::microseconds> round_trip{};
  std::optional<std::uint32_t> udp_bytes{};
};

/// What DNSSEC validation concludes (RFC 4033 section 5).
enum class Security : std::uint8_t {
  secure,    ///< every link from the trust anchor to the records, or to the proof of their absence, holds
  insecure,  ///< a signed proof, or a retired or unknown algorithm, ends the chain: as if unsigned
  bogus,     ///< a link does not hold: validating resolvers return SERVFAIL
  indeterminate,  ///< a link was not collected, or cannot be verified here
};

/// A zone of the chain of trust.
struct ZoneSecurity {
  config::DomainName zone{};
  Security state = Security::indeterminate;
  std::vector<std::uint16_t> key_tags{};  ///< of its DS records, or of the trust anchors
};

/// The answer of one server, as a validating resolver sees it.
struct ServerSecurity {
  ServerId id{};
  Security state = Security::indeterminate;
  config::EscapedText broken_link{};  ///< the first link that does not hold, as a clause; empty when secure
  /// When the first of the signatures over the zone's keys and over the answer expires.
  std::optional<std::chrono::sys_seconds> expires{};
};

/// The validation of one name of the chain. Without servers where signatures were not validated.
struct DnssecFacts {
  config::DomainName owner{};
  std::vector<ZoneSecurity> zones{};  ///< from the root down to where the chain ends
  std::vector<ServerSecurity> servers{};
};

struct AliasFact {
  config::DomainName owner{};
  config::DomainName target{};
  std::uint32_t ttl_seconds = 0;
  bool is_dname = false;
};

/// When the next steps of a rotation are safe, from the history of probes and the last signature. A time is
/// absent when it does not exist yet or is not known.
struct RotationFacts {
  std::optional<probe::WallTime> safe_to_sign_at{};
  std::optional<probe::WallTime> safe_to_remove_at{};
  std::vector<ReasonDetail> reasons{};
};

enum class AdspPolicy : std::uint8_t { none, unknown, all, discardable, invalid, out_of_scope, not_known };

struct CheckResult {
  const Check* check = nullptr;
  CheckOutcome outcome = CheckOutcome::not_evaluated;
  config::EscapedText disabled{};  ///< the operator's reason why the check is disabled; else empty
};

struct Report {
  config::DomainName domain{};
  config::Selector selector{};
  config::DomainName name{};  ///< `<selector>._domainkey.<domain>`
  config::Role role = config::Role::active;
  probe::WallTime observed_at{};
  std::chrono::microseconds took{0};
  Status status = Status::unknown;
  config::EscapedText headline{};  ///< one clause: the reason for the status
  /// In the catalogue's order, each check once; those about signatures only with a message.
  std::vector<CheckResult> outcomes{};
  std::vector<Finding> findings{};  ///< worst first
  RecordFacts record{};
  std::optional<KeyFacts> key{};
  Compatibility compatibility{};
  SizeFacts size{};
  std::vector<ServerRow> servers{};  ///< hop by hop
  std::vector<AliasFact> chain{};
  std::vector<DnssecFacts> dnssec{};             ///< of each hop that was validated
  std::vector<probe::Delegation> delegations{};  ///< of each hop, in order
  /// What was left out and may differ, as sentences: parent servers that were not queried, and texts
  /// beyond the most that are read.
  std::vector<config::EscapedText> not_asked{};
  std::optional<std::uint32_t>
      negative_ttl_seconds{};               ///< min(SOA TTL, MINIMUM), the largest seen (RFC 2308 section 5)
  std::optional<RotationFacts> rotation{};  ///< only with a history, or a last signature
  AdspPolicy adsp = AdspPolicy::not_known;

  /// The worst severity of the findings that name the server; empty without any.
  [[nodiscard]] std::optional<Severity> worst_about(const ServerId& server) const;
};

/// The worst in the order critical, unknown, warning, ok; unknown for none.
[[nodiscard]] Status worst(std::span<const Status> statuses);
[[nodiscard]] Status worst(const std::vector<Report>& reports);

[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] std::string_view to_string(Status status);
[[nodiscard]] std::string_view to_string(CheckOutcome outcome);
[[nodiscard]] std::string_view to_string(RecordClass record_class);
[[nodiscard]] std::string_view to_string(Security state);
/// The versions of DKIM whose signatures can be verified with the record: "DKIM1", "DKIM2".
[[nodiscard]] std::span<const std::string_view> served_versions(RecordClass record_class);
[[nodiscard]] std::string_view to_string(ServerOutcome outcome);
[[nodiscard]] std::string_view to_string(AdspPolicy policy);
[[nodiscard]] std::string_view to_string(Standing standing);
[[nodiscard]] std::string_view to_string(Acceptance acceptance);

}  // namespace dkimprobe::checks
