#include "probe/collection/evidence_memory.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;

/// The records of a list, and the names in them.
template <class Record, class... Names>
std::size_t memory_of(const std::vector<Record>& records, Names... names) {
  std::size_t octets = records.size() * sizeof(Record);
  for (const Record& record : records) octets += ((record.*names).wire_size() + ... + 0U);
  return octets;
}

std::size_t memory_of(const Response& response) {
  std::size_t octets = memory_of(response.aliases, &AliasRecord::owner, &AliasRecord::target) +
                       memory_of(response.ns, &NsRecord::owner, &NsRecord::target) +
                       memory_of(response.addresses, &AddressRecord::owner) +
                       memory_of(response.soa, &SoaRecord::owner, &SoaRecord::mname, &SoaRecord::rname) +
                       memory_of(response.referral, &NsRecord::owner, &NsRecord::target) +
                       memory_of(response.glue, &AddressRecord::owner) +
                       memory_of(response.ds, &DsRecord::owner);
  for (const DsRecord& ds : response.ds) octets += ds.digest.size();
  for (const TxtRecord& txt : response.txt) {
    octets += sizeof txt;
    for (const std::string& string : txt.strings) octets += sizeof(std::string) + string.size();
  }
  for (const RecordSet& set : response.sets) {
    octets += sizeof set + set.owner.wire_size();
    for (const auto* const records : {&set.rdata, &set.signatures}) {
      for (const std::string& rdata : *records) octets += sizeof(std::string) + rdata.size();
    }
  }
  if (response.edns && response.edns->nsid) octets += response.edns->nsid->size();
  return octets;
}

}  // namespace

std::size_t memory_of(const Exchange& exchange) {
  return sizeof exchange + exchange.question_name.wire_size() +
         (exchange.response ? memory_of(*exchange.response) : 0U);
}

std::size_t memory_of(const Observation& observation) {
  std::size_t octets = sizeof observation;
  for (const Chain* const chain : {&observation.key, &observation.adsp}) {
    for (const Hop& hop : chain->hops) {
      for (const WalkExchange& walked : hop.delegation.exchanges) octets += memory_of(walked.exchange);
      for (const ServerObservation& server : hop.servers) {
        for (const Exchange& exchange : server.exchanges) octets += memory_of(exchange);
      }
    }
  }
  return octets;
}

}  // namespace dkimprobe::probe
