#include "checks/dnssec/denial.hpp"

#include <iostream>
#include <string>
#include <vector>

#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#endif

#include "tests/catch.hpp"
#include "tests/checks/dnssec/signed_zone.hpp"

namespace {

using namespace dkimprobe::tests;
namespace type = dnssec::type;
using dkimprobe::config::DomainName;
using dnssec::Proof;

struct Denied {
  dnssec::Denial denial{};
  LdnsOwned<ldns_rr_list> nsecs{ldns_rr_list_new()};
  LdnsOwned<ldns_rr_list> signatures{ldns_rr_list_new()};
};

void move_records(LdnsOwned<ldns_rr_list> from, ldns_rr_list& to) {
  while (ldns_rr* const rr = ldns_rr_list_pop_rr(from.get())) ldns_rr_list_push_rr(&to, rr);
}

/// All NSEC or NSEC3 records of a zone except that at `omitted`, for both.
Denied denied(const SignedZone& zone, std::size_t omitted) {
  Denied result;
  std::size_t at = 0;
  for (const auto& set : zone.sets()) {
    if (set.type != type::nsec && set.type != type::nsec3) continue;
    if (at++ == omitted) continue;
    if (set.type == type::nsec)
      result.denial.nsec.push_back(dnssec::read_nsec(set).value());
    else
      result.denial.nsec3.push_back(dnssec::read_nsec3(set, zone.name()).value());
    move_records(ldns_records(set), *result.nsecs);
    move_records(ldns_signatures(set), *result.signatures);
  }
  return result;
}

LdnsOwned<ldns_rr> ldns_question(const DomainName& name, std::uint16_t of) {
  LdnsOwned<ldns_rr> rr(ldns_rr_new());
  ldns_rr_set_owner(rr.get(), ldns_dname_new_frm_str(name.to_string().c_str()));
  ldns_rr_set_type(rr.get(), static_cast<ldns_rr_type>(of));
  ldns_rr_set_class(rr.get(), LDNS_RR_CLASS_IN);
  return rr;
}

/// Whether ldns finds the absence proven. Of NSEC it does not say which absence; it also accepts a wildcard
/// that exists as the proof of a name error, and ignores aliases: it proves more than there is to prove.
bool ldns_proves(const Denied& records, const DomainName& name, std::uint16_t of, bool name_error) {
  const auto question = ldns_question(name, of);
#if __has_feature(address_sanitizer)
  const __lsan::ScopedDisabler ldns_leaks_names_of_wildcards;
#endif
  if (!records.denial.nsec.empty())
    return ldns_dnssec_verify_denial(question.get(), records.nsecs.get(), records.signatures.get()) ==
           LDNS_STATUS_OK;
  return ldns_dnssec_verify_denial_nsec3(question.get(), records.nsecs.get(), records.signatures.get(),
                                         name_error ? LDNS_RCODE_NXDOMAIN : LDNS_RCODE_NOERROR,
                                         static_cast<ldns_rr_type>(of), !name_error) == LDNS_STATUS_OK;
}

bool we_prove(const Denied& records, const SignedZone& zone, const DomainName& name, std::uint16_t of,
              bool name_error) {
  dnssec::Budget budget;
  const Proof proof = name_error ? prove_name_error(records.denial, zone.name(), name, budget)
                                 : prove_no_data(records.denial, zone.name(), name, of, budget);
  return proof == Proof::complete;
}

/// What is true of the zone (RFC 1034 section 4.3.2), and what a complete chain of records proves.
bool is_absent(const SignedZone& zone, const DomainName& name, std::uint16_t of, bool name_error) {
  for (const std::string cut : {"sub.", "moved."}) {
    const DomainName above = name_of(cut + zone.name().to_string());
    if (name.is_at_or_below(above) && (name != above || cut == "sub.")) return false;
  }
  const auto reply = zone.reply(name, of);
  const bool has_records =
      !reply.sets.empty() && reply.sets.front().type != type::nsec && reply.sets.front().type != type::nsec3;
  return !has_records && reply.name_error == name_error;
}

/// Each label of the zone in each of several places: names that exist, empty non-terminals, and others.
std::vector<DomainName> names_in(const SignedZone& zone) {
  std::vector<DomainName> names;
  for (const std::string above :
       {"", "_domainkey.", "wild.", "b.ent.", "ent.", "wildalias.", "missing.", "sub.", "moved.", "a.b.c."})
    for (const std::string label : {"s1", "alias", "x", "a", "ns", "zzz", "0", "b", "wild"})
      names.push_back(name_of(label + "." + above + zone.name().to_string()));
  for (const std::string apex : {"", "_domainkey.", "wild.", "ent.", "b.ent.", "*.wild.", "sub.", "moved."})
    names.push_back(name_of(apex + zone.name().to_string()));
  return names;
}

}  // namespace

