// Why a server left questions without a response: one cause for each server, from all that it was asked over
// UDP in one probe, so that loss, a filter and a limit of rates are not taken for each other. It knows no
// severity.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checks/answers/chain_answers.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

enum class SilenceCause : std::uint8_t {
  none,        ///< every question got a response, or too few queries are missing to say why
  dead,        ///< nothing came, over UDP or TCP
  udp,         ///< nothing came over UDP
  large_udp,   ///< what arrives over UDP is small, and the record is not
  mixed_case,  ///< the name in mixed case gets no response, in lower case it does
  edns,        ///< no question with EDNS gets a response, others do
  type,        ///< no question for some types gets a response, those for others do
  name,        ///< no question for the record gets a response, those for other names do
  limit,       ///< it answered, and from a moment on it is silent or says REFUSED
  loss,        ///< queries or their answers are lost here and there
};

/// What one server's missing responses come from.
struct Silence {
  SilenceCause cause = SilenceCause::none;
  std::uint32_t asked = 0;                 ///< queries over UDP of which it is known whether a response came
  std::uint32_t lost = 0;                  ///< those of them without one
  bool all_came = true;                    ///< each question got its response in the end
  bool refused = false;                    ///< with `limit`: it says REFUSED
  std::vector<probe::RecordType> types{};  ///< with `type`: those that get no response
  std::string question{};  ///< with `limit`: the name of the first question without a response
};

/// Whether a try failed, and nothing came that could have been meant as the answer.
[[nodiscard]] bool is_silent(const TransportAttempts& attempts);

/// For each leg and each of its servers, in their order.
[[nodiscard]] std::vector<std::vector<Silence>> read_maintenance(const probe::Observation& observation,
                                                                 const ChainAnswers& answers);

}  // namespace dkimprobe::checks
