// Everything that one probe of one selector saw on the network, as plain facts: who is authoritative, what
// was asked of each server address in which way, and what came back. It holds no judgement, and it is the
// only header of this folder that checks and exporters see.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::probe {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

enum class Transport : std::uint8_t { udp, tcp };

/// Types of records that are asked for or read. Others keep their number.
enum class RecordType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  txt = 16,
  aaaa = 28,
  dname = 39,
  opt = 41,
  ds = 43,
  rrsig = 46,
  nsec = 47,
  nsec3 = 50,
};

/// RFC 1035 section 4.1.1, RFC 6895 section 2.3 and RFC 7873 section 8; the extended codes come with EDNS.
/// Others keep their number.
enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  badvers = 16,
  badcookie = 23,
};

/// Why a datagram (or a message of a TCP stream) that arrived was not taken as the answer.
enum class IgnoreReason : std::uint8_t {
  wrong_source,
  wrong_id,
  wrong_question,
  wrong_class,
  wrong_opcode,
  not_a_response,
  no_question,
  malformed,
  late,
  duplicate,
};
inline constexpr std::size_t ignore_reason_count = 10;

/// How many were ignored, by reason.
struct IgnoredMessages {
  std::array<std::uint32_t, ignore_reason_count> counts{};

  [[nodiscard]] std::uint32_t operator[](IgnoreReason reason) const {
    return counts[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint32_t& operator[](IgnoreReason reason) {
    return counts[static_cast<std::size_t>(reason)];
  }
};

// ---- What a response said ----

/// One TXT record, its character-strings unjoined and raw (RFC 1035 section 3.3.14).
inline constexpr std::size_t longest_string = 255;  ///< of a TXT record, in octets (RFC 1035 section 3.3)

struct TxtRecord {
  std::uint32_t ttl_seconds = 0;
  std::vector<std::string> strings{};

  friend bool operator==(const TxtRecord&, const TxtRecord&) = default;
};

/// A CNAME at the name asked, or a DNAME at a name above it (RFC 6672).
struct AliasRecord {
  config::DomainName owner{};
  config::DomainName target{};  ///< for a DNAME: where the name asked leads, substituted
  std::uint32_t ttl_seconds = 0;
  bool is_dname = false;
};

struct SoaRecord {
  config::DomainName owner{};
  config::DomainName mname{};
  config::DomainName rname{};
  std::uint32_t serial = 0;
  std::uint32_t refresh_seconds = 0;
  std::uint32_t retry_seconds = 0;
  std::uint32_t expire_seconds = 0;
  std::uint32_t minimum_seconds = 0;
  std::uint32_t ttl_seconds = 0;
  bool in_answer = false;  ///< else in the authority section, where its TTL is the one of a negative answer
};

struct NsRecord {
  config::DomainName owner{};
  config::DomainName target{};
  std::uint32_t ttl_seconds = 0;
};

struct AddressRecord {
  config::DomainName owner{};
  config::Address address{};
  std::uint32_t ttl_seconds = 0;
};

/// A DS record in the authority section of a referral (RFC 4034 section 5): the parent says that the child
/// zone is signed.
struct DsRecord {
  config::DomainName owner{};
  std::uint16_t key_tag = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t digest_type = 0;
  std::string digest{};  ///< raw octets
  std::uint32_t ttl_seconds = 0;

  friend bool operator==(const DsRecord&, const DsRecord&) = default;
};

/// The OPT record of a response (RFC 6891 section 6.1).
struct Edns {
  std::uint16_t payload_bytes = 0;
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::optional<std::string> nsid{};           ///< raw octets (RFC 5001)
  std::optional<std::string> server_cookie{};  ///< raw octets (RFC 7873)
};

/// When the RRSIG records of a response hold: seconds since 1970, modulo 2^32 (RFC 4034 section 3.1.5). Of
/// several the widest span, so that one that ran out beside a good one says nothing.
struct SignatureTimes {
  std::uint32_t first_inception = 0;
  std::uint32_t last_expiration = 0;
};

/// A response that passed the bounded scan and matched its question.
struct Response {
  Rcode rcode = Rcode::noerror;  ///< with the upper bits of EDNS
  bool authoritative = false;
  bool truncated = false;
  bool recursion_available = false;
  bool has_question = true;  ///< false for the bare header that some servers send with an error code
  bool question_case_kept = true;
  std::optional<Edns> edns{};
  // Only records of the answer section whose owner is the name asked (or a DNAME above it) are here.
  std::vector<TxtRecord> txt{};
  std::vector<AliasRecord> aliases{};
  std::vector<NsRecord> ns{};
  std::vector<AddressRecord> addresses{};
  std::vector<SoaRecord> soa{};  ///< of the answer or the authority section, the first of each
  // The authority and additional sections, for referrals.
  std::vector<NsRecord> referral{};
  std::vector<AddressRecord> glue{};
  std::vector<DsRecord> ds{};           ///< of the authority section; only queries with DO=1 bring them
  std::uint32_t answers_elsewhere = 0;  ///< answer records with an owner off the name asked
  std::uint32_t malformed_txt = 0;      ///< TXT records without any string
  bool dname_target_too_long =
      false;               ///< a DNAME above leads nowhere: over 255 octets (RFC 6672 section 2.2)
  bool has_rrsig = false;  ///< a signature over what was asked stood in the answer section
  /// The largest TTL of the NSEC and NSEC3 records in the authority section: how long a validating cache may
  /// deny from them the names that they span (RFC 8198 section 5.4, RFC 9077 section 3.4). Nothing without
  /// one.
  std::optional<std::uint32_t> nsec_ttl_seconds{};
  std::optional<SignatureTimes> signatures{};  ///< of the answer and authority sections
};

// ---- What was asked, and how it went ----

/// What an exchange was for.
enum class Purpose : std::uint8_t {
  record_plain,  ///< the TXT over UDP without EDNS: what a 512-byte path sees
  record_edns,   ///< the TXT over UDP with EDNS and NSID
  record_tcp,    ///< the TXT over TCP, because of TC=1 or as its own check
  zone_soa,
  zone_ns,
  wildcard_probe,  ///< TXT of a random label beside the selector, with DO=1 when with EDNS: does a wildcard
                   ///< answer, and does NSEC or NSEC3 deny it
  domainkey,       ///< TXT of `_domainkey` itself: is it denied although it has names below
  cut,             ///< NS of a minimised name, on the walk down
  host_address,    ///< A or AAAA of a nameserver's name
};

enum class Outcome : std::uint8_t {
  answered,            ///< a response to the question, whatever its rcode says
  timed_out,           ///< nothing that counts as a response came; see `ignored` for what else did
  malformed,           ///< only responses that break the format came
  unreachable,         ///< ICMP told so (`system_error`), and the try ended without a response
  connection_refused,  ///< TCP
  connection_reset,    ///< TCP, before a whole response
  connection_closed,   ///< TCP, before a whole response
  no_route,            ///< this machine has no way to such addresses; nothing was sent
  local_error,  ///< this machine failed (`system_error`), for example with EMFILE; nothing is known of the
                ///< server
  interrupted,  ///< our own end of time or the operator stopped it
  superseded,   ///< another attempt of the same question was answered first, so nobody waited for this one
};

/// One question sent once (or tried to be sent) to one server address.
struct Exchange {
  Purpose purpose = Purpose::record_plain;
  config::DomainName question_name{};
  RecordType question_type = RecordType::txt;
  Transport transport = Transport::udp;
  bool edns_sent = false;
  std::uint8_t attempt = 1;              ///< 1 for the first try of this purpose in this way
  std::chrono::microseconds started{0};  ///< since `Observation::observed_at`; below zero: carried
  std::chrono::microseconds took{0};     ///< round trip, or how long it was waited
  std::uint32_t bytes_sent = 0;
  std::uint32_t bytes_received = 0;  ///< of the response's message, without the TCP length
  Outcome outcome = Outcome::timed_out;
  int system_error = 0;  ///< errno of the outcomes that have one, else 0
  IgnoredMessages ignored{};
  std::optional<Response> response{};  ///< present exactly when `outcome` is `answered`
};

/// Why a server address was not asked at all.
enum class NotAsked : std::uint8_t {
  asked,             ///< it was asked
  address_refused,   ///< a special-purpose address that the settings do not allow
  no_route,          ///< this machine has no way to the family
  family_disabled,   ///< the operator asked for the other family alone
  budget_exhausted,  ///< beyond the addresses, exchanges or time allowed
  /// It answered a question about its own zone as a resolver does (RA=1, AA=0), so it was not told the name:
  /// a resolver that knows a name too early may keep that it is absent. The answer is among the exchanges.
  answers_as_resolver,
};

/// One address of one nameserver, and every exchange with it about one name.
struct ServerObservation {
  std::vector<config::DomainName> names{};  ///< the nameserver names that lead to this address, at least one
  config::ServerAddress address{};
  NotAsked not_asked = NotAsked::asked;
  bool cut_short = false;  ///< asked, but not all: its exchanges or the time were used up
  /// The zone whose server it is, when that is not the zone of the hop: see `StrayServer`.
  std::optional<config::DomainName> stray_of{};
  std::vector<Exchange> exchanges{};
};

// ---- Who is authoritative ----

/// What became of the name of a nameserver on the way to its addresses.
enum class HostOutcome : std::uint8_t {
  found,
  is_alias,
  name_missing,
  no_address,
  unknown,
  budget_exhausted,
  loop
};

/// A nameserver of a zone, as its parent and as the zone itself name it.
struct Nameserver {
  config::DomainName name{};
  bool in_parent = false;
  bool in_child = false;
  HostOutcome host = HostOutcome::unknown;
  std::vector<config::Address> glue{};       ///< as the parent's servers gave it
  std::vector<config::Address> addresses{};  ///< as the servers of the name's own zone gave it
  /// An address of the other family is known; whether the name has one of this family was not told.
  bool ipv4_unknown = false;
  bool ipv6_unknown = false;
};

/// What one server of a zone says of a zone cut below it.
enum class CutAnswer : std::uint8_t {
  refers,     ///< to the nameservers of a `Referral`
  serves_it,  ///< it answers for the zone below itself, with authority: parent and child on one server
  no_cut,     ///< the name is there (NOERROR), and no zone begins at it
  denied,     ///< NXDOMAIN, for the name of the cut or a name above it
  useless,    ///< an error, no authority, or a referral that leads nowhere below
  silent,     ///< no response came
  not_asked,  ///< see `ParentAnswer::not_asked`; also when only a sample of the servers was asked
};

/// A set of nameservers that servers of the parent refer to, alike.
struct Referral {
  std::vector<NsRecord> ns{};
  std::vector<AddressRecord> glue{};
  std::vector<DsRecord> ds{};
};

/// One address of a server of the zone above a cut, and what it says of that cut.
struct ParentAnswer {
  std::vector<config::DomainName> names{};  ///< the nameserver names that lead to this address
  config::ServerAddress address{};
  CutAnswer answer = CutAnswer::not_asked;
  NotAsked not_asked = NotAsked::asked;     ///< why not, when it was not asked
  std::optional<std::uint32_t> referral{};  ///< which of `ZoneCut::referrals`, when it refers
  std::optional<std::uint32_t> serial{};    ///< of the zone above, where the server told it
  std::optional<std::string> nsid{};        ///< raw octets (RFC 5001)
};

/// A place where one zone ends and the next begins.
struct ZoneCut {
  config::DomainName apex{};
  config::DomainName parent{};              ///< apex of the zone above
  std::uint32_t parent_ns_ttl_seconds = 0;  ///< the longest of `parent_ns`
  std::uint32_t child_ns_ttl_seconds = 0;   ///< the longest of `child_ns`
  /// The union of the referrals; empty when parent and child are on one server, which then never refers.
  std::vector<NsRecord> parent_ns{};
  std::vector<NsRecord> child_ns{};     ///< the union of what the child's servers gave; see `zone_ns`
  std::vector<Referral> referrals{};    ///< each distinct set, in the order in which it was met
  std::vector<ParentAnswer> parents{};  ///< one for each address of the zone above that is known
};

enum class DiscoveryOutcome : std::uint8_t {
  complete,
  pinned,      ///< the operator named the servers; nothing was walked
  no_servers,  ///< no server of a zone on the way answered; `stopped_at` names the zone
  /// Something between answers for the servers, or each server that the operator named is a resolver; see
  /// `Delegation::interception`. No server was told the name.
  intercepted,
  loop,  ///< the delegation leads back to itself
  budget_exhausted,
  interrupted,
};

/// An exchange of the walk, with the server that it went to.
struct WalkExchange {
  config::ServerAddress server{};
  config::DomainName zone{};  ///< whose server it was asked as
  Exchange exchange{};
};

/// What shows that the servers themselves were never reached.
enum class InterceptionSign : std::uint8_t {
  recursion_available,  ///< RA=1 from a root server or a top-level domain's
  answers_below,  ///< a root server or a top-level domain's answers for a name far below instead of referring
  no_authority,   ///< every root server answers without AA and refers to nobody
  refused,        ///< every root server refuses
  one_identity,   ///< unrelated addresses give one NSID
  ttl_counts_down,  ///< the TTL of one answer falls from question to question, as in a cache
  tcp_closed,       ///< every TCP connection fails while UDP answers
};

/// One sign, and the servers that showed it.
struct Interception {
  InterceptionSign sign = InterceptionSign::recursion_available;
  std::vector<config::ServerAddress> servers{};
};

/// A server that a resolver may end at instead of one of the zone's own: it is a server of a zone above, and
/// does not refer to the zone as its siblings do. It is asked for the record as the zone's servers are.
struct StrayServer {
  std::vector<config::DomainName> names{};  ///< the nameserver names that lead to it
  config::ServerAddress address{};
  config::DomainName zone{};  ///< whose server it is
  CutAnswer answer = CutAnswer::no_cut;
};

/// How the zone that holds a name was found, and which servers are its.
struct Delegation {
  config::DomainName zone{};
  DiscoveryOutcome outcome = DiscoveryOutcome::complete;
  config::DomainName stopped_at{};
  std::vector<ZoneCut> cuts{};            ///< from the top down; the last one is `zone`
  std::vector<Nameserver> nameservers{};  ///< of `zone`: the union of the parent's and the child's set
  std::vector<config::DomainName> nameservers_cut_off{};  ///< beyond the budget, by name
  std::vector<StrayServer> strays{};                      ///< of zones above, that lead elsewhere
  std::vector<Interception> interception{};               ///< empty unless something between answers
  std::vector<config::DomainName> denied{};  ///< minimised names that got NXDOMAIN, the domain itself perhaps
  std::vector<WalkExchange> exchanges{};     ///< those of this walk; what the cache knew cost none
};

// ---- The whole ----

/// The time for the domain ran out while queries waited for their turn: a server is asked no faster than the
/// rate limit allows.
struct RateShortage {
  config::ServerAddress server{};       ///< the one for which they would have waited longest
  std::uint32_t queries = 0;            ///< of the whole probe to that server, those that left and the others
  std::chrono::microseconds needed{0};  ///< by the whole probe, about
  std::uint32_t selectors = 0;          ///< that were asked for together
};

/// One name of the chain from the selector to its key: its zone, and each of its zone's servers.
struct Hop {
  config::DomainName owner{};
  Delegation delegation{};
  std::vector<ServerObservation> servers{};
};

enum class ChainOutcome : std::uint8_t {
  complete,  ///< the last leg has no alias
  loop,      ///< an alias leads to a name that was there before
  too_long,  ///< beyond the steps allowed
  interrupted,
};

/// A name and the names that its aliases lead to: `legs.front()` is the name itself, each further leg the
/// target of an alias that some server of an earlier leg gave (servers that disagree bring more than one).
struct Chain {
  std::vector<Hop> hops{};
  ChainOutcome outcome = ChainOutcome::complete;
};

struct Observation {
  config::DomainName domain{};
  config::Selector selector{};
  WallTime observed_at{};
  std::chrono::microseconds took{0};
  Chain key{};   ///< from `<selector>._domainkey.<domain>`
  Chain adsp{};  ///< from `_adsp._domainkey.<domain>`; shared by all selectors of one round
  std::optional<config::DomainName> wildcard_name{};  ///< the random name that was asked beside the selector
  /// Servers were asked for the record alone: zones, ADSP and what else is here were seen by an earlier look.
  bool is_quick = false;
  std::optional<RateShortage> rate_shortage{};  ///< shared by all selectors of one round
};

}  // namespace dkimprobe::probe
