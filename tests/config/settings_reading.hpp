// Reads settings in tests, and shows what was read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "config/settings_file.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::config {

inline const std::filesystem::path vectors = std::filesystem::path(DKIMPROBE_VECTORS) / "settings";

// What the example and the vectors name; the true list is the catalogue's, which this folder does not see.
inline const Vocabulary vocabulary{
    {"adsp_present_historic", "key_rsa_exponent_unusual", "key_rsa_weak", "ns_slow"},
    parse_timestamp("2026-11-22T12:00:00Z")->first};

/// A line for each error, without the folder of this machine.
inline std::string lines_of(const Errors& errors) {
  std::string text;
  for (const auto& [where, message] : errors) text += fmt::format("{}: {}\n", where, message);
  const std::string folder = vectors.string() + "/";
  for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
    text.erase(at, folder.size());
  return text;
}

inline Settings read(const std::string& text) {
  auto settings = read_settings(text, vectors / "test.yaml", vocabulary);
  if (!settings) FAIL(lines_of(settings.error()));
  return std::move(*settings);
}

inline constexpr auto rsa_sha256 = "a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908";
inline constexpr auto ed25519_sha256 = "1b27d36dfd5d2ca23426d66e66efc99e034fe0a97c50a211828ff2058a0d6f47";

// The summaries of the keys above.
inline const std::string fingerprint_alone = fmt::format("{} 0 bits, 0 octets", rsa_sha256);
inline const std::string rsa_key = fmt::format("{} rsa 2048 bits, 294 octets", rsa_sha256);
inline const std::string ed25519_key = fmt::format("{} ed25519 256 bits, 44 octets", ed25519_sha256);

inline std::string summary_of(const std::optional<KeyIdentity>& key) {
  if (!key) return "no key";
  return fmt::format("{}{}{} {} bits, {} octets", key->sha256, key->algorithm.empty() ? "" : " ",
                     key->algorithm, key->bits, key->spki.size());
}

}  // namespace dkimprobe::config
