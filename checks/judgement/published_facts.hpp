// What the servers publish, read for the checks: the texts as key records, their size, the signing practices.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {

/// Of the different texts of one name, no more are read: servers can publish thousands.
inline constexpr std::size_t most_read_texts = 64;

/// Each different text once, those of the first group first, up to `most_read_texts`. Tests of keys that the
/// policy disables are omitted. `examined` may be null.
[[nodiscard]] std::vector<ReadText> read_texts(const ChainAnswers& answers, const Expectation& expectation,
                                               const Policy& policy, ExaminedKeys* examined);

/// How many different texts are published beyond those that were read, as a sentence; empty if none.
[[nodiscard]] std::string unread_texts(const ChainAnswers& answers, const std::vector<ReadText>& texts);

/// Where each text is among the read ones.
[[nodiscard]] std::unordered_map<std::string_view, std::size_t> places_of(const std::vector<ReadText>& texts);

/// The sizes of the answers, seen and computed.
[[nodiscard]] SizeFacts measure(const ChainAnswers& answers, const std::vector<ReadText>& texts);

/// The signing practices that the servers publish (RFC 5617 section 4.3).
[[nodiscard]] AdspRecord read_practices(const probe::Observation& observation, const ChainAnswers& answers);

}  // namespace dkimprobe::checks
