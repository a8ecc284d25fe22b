// The vectors of texts: what stands at a selector (and at `_adsp`), and everything that must be found. Built
// on the observations of observation_vector.hpp, with healthy servers around the texts. The format stands in
// tests/checks/vectors/records/README.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checks/message/signature_field.hpp"
#include "tests/checks/observation_vector.hpp"

namespace dkimprobe::tests {

struct RecordVector {
  ObservationVector observed{};
  std::string reference{};
  std::string record_class{};       ///< empty: not stated
  std::vector<std::string> near{};  ///< the checks that this vector almost has, and that must be clear
  std::vector<checks::SignatureField> signatures{};  ///< of the message, where there is one
};

/// `{rsa2048}` becomes the key in rsa2048.b64 of the folder, `{rsa2048:200}` its first 200 characters and
/// `{rsa2048:200-}` what follows them.
[[nodiscard]] std::string with_keys(std::string text, const std::filesystem::path& keys);

/// Throws std::runtime_error with the place when the vector is not well formed.
[[nodiscard]] RecordVector load_record(const std::filesystem::path& file);

}  // namespace dkimprobe::tests
