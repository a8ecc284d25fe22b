// What a scanned response says about the name that was asked, as the plain facts of an observation. It
// decides nothing about the server, and sees only messages that passed the scan.
#pragma once

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"
#include "probe/wire/message_scan.hpp"

namespace dkimprobe::probe {

/// `question_name` is the name as it was sent, in its very case. Records of another class than IN are
/// skipped. Both the alias and the TXT of one name are kept, however wrong that is; of the answer section
/// nothing else is believed than the name asked and a DNAME above it.
[[nodiscard]] Response read_response(const ScannedMessage& message, const config::DomainName& question_name,
                                     RecordType question_type);

/// Writes every name of a response in lower case. Names that come back in the mixed case of the question are
/// of no use to a reader.
void lower_case_names(Response& response);

/// Cuts each list of a response to the 64 records that are worth keeping as evidence. A hostile server may
/// send thousands, and each of its responses is kept until the round is over. The TXT records stay: they are
/// what was asked for, and the scan bounds them.
void keep_evidence(Response& response);

}  // namespace dkimprobe::probe
