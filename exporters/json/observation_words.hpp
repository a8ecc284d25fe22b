// The words for the enums of an observation, shared by stored observations and metrics.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// In the order of the enumerators.
template <class Enum>
struct Words;

template <>
struct Words<probe::Transport> {
  static constexpr std::array list = {"udp", "tcp"};
  static constexpr auto last = probe::Transport::tcp;
};
template <>
struct Words<probe::IgnoreReason> {
  static constexpr std::array list = {"wrong_source", "wrong_id",       "wrong_question", "wrong_class",
                                      "wrong_opcode", "not_a_response", "no_question",    "malformed",
                                      "late",         "duplicate"};
  static constexpr auto last = probe::IgnoreReason::duplicate;
};
template <>
struct Words<probe::Purpose> {
  static constexpr std::array list = {"record_plain", "record_edns",    "record_tcp", "zone_soa",
                                      "zone_ns",      "wildcard_probe", "domainkey",  "record_dnssec",
                                      "zone_dnskey",  "zone_ds",        "cut",        "host_address"};
  static constexpr auto last = probe::Purpose::host_address;
};
template <>
struct Words<probe::Outcome> {
  static constexpr std::array list = {"answered",          "timed_out",          "malformed",
                                      "unreachable",       "connection_refused", "connection_reset",
                                      "connection_closed", "no_route",           "local_error",
                                      "interrupted",       "superseded"};
  static constexpr auto last = probe::Outcome::superseded;
};
template <>
struct Words<probe::NotAsked> {
  static constexpr std::array list = {"asked",           "address_refused",  "no_route",
                                      "family_disabled", "budget_exhausted", "answers_as_resolver"};
  static constexpr auto last = probe::NotAsked::answers_as_resolver;
};
template <>
struct Words<probe::HostOutcome> {
  static constexpr std::array list = {"found",   "is_alias",         "name_missing", "no_address",
                                      "unknown", "budget_exhausted", "loop"};
  static constexpr auto last = probe::HostOutcome::loop;
};
template <>
struct Words<probe::DiscoveryOutcome> {
  static constexpr std::array list = {"complete", "pinned",           "no_servers", "intercepted",
                                      "loop",     "budget_exhausted", "interrupted"};
  static constexpr auto last = probe::DiscoveryOutcome::interrupted;
};
template <>
struct Words<probe::CutAnswer> {
  static constexpr std::array list = {"refers",  "serves_it", "no_cut",   "denied",
                                      "useless", "silent",    "not_asked"};
  static constexpr auto last = probe::CutAnswer::not_asked;
};
template <>
struct Words<probe::InterceptionSign> {
  static constexpr std::array list = {"recursion_available", "answers_below",   "no_authority", "refused",
                                      "one_identity",        "ttl_counts_down", "tcp_closed"};
  static constexpr auto last = probe::InterceptionSign::tcp_closed;
};
template <>
struct Words<probe::ChainOutcome> {
  static constexpr std::array list = {"complete", "loop", "too_long", "interrupted"};
  static constexpr auto last = probe::ChainOutcome::interrupted;
};

template <class T>
concept Worded = requires { Words<T>::list; };

/// The words of an enum. An enum that has an enumerator without a word does not compile.
template <Worded Enum>
constexpr const auto& words_of() {
  static_assert(Words<Enum>::list.size() == static_cast<std::size_t>(Words<Enum>::last) + 1);
  return Words<Enum>::list;
}

template <Worded Enum>
[[nodiscard]] constexpr std::string_view word_of(Enum value) {
  return words_of<Enum>()[static_cast<std::size_t>(value)];
}

}  // namespace dkimprobe::exporters
