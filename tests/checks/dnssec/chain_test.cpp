#include "checks/dnssec/chain.hpp"

#include <array>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/checks/dnssec/signed_zone.hpp"

namespace {

using namespace dkimprobe::tests;
namespace type = dnssec::type;
using dnssec::Proven;
using dnssec::Reason;
using dnssec::State;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

struct Case {
  std::vector<dnssec::TrustAnchor> anchors = root_anchors();
  std::vector<dnssec::ZoneReplies> zones{};
  dnssec::Question question{};
  sys_seconds now = valid_time;
};

/// The TXT records of a selector in a zone of zones/.
Case case_in(const std::string& zone, const std::string& name, std::uint16_t question_type = type::txt) {
  return {.zones = zones_to(zone), .question = SignedZone(zone).question(name, question_type)};
}

Case selector_in(const std::string& zone) {
  return case_in(zone, "s1._domainkey." + zone);
}

dnssec::Validation validate(const Case& given, dnssec::Budget& budget) {
  const auto keys = dnssec::validate_keys(given.anchors, given.zones, given.now, budget);
  return dnssec::validate_answer(keys, given.question, given.now, budget);
}

dnssec::Validation validate(const Case& given) {
  dnssec::Budget budget;
  return validate(given, budget);
}

std::string text_of(const dnssec::Validation& validation) {
  return validation.broken
             ? std::string(to_string(validation.broken->reason)) + ": " + validation.broken->sentence
             : "secure";
}

dnssec::RecordSet& answer(Case& given) {
  return given.question.reply.sets.front();
}

void remove_denials(dnssec::Reply& reply) {
  std::erase_if(reply.sets,
                [](const auto& set) { return set.type == type::nsec || set.type == type::nsec3; });
}

/// The rdata of another key with the same tag. Its last two octets make up for what `number` changes.
std::string colliding_key(const TestKey& key, int number) {
  std::string rdata = key.rdata();
  rdata[10] = static_cast<char>(rdata[10] ^ (number + 1));
  const std::uint16_t tag = dnssec::key_tag(key.rdata());
  while (dnssec::key_tag(rdata) != tag) {
    const auto last = static_cast<std::uint16_t>(
        (static_cast<unsigned char>(rdata[66]) << 8 | static_cast<unsigned char>(rdata[67])) + tag -
        dnssec::key_tag(rdata));
    rdata[66] = static_cast<char>(last >> 8);
    rdata[67] = static_cast<char>(last);
  }
  return rdata;
}

/// What is asked in each zone of zones/, and what is proven where the zone is secure.
struct Expected {
  std::string name;
  std::uint16_t type;
  Proven proven;
};

const std::vector<Expected> questions{
    {"s1._domainkey", type::txt, Proven::records},
    {"S2._domainKEY", type::txt, Proven::records},
    {"alias._domainkey", type::txt, Proven::alias},
    {"alias._domainkey", type::cname, Proven::alias},
    {"x.wild", type::txt, Proven::records},
    {"x.y.wild", type::txt, Proven::records},
    {"*.wild", type::txt, Proven::records},
    {"x.wildalias", type::txt, Proven::alias},
    {"moved", type::dname, Proven::records},
    {"s1.moved", type::txt, Proven::alias},
    {"s2._domainkey.moved", type::txt, Proven::alias},
    {"missing._domainkey", type::txt, Proven::name_error},
    {"a.b.c.d.missing", type::txt, Proven::name_error},
    {"ns", type::txt, Proven::no_data},
    {"s1._domainkey", type::cname, Proven::no_data},
    {"_domainkey", type::txt, Proven::no_data},
    {"b.ent", type::txt, Proven::no_data},
    {"ent", type::txt, Proven::no_data},
    {"wild", type::txt, Proven::no_data},
    {"x.wild", type::dname, Proven::no_data},
    {"moved", type::txt, Proven::no_data},
};

const std::vector<std::string> good_zones{"ldns.test",  "ldns3.test", "bind.test",
                                          "bind3.test", "knot.test",  "knot3.test"};

}  // namespace

TEST_CASE("zones signed by ldns, BIND and Knot are secure, with records, aliases and absent names",
          "[dnssec]") {
  for (const std::string& zone : good_zones) {
    for (const auto& question : questions) {
      const auto validation = validate(case_in(zone, question.name + "." + zone, question.type));
      INFO(question.name << " in " << zone << ": " << text_of(validation));
      CHECK(validation.state == State::secure);
      CHECK(validation.proven == question.proven);
      CHECK_FALSE(validation.broken.has_value());
    }
    for (const std::uint16_t apex_type : {type::soa, type::txt})
      CHECK(validate(case_in(zone, zone, apex_type)).proven == Proven::records);
  }
}

