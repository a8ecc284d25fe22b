// Compares what each server publishes at a selector with the records that the operator keeps in a file. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checks/report/report.hpp"
#include "config/basics/escape.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

enum class FileAgreement : std::uint8_t {
  same,
  differs,  ///< other records, or none
  unknown,  ///< the server gave no answer that tells
};

struct ComparedServer {
  ServerId server{};
  FileAgreement agreement = FileAgreement::unknown;
  config::EscapedText detail{};  ///< what it answered instead; empty if it is the same
};

/// One for each server of the name, or of the names to which its alias leads. `texts` are all that the file
/// has for the selector, strings joined; they and the published ones are compared without their order, split
/// and TTL. No text is in the result, since it may hold a private key.
[[nodiscard]] std::vector<ComparedServer> compare_with_file(const probe::Observation& observation,
                                                            std::vector<std::string> texts);

}  // namespace dkimprobe::checks
