// Reads what a scanned response answers about the queried name, as plain facts for an observation. It decides
// nothing about the server, and sees only messages that passed the scan.
#pragma once

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"
#include "probe/wire/message_scan.hpp"

namespace dkimprobe::probe {

/// Whether the records of an answer are kept as octets: they are to be validated.
enum class KeepSets : bool { no, yes };

/// `question_name` is the name exactly as it was sent, including its case. Records of classes other than IN
/// are skipped. If a name has both an alias and a TXT, both are kept, although that is wrong. In the answer
/// section, only records at the queried name and a DNAME above it count. TXT records beyond
/// `most_txt_records` or `most_txt_octets` are only counted, and then none is kept.
[[nodiscard]] Response read_response(const ScannedMessage& message, const config::DomainName& question_name,
                                     RecordType question_type, KeepSets keep_sets = KeepSets::no);

/// Converts every name of a response to lower case: the mixed case of the question is of no use to a reader.
void lower_case_names(Response& response);

/// Limits each list of a response to 64 records as evidence. A hostile server may send thousands, and each of
/// its responses is kept until the probe is over. `read_response` limits the TXT records itself.
void keep_evidence(Response& response);

}  // namespace dkimprobe::probe