TEST_CASE("every break of a chain has its state, its reason and a sentence with zone and key", "[dnssec]") {
  struct Broken {
    std::string about;
    Reason reason;
    State state;
    std::string sentence;  ///< a part
    std::function<void(Case&)> change;
    std::string zone = "bind.test";
    std::string name = "s1._domainkey";
  };
  const std::vector<Broken> cases{
      {"expired", Reason::signature_expired, State::bogus, "expired at 2036-01-01 00:00:00 UTC",
       [](Case& c) { c.now = sys_days{std::chrono::year{2036} / 2 / 1}; }},
      {"one second after", Reason::signature_expired, State::bogus, "DNSKEY of .",
       [](Case& c) { c.now = sys_days{std::chrono::year{2036} / 1 / 1} + std::chrono::seconds{1}; }},
      {"not begun", Reason::signature_not_begun, State::bogus, "is valid only from 2026-01-01 00:00:00 UTC",
       [](Case& c) { c.now = sys_days{std::chrono::year{2025} / 12 / 31}; }},
      {"no signature", Reason::signature_missing, State::bogus,
       "TXT of s1._domainkey.bind.test in the zone bind.test has no signature",
       [](Case& c) { answer(c).signatures.clear(); }},
      {"changed record", Reason::signature_wrong, State::bogus, "of the zone bind.test is wrong",
       [](Case& c) { answer(c).rdata.front().back() ^= 1; }},
      {"record removed", Reason::signature_wrong, State::bogus, "is wrong",
       [](Case& c) { answer(c).rdata.pop_back(); }},
      {"record added", Reason::signature_wrong, State::bogus, "is wrong",
       [](Case& c) { answer(c).rdata.push_back("\x01x"); }},
      {"changed signature", Reason::signature_wrong, State::bogus, "is wrong",
       [](Case& c) { answer(c).signatures.front().back() ^= 1; }},
      {"signature cut off", Reason::signature_malformed, State::bogus, "cannot be parsed",
       [](Case& c) { answer(c).signatures.front().resize(17); }},
      {"signature without its value", Reason::signature_wrong, State::bogus, "is wrong",
       [](Case& c) { answer(c).signatures.front().resize(18 + c.zones.back().zone.wire_size()); }},
      {"signature of the parent", Reason::signer_wrong, State::bogus, "names test as its signer",
       [](Case& c) {
         answer(c).signatures = {c.zones.back().ds->sets.front().signatures.front()};
         answer(c).signatures.front()[1] = 16;
         answer(c).signatures.front()[0] = 0;
       }},
      {"key not published", Reason::signing_key_missing, State::bogus, "that the zone does not publish",
       [](Case& c) { answer(c).signatures.front()[17] ^= 1; }},
      {"other signing algorithm", Reason::signing_key_missing, State::bogus, "has algorithm 5",
       [](Case& c) { answer(c).signatures.front()[2] = 5; }},
      {"more labels than the name", Reason::signature_malformed, State::bogus, "more labels",
       [](Case& c) { answer(c).signatures.front()[3] = 9; }},
      {"fewer labels than the zone", Reason::signature_malformed, State::bogus, "fewer labels",
       [](Case& c) { answer(c).signatures.front()[3] = 1; }},
      {"no DNSKEY", Reason::keys_missing, State::bogus, "the zone bind.test has no DNSKEY record",
       [](Case& c) { c.zones.back().dnskey = dnssec::Reply{}; }},
      {"DNSKEY without signature", Reason::signature_missing, State::bogus, "DNSKEY of bind.test",
       [](Case& c) { c.zones.back().dnskey->sets.front().signatures.clear(); }},
      {"DNSKEY with a key of another", Reason::signature_wrong, State::bogus, "DNSKEY of bind.test",
       [](Case& c) { c.zones.back().dnskey->sets.front().rdata.push_back(TestKey("bind.test").rdata()); }},
      {"DNSKEY replaced", Reason::ds_mismatch, State::bogus, "no key of the zone bind.test matches",
       [](Case& c) { c.zones.back().dnskey->sets.front().rdata = {TestKey("bind.test").rdata()}; }},
      {"DNSKEY revoked", Reason::ds_mismatch, State::bogus, "no key of the zone bind.test matches",
       [](Case& c) { c.zones.back().dnskey->sets.front().rdata.front()[1] |= '\x80'; }},
      {"wrong DS", Reason::ds_mismatch, State::bogus, "no key of the zone wrongds.test matches its DS",
       [](Case&) {}, "wrongds.test"},
      {"DS changed on the way", Reason::signature_wrong, State::bogus, "DS of bind.test",
       [](Case& c) { c.zones.back().ds->sets.front().rdata.front().back() ^= 1; }},
      {"DS removed on the way", Reason::denial_missing, State::bogus,
       "no NSEC or NSEC3 record to prove that the delegation of bind.test has no DS record",
       [](Case& c) { c.zones.back().ds = dnssec::Reply{}; }},
      {"DS removed, and all records of the parent's denial", Reason::denial_incomplete, State::bogus,
       "the NSEC3 records of the zone test do not prove that the delegation of bind.test",
       [](Case& c) { c.zones.back().ds = SignedZone("test").reply(name_of("unsigned.test"), type::ds); }},
      {"no proof of absence", Reason::denial_missing, State::bogus, "no NSEC or NSEC3 record",
       [](Case& c) { remove_denials(c.question.reply); }, "bind.test", "missing"},
      {"no proof of absence, NSEC3", Reason::denial_missing, State::bogus, "no NSEC or NSEC3 record",
       [](Case& c) { remove_denials(c.question.reply); }, "bind3.test", "ns"},
      {"records withheld", Reason::denial_incomplete, State::bogus,
       "the NSEC records of the zone bind.test do not prove that s1._domainkey.bind.test has no TXT record",
       [](Case& c) { c.question.reply = SignedZone("bind.test").reply(name_of("ns.bind.test"), type::txt); }},
      {"records withheld, NSEC3", Reason::denial_incomplete, State::bogus, "the NSEC3 records of the zone",
       [](Case& c) {
         c.question.reply = SignedZone("knot3.test").reply(name_of("ns.knot3.test"), type::txt);
       },
       "knot3.test"},
      {"proof of absence expired", Reason::signature_expired, State::bogus, "NSEC of",
       [](Case& c) {
         for (auto& set : c.question.reply.sets)
           for (auto& signature : set.signatures) signature[8] = '\x10';
       },
       "bind.test", "missing"},
      {"wildcard without proof", Reason::wildcard_not_proven, State::bogus,
       "to prove that x.wild.bind.test does not exist, whose TXT comes from a wildcard",
       [](Case& c) { remove_denials(c.question.reply); }, "bind.test", "x.wild"},
      {"wildcard for a name that exists", Reason::wildcard_not_proven, State::bogus, "do not prove",
       [](Case& c) {
         c.question.name = name_of("*.wild.bind.test").child("a").value();
         c.question.reply.sets.front().owner = c.question.name;
         std::erase_if(c.question.reply.sets,
                       [](const auto& s) { return s.owner == name_of("*.wild.bind.test"); });
       },
       "bind.test", "x.wild"},
      {"wrong CNAME beside DNAME", Reason::alias_wrong, State::bogus, "not what the DNAME of moved.ldns.test",
       [](Case& c) { c.question.reply.sets.back().rdata.front()[1] ^= 1; }, "ldns.test", "s1.moved"},
      {"wrong DNAME", Reason::signature_wrong, State::bogus, "DNAME of moved.ldns.test",
       [](Case& c) { answer(c).rdata.front()[1] ^= 1; }, "ldns.test", "s1.moved"},
      {"SHA-1 algorithm", Reason::algorithm_retired, State::insecure, "algorithm 7", [](Case&) {},
       "sha1.test"},
      {"SHA-1 digest", Reason::algorithm_retired, State::insecure, "digest type 1", [](Case&) {},
       "sha1digest.test"},
      {"unknown algorithm", Reason::algorithm_unknown, State::insecure, "algorithm 200", [](Case&) {},
       "unknown.test"},
      {"too many iterations", Reason::iterations_too_many, State::insecure, "hashes names 2500 times",
       [](Case&) {}, "costly.test", "missing"},
      {"no anchor", Reason::anchor_missing, State::indeterminate, "no trust anchor for the root zone",
       [](Case& c) { c.anchors.clear(); }},
      {"other anchor", Reason::ds_mismatch, State::bogus, "no key of the root zone",
       [](Case& c) { c.anchors.front().rdata.back() ^= 1; }},
      {"DS not collected", Reason::not_collected, State::indeterminate, "DS records of the zone test",
       [](Case& c) { c.zones[1].ds.reset(); }},
      {"keys not collected", Reason::not_collected, State::indeterminate, "keys of the zone bind.test",
       [](Case& c) { c.zones.back().dnskey.reset(); }},
      {"zone not collected", Reason::not_collected, State::indeterminate,
       "names the zone bind.test as its signer", [](Case& c) { c.zones.pop_back(); }},
      {"zones in a wrong order", Reason::not_collected, State::indeterminate, "is not below",
       [](Case& c) {
         std::swap(c.zones[1], c.zones[2]);
         c.zones[1] = c.zones[0];
       }},
      {"name of another zone", Reason::not_collected, State::indeterminate, "is not in the zone bind.test",
       [](Case& c) { c.question.name = name_of("s1._domainkey.ldns.test"); }},
      {"type not supported", Reason::type_unsupported, State::indeterminate, "TYPE1",
       [](Case& c) { c.question.type = 1; }},
  };
  for (const auto& broken : cases) {
    Case given = case_in(broken.zone, broken.name + "." + broken.zone);
    CHECK((validate(given).state == State::secure || broken.zone.find("bind") == std::string::npos));
    broken.change(given);
    const auto validation = validate(given);
    INFO(broken.about << ": " << text_of(validation));
    CHECK(validation.state == broken.state);
    CHECK(validation.proven == Proven::nothing);
    REQUIRE(validation.broken.has_value());
    CHECK(to_string(validation.broken->reason) == to_string(broken.reason));
    CHECK_THAT(validation.broken->sentence, ContainsSubstring(broken.sentence));
  }
}

