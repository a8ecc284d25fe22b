// How much memory the exchanges of a probe may take up. Hostile servers can make each as large as the limits
// of a response allow, and can make a probe ask hundreds of them.
#pragma once

#include <cstddef>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// The octets that an exchange takes up with its response, approximately.
[[nodiscard]] std::size_t memory_of(const Exchange& exchange);
/// The octets that all exchanges of an observation take up, approximately.
[[nodiscard]] std::size_t memory_of(const Observation& observation);

/// The octets that the exchanges in the observations of one probe may take up: several times what 32 servers
/// need that answer as they should.
[[nodiscard]] constexpr std::size_t most_memory(std::size_t selectors) {
  constexpr std::size_t mebibyte = 1U << 20U;
  return (4 + selectors) * mebibyte;
}

}  // namespace dkimprobe::probe
