// Whether to sign with a key now: the times of its rotation, the faults that mail signed with it would meet,
// and what became of the text that was to be published, put together. Pure: it asks nobody and looks at no
// clock.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/safe_times.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/report/report.hpp"
#include "config/keys/key_identity.hpp"
#include "config/policy.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// What the operator wants to sign with, and what is expected of it.
struct SigningPlan {
  Expectation expectation{};                 ///< its role is not looked at
  std::optional<config::KeyIdentity> key{};  ///< without it any one usable key is right
  std::optional<std::string> text{};         ///< the record as it should be published, raw; strings joined
  bool never_used = false;                   ///< see NewKey
  bool has_neighbour = false;                ///< another selector of the domain signs, or signed lately
  bool only_given_servers = false;           ///< the command line named some, and no others are asked
  config::Policy policy{};
  RotationPolicy times{};
};

/// The first place where a published text is not the one that was meant.
struct TextDifference {
  std::size_t offset = 0;  ///< of the first octet that differs; the same in both
  std::size_t shown_from = 0;
  std::string published{};  ///< raw: some octets from `shown_from` on
  std::string meant{};      ///< likewise
  std::string cause{};      ///< a clause on how that came; empty when nothing is known of it
};

/// Nothing when both are the same octet for octet.
[[nodiscard]] std::optional<TextDifference> compare_texts(std::string_view published, std::string_view meant);

/// A text that servers publish, beside the one that was meant.
struct TextCopy {
  std::vector<ServerId> servers{};
  std::vector<std::size_t> string_sizes{};  ///< how it is split
  std::optional<TextDifference> difference{};
};

/// What a resolver of the operator said, to a look or to the public question.
struct CacheAnswer {
  CacheContent probe{};
  std::string detail{};  ///< escaped sentence
};

/// Whether the texts that a resolver gave for the selector are the key that is expected there; without one,
/// what the servers publish.
[[nodiscard]] bool is_expected(const std::vector<std::vector<std::string>>& texts, const SigningPlan& plan,
                               const Report& report);

/// The question of the public, where it was asked for.
struct PublicAnswer {
  std::string why_not_asked{};  ///< empty when it was asked
  std::vector<CacheAnswer> answers{};
};

struct Preflight {
  Report report{};  ///< judged as `pending`
  /// Its reasons have those findings among them that would be critical if the key were in use. With such a
  /// finding it is `not_ready`, whatever else is missing or unknown.
  SignVerdict sign{};
  std::optional<config::KeyIdentity> expected_key{};
  bool text_known = false;
  std::vector<TextCopy> texts{};  ///< with `text_known`: each different text once, the most servers first
  std::vector<CacheAnswer> caches{};
  std::optional<PublicAnswer> public_answer{};
  std::size_t probes = 1;
  std::string no_way{};           ///< see no_way_sentence
  bool is_internal_view = false;  ///< the zone was seen from inside its own network
  bool only_given_servers = false;
  bool history_kept = false;  ///< whether the next run knows what this one saw
  RotationPolicy times{};
  WallTime now{};  ///< the moment for which the readiness holds
};

/// Judges the observation for a selector that signs nothing yet.
[[nodiscard]] Judgement judge_as_pending(const probe::Observation& observation, const SigningPlan& plan);

/// `judgement` is that of the observation, and `history` has the observation in it already.
[[nodiscard]] Preflight judge_preflight(const probe::Observation& observation, const Judgement& judgement,
                                        const SelectorHistory& history, const SigningPlan& plan,
                                        const std::vector<CacheContent>& caches, WallTime now);

/// A resolver that the public question showed to be without the right key stands against every `ready`; one
/// that showed nothing makes it unknown.
void hold_back(Preflight& preflight, const PublicAnswer& answer);

}  // namespace dkimprobe::checks
