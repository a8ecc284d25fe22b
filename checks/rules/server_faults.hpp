// How the checks of one server iterate over the servers of an observation: a fault is reported once per
// address.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "checks/answers/server_answer.hpp"
#include "checks/answers/silence.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

/// A fault of one server.
struct Fault {
  config::EscapedText detail{};
  config::EscapedText remedy{};
  std::optional<Severity> severity{};
};

/// A server with the hop at which it was queried.
struct Asked {
  const Evidence& evidence;
  const ServerAnswer& answer;
  const HopAnswers& hop;
  const Silence& silence;

  [[nodiscard]] std::string question() const { return hop.hop->owner.to_string(); }
  [[nodiscard]] std::string zone() const { return hop.hop->delegation.zone.to_string(); }
  [[nodiscard]] std::string who() const { return server_text(answer.id); }
};

/// Whether a response, or the lack of one, shows something about the server.
[[nodiscard]] inline bool learnt_anything(const ServerAnswer& answer) {
  const auto all = answer.all();
  return std::ranges::any_of(all,
                             [](const TransportAttempts* attempts) { return attempts->is_conclusive(); });
}

[[nodiscard]] inline bool truncates(const ServerAnswer& answer) {
  return answer.plain.outcome == ServerOutcome::tcp_failed ||
         answer.edns.outcome == ServerOutcome::tcp_failed;
}

[[nodiscard]] inline bool plain_answered(const ServerAnswer& answer) {
  return answer.plain.response() != nullptr;
}

/// Whether the queries with EDNS show whether it is EDNS that fails.
[[nodiscard]] inline bool edns_is_comparable(const ServerAnswer& answer) {
  return answer.edns.is_conclusive() && plain_answered(answer);
}

/// Whether a fault concerns the server as a whole, or one of its zones.
enum class FaultOf : std::uint8_t { server, zone };

/// Calls `find` for each server of each name; a fault is reported once per address. `can_evaluate` is true if
/// enough was seen of a server to evaluate it; if it is true for none, the check is not evaluated. Servers of
/// a parent zone are evaluated with the zone cut instead.
void find_at_servers(const Evidence& evidence, Verdict& verdict, bool (*can_evaluate)(const ServerAnswer&),
                     std::optional<Fault> (*find)(const Asked&), FaultOf fault_of);

/// The same for rows, which name a function of the evidence and the verdict alone.
template <auto can_evaluate, auto find, FaultOf fault_of = FaultOf::server>
void find_at_servers(const Evidence& evidence, Verdict& verdict) {
  find_at_servers(evidence, verdict, can_evaluate, find, fault_of);
}

}  // namespace dkimprobe::checks
