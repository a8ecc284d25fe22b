// Whether a message that arrived is the answer to a query: header and question alone, against the bytes that
// were sent. What follows the question is not looked at (probe/wire/message_scan.hpp does), nor is the
// source.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Nothing when `response` answers `query`, which must be one of `build_query`; else why it does not. The id
/// is told first, then the header, then the question. Names are compared without case: a
/// server that changes it is told of by `Response::question_case_kept`.
///
/// A message without a question is taken when it says no more than an error: FORMERR, SERVFAIL, NOTIMP or
/// REFUSED in a bare header, or one of them or BADVERS with an OPT record and nothing else. `malformed` means
/// shorter than a header, or a question that cannot be read.
[[nodiscard]] std::optional<IgnoreReason> mismatch(std::span<const std::uint8_t> response,
                                                   std::span<const std::uint8_t> query);

}  // namespace dkimprobe::probe
