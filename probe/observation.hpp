// Everything that one probe of one selector saw on the network, as plain facts: which servers are
// authoritative, what each server address was asked and how, and what it answered. It holds no judgement, and
// it is the only header of this folder that checks and exporters include.
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

/// Record types that are queried or read. Others keep their number.
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
  dnskey = 48,
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

/// Number of ignored messages, by reason.
struct IgnoredMessages {
  std::array<std::uint32_t, ignore_reason_count> counts{};

  [[nodiscard]] std::uint32_t operator[](IgnoreReason reason) const {
    return counts[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint32_t& operator[](IgnoreReason reason) {
    return counts[static_cast<std::size_t>(reason)];
  }
};

// ---- The content of a response ----

inline constexpr std::size_t longest_string = 255;  ///< of a TXT record, in octets (RFC 1035 section 3.3)

/// One TXT record: its character-strings, not joined, as raw octets (RFC 1035 section 3.3.14).
struct TxtRecord {
  std::uint32_t ttl_seconds = 0;
  std::vector<std::string> strings{};

  friend bool operator==(const TxtRecord&, const TxtRecord&) = default;
};

/// The most that is kept of the TXT records of one response. Octets are those of the record data.
inline constexpr std::size_t most_txt_records = 32;
inline constexpr std::size_t most_txt_octets = 16'384;

/// TXT records of a response that were counted but not kept, because they exceed these limits.
struct OversizedTxt {
  std::uint32_t records = 0;
  std::uint32_t octets = 0;

  friend bool operator==(const OversizedTxt&, const OversizedTxt&) = default;
};

/// A CNAME at the queried name, or a DNAME at a name above it (RFC 6672).
struct AliasRecord {
  config::DomainName owner{};
  config::DomainName target{};  ///< for a DNAME: the queried name after substitution
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
  bool in_answer = false;  ///< otherwise in the authority section, where its TTL is that of a negative answer
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

/// A DS record in the authority section of a referral (RFC 4034 section 5): the parent declares the child
/// zone signed.
struct DsRecord {
  config::DomainName owner{};
  std::uint16_t key_tag = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t digest_type = 0;
  std::string digest{};  ///< raw octets
  std::uint32_t ttl_seconds = 0;

  friend bool operator==(const DsRecord&, const DsRecord&) = default;
};

/// All records of class IN with one owner and type in a response (RFC 2181 section 5), as octets.
struct RecordSet {
  config::DomainName owner{};
  std::uint16_t type = 0;
  std::uint32_t ttl_seconds = 0;     ///< as received, of the first; signatures state the TTL that they cover
  std::vector<std::string> rdata{};  ///< octets of each record, names in them uncompressed
  std::vector<std::string> signatures{};  ///< rdata of the RRSIG records at `owner` that cover `type`

  friend bool operator==(const RecordSet&, const RecordSet&) = default;
};

/// The most that is kept of the sets of one response: octets of the record data.
inline constexpr std::size_t most_set_octets = 16'384;

/// The OPT record of a response (RFC 6891 section 6.1).
struct Edns {
  std::uint16_t payload_bytes = 0;
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::optional<std::string> nsid{};           ///< raw octets (RFC 5001)
  std::optional<std::string> server_cookie{};  ///< raw octets (RFC 7873)
};

/// When the RRSIG records of a response are valid: seconds since 1970, modulo 2^32 (RFC 4034 section 3.1.5).
/// Of several, the widest period, so that an expired signature beside a valid one does not count.
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
  // Only records of the answer section whose owner is the queried name, or a DNAME above it:
  std::vector<TxtRecord> txt{};
  std::optional<OversizedTxt> oversized_txt{};  ///< then `txt` is empty
  std::vector<AliasRecord> aliases{};
  std::vector<NsRecord> ns{};
  std::vector<AddressRecord> addresses{};
  std::vector<SoaRecord> soa{};  ///< the first of the answer section and the first of the authority section
  // The authority and additional sections, for referrals.
  std::vector<NsRecord> referral{};
  std::vector<AddressRecord> glue{};
  std::vector<DsRecord> ds{};           ///< of the authority section; only queries with DO=1 get them
  std::uint32_t answers_elsewhere = 0;  ///< answer records whose owner is another name
  std::uint32_t malformed_txt = 0;      ///< TXT records without any string
  bool dname_target_too_long =
      false;               ///< the substitution of a DNAME above exceeds 255 octets (RFC 6672 section 2.2)
  bool has_rrsig = false;  ///< the answer section had a signature over the queried records
  /// The largest TTL of the NSEC and NSEC3 records in the authority section: how long a validating cache may
  /// use them to deny the names that they cover (RFC 8198 section 5.4, RFC 9077 section 3.4). Nothing when
  /// there are none.
  std::optional<std::uint32_t> nsec_ttl_seconds{};
  std::optional<SignatureTimes> signatures{};  ///< of the answer and authority sections
  /// Of the answer and authority sections, where the question was about DNSSEC (see `is_about_dnssec`).
  std::vector<RecordSet> sets{};
  bool sets_omitted = false;  ///< they exceed `most_set_octets`, or there are too many, so `sets` is empty

  [[nodiscard]] bool has_txt() const { return !txt.empty() || oversized_txt; }
};

// ---- What was asked, and how it went ----

/// What an exchange was for.
enum class Purpose : std::uint8_t {
  record_plain,  ///< the TXT over UDP without EDNS: what a resolver limited to 512 bytes gets
  record_edns,   ///< the TXT over UDP with EDNS and NSID
  record_tcp,    ///< the TXT over TCP, because of TC=1 or as a check of its own
  zone_soa,
  zone_ns,
  wildcard_probe,  ///< TXT of a random label beside the selector, with DO=1 when sent with EDNS: does a
                   ///< wildcard answer, do NSEC or NSEC3 records deny the name
  domainkey,       ///< TXT of `_domainkey` itself: is it denied although names exist below it
  record_dnssec,   ///< the TXT with DO=1, of a zone that its parent declares signed
  zone_dnskey,     ///< the keys of a zone that its parent declares signed, with DO=1
  zone_ds,         ///< DS of a zone, from the servers of its parent, with DO=1
  cut,             ///< NS of a minimised name, during the walk down
  host_address,    ///< A or AAAA of a nameserver name
};

/// Whether the answer is to be validated: it is asked for with DO=1, also over TCP, and its records are kept
/// as octets.
[[nodiscard]] constexpr bool is_about_dnssec(Purpose purpose) {
  return purpose == Purpose::record_dnssec || purpose == Purpose::zone_dnskey || purpose == Purpose::zone_ds;
}

enum class Outcome : std::uint8_t {
  answered,            ///< a response to the question, whatever its rcode
  timed_out,           ///< no valid response came; see `ignored` for what else did
  malformed,           ///< only malformed responses came
  unreachable,         ///< ICMP reported it (`system_error`), and the attempt ended without a response
  connection_refused,  ///< TCP
  connection_reset,    ///< TCP, before a whole response
  connection_closed,   ///< TCP, before a whole response
  no_route,            ///< this machine has no route to the address; nothing was sent
  local_error,  ///< this machine failed (`system_error`), for example with EMFILE; says nothing about the
                ///< server
  interrupted,  ///< the program's time limit or the operator ended it
  superseded,   ///< another attempt of the same question was answered first
};

/// One question sent once to one server address, or one failed attempt to send it.
struct Exchange {
  Purpose purpose = Purpose::record_plain;
  config::DomainName question_name{};
  RecordType question_type = RecordType::txt;
  Transport transport = Transport::udp;
  bool edns_sent = false;
  std::uint8_t attempt = 1;              ///< 1 for the first attempt of this purpose over this transport
  std::chrono::microseconds started{0};  ///< since `Observation::observed_at`; negative: of an earlier probe
  std::chrono::microseconds took{0};     ///< the round trip time, or how long the program waited
  std::uint32_t bytes_sent = 0;
  std::uint32_t bytes_received = 0;  ///< size of the response message, without the TCP length
  Outcome outcome = Outcome::timed_out;
  int system_error = 0;  ///< errno for outcomes that have one, else 0
  IgnoredMessages ignored{};
  std::optional<Response> response{};  ///< present if and only if `outcome` is `answered`
};

/// Why a server address was not asked at all.
enum class NotAsked : std::uint8_t {
  asked,             ///< it was asked
  address_refused,   ///< a special-purpose address that the settings do not permit
  no_route,          ///< this machine has no route to this address family
  family_disabled,   ///< the operator disabled this address family
  budget_exhausted,  ///< beyond the addresses, exchanges or time allowed
  /// It answered a question about its own zone as a resolver does (RA=1, AA=0), so it was not asked for the
  /// name: a resolver that is asked too early may cache that the name does not exist. The answer is among the
  /// exchanges.
  answers_as_resolver,
};

/// One server address, and every exchange with it about one name.
struct ServerObservation {
  std::vector<config::DomainName> names{};  ///< the nameserver names with this address; at least one
  config::ServerAddress address{};
  NotAsked not_asked = NotAsked::asked;
  bool cut_short = false;  ///< some questions were not asked: the budget of exchanges or the time was used up
  /// The zone that it serves, when that is not the zone of the hop: see `StrayServer`.
  std::optional<config::DomainName> stray_of{};
  std::vector<Exchange> exchanges{};
};

// ---- Which servers are authoritative ----

/// The result of looking up the addresses of a nameserver name.
enum class HostOutcome : std::uint8_t {
  found,
  is_alias,
  name_missing,
  no_address,
  unknown,
  budget_exhausted,
  loop
};

/// A nameserver of a zone, named by the parent, by the zone itself, or by both.
struct Nameserver {
  config::DomainName name{};
  bool in_parent = false;
  bool in_child = false;
  HostOutcome host = HostOutcome::unknown;
  std::vector<config::Address> glue{};       ///< from the servers of the parent
  std::vector<config::Address> addresses{};  ///< from the servers of the name's own zone
  /// An address of the other family is known; whether the name has one of this family is not.
  bool ipv4_unknown = false;
  bool ipv6_unknown = false;
};

/// What one server of a zone answers about a zone cut below it.
enum class CutAnswer : std::uint8_t {
  refers,     ///< it refers to the nameservers of a `Referral`
  serves_it,  ///< it answers authoritatively for the zone below: parent and child on one server
  no_cut,     ///< the name exists (NOERROR), and no zone begins there
  denied,     ///< NXDOMAIN for the name of the cut or for a name above it
  useless,    ///< an error, an answer without authority, or a referral that does not lead below
  silent,     ///< no response came
  not_asked,  ///< see `ParentAnswer::not_asked`, or only a sample of the servers was asked
};

/// One set of nameservers that one or more servers of the parent refer to.
struct Referral {
  std::vector<NsRecord> ns{};
  std::vector<AddressRecord> glue{};
  std::vector<DsRecord> ds{};
  /// The DS records with their signatures, or the NSEC or NSEC3 records that deny them (RFC 4035 section
  /// 3.1.4). Empty when the servers of the parent did not return them.
  std::vector<RecordSet> sets{};
};

/// One address of a server of the zone above a cut, and what it answers about that cut.
struct ParentAnswer {
  std::vector<config::DomainName> names{};  ///< the nameserver names with this address
  config::ServerAddress address{};
  CutAnswer answer = CutAnswer::not_asked;
  NotAsked not_asked = NotAsked::asked;     ///< the reason, when it was not asked
  std::optional<std::uint32_t> referral{};  ///< index in `ZoneCut::referrals`, when it refers
  std::optional<std::uint32_t> serial{};    ///< serial of the zone above, if the server reported it
  std::optional<std::string> nsid{};        ///< raw octets (RFC 5001)
};

/// A place where one zone ends and the next begins.
struct ZoneCut {
  config::DomainName apex{};
  config::DomainName parent{};              ///< apex of the zone above
  std::uint32_t parent_ns_ttl_seconds = 0;  ///< the longest TTL in `parent_ns`
  std::uint32_t child_ns_ttl_seconds = 0;   ///< the longest TTL in `child_ns`
  /// The union of the referrals; empty when parent and child are on one server, which never refers.
  std::vector<NsRecord> parent_ns{};
  std::vector<NsRecord> child_ns{};     ///< the union of what the child's servers answered; see `zone_ns`
  std::vector<Referral> referrals{};    ///< each distinct set, in the order of discovery
  std::vector<ParentAnswer> parents{};  ///< one for each known server address of the zone above
};

enum class DiscoveryOutcome : std::uint8_t {
  complete,
  pinned,      ///< the operator named the servers; no walk took place
  no_servers,  ///< no server of a zone on the path answered; `stopped_at` names the zone
  /// Something on the network path answers in place of the servers, or each server that the operator named is
  /// a resolver; see `Delegation::interception`. No server was asked for the name.
  intercepted,
  loop,  ///< the delegation depends on itself
  budget_exhausted,
  interrupted,
};

/// An exchange of the walk, with the server that was asked.
struct WalkExchange {
  config::ServerAddress server{};
  config::DomainName zone{};  ///< the zone as whose server it was asked
  Exchange exchange{};
};

/// A sign that the queries never reached the servers themselves.
enum class InterceptionSign : std::uint8_t {
  recursion_available,  ///< RA=1 from a server of the root or of a top-level domain
  answers_below,    ///< a server of the root or of a top-level domain answers for a name far below instead of
                    ///< referring
  no_authority,     ///< every root server answers without AA and without a referral
  refused,          ///< every root server returns REFUSED
  one_identity,     ///< unrelated addresses return the same NSID
  ttl_counts_down,  ///< the TTL of an answer falls between two identical questions, as in a cache
  tcp_closed,       ///< every TCP connection fails while UDP answers
};

/// One sign, and the servers that showed it.
struct Interception {
  InterceptionSign sign = InterceptionSign::recursion_available;
  std::vector<config::ServerAddress> servers{};
};

/// A server of a zone above that does not refer to the zone as other servers of its own zone do. A resolver
/// may end there instead of at one of the zone's servers, so it is asked for the record as they are.
struct StrayServer {
  std::vector<config::DomainName> names{};  ///< the nameserver names with this address
  config::ServerAddress address{};
  config::DomainName zone{};  ///< the zone that it serves
  CutAnswer answer = CutAnswer::no_cut;
};

/// What one server replied about the keys or the DS records of a zone on the path.
struct ZoneReply {
  config::DomainName zone{};
  RecordType type = RecordType::dnskey;  ///< or DS
  config::ServerAddress server{};
  Rcode rcode = Rcode::noerror;
  std::vector<RecordSet> sets{};
};

/// How the zone that holds a name was found, and the servers of that zone.
struct Delegation {
  config::DomainName zone{};
  DiscoveryOutcome outcome = DiscoveryOutcome::complete;
  config::DomainName stopped_at{};
  std::vector<ZoneCut> cuts{};            ///< from the top down; the last one is that of `zone`
  std::vector<Nameserver> nameservers{};  ///< of `zone`: the union of the parent's and the child's NS sets
  std::vector<config::DomainName> nameservers_cut_off{};  ///< names of those beyond the budget
  std::vector<StrayServer> strays{};                      ///< servers of zones above that lead elsewhere
  std::vector<Interception> interception{};               ///< empty unless the outcome is `intercepted`
  std::vector<config::DomainName> denied{};  ///< minimised names that got NXDOMAIN, perhaps the domain itself
  std::vector<WalkExchange> exchanges{};     ///< of this walk; what was cached needed none
  /// What proves the keys of `zone`: the keys of each zone above it, from the root down to the first unsigned
  /// delegation, and the DS records that no referral returned. Empty where signatures are not validated.
  std::vector<ZoneReply> chain_of_trust{};
};

// ---- The whole ----

/// The time for the domain ran out while the rate limit of a server held queries back.
struct RateShortage {
  config::ServerAddress server{};       ///< the server with the longest wait
  std::uint32_t queries = 0;            ///< of the whole probe to that server, sent and not sent
  std::chrono::microseconds needed{0};  ///< estimated time for the whole probe
  std::uint32_t selectors = 0;          ///< number of selectors probed together
};

/// One name of the chain from the selector to its key, its zone, and each server of that zone.
struct Hop {
  config::DomainName owner{};
  Delegation delegation{};
  std::vector<ServerObservation> servers{};
};

enum class ChainOutcome : std::uint8_t {
  complete,  ///< the last hop has no alias
  loop,      ///< an alias points back to an earlier name
  too_long,  ///< more hops than allowed
  interrupted,
};

/// A name and the names that its aliases point to: `hops.front()` is the name itself, each further hop the
/// target of an alias that some server of an earlier hop returned (servers that disagree add more than one).
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
  Chain adsp{};  ///< from `_adsp._domainkey.<domain>`; shared by all selectors of one probe
  std::optional<config::DomainName> wildcard_name{};  ///< the random name of the wildcard probe
  /// Servers were asked for the record alone; zones, ADSP and everything else come from an earlier probe.
  bool is_quick = false;
  std::optional<RateShortage> rate_shortage{};  ///< shared by all selectors of one probe
  /// The probe ended because the answers took up all the memory that a probe may use.
  bool size_exhausted = false;
};

}  // namespace dkimprobe::probe
