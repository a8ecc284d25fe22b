#include "checks/dnssec/signature.hpp"

#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "checks/dnssec/algorithms.hpp"
#include "checks/dnssec/canonical_form.hpp"
#include "tests/catch.hpp"
#include "tests/checks/dnssec/signed_zone.hpp"

namespace {

using namespace dkimprobe::tests;
namespace type = dnssec::type;
using dnssec::Reason;
using std::chrono::days;
using std::chrono::sys_seconds;

struct KeyZone {
  dnssec::ZoneKeys keys{};
  LdnsOwned<ldns_rr_list> ldns_keys{};
};

KeyZone keys_of(const SignedZone& zone) {
  const auto reply = zone.reply(zone.name(), type::dnskey);
  KeyZone result{.keys = {.zone = zone.name()}, .ldns_keys = ldns_records(reply.sets.front())};
  for (const auto& rdata : reply.sets.front().rdata)
    result.keys.keys.push_back(dnssec::read_zone_key(rdata).value());
  return result;
}

bool ldns_verifies(const dnssec::RecordSet& set, const KeyZone& zone, sys_seconds now) {
  const auto records = ldns_records(set);
  const auto signatures = ldns_signatures(set);
  return ldns_verify_time(records.get(), signatures.get(), zone.ldns_keys.get(),
                          now.time_since_epoch().count(), nullptr) == LDNS_STATUS_OK;
}

bool we_verify(const dnssec::RecordSet& set, const KeyZone& zone, sys_seconds now) {
  dnssec::Budget budget;
  return dnssec::verify_set(set, zone.keys, now, budget).has_value();
}

bool has_name(std::uint16_t of) {
  return of == type::ns || of == type::cname || of == type::dname;
}

/// The set with one bit changed, of its signature or of what it covers.
dnssec::RecordSet damaged(dnssec::RecordSet set, std::mt19937& random) {
  const auto below = [&random](std::size_t end) { return random() % end; };
  const auto flip = [&](std::string& octets, std::size_t from) {
    octets[from + below(octets.size() - from)] ^= static_cast<char>(1U << below(8));
  };
  switch (below(4)) {
    case 0:
      flip(set.signatures[below(set.signatures.size())], 18 + set.owner.wire_size());
      break;
    case 1:  // times, TTL and tag; not the type, the algorithm or the labels, which ldns reads otherwise
      set.signatures.front()[4 + below(14)] ^= 1;
      break;
    case 2:  // an octet of a name, whose case is not signed, or the last, which is never a length
      (has_name(set.type) ? set.rdata.front()[1] : set.rdata.front().back()) ^= below(2) == 0 ? 0x20 : 1;
      break;
    default:
      // Of an NSEC record, ldns would accept an expanded wildcard.
      set.owner = set.type == type::nsec ? set.owner.parent() : set.owner.child("x").value();
  }
  return set;
}

}  // namespace

TEST_CASE("ldns and the validation verify the same sets", "[dnssec]") {
  std::mt19937 random(1);
  int compared = 0;
  int good = 0;
  int differ = 0;
  const auto compare = [&](const dnssec::RecordSet& set, const KeyZone& zone, sys_seconds now) {
    const bool expected = ldns_verifies(set, zone, now);
    const bool verified = we_verify(set, zone, now);
    INFO(dnssec::set_text(set) << " at " << now.time_since_epoch().count());
    CHECK(verified == expected);
    ++compared;
    good += static_cast<int>(expected);
    differ += static_cast<int>(verified != expected);
  };
  for (const std::string stem : {"root", "test", "ldns.test", "ldns3.test", "bind.test", "bind3.test",
                                 "knot.test", "knot3.test", "costly.test", "unknown.test"}) {
    const SignedZone zone(stem);
    const KeyZone keys = keys_of(zone);
    for (const auto& set : zone.sets()) {
      const bool is_known = dnssec::canonical_rdata(set).has_value();
      if (set.signatures.empty() || !is_known) continue;
      for (const sys_seconds now : {valid_time, valid_time - days{800}, valid_time + days{4000}})
        compare(set, keys, now);
      for (int time = 0; time < 8; ++time) compare(damaged(set, random), keys, valid_time);
    }
  }
  std::cout << "signatures: " << compared << " verdicts compared (" << good << " good), " << differ
            << " differ\n";
  CHECK(compared > 1000);
  CHECK(good > 150);
}

