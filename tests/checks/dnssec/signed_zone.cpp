#include "tests/checks/dnssec/signed_zone.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "checks/dnssec/canonical_form.hpp"

namespace dkimprobe::tests {
namespace {

namespace type = dnssec::type;
using config::DomainName;

constexpr std::uint16_t type_rrsig = 46;

void demand(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

DomainName name_of(const ldns_rdf* owner) {
  return DomainName::from_wire({ldns_rdf_data(owner), ldns_rdf_size(owner)}).value();
}

std::string rdata_of(const ldns_rr* rr) {
  const LdnsOwned<ldns_buffer> buffer(ldns_buffer_new(LDNS_MAX_PACKETLEN));
  demand(ldns_rr_rdata2buffer_wire(buffer.get(), rr) == LDNS_STATUS_OK, "rdata of ldns");
  return {reinterpret_cast<const char*>(ldns_buffer_begin(buffer.get())), ldns_buffer_position(buffer.get())};
}

LdnsOwned<ldns_rr_list> ldns_list(const dnssec::RecordSet& set, std::uint16_t type,
                                  const std::vector<std::string>& rdata) {
  LdnsOwned<ldns_rr_list> list(ldns_rr_list_new());
  const auto owner = set.owner.wire();
  for (const std::string& octets : rdata) {
    std::string wire(reinterpret_cast<const char*>(owner.data()), owner.size());
    dnssec::append_u16(wire, type);
    dnssec::append_u16(wire, 1);
    dnssec::append_u32(wire, set.ttl_seconds);
    dnssec::append_u16(wire, static_cast<std::uint16_t>(octets.size()));
    wire += octets;
    ldns_rr* rr = nullptr;
    std::size_t at = 0;
    demand(ldns_wire2rr(&rr, reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size(), &at,
                        LDNS_SECTION_ANSWER) == LDNS_STATUS_OK,
           "record for ldns");
    ldns_rr_list_push_rr(list.get(), rr);
  }
  return list;
}

std::string zone_path(const std::string& stem) {
  return std::string(DKIMPROBE_SOURCE_DIRECTORY) + "/tests/checks/dnssec/zones/" + stem + ".zone";
}

std::vector<LdnsOwned<ldns_rr>> read_records(const std::string& stem) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(zone_path(stem).c_str(), "r"),
                                                             std::fclose);
  demand(file != nullptr, "zone file");
  std::vector<LdnsOwned<ldns_rr>> records;
  while (std::feof(file.get()) == 0) {
    ldns_rr* rr = nullptr;
    const ldns_status status = ldns_rr_new_frm_fp(&rr, file.get(), nullptr, nullptr, nullptr);
    if (status == LDNS_STATUS_OK)
      records.emplace_back(rr);
    else
      demand(status == LDNS_STATUS_SYNTAX_EMPTY, "record in a zone file");
  }
  return records;
}

}  // namespace

DomainName name_of(std::string_view text) {
  return DomainName::parse(text).value();
}

LdnsOwned<ldns_rr_list> ldns_records(const dnssec::RecordSet& set) {
  return ldns_list(set, set.type, set.rdata);
}

LdnsOwned<ldns_rr_list> ldns_signatures(const dnssec::RecordSet& set) {
  return ldns_list(set, type_rrsig, set.signatures);
}

SignedZone::SignedZone(const std::string& stem)
    : name_(stem == "root" ? DomainName() : tests::name_of(stem)) {
  for (const auto& rr : read_records(stem)) {
    const bool is_signature = ldns_rr_get_type(rr.get()) == LDNS_RR_TYPE_RRSIG;
    const auto set_type =
        static_cast<std::uint16_t>(is_signature ? ldns_rdf2native_int16(ldns_rr_rrsig_typecovered(rr.get()))
                                                : ldns_rr_get_type(rr.get()));
    const DomainName owner = name_of(ldns_rr_owner(rr.get()));
    auto found = std::ranges::find_if(
        sets_, [&](const auto& set) { return set.owner == owner && set.type == set_type; });
    if (found == sets_.end()) {
      sets_.push_back({.owner = owner, .type = set_type, .ttl_seconds = ldns_rr_ttl(rr.get())});
      found = sets_.end() - 1;
    }
    (is_signature ? found->signatures : found->rdata).push_back(rdata_of(rr.get()));
  }
}

