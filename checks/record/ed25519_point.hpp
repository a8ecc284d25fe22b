// Whether 32 octets are a point of the curve of Ed25519 that a key can be: decoded as RFC 8032 section 5.1.3
// says, and of no small order. It verifies no signature.
#pragma once

#include <cstdint>
#include <string_view>

namespace dkimprobe::checks {

enum class PointState : std::uint8_t {
  good,
  not_on_curve,  ///< no point has this encoding: verifiers cannot decode it
  small_order,   ///< one of the eight points under which signatures can be made without a private key
};

/// `octets` are 32.
[[nodiscard]] PointState judge_point(std::string_view octets);

}  // namespace dkimprobe::checks
