#include "checks/verifiers/verifier.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "checks/record/key_record.hpp"
#include "checks/verifiers/models.hpp"

namespace dkimprobe::checks {

namespace {

using enum SeveralTexts;

constexpr auto known_verifiers = std::to_array<Verifier>({
    {"DKIM Verifier", "6.3", true, first, read_as_dkim_verifier},
    {"dkimpy", "1.1", true, first, read_as_dkimpy},
    {"Exim", "4.94 to 4.97", true, first_record, read_as_exim_4_96},
    {"Exim", "4.98 and later", false, first_record, read_as_exim_4_98},
    {"go-msgauth", "0.7", true, none, read_as_go_msgauth},
    {"Mail::DKIM", "1.20230212", true, first, read_as_mail_dkim_2023},
    {"Mail::DKIM", "1.20240618 and later", true, first, read_as_mail_dkim_2024},
    {"mail-auth", "0.11", false, first_key, read_as_mail_auth},
    {"mailauth", "4.13 to 5.0", true, first, read_as_mailauth_5},
    {"mailauth", "7.1", true, first, read_as_mailauth_7},
    {"mox", "0.0.17", true, single_record, read_as_mox},
    {"OpenDKIM", "2.11", true, none_for_now, read_as_opendkim},
    {"rspamd", "3.4", true, first_key, read_as_rspamd_3},
    {"rspamd", "4.1.5", false, first_key, read_as_rspamd_4},
});

/// Whether it does not matter which text is read.
bool have_one_key(std::span<const std::string_view> texts) {
  std::set<std::string> keys;
  for (const std::string_view text : texts) {
    const KeyRecord record = read_key_record(text);
    keys.insert(record.key ? record.key->sha256 : std::string());
  }
  return keys.size() == 1;
}

/// Whether it looks for another text when it has read this one.
bool passes_over(SeveralTexts several, const std::optional<Refusal>& refusal) {
  if (!refusal || several == first) return false;
  return several == first_key ? !refusal->after_reading : refusal->acceptance == Acceptance::temporary_error;
}

/// What it makes of several texts, from what it makes of each.
std::optional<Refusal> combine(SeveralTexts several, const std::vector<std::optional<Refusal>>& each,
                               bool has_one_key) {
  if (several == none || several == none_for_now)
    return Refusal{.reason = "there are several TXT records",
                   .acceptance = several == none ? Acceptance::rejected : Acceptance::temporary_error};
  std::vector<const std::optional<Refusal>*> read;
  for (const auto& refusal : each) {
    if (!passes_over(several, refusal)) read.push_back(&refusal);
  }
  if (read.empty()) return each.front();
  if (read.size() == 1) return *read.front();
  if (several == single_record) {
    const auto broken = std::ranges::find_if(
        read, [](const auto* refusal) { return *refusal && !(*refusal)->after_reading; });
    if (broken != read.end()) return **broken;
    return Refusal{.reason = "there are several key records", .acceptance = Acceptance::temporary_error};
  }
  const auto refused = std::ranges::count_if(read, [](const auto* refusal) { return refusal->has_value(); });
  if (refused == std::ssize(read)) return *read.front();
  if (refused == 0 && has_one_key) return std::nullopt;
  return Refusal{"it reads only one of the TXT records, depending on their order"};
}

}  // namespace

std::string id_of(const Verifier& verifier) {
  return fmt::format("{} {}", verifier.name, verifier.versions);
}

std::span<const Verifier> verifiers() {
  return known_verifiers;
}

std::vector<VerifierVerdict> judge_compatibility(std::span<const std::string_view> texts,
                                                 SignatureAlgorithm algorithm) {
  std::vector<VerifierVerdict> verdicts;
  if (texts.empty()) return verdicts;
  std::vector<Reading> readings;
  for (const std::string_view text : texts) readings.emplace_back(text, algorithm);
  verdicts.reserve(known_verifiers.size());
  const bool has_one_key = texts.size() > 1 && have_one_key(texts);
  for (const Verifier& verifier : known_verifiers) {
    std::vector<std::optional<Refusal>> each;
    for (const Reading& reading : readings) each.push_back(verifier.read(reading));
    std::optional<Refusal> refusal =
        each.size() == 1 ? std::move(each.front()) : combine(verifier.several, each, has_one_key);
    VerifierVerdict& verdict = verdicts.emplace_back();
    verdict.verifier = &verifier;
    if (!refusal) continue;
    verdict.acceptance = refusal->acceptance;
    verdict.reason = std::move(refusal->reason);
  }
  return verdicts;
}

}  // namespace dkimprobe::checks
