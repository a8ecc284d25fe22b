// The points of Ed25519 (RFC 8032): whether 32 octets can be a public key, and which public key belongs to a
// private one. No signature is verified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dkimprobe::checks {

/// Of a public and of a private key.
inline constexpr std::size_t ed25519_octets = 32;

enum class PointState : std::uint8_t {
  good,
  not_on_curve,  ///< no point has this encoding: verifiers cannot decode it
  small_order,   ///< one of the eight points for which anyone can make signatures without a private key
};

/// Whether `octets`, 32 of them, are a point of the curve that is not of small order (RFC 8032
/// section 5.1.3).
[[nodiscard]] PointState judge_point(std::string_view octets);

/// The public key of a private key of 32 octets (RFC 8032 section 5.1.5): 32 octets.
[[nodiscard]] std::string ed25519_public_key(std::string_view private_key);

}  // namespace dkimprobe::checks
