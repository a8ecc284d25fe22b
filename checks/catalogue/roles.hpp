// What a selector's role makes of a fault: the one place where the same fact is a fault for one selector and
// right for another.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/names/selector.hpp"

namespace dkimprobe::checks {

enum class RoleRule : std::uint8_t {
  as_found,    ///< the role changes nothing
  notice,      ///< a fact worth telling, no more
  clear,       ///< right for this role
  not_judged,  ///< right or wrong by a time that this observation alone does not tell
};

[[nodiscard]] RoleRule role_rule(std::string_view check, config::Role role);

}  // namespace dkimprobe::checks