const dnssec::RecordSet* SignedZone::find(const DomainName& owner, std::uint16_t type) const {
  const auto found =
      std::ranges::find_if(sets_, [&](const auto& set) { return set.owner == owner && set.type == type; });
  return found == sets_.end() ? nullptr : &*found;
}

bool SignedZone::exists(const DomainName& name) const {
  return std::ranges::any_of(
      sets_, [&](const auto& set) { return set.type != type::nsec3 && set.owner.is_at_or_below(name); });
}

dnssec::Reply SignedZone::with_denial(dnssec::Reply reply) const {
  for (const auto& set : sets_)
    if (set.type == type::nsec || set.type == type::nsec3) reply.sets.push_back(set);
  return reply;
}

dnssec::Reply SignedZone::reply(const DomainName& name, std::uint16_t type) const {
  for (const std::uint16_t wanted : {type, type::cname})
    if (const auto* set = find(name, wanted)) return {.sets = {*set}};
  if (exists(name)) return with_denial({});
  DomainName encloser = name.parent();
  while (!exists(encloser)) encloser = encloser.parent();
  if (const auto* dname = find(encloser, type::dname)) {
    const DomainName target = dnssec::RdataReader(dname->rdata.front()).name();
    std::string labels(reinterpret_cast<const char*>(name.wire().data()),
                       name.wire_size() - encloser.wire_size());
    return {.sets = {*dname,
                     {.owner = name,
                      .type = type::cname,
                      .rdata = {labels + std::string(reinterpret_cast<const char*>(target.wire().data()),
                                                     target.wire_size())}}}};
  }
  const DomainName wildcard = encloser.child("*").value();
  for (const std::uint16_t wanted : {type, type::cname}) {
    const auto* set = find(wildcard, wanted);
    if (set == nullptr) continue;
    dnssec::RecordSet expanded = *set;
    expanded.owner = name;
    return with_denial({.sets = {expanded}});
  }
  return with_denial({.name_error = !exists(wildcard)});
}

dnssec::Question SignedZone::question(std::string_view name, std::uint16_t type) const {
  const DomainName full = tests::name_of(name);
  return {.name = full, .type = type, .reply = reply(full, type)};
}

std::vector<dnssec::TrustAnchor> root_anchors() {
  std::vector<dnssec::TrustAnchor> anchors;
  for (const auto& rr : read_records("anchor"))
    anchors.push_back({.zone = DomainName(), .type = type::ds, .rdata = rdata_of(rr.get())});
  return anchors;
}

std::vector<dnssec::ZoneReplies> zones_to(const std::string& stem) {
  std::vector<dnssec::ZoneReplies> zones;
  const SignedZone root("root");
  const SignedZone test("test");
  zones.push_back({.zone = root.name(), .dnskey = root.reply(root.name(), type::dnskey)});
  zones.push_back({.zone = test.name(),
                   .ds = root.reply(test.name(), type::ds),
                   .dnskey = test.reply(test.name(), type::dnskey)});
  if (stem == "test") return zones;
  const SignedZone last(stem);
  zones.push_back({.zone = last.name(),
                   .ds = test.reply(last.name(), type::ds),
                   .dnskey = last.reply(last.name(), type::dnskey)});
  return zones;
}

TestKey::TestKey(std::string_view zone) : zone_(tests::name_of(zone)), keys_(ldns_key_list_new()) {
  ldns_key* const key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
  demand(key != nullptr, "key of ldns");
  ldns_key_list_push_key(keys_.get(), key);
  ldns_key_set_pubkey_owner(key, ldns_dname_new_frm_str(zone_.to_string().c_str()));
  ldns_key_set_flags(key, 0x0100);
  const LdnsOwned<ldns_rr> record(ldns_key2rr(key));
  ldns_key_set_keytag(key, ldns_calc_keytag(record.get()));
  const auto now = static_cast<std::uint32_t>(valid_time.time_since_epoch().count());
  constexpr std::uint32_t half = 15 * 86'400;
  ldns_key_set_inception(key, now - half);
  ldns_key_set_expiration(key, now + half);
  rdata_ = rdata_of(record.get());
}

void TestKey::sign(dnssec::RecordSet& set) const {
  const auto records = ldns_records(set);
  const LdnsOwned<ldns_rr_list> signatures(ldns_sign_public(records.get(), keys_.get()));
  demand(signatures != nullptr && ldns_rr_list_rr_count(signatures.get()) == 1, "signature of ldns");
  set.signatures.push_back(rdata_of(ldns_rr_list_rr(signatures.get(), 0)));
}

}  // namespace dkimprobe::tests
