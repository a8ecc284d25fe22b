// Decides whether a received message is the answer to a query: compares the header and the question with the
// bytes that were sent. It ignores the source and what follows the question (see
// probe/wire/message_scan.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Nothing when `response` answers `query`, which must come from `build_query`; otherwise the reason why it
/// does not. Checks the id first, then the header, then the question. Names are compared case-insensitively;
/// `Response::question_case_kept` shows whether the server changed the case.
///
/// A message without a question is accepted when it holds only an error: FORMERR, SERVFAIL, NOTIMP or REFUSED
/// in a bare header, or one of them or BADVERS with an OPT record and nothing else. `malformed` means that it
/// is shorter than a header or that its question cannot be read.
[[nodiscard]] std::optional<IgnoreReason> mismatch(std::span<const std::uint8_t> response,
                                                   std::span<const std::uint8_t> query);

}  // namespace dkimprobe::probe