TEST_CASE("all records of a zone prove what is absent, and fewer prove nothing else", "[dnssec]") {
  int compared = 0;
  int proven = 0;
  int differ = 0;
  for (const std::string stem :
       {"ldns.test", "ldns3.test", "bind.test", "bind3.test", "knot.test", "knot3.test"}) {
    const SignedZone zone(stem);
    for (std::size_t omitted = 0; omitted <= 8; ++omitted) {
      const bool is_complete = omitted == 8;
      const Denied records = denied(zone, is_complete ? 99 : omitted);
      for (const DomainName& name : names_in(zone))
        for (const std::uint16_t of : {type::txt, type::cname})
          for (const bool name_error : {true, false}) {
            const bool absent = is_absent(zone, name, of, name_error);
            const bool proof = we_prove(records, zone, name, of, name_error);
            const bool holds = is_complete ? proof == absent : !proof || absent;
            // For an empty non-terminal, ldns demands the record at the apex too, which denies a wildcard.
            const bool ldns_agrees = !proof || omitted == 0 || ldns_proves(records, name, of, name_error);
            INFO(name.to_string() << " type " << of << (name_error ? " name error" : " no data")
                                  << ", without record " << omitted);
            CHECK(holds);
            CHECK(ldns_agrees);
            ++compared;
            proven += static_cast<int>(proof);
            differ += static_cast<int>(!holds || !ldns_agrees);
          }
    }
  }
  std::cout << "denials: " << compared << " verdicts compared (" << proven << " proven), " << differ
            << " differ\n";
  CHECK(proven > 5'000);
}

TEST_CASE("hashes are bounded for the longest name, and none is made of more than 100 iterations",
          "[dnssec]") {
  const DomainName zone = name_of("example");
  DomainName name = zone;
  while (const auto longer = name.child("x")) name = *longer;
  const auto denial_with = [](std::uint16_t iterations) {
    const std::string hash(20, '\x01');
    return dnssec::Denial{.nsec3 = {{.hash = hash, .next = hash, .iterations = iterations}}};
  };
  dnssec::Budget budget;
  CHECK(prove_name_error(denial_with(101), zone, name, budget) == Proof::iterations_too_many);
  CHECK(prove_name_error(denial_with(65'535), zone, name, budget) == Proof::iterations_too_many);
  CHECK(budget.hashes() == 0);
  CHECK(prove_name_error(denial_with(100), zone, name, budget) == Proof::none);
  CHECK(budget.hashes() == (name.label_count() - 1) * 101);
  CHECK(prove_name_error(denial_with(100), zone, name, budget) == Proof::work_limit);
  CHECK(budget.hashes() <= dnssec::Budget::most_hashes);
}

TEST_CASE("malformed NSEC and NSEC3 records prove nothing", "[dnssec]") {
  for (const std::string stem : {"bind.test", "bind3.test", "ldns3.test"}) {
    const SignedZone zone(stem);
    for (const auto& set : zone.sets()) {
      if (set.type != type::nsec && set.type != type::nsec3) continue;
      const auto can_be_read = [&](const dnssec::RecordSet& changed) {
        return set.type == type::nsec ? dnssec::read_nsec(changed).has_value()
                                      : dnssec::read_nsec3(changed, zone.name()).has_value();
      };
      CHECK(can_be_read(set));
      dnssec::RecordSet changed = set;
      changed.rdata.front() += '\x01';  // a window without its length
      CHECK_FALSE(can_be_read(changed));
      changed.rdata.front() = set.rdata.front().substr(0, 3);
      CHECK_FALSE(can_be_read(changed));
      changed.rdata = {set.rdata.front(), set.rdata.front()};
      CHECK_FALSE(can_be_read(changed));
      if (set.type == type::nsec) continue;
      changed = set;
      changed.rdata.front()[0] = 2;  // the hash algorithm
      CHECK_FALSE(can_be_read(changed));
      changed = set;
      changed.rdata.front()[1] = 2;  // an unknown flag
      CHECK_FALSE(can_be_read(changed));
      changed = set;
      changed.owner = set.owner.child("x").value();
      CHECK_FALSE(can_be_read(changed));
    }
  }
}

TEST_CASE("bitmaps of types have windows in order, of 1 to 32 octets", "[dnssec]") {
  using dnssec::TypeBitmap;
  const auto read = [](std::string_view bytes) { return TypeBitmap::read(bytes); };
  using namespace std::string_view_literals;
  CHECK(read("\x00\x01\x40\x01\x01\x40"sv)->has(257));
  CHECK(read("\x00\x01\x40\x01\x01\x40"sv)->has(1));
  CHECK_FALSE(read("\x00\x01\x40"sv)->has(257));
  CHECK(read(""sv).has_value());
  for (const std::string_view wrong :
       {"\x00\x00"sv, "\x00\x02\x40"sv, "\x00"sv, "\x01\x01\x40\x00\x01\x40"sv, "\x00\x01\x40\x00\x01\x40"sv})
    CHECK_FALSE(read(wrong).has_value());
  CHECK_FALSE(read("\x00\x21" + std::string(33, 'x')).has_value());
}
