#include "tests/probe/wire/ldns_oracle.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <ldns/ldns.h>

namespace dkimprobe::tests {
namespace {

using config::DomainName;
using probe::RecordType;

std::optional<DomainName> name_of(const ldns_rdf* rdf) {
  return DomainName::from_wire({ldns_rdf_data(rdf), ldns_rdf_size(rdf)});
}

std::string strings_of(const ldns_rr* rr) {
  std::string strings;
  for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
    const ldns_rdf* const rdf = ldns_rr_rdf(rr, i);
    if (rdf != nullptr) strings.append(reinterpret_cast<const char*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf));
  }
  return strings;
}

/// Whether the names in the rdata of these types agree with those of ldns.
bool same_names(const probe::ScannedMessage& message, const probe::ScannedRecord& ours,
                const ldns_rr* theirs) {
  const std::size_t names = ours.is(RecordType::soa) ? 2 : 1;
  std::size_t at = ours.rdata_at;
  for (std::size_t i = 0; i < names; ++i) {
    const auto name = name_of(ldns_rr_rdf(theirs, i));
    if (!name || !name->same_octets(probe::name_at(message, at))) return false;
    while (message.bytes[at] != 0 && message.bytes[at] < 0xc0) at += 1U + message.bytes[at];
    at += message.bytes[at] == 0 ? 1 : 2;
  }
  return true;
}

std::optional<std::string> record_difference(const probe::ScannedMessage& message,
                                             const probe::ScannedRecord& ours, const ldns_rr* theirs) {
  const auto owner = name_of(ldns_rr_owner(theirs));
  if (!owner || !owner->same_octets(probe::name_at(message, ours.owner_at))) return "owner";
  if (static_cast<std::uint16_t>(ldns_rr_get_type(theirs)) != ours.type) return "type";
  if (static_cast<std::uint16_t>(ldns_rr_get_class(theirs)) != ours.record_class) return "class";
  if (ldns_rr_ttl(theirs) != ours.ttl_seconds) return "TTL";
  const auto rdata = message.bytes.subspan(ours.rdata_at, ours.rdata_bytes);
  switch (static_cast<RecordType>(ours.type)) {
    case RecordType::txt:
      if (strings_of(theirs) != std::string(rdata.begin(), rdata.end())) return "strings";
      break;
    case RecordType::a:
    case RecordType::aaaa: {
      const ldns_rdf* const rdf = ldns_rr_rdf(theirs, 0);
      const std::uint8_t* const octets = ldns_rdf_data(rdf);
      if (!std::equal(rdata.begin(), rdata.end(), octets, octets + ldns_rdf_size(rdf))) return "address";
      break;
    }
    case RecordType::ns:
    case RecordType::cname:
    case RecordType::dname:
    case RecordType::soa:
      if (!same_names(message, ours, theirs)) return "name in rdata";
      break;
    case RecordType::rrsig:
      if (ldns_rdf2native_int16(ldns_rr_rdf(theirs, 0)) != (rdata[0] << 8 | rdata[1])) return "type covered";
      break;
    case RecordType::opt:
    case RecordType::ds:
    case RecordType::nsec:
    case RecordType::dnskey:
    case RecordType::nsec3:
      break;
  }
  return std::nullopt;
}

/// With its names uncompressed.
std::string rdata_of(const ldns_rr* rr) {
  const std::unique_ptr<ldns_buffer, decltype(&ldns_buffer_free)> buffer{ldns_buffer_new(65'535),
                                                                         ldns_buffer_free};
  if (ldns_rr_rdata2buffer_wire(buffer.get(), rr) != LDNS_STATUS_OK) return "ldns fails";
  const auto* const octets = reinterpret_cast<const char*>(ldns_buffer_begin(buffer.get()));
  return {octets, ldns_buffer_position(buffer.get())};
}

/// Takes each record that ldns sees out of a copy of the sets; nothing may be missing or left.
std::optional<std::string> sets_difference(const std::array<const ldns_rr_list*, 3>& sections,
                                           std::vector<probe::RecordSet> sets) {
  if (sets.empty()) return std::nullopt;  // not kept
  for (const ldns_rr_list* const section : {sections[0], sections[1]}) {
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
      const ldns_rr* const rr = ldns_rr_list_rr(section, i);
      if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN) continue;
      const std::string rdata = rdata_of(rr);
      const bool signs = ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG;
      const auto type = signs ? static_cast<std::uint16_t>(static_cast<unsigned char>(rdata[0]) << 8 |
                                                           static_cast<unsigned char>(rdata[1]))
                              : static_cast<std::uint16_t>(ldns_rr_get_type(rr));
      const auto set = std::ranges::find_if(sets, [&](const probe::RecordSet& each) {
        return each.type == type && each.owner == name_of(ldns_rr_owner(rr));
      });
      if (set == sets.end()) return "a set that only ldns sees";
      auto& records = signs ? set->signatures : set->rdata;
      const auto same = std::ranges::find(records, rdata);
      if (same == records.end()) return "rdata of a set";
      records.erase(same);
    }
  }
  const bool all_seen = std::ranges::all_of(
      sets, [](const probe::RecordSet& set) { return set.rdata.empty() && set.signatures.empty(); });
  return all_seen ? std::nullopt : std::optional<std::string>("a record of a set that ldns does not see");
}

