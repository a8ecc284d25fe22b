// ldns as a second reader of a message that passed the scan. The two share no code, so where they agree the
// octets were understood.
#pragma once

#include <optional>
#include <string>

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"
#include "probe/wire/message_scan.hpp"

namespace dkimprobe::tests {

/// Whether ldns may see the message at all: it makes any number of parts out of types that the scan does not
/// read, leaks TSIG, and does not read a message that is cut short.
[[nodiscard]] bool fit_for_ldns(const probe::ScannedMessage& message);

/// The first difference between what ldns and the scan with its reader say; nothing when they agree.
[[nodiscard]] std::optional<std::string> disagreement(const probe::ScannedMessage& message,
                                                      const probe::Response& response,
                                                      const config::DomainName& question_name);

}  // namespace dkimprobe::tests
