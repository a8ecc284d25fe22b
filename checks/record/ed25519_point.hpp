// Whether 32 octets can be an Ed25519 key: a point of the curve (RFC 8032 section 5.1.3) that is not of small
// order. No signature is verified.
#pragma once

#include <cstdint>
#include <string_view>

namespace dkimprobe::checks {

enum class PointState : std::uint8_t {
  good,
  not_on_curve,  ///< no point has this encoding: verifiers cannot decode it
  small_order,   ///< one of the eight points for which anyone can make signatures without a private key
};

/// `octets` must have 32 octets.
[[nodiscard]] PointState judge_point(std::string_view octets);

}  // namespace dkimprobe::checks
