// What counts as a fault and how bad it is, where the operator has a say. Plain values: checks apply them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "config/severity.hpp"

namespace dkimprobe::config {

struct Policy {
  std::uint32_t rsa_bits_wanted = 2048;          ///< fewer is `key_rsa_weak`
  std::chrono::milliseconds slow_answer{1'000};  ///< slower over UDP is `ns_slow`
  std::chrono::milliseconds retention{
      std::chrono::days{7}};   ///< from the last signature to the last verification
  bool distinct_keys = false;  ///< a key at two names is a warning, and not a notice only
  std::map<std::string, Severity, std::less<>> severities{};  ///< by the name of a check, in place of its own
  std::map<std::string, std::string, std::less<>>
      disabled{};  ///< by the name of a check: the reason, escaped

  friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace dkimprobe::config
