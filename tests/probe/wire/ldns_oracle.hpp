// ldns as a second reader of a message that passed the scan. The two share no code, so agreement shows that
// the octets were read correctly.
#pragma once

#include <optional>
#include <string>

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"
#include "probe/wire/message_scan.hpp"

namespace dkimprobe::tests {

/// Whether ldns may read the message at all: it splits types that the scan does not read into any number of
/// parts, leaks TSIG, and does not read a truncated message.
[[nodiscard]] bool fit_for_ldns(const probe::ScannedMessage& message);

/// The first difference between ldns and the scan with its reader; nothing when they agree.
[[nodiscard]] std::optional<std::string> disagreement(const probe::ScannedMessage& message,
                                                      const probe::Response& response,
                                                      const config::DomainName& question_name);

}  // namespace dkimprobe::tests