/// Compares the TXT at the queried name in the answer section.
std::optional<std::string> txt_difference(const ldns_rr_list* answer, const probe::Response& response,
                                          const DomainName& question_name) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answer); ++i) {
    const ldns_rr* const rr = ldns_rr_list_rr(answer, i);
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN) continue;
    const std::string theirs = strings_of(rr);
    if (name_of(ldns_rr_owner(rr)) != question_name || theirs.empty()) continue;
    if (response.oversized_txt) {
      ++next;
      continue;
    }
    if (next == response.txt.size()) return "a TXT that only ldns sees";
    std::string ours;
    for (const std::string& string : response.txt[next].strings) {
      ours += static_cast<char>(string.size());
      ours += string;
    }
    if (ours != theirs) return "TXT of the response";
    ++next;
  }
  if (next != (response.oversized_txt ? response.oversized_txt->records : response.txt.size()))
    return "a TXT that ldns does not see";
  return std::nullopt;
}

}  // namespace

bool fit_for_ldns(const probe::ScannedMessage& message) {
  return message.every_type_read && !message.cut_short;
}

std::optional<std::string> disagreement(const probe::ScannedMessage& message, const probe::Response& response,
                                        const DomainName& question_name) {
  ldns_pkt* parsed = nullptr;
  const ldns_status status = ldns_wire2pkt(&parsed, message.bytes.data(), message.bytes.size());
  if (status != LDNS_STATUS_OK) return fmt::format("ldns: {}", ldns_get_errorstr_by_id(status));
  const std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)> packet{parsed, ldns_pkt_free};

  if (ldns_rr_list_rr_count(ldns_pkt_question(parsed)) != message.questions) return "number of questions";
  const std::array<const ldns_rr_list*, 3> sections = {ldns_pkt_answer(parsed), ldns_pkt_authority(parsed),
                                                       ldns_pkt_additional(parsed)};
  std::array<std::size_t, 3> seen{};
  for (const probe::ScannedRecord& record : message.records) {
    if (record.is(RecordType::opt)) continue;  // ldns keeps it outside the sections
    const auto section = static_cast<std::size_t>(record.section);
    if (seen[section] == ldns_rr_list_rr_count(sections[section])) return "a record that ldns does not see";
    const ldns_rr* const theirs = ldns_rr_list_rr(sections[section], seen[section]++);
    if (auto difference = record_difference(message, record, theirs)) return difference;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] != ldns_rr_list_rr_count(sections[i])) return "a record that only ldns sees";
  }

  if (ldns_pkt_edns(parsed) != response.edns.has_value()) return "EDNS";
  if (response.edns) {
    if (ldns_pkt_edns_udp_size(parsed) != response.edns->payload_bytes) return "EDNS payload size";
    if (ldns_pkt_edns_version(parsed) != response.edns->version) return "EDNS version";
    if (ldns_pkt_edns_do(parsed) != response.edns->dnssec_ok) return "DO";
  }
  const unsigned rcode = static_cast<unsigned>(ldns_pkt_get_rcode(parsed)) |
                         static_cast<unsigned>(ldns_pkt_edns_extended_rcode(parsed)) << 4;
  if (rcode != static_cast<unsigned>(response.rcode)) return "rcode";
  if (ldns_pkt_aa(parsed) != response.authoritative) return "AA";
  if (ldns_pkt_tc(parsed) != response.truncated) return "TC";
  if (ldns_pkt_ra(parsed) != response.recursion_available) return "RA";
  if (auto difference = sets_difference(sections, response.sets)) return difference;
  return txt_difference(sections[0], response, question_name);
}

}  // namespace dkimprobe::tests