TEST_CASE("a delegation is unsigned by NSEC, by NSEC3 and by opt-out", "[dnssec]") {
  const auto unsigned_below = [](const std::string& parent, const std::string& child) {
    Case given{.zones = parent == "root" ? std::vector{zones_to("test").front()} : zones_to(parent)};
    const auto name = name_of(child);
    given.zones.push_back({.zone = name, .ds = SignedZone(parent).reply(name, type::ds)});
    given.question = {.name = name.child("s1").value()};
    return validate(given);
  };
  for (const auto& [parent, child, reason] : std::vector<std::tuple<std::string, std::string, Reason>>{
           {"root", "unsigned", Reason::delegation_unsigned},
           {"bind.test", "sub.bind.test", Reason::delegation_unsigned},
           {"bind3.test", "sub.bind3.test", Reason::delegation_unsigned},
           {"knot3.test", "sub.knot3.test", Reason::delegation_unsigned},
           {"test", "unsigned.test", Reason::opt_out},
           {"costly.test", "sub.costly.test", Reason::iterations_too_many},
           // These are no delegations: the parent has other records, or nothing, there.
           {"bind.test", "ns.bind.test", Reason::denial_incomplete},
           {"bind3.test", "ns.bind3.test", Reason::denial_incomplete},
           {"bind3.test", "missing.bind3.test", Reason::denial_incomplete},
           {"bind.test", "missing.bind.test", Reason::denial_incomplete},
       }) {
    const auto validation = unsigned_below(parent, child);
    INFO(child << ": " << text_of(validation));
    REQUIRE(validation.broken.has_value());
    CHECK(to_string(validation.broken->reason) == to_string(reason));
    CHECK(validation.state == state_of(reason));
  }
}

