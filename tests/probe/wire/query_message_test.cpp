#include "probe/wire/query_message.hpp"

#include <ldns/ldns.h>

#include "probe/wire/response_match.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using config::DomainName;
using probe::QueryOptions;
using probe::RecordType;

namespace {

using Octets = std::vector<std::uint8_t>;

DomainName name(std::string_view text) {
  auto parsed = DomainName::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

Octets octets_of(std::string_view text) {
  return {text.begin(), text.end()};
}

/// The same query built by ldns, which shares no code with ours.
Octets built_by_ldns(const DomainName& owner, RecordType type, const QueryOptions& options) {
  ldns_rdf* const rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, owner.wire_size(), owner.wire().data());
  ldns_pkt* const packet =
      ldns_pkt_query_new(rdf, static_cast<ldns_rr_type>(type), LDNS_RR_CLASS_IN, 0);  // it owns rdf
  ldns_pkt_set_id(packet, 0);
  if (options.edns) {
    ldns_pkt_set_edns_udp_size(packet, options.payload_bytes);
    if (options.dnssec_ok) ldns_pkt_set_edns_do(packet, true);
    Octets data;
    if (options.nsid) data = {0, 3, 0, 0};
    if (options.client_cookie) {
      const auto size = static_cast<std::uint8_t>(8 + options.server_cookie.size());
      data.insert(data.end(), {0, 10, 0, size});
      data.insert(data.end(), options.client_cookie->begin(), options.client_cookie->end());
      data.insert(data.end(), options.server_cookie.begin(), options.server_cookie.end());
    }
    if (!data.empty()) {
      ldns_pkt_set_edns_data(packet, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, data.size(), data.data()));
    }
  }
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  REQUIRE(ldns_pkt2wire(&wire, packet, &size) == LDNS_STATUS_OK);
  Octets query(wire, wire + size);
  LDNS_FREE(wire);
  ldns_pkt_free(packet);
  return query;
}

std::vector<QueryOptions> all_kinds_of_options() {
  std::vector<QueryOptions> all(1);
  for (unsigned bits = 0; bits < 16; ++bits) {
    QueryOptions options;
    options.edns = true;
    options.payload_bytes = (bits & 1U) != 0 ? 512 : 1232;
    options.nsid = (bits & 2U) != 0;
    options.dnssec_ok = (bits & 4U) != 0;
    if ((bits & 8U) != 0) options.client_cookie = {1, 2, 3, 4, 5, 6, 7, 0xff};
    all.push_back(options);
    if (options.client_cookie) {
      options.server_cookie = "sixteen octets!!";
      all.push_back(options);
    }
  }
  return all;
}

}  // namespace

TEST_CASE("a query equals that of ldns octet by octet, and has RD=0") {
  const std::string label(63, 'x');
  for (const auto& text : {std::string("."), std::string("com"), std::string("s1._domainkey.example.com"),
                           label + '.' + label + '.' + label + '.' + label.substr(2)}) {
    for (const RecordType type :
         {RecordType::txt, RecordType::ns, RecordType::soa, RecordType::a, RecordType::aaaa}) {
      for (const QueryOptions& options : all_kinds_of_options()) {
        const Octets query = probe::build_query(name(text), type, options);
        INFO(text);
        CHECK(query == built_by_ldns(name(text), type, options));
        // QR, opcode, AA, TC and RD; RA, Z, AD, CD and rcode.
        CHECK(query[2] == 0);
        CHECK(query[3] == 0);
      }
    }
  }
}

TEST_CASE("EDNS options are not sent without EDNS") {
  QueryOptions options;
  options.nsid = true;
  options.dnssec_ok = true;
  options.client_cookie = {1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(probe::build_query(name("a.b"), RecordType::txt, options) ==
        probe::build_query(name("a.b"), RecordType::txt, {}));
}

TEST_CASE("setting the id changes only the first two octets, high octet first") {
  Octets query = probe::build_query(name("a.b"), RecordType::txt, {});
  Octets expected = query;
  expected[0] = 0xab;
  expected[1] = 0xcd;
  probe::set_query_id(query, 0xabcd);
  CHECK(query == expected);
}

TEST_CASE("the case of letters follows the random bits, and only letters change") {
  // The ASCII neighbours of letters, a length octet of 1, type TXT and the cookie's letters must not change.
  QueryOptions options;
  options.edns = true;
  options.client_cookie = {'a', 'b', 'c', 'd', 'E', 'F', 'G', 'H'};
  const Octets lower = probe::build_query(name(R"(s1._dk\@\[\`\{.az.\193\225)"), RecordType::txt, options);
  Octets query = lower;
  probe::mix_case(query, {~0ULL, ~0ULL, ~0ULL, ~0ULL});
  Octets upper = lower;
  const Octets expected_name = octets_of(
      "\x02S1\x07_DK@[`{\x02"
      "AZ\x02\xc1\xe1");
  std::copy(expected_name.begin(), expected_name.end(), upper.begin() + 12);
  CHECK(query == upper);
  probe::mix_case(query, {0, 0, 0, 0});
  CHECK(query == lower);
  probe::mix_case(query, {0b00101, 0, 0, 0});  // s, k
  CHECK(std::string(query.begin() + 12, query.begin() + 20) == "\x02S1\x07_dK@");

  const std::string label(63, 'x');
  const std::string longest = label + '.' + label + '.' + label + '.' + label.substr(2);
  Octets many = probe::build_query(name(longest), RecordType::txt, {});
  probe::mix_case(many, {0, 0, 0, 1ULL << (249 - 192)});  // the last of 250 letters
  CHECK(std::count(many.begin(), many.end(), 'X') == 1);
  CHECK(many[12 + 253] == 'X');
}
