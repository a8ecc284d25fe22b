// Compares the scan and the reader with ldns, on the vectors and on messages of random records that ldns
// writes.
#include <array>
#include <memory>

#include <rapidcheck.h>

#include "probe/wire/message_scan.hpp"
#include "probe/wire/query_message.hpp"
#include "probe/wire/response_match.hpp"
#include "probe/wire/response_reader.hpp"
#include "tests/catch.hpp"
#include "tests/probe/wire/ldns_oracle.hpp"
#include "tests/probe/wire/wire_vector.hpp"

// Include this last: it defines `false` as a macro, with which neither <optional> nor rapidcheck compiles.
#include <ldns/ldns.h>

using namespace dkimprobe;
using namespace dkimprobe::tests;
using config::DomainName;
using probe::RecordType;
using probe::Section;

namespace {

using Octets = std::vector<std::uint8_t>;

DomainName name(std::string_view text) {
  return DomainName::parse(text).value();
}

/// Names with common suffixes, so that ldns compresses them; the first is the queried name.
const std::vector<DomainName>& names() {
  static const std::vector<DomainName> all = {name("s1._domainkey.example.com"),
                                              name("S1._DOMAINKEY.example.COM"),
                                              name("example.com"),
                                              name("com"),
                                              name("."),
                                              name("s2._domainkey.example.com"),
                                              name("ns1.example.com"),
                                              name("xs1._domainkey.example.com"),
                                              name("s1._domainkey.provider.example"),
                                              name(R"(\000\255.example.com)")};
  return all;
}

struct RandomRecord {
  Section section = Section::answer;
  RecordType type = RecordType::txt;
  std::size_t owner = 0;  ///< index into names()
  std::size_t target = 0;
  std::uint32_t ttl_seconds = 0;
  std::vector<std::string> strings{};
  Octets numbers = Octets(20);  ///< only as many as the type needs are used
};

rc::Gen<RandomRecord> random_record() {
  const auto index = rc::gen::inRange<std::size_t>(0, names().size());
  return rc::gen::build<RandomRecord>(
      rc::gen::set(&RandomRecord::section,
                   rc::gen::element(Section::answer, Section::authority, Section::additional)),
      rc::gen::set(&RandomRecord::type,
                   rc::gen::element(RecordType::txt, RecordType::a, RecordType::aaaa, RecordType::ns,
                                    RecordType::cname, RecordType::dname, RecordType::soa, RecordType::rrsig,
                                    RecordType::nsec)),
      // Half of all records at the queried name.
      rc::gen::set(&RandomRecord::owner, rc::gen::oneOf(rc::gen::just<std::size_t>(0), index)),
      rc::gen::set(&RandomRecord::target, index), rc::gen::set(&RandomRecord::ttl_seconds),
      rc::gen::set(&RandomRecord::strings,
                   rc::gen::nonEmpty(rc::gen::resize(
                       30, rc::gen::container<std::vector<std::string>>(rc::gen::string<std::string>())))),
      rc::gen::set(&RandomRecord::numbers,
                   rc::gen::container<Octets>(20, rc::gen::arbitrary<std::uint8_t>())));
}

ldns_rdf* rdf(ldns_rdf_type type, std::span<const std::uint8_t> octets) {
  return ldns_rdf_new_frm_data(type, octets.size(), octets.data());
}

ldns_rdf* rdf(const DomainName& of) {
  return rdf(LDNS_RDF_TYPE_DNAME, of.wire());
}

ldns_rr* ldns_record(const RandomRecord& record) {
  ldns_rr* const rr = ldns_rr_new();
  ldns_rr_set_owner(rr, rdf(names()[record.owner]));
  ldns_rr_set_type(rr, static_cast<ldns_rr_type>(record.type));
  ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
  ldns_rr_set_ttl(rr, record.ttl_seconds);
  const std::span<const std::uint8_t> numbers{record.numbers};
  switch (record.type) {
    case RecordType::txt:
      for (const std::string& string : record.strings) {
        Octets octets{static_cast<std::uint8_t>(string.size())};
        octets.insert(octets.end(), string.begin(), string.end());
        ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_STR, octets));
      }
      break;
    case RecordType::a:
      ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_A, numbers.first(4)));
      break;
    case RecordType::aaaa:
      ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_AAAA, numbers.first(16)));
      break;
    case RecordType::soa:
      ldns_rr_push_rdf(rr, rdf(names()[record.target]));
      ldns_rr_push_rdf(rr, rdf(names()[record.owner]));
      for (std::size_t i = 0; i < 5; ++i)
        ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_INT32, numbers.subspan(4 * i, 4)));
      break;
    case RecordType::rrsig: {
      const std::array<std::uint8_t, 2> covered = {0, 16};
      ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_TYPE, covered));
      ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_ALG, numbers.first(1)));
      ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_INT8, numbers.first(1)));
      for (std::size_t i = 0; i < 3; ++i)
        ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_INT32, numbers.subspan(4 * i, 4)));
      ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_INT16, numbers.first(2)));
      ldns_rr_push_rdf(rr, rdf(names()[record.target]));
      ldns_rr_push_rdf(rr, rdf(LDNS_RDF_TYPE_B64, numbers));
      break;
    }
    case RecordType::ns:
    case RecordType::cname:
    case RecordType::dname:
    case RecordType::opt:
    case RecordType::ds:
    case RecordType::nsec:
    case RecordType::dnskey:
    case RecordType::nsec3:
      ldns_rr_push_rdf(rr, rdf(names()[record.target]));
      break;
  }
  return rr;
}

