// The types that an NSEC or NSEC3 record lists (RFC 4034 section 4.1.2), and what follows from them.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dkimprobe::checks::dnssec {

class TypeBitmap {
 public:
  /// Empty if the windows are not in order or do not fill `bytes` exactly.
  [[nodiscard]] static std::optional<TypeBitmap> read(std::string_view bytes);

  [[nodiscard]] bool has(std::uint16_t type) const { return types_[type]; }

  /// Whether the records of the name are those of a delegation, or names below it are elsewhere: then the
  /// record proves nothing about names below (RFC 6840 section 4.1).
  [[nodiscard]] bool is_cut() const;
  /// Whether the name has neither `type` nor an alias (RFC 6840 section 4.3), and the record is from the side
  /// of the zone cut that holds `type`: the parent for DS, the child for others (RFC 6840 section 4.4).
  [[nodiscard]] bool lacks(std::uint16_t type) const;

 private:
  std::bitset<65'536> types_{};
};

/// What records prove.
enum class Proof : std::uint8_t {
  none,
  complete,
  opt_out,              ///< but an unsigned delegation may exist (RFC 5155 section 9.2)
  iterations_too_many,  ///< not examined (RFC 9276 section 3.2)
  work_limit,           ///< not examined
};

}  // namespace dkimprobe::checks::dnssec
