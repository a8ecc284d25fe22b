// What the servers publish, read for the checks: the texts as key records, their size, the signing practices.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {

/// Each different text once, those of the first group first. Tests of keys that the policy disables are
/// omitted.
[[nodiscard]] std::vector<ReadText> read_texts(const ChainAnswers& answers, const Expectation& expectation,
                                               const Policy& policy);

/// Where each text is among the read ones.
[[nodiscard]] std::unordered_map<std::string_view, std::size_t> places_of(const std::vector<ReadText>& texts);

/// The sizes of the answers, seen and computed.
[[nodiscard]] SizeFacts measure(const ChainAnswers& answers, const std::vector<ReadText>& texts);

/// The signing practices that the servers publish (RFC 5617 section 4.3).
[[nodiscard]] AdspRecord read_practices(const probe::Observation& observation, const ChainAnswers& answers);

}  // namespace dkimprobe::checks
