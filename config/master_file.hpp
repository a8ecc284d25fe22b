// Reads the records of a file in the form of a zone file (RFC 1035 section 5.1) that names no more than what
// a resolver starts with: root hints and trust anchors.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include <ldns/ldns.h>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

inline constexpr std::size_t longest_master_file = 1U << 20U;  ///< octets; the root's have a few thousand

/// Calls `take` with each record of `text` and its line. Adds an error for each line that is not one, up to
/// `most_errors`; `place` is the escaped name of the file.
void read_master_lines(std::string& text, const std::string& place, Errors& errors,
                       const std::function<void(const ldns_rr&, int line)>& take);

}  // namespace dkimprobe::config