TEST_CASE("times of a signature count modulo 2^32", "[dnssec]") {
  const TestKey key("example");
  dnssec::RecordSet set{.owner = name_of("example"), .type = type::txt, .rdata = {"\x01k"}};
  key.sign(set);
  const dnssec::ZoneKeys zone{.zone = key.zone(), .keys = {dnssec::read_zone_key(key.rdata()).value()}};
  const auto reason_at = [&](sys_seconds now) {
    dnssec::Budget budget;
    const auto verified = dnssec::verify_set(set, zone, now, budget);
    return verified ? "" : std::string(to_string(verified.error().reason));
  };
  constexpr std::chrono::seconds era{1LL << 32};
  constexpr std::chrono::seconds half = days{15};
  for (const auto now : {valid_time, valid_time + era}) {
    CHECK(reason_at(now - half).empty());
    CHECK(reason_at(now + half).empty());
    CHECK(reason_at(now - half - std::chrono::seconds{1}) == "signature_not_begun");
    CHECK(reason_at(now + half + std::chrono::seconds{1}) == "signature_expired");
  }
}

TEST_CASE("the canonical form has names in lower case, in order, once each", "[dnssec]") {
  const auto canonical = [](std::uint16_t of, std::vector<std::string> rdata) {
    return dnssec::canonical_rdata({.owner = name_of("example"), .type = of, .rdata = std::move(rdata)});
  };
  const std::string upper(
      "\x03Www\x07"
      "EXAMPLE\x00",
      13);
  const std::string lower(
      "\x03www\x07"
      "example\x00",
      13);
  const std::string numbers(20, 'A');
  using Records = std::vector<std::string>;
  for (const std::uint16_t of : {type::ns, type::cname, type::dname}) {
    CHECK(canonical(of, {upper}) == Records{lower});
    CHECK_FALSE(canonical(of, {upper + "x"}).has_value());
    CHECK_FALSE(canonical(of, {upper.substr(0, 12)}).has_value());
  }
  CHECK(canonical(type::soa, {upper + upper + numbers}) == Records{lower + lower + numbers});
  CHECK_FALSE(canonical(type::soa, {upper + upper + numbers + "x"}).has_value());
  CHECK(canonical(type::nsec, {upper}) == Records{upper});
  CHECK(canonical(type::txt, {"\x02"
                              "bb",
                              "\x01\xff",
                              "\x01"
                              "a",
                              "\x01\xff"}) == Records{"\x01"
                                                      "a",
                                                      "\x01\xff",
                                                      "\x02"
                                                      "bb"});
  CHECK_FALSE(canonical(type::txt, {std::string(65'536, 'x')}).has_value());
  CHECK_FALSE(canonical(15, {upper}).has_value());
}

TEST_CASE("key tags are those of RFC 4034 appendix B", "[dnssec]") {
  for (const std::string stem : {"root", "ldns.test", "bind3.test", "knot.test"}) {
    const SignedZone zone(stem);
    const KeyZone keys = keys_of(zone);
    for (std::size_t at = 0; at < keys.keys.keys.size(); ++at)
      CHECK(keys.keys.keys[at].tag == ldns_calc_keytag(ldns_rr_list_rr(keys.ldns_keys.get(), at)));
  }
}

TEST_CASE("RSA keys that are too short, too long or too slow are not verified", "[dnssec]") {
  const auto check = [](std::size_t modulus_octets, std::size_t exponent_octets) {
    std::string key(1, static_cast<char>(exponent_octets));
    key += std::string(exponent_octets, '\x81');
    key += std::string(modulus_octets, '\xc5');
    return dnssec::check_signature(8, key, "data", std::string(modulus_octets, '\x01'));
  };
  using dnssec::SignatureCheck;
  CHECK(check(128, 3) == SignatureCheck::wrong);
  CHECK(check(512, 8) == SignatureCheck::wrong);
  CHECK(check(127, 3) == SignatureCheck::key_unsupported);
  CHECK(check(513, 3) == SignatureCheck::key_unsupported);
  CHECK(check(256, 9) == SignatureCheck::key_unsupported);
}

TEST_CASE("keys and signatures of a wrong form are wrong, not accepted", "[dnssec]") {
  for (const std::uint8_t algorithm : std::vector<std::uint8_t>{8, 10, 13, 14, 15, 16})
    for (const std::size_t key_octets : {0U, 1U, 2U, 3U, 32U, 57U, 63U, 64U, 65U, 96U})
      for (const std::size_t signature_octets : {0U, 64U, 96U, 114U})
        for (const char fill : {'\x01', '\x7e', '\xff'})  // zeros are a weak key of Ed25519
          CHECK(dnssec::check_signature(algorithm, std::string(key_octets, fill), "data",
                                        std::string(signature_octets, fill)) != dnssec::SignatureCheck::good);
}