/// The response with these records, section by section, written by ldns.
Octets written_by_ldns(const std::vector<RandomRecord>& records) {
  const std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)> packet{
      ldns_pkt_query_new(rdf(names()[0]), LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_IN, 0), ldns_pkt_free};
  ldns_pkt_set_qr(packet.get(), true);
  ldns_pkt_set_id(packet.get(), 0x1234);
  for (const RandomRecord& record : records) {
    const ldns_pkt_section section = record.section == Section::answer      ? LDNS_SECTION_ANSWER
                                     : record.section == Section::authority ? LDNS_SECTION_AUTHORITY
                                                                            : LDNS_SECTION_ADDITIONAL;
    ldns_pkt_push_rr(packet.get(), section, ldns_record(record));
  }
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  RC_ASSERT(ldns_pkt2wire(&wire, packet.get(), &size) == LDNS_STATUS_OK);
  Octets octets(wire, wire + size);
  LDNS_FREE(wire);
  return octets;
}

}  // namespace

TEST_CASE("ldns reads each valid vector as the program does") {
  probe::MessageScanner scanner;
  std::size_t compared = 0;
  for (const WireVector& vector : load_wire_vectors()) {
    const auto scanned = scanner.scan(vector.message);
    if (!scanned || !fit_for_ldns(*scanned)) continue;
    INFO(vector.name);
    const auto response =
        probe::read_response(*scanned, vector.question_name, vector.question_type, probe::KeepSets::yes);
    CHECK(disagreement(*scanned, response, vector.question_name).value_or("") == "");
    ++compared;
  }
  CHECK(compared > 40);
}

