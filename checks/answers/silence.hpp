// Why a server did not respond to queries: one cause for each server, from all UDP queries of one probe, so
// that loss, filters and rate limits are not confused. It does not know severities.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checks/answers/chain_answers.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

enum class SilenceCause : std::uint8_t {
  none,        ///< every question got a response, or too few responses are missing to find a cause
  dead,        ///< no response over UDP or TCP
  udp,         ///< no response over UDP
  large_udp,   ///< only small answers arrive over UDP, and the record is large
  mixed_case,  ///< the name gets a response in lower case but not in mixed case
  edns,        ///< no question with EDNS gets a response; others do
  type,        ///< no question for some types gets a response; those for others do
  name,        ///< no question for the record gets a response; those for other names do
  limit,       ///< it answered at first, then stopped or returned REFUSED
  loss,        ///< some queries or answers are lost without a pattern
};

/// The cause of one server's missing responses.
struct Silence {
  SilenceCause cause = SilenceCause::none;
  std::uint32_t asked = 0;                 ///< UDP queries for which it is known whether a response came
  std::uint32_t lost = 0;                  ///< those of `asked` without a response
  bool all_came = true;                    ///< each question got a response in the end
  bool refused = false;                    ///< with `limit`: it returned REFUSED
  std::vector<probe::RecordType> types{};  ///< with `type`: those that get no response
  std::string question{};  ///< with `limit`: the name of the first question without a response
};

/// Whether an attempt failed and nothing came that could have been meant as the answer.
[[nodiscard]] bool is_silent(const TransportAttempts& attempts);

/// One entry for each hop and each of its servers, in their order.
[[nodiscard]] std::vector<std::vector<Silence>> read_silences(const probe::Observation& observation,
                                                              const ChainAnswers& answers);

}  // namespace dkimprobe::checks
