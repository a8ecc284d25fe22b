// The operator's settings for what counts as a fault and how severe it is. Plain values; checks apply them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/basics/escape.hpp"
#include "config/keys/blocklist.hpp"
#include "config/keys/known_moduli.hpp"
#include "config/severity.hpp"
#include "config/trust_anchors.hpp"

namespace dkimprobe::config {

/// How many bits an RSA key should have at least, and who says so.
struct KeySizeRule {
  std::string_view name{};  ///< of a profile; empty for the operator's own number
  std::uint32_t rsa_bits = 0;
  std::string_view source{};  ///< with its year, for sentences

  friend bool operator==(const KeySizeRule&, const KeySizeRule&) = default;
};

/// The first one is the default.
inline constexpr std::array<KeySizeRule, 3> key_size_profiles = {{
    {"rfc8301", 2048, "RFC 8301 section 3.2 (2018)"},
    {"nist-2030", 3072, "NIST SP 800-57 part 1 (2020), for use after 2030"},
    {"bsi", 3000, "BSI TR-02102-1 (2024)"},
}};

/// A usual size for a new key that satisfies the rule: 3072 for at least 3000.
[[nodiscard]] constexpr std::uint32_t new_key_bits(const KeySizeRule& rule) {
  return (rule.rsa_bits + 1023) / 1024 * 1024;
}

struct Policy {
  KeySizeRule key_size = key_size_profiles.front();  ///< fewer bits are `key_rsa_weak`
  std::chrono::milliseconds slow_answer{1'000};      ///< slower over UDP is `ns_slow`
  std::chrono::milliseconds retention{
      std::chrono::days{7}};   ///< how long a key stays published after its last signature
  bool distinct_keys = false;  ///< a key at two names is a warning instead of a notice
  std::map<std::string, Severity, std::less<>> severities{};   ///< by name of check; overrides its own
  std::map<std::string, EscapedText, std::less<>> disabled{};  ///< the reason by name of check

  std::shared_ptr<const Blocklist> blocklist{};  ///< of keys whose private keys are known; null without one
  std::shared_ptr<const KnownModuli>
      known_moduli{};            ///< with which keys may share a factor; null without any
  bool validates_dnssec = true;  ///< if there is a trust anchor
  std::shared_ptr<const TrustAnchors> trust_anchors{};  ///< null: DNSSEC signatures are not validated

  friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace dkimprobe::config
