// What common verifiers do with a key record, as far as the record decides: whether each accepts a good
// signature by its key. Each verifier is a model of how some of its versions read records, in a file of its
// own; the models are compared with runs of the verifiers. What the RFCs say plays no part.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"
#include "checks/verifiers/reading.hpp"

namespace dkimprobe::checks {

/// Which of several TXT records at one name a verifier reads (RFC 6376 section 3.6.2.2 leaves it open). The
/// order of records changes from answer to answer.
enum class SeveralTexts : std::uint8_t {
  none,           ///< it refuses them all
  none_for_now,   ///< the same, as a temporary error
  first,          ///< the first
  first_record,   ///< the first that is a DKIM record to it: not a temporary error
  first_key,      ///< the first in which it finds a key that it can use
  single_record,  ///< the only one that is a DKIM record to it; two are a temporary error
};

/// A verifier, and how it reads records.
struct Verifier {
  std::string_view name{};
  std::string_view versions{};  ///< those that read records in this way, as far as known
  bool is_confirmed = false;    ///< whether a run of it on signed messages confirmed the model
  SeveralTexts several = SeveralTexts::first;
  std::optional<Refusal> (*read)(const Reading&) = nullptr;  ///< empty if it accepts the signature
};

/// "OpenDKIM 2.11"
[[nodiscard]] std::string id_of(const Verifier& verifier);

/// In the order of their names.
[[nodiscard]] std::span<const Verifier> verifiers();

/// What each verifier does with a signature of this algorithm by the key in these texts, of which each is a
/// TXT record, joined. Empty without a text.
[[nodiscard]] std::vector<VerifierVerdict> judge_compatibility(std::span<const std::string_view> texts,
                                                               SignatureAlgorithm algorithm);

}  // namespace dkimprobe::checks