TEST_CASE("a name below an unsigned delegation is not denied by its parent", "[dnssec]") {
  for (const std::string zone : {"bind.test", "bind3.test"}) {
    Case given = case_in(zone, "missing." + zone);
    given.question.name = name_of("s1._domainkey.sub." + zone);
    for (const bool name_error : {true, false}) {
      given.question.reply.name_error = name_error;
      const auto validation = validate(given);
      CHECK(text_of(validation).starts_with("denial_incomplete"));
    }
  }
}

TEST_CASE("an absent name in a zone with opt-out is insecure", "[dnssec]") {
  const auto validation = validate(case_in("test", "s1._domainkey.test"));
  CHECK(text_of(validation).starts_with("opt_out: an NSEC3 record of the zone test with Opt-Out"));
  CHECK(validation.state == State::insecure);
}

TEST_CASE("a DNSKEY record can be the trust anchor, and one good anchor suffices", "[dnssec]") {
  Case given = selector_in("knot.test");
  given.anchors.front().rdata.back() ^= 1;
  for (const std::string& key : given.zones.front().dnskey->sets.front().rdata)
    given.anchors.push_back({.zone = {}, .type = type::dnskey, .rdata = key});
  CHECK(text_of(validate(given)) == "secure");
}

TEST_CASE("a key that signs only keys vouches for one that signs only records", "[dnssec]") {
  const TestKey upper("example");
  const TestKey lower("example");
  const auto zone = name_of("example");
  std::string revoked = lower.rdata();
  revoked[1] = static_cast<char>(revoked[1] | '\x80');
  dnssec::RecordSet txt{.owner = name_of("s1._domainkey.example"), .type = type::txt, .rdata = {"\x01k"}};
  lower.sign(txt);
  const auto reason_with = [&](std::vector<std::string> rdata, const TestKey& signer) {
    dnssec::RecordSet keys{.owner = zone, .type = type::dnskey, .rdata = std::move(rdata)};
    signer.sign(keys);
    return text_of(validate({.anchors = {{.zone = zone, .type = type::dnskey, .rdata = upper.rdata()}},
                             .zones = {{.zone = zone, .dnskey = dnssec::Reply{.sets = {keys}}}},
                             .question = {.name = txt.owner, .reply = {.sets = {txt}}}}));
  };
  CHECK(reason_with({upper.rdata(), lower.rdata()}, upper) == "secure");
  CHECK(reason_with({upper.rdata()}, upper).starts_with("signing_key_missing"));
  CHECK(reason_with({upper.rdata(), revoked}, upper).starts_with("signing_key_missing"));
  // The set of keys must be signed by the one that is vouched for.
  CHECK(reason_with({upper.rdata(), lower.rdata()}, lower).starts_with("signing_key_missing"));
  CHECK(reason_with({lower.rdata()}, lower).starts_with("ds_mismatch"));
}

