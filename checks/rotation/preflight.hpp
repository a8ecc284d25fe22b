// Whether to sign with a key now: the times of its rotation, the faults that mail signed with it would have,
// and the difference between the published and the intended text. Pure: no I/O, no clock.
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
#include "checks/rotation/signing_verdict.hpp"
#include "config/basics/escape.hpp"
#include "config/keys/key_identity.hpp"
#include "config/policy.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// The key that the operator wants to sign with, and the expectations.
struct SigningPlan {
  Expectation expectation{};                 ///< its role is ignored
  std::optional<config::KeyIdentity> key{};  ///< without it any usable key is right
  std::optional<std::string> text{};         ///< the record as it should be published, raw; strings joined
  PlannedSelector selector{};                ///< without history; its role is ignored
  bool only_given_servers = false;           ///< the command line names servers, and only these are queried
  config::Policy policy{};
  SigningTerms terms{};
};

/// The first place where a published text differs from the intended one.
struct TextDifference {
  std::size_t offset = 0;  ///< of the first octet that differs; the same in both
  std::size_t shown_from = 0;
  std::string published{};  ///< raw: some octets from `shown_from` on
  std::string meant{};      ///< likewise
  std::string cause{};      ///< a clause: the cause; empty if unknown
};

/// Nothing if both are the same octet for octet.
[[nodiscard]] std::optional<TextDifference> compare_texts(std::string_view published, std::string_view meant);

/// A text that servers publish, compared with the intended one.
struct TextCopy {
  std::vector<ServerId> servers{};
  std::vector<std::size_t> string_sizes{};  ///< the sizes of its strings
  std::optional<TextDifference> difference{};
};

/// The answer of one of the operator's resolvers, to a cache probe or to the public query.
struct CacheAnswer {
  CacheContent probe{};
  config::EscapedText detail{};  ///< a sentence
};

/// Whether the texts that a resolver returned for the selector are the expected key; without one, the key
/// that the servers publish.
[[nodiscard]] bool is_expected(const std::vector<std::vector<std::string>>& texts, const SigningPlan& plan,
                               const Report& report);

/// The public query, if it was requested.
struct PublicAnswer {
  std::string why_not_asked{};  ///< empty if it was sent
  std::vector<CacheAnswer> answers{};
};

/// Commands to go on with.
struct NextCommands {
  config::EscapedText again{};     ///< this preflight, without `--wait`
  config::EscapedText rotation{};  ///< the steps of the rotation that follow
  bool signer_is_known = false;    ///< whether `rotation` knows which selector signs until then
};

struct Preflight {
  Report report{};  ///< judged as `pending`
  /// Its reasons include the findings that would be critical if the key were in use. With such a finding it
  /// is `not_ready`, whatever else is missing or unknown.
  SignVerdict sign{};
  std::optional<config::KeyIdentity> expected_key{};
  bool text_known = false;
  std::vector<TextCopy> texts{};  ///< with `text_known`: each distinct text once, the most common first
  std::vector<CacheAnswer> caches{};
  std::optional<PublicAnswer> public_answer{};
  std::size_t probes = 1;
  std::string no_way{};           ///< see no_way_sentence
  bool is_internal_view = false;  ///< the zone was seen from inside its own network
  bool only_given_servers = false;
  bool history_kept = false;            ///< whether the next run has the history of this one
  std::optional<WallTime> wait_ends{};  ///< how long the operator wants to wait
  NextCommands next{};
  RotationPolicy times{};
  WallTime now{};  ///< the time for which the readiness holds
};

/// Judges the observation for a selector that does not sign yet.
[[nodiscard]] Judgement judge_as_pending(const probe::Observation& observation, const SigningPlan& plan);

/// `judgement` is that of the observation; `history` already contains the observation.
[[nodiscard]] Preflight judge_preflight(const probe::Observation& observation, const Judgement& judgement,
                                        const SelectorHistory& history, const SigningPlan& plan,
                                        const std::vector<CacheContent>& caches, WallTime now);

/// Applies the public query: a resolver without the right key makes the readiness `not_ready`; one that
/// showed nothing makes `ready` unknown.
void hold_back(Preflight& preflight, const PublicAnswer& answer);

}  // namespace dkimprobe::checks
