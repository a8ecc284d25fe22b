// The operator's settings for what counts as a fault and how severe it is. Plain values; checks apply them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "config/basics/escape.hpp"
#include "config/severity.hpp"

namespace dkimprobe::config {

struct Policy {
  std::uint32_t rsa_bits_wanted = 2048;          ///< fewer is `key_rsa_weak`
  std::chrono::milliseconds slow_answer{1'000};  ///< slower over UDP is `ns_slow`
  std::chrono::milliseconds retention{
      std::chrono::days{7}};   ///< how long a key stays published after its last signature
  bool distinct_keys = false;  ///< a key at two names is a warning instead of a notice
  std::map<std::string, Severity, std::less<>> severities{};   ///< by name of check; overrides its own
  std::map<std::string, EscapedText, std::less<>> disabled{};  ///< the reason by name of check

  friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace dkimprobe::config