TEST_CASE("keys with one tag use up the budget of signature checks and no more", "[dnssec]") {
  const TestKey key("example");
  const auto zone = name_of("example");
  dnssec::RecordSet keys{.owner = zone, .type = type::dnskey, .ttl_seconds = 300, .rdata = {key.rdata()}};
  for (int number = 0; number < 200; ++number) keys.rdata.push_back(colliding_key(key, number));
  key.sign(keys);
  dnssec::RecordSet txt{.owner = name_of("s1._domainkey.example"), .type = type::txt, .rdata = {"\x01k"}};
  key.sign(txt);
  for (int number = 0; number < 200; ++number) {
    std::string wrong = txt.signatures.front();
    wrong.back() = static_cast<char>(wrong.back() ^ (number + 1));
    txt.signatures.insert(txt.signatures.begin(), wrong);
  }
  Case given{.anchors = {{.zone = zone, .type = type::dnskey, .rdata = key.rdata()}},
             .zones = {{.zone = zone, .dnskey = dnssec::Reply{.sets = {keys}}}},
             .question = {.name = txt.owner, .reply = {.sets = {txt}}}};
  dnssec::Budget budget;
  const auto validation = validate(given, budget);
  CHECK(text_of(validation).starts_with("work_limit: the signature over the TXT of s1._domainkey.example"));
  CHECK(validation.state == State::indeterminate);
  CHECK(budget.signature_checks() == dnssec::Budget::most_signature_checks);

  // As many DS records, each with the tag of every key.
  for (int number = 0; number < 200; ++number) {
    std::string ds;
    ds += static_cast<char>(dnssec::key_tag(key.rdata()) >> 8);
    ds += static_cast<char>(dnssec::key_tag(key.rdata()));
    ds += "\x0d\x02" + std::string(32, static_cast<char>(number));
    given.anchors.push_back({.zone = zone, .type = type::ds, .rdata = ds});
  }
  given.anchors.erase(given.anchors.begin());
  dnssec::Budget second;
  CHECK(text_of(validate(given, second)).starts_with("work_limit: the keys of the zone example"));
  CHECK(second.hashes() == dnssec::Budget::most_hashes);
  CHECK(second.signature_checks() == 0);
}

TEST_CASE("2,500 iterations of NSEC3 are not hashed", "[dnssec]") {
  dnssec::Budget budget;
  CHECK(validate(case_in("costly.test", "a.b.c.d.missing.costly.test"), budget).state == State::insecure);
  CHECK(budget.hashes() == 3);  // the DS records of the chain
  dnssec::Budget secure;
  CHECK(validate(selector_in("costly.test"), secure).state == State::secure);
  CHECK(secure.hashes() == 3);
}

// Prints what delv_agreement_test.py compares with delv.
TEST_CASE("verdicts for delv", "[.dnssec_verdicts]") {
  for (const std::string zone : {"ldns.test", "ldns3.test", "bind.test", "bind3.test", "knot.test",
                                 "knot3.test", "costly.test", "unknown.test", "wrongds.test"})
    for (const auto& question : questions) {
      static constexpr std::array<const char*, 4> states{"secure", "insecure", "bogus", "indeterminate"};
      const auto validation = validate(case_in(zone, question.name + "." + zone, question.type));
      std::cout << "verdict " << question.name << "." << zone << " " << dnssec::type_text(question.type)
                << " " << states.at(static_cast<std::size_t>(validation.state)) << "\n";
    }
}