TEST_CASE("a message of random records that ldns writes is read correctly") {
  probe::MessageScanner scanner;
  const bool held = rc::check([&] {
    const auto records = *rc::gen::container<std::vector<RandomRecord>>(random_record());
    const Octets octets = written_by_ldns(records);
    RC_PRE(octets.size() <= probe::longest_message);
    const ExactBytes message{octets};

    auto query = probe::build_query(names()[0], RecordType::txt, {});
    probe::set_query_id(query, 0x1234);
    RC_ASSERT(!probe::mismatch(message.span(), query));
    const auto scanned = scanner.scan(message.span());
    if (!scanned) RC_FAIL(std::string(probe::to_string(scanned.error().kind)));
    RC_ASSERT(scanned->trailing_bytes == 0U);
    const probe::Response response =
        probe::read_response(*scanned, names()[0], RecordType::txt, probe::KeepSets::yes);
    RC_ASSERT(disagreement(*scanned, response, names()[0]).value_or("") == "");

    // The expected content, directly from the records.
    probe::Response expected;
    bool soa_of_answer = false;
    std::vector<const RandomRecord*> signatures;
    bool soa_of_authority = false;
    for (const RandomRecord& record : records) {
      const DomainName& owner = names()[record.owner];
      const bool at_name = owner == names()[0];
      // RFC 2181 section 8.
      const std::uint32_t life = record.ttl_seconds > 0x7fff'ffffU ? 0 : record.ttl_seconds;
      if (record.type == RecordType::rrsig && record.section != Section::additional)
        signatures.push_back(&record);
      const auto address = config::Address::from_octets(
          std::span{record.numbers}.first(record.type == RecordType::a ? 4 : 16));
      const bool is_address = record.type == RecordType::a || record.type == RecordType::aaaa;
      if (record.section == Section::authority) {
        if (record.type == RecordType::ns) expected.referral.push_back({owner, names()[record.target], 0});
        soa_of_authority |= record.type == RecordType::soa;
        if (record.type == RecordType::nsec)
          expected.nsec_ttl_seconds = std::max(expected.nsec_ttl_seconds.value_or(0), life);
      } else if (record.section == Section::additional) {
        if (is_address) expected.glue.push_back({owner, *address, 0});
      } else if (at_name) {
        if (record.type == RecordType::txt) expected.txt.push_back({life, record.strings});
        if (record.type == RecordType::cname)
          expected.aliases.push_back({owner, names()[record.target], 0, false});
        if (record.type == RecordType::ns) expected.ns.push_back({owner, names()[record.target], 0});
        if (is_address) expected.addresses.push_back({owner, *address, 0});
        soa_of_answer |= record.type == RecordType::soa;
        expected.has_rrsig |= record.type == RecordType::rrsig;
      } else if (record.type == RecordType::dname && names()[0].is_at_or_below(owner)) {
        expected.aliases.push_back({owner, {}, 0, true});
      } else if (record.type != RecordType::rrsig) {
        ++expected.answers_elsewhere;
      }
    }
    RC_ASSERT(response.txt == expected.txt);
    RC_ASSERT(response.answers_elsewhere == expected.answers_elsewhere);
    RC_ASSERT(response.has_rrsig == expected.has_rrsig);
    RC_ASSERT(response.nsec_ttl_seconds == expected.nsec_ttl_seconds);
    RC_ASSERT(response.signatures.has_value() == !signatures.empty());
    if (signatures.size() == 1) {
      const auto number = [&](std::size_t at) {
        const auto& octets = signatures.front()->numbers;
        std::uint32_t whole = 0;
        for (std::size_t next = at; next < at + 4; ++next) whole = whole << 8U | octets[next];
        return whole;
      };
      RC_ASSERT(response.signatures->last_expiration == number(4));
      RC_ASSERT(response.signatures->first_inception == number(8));
    }
    RC_ASSERT(response.soa.size() == std::size_t{soa_of_answer} + std::size_t{soa_of_authority});
    const auto same_places = [](const auto& a, const auto& b, auto same) {
      return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
    };
    const auto same_ns = [](const probe::NsRecord& a, const probe::NsRecord& b) {
      return a.owner == b.owner && a.target == b.target;
    };
    const auto same_address = [](const probe::AddressRecord& a, const probe::AddressRecord& b) {
      return a.owner == b.owner && a.address == b.address;
    };
    RC_ASSERT(same_places(response.ns, expected.ns, same_ns));
    RC_ASSERT(same_places(response.referral, expected.referral, same_ns));
    RC_ASSERT(same_places(response.addresses, expected.addresses, same_address));
    RC_ASSERT(same_places(response.glue, expected.glue, same_address));
    RC_ASSERT(same_places(response.aliases, expected.aliases, [](const auto& a, const auto& b) {
      return a.is_dname == b.is_dname && a.owner == b.owner && (a.is_dname || a.target == b.target);
    }));
  });
  CHECK(held);
}
