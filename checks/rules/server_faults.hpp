// How the checks of one server iterate over the servers of an observation: a fault is reported once per
// address.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checks/answers/server_answer.hpp"
#include "checks/answers/silence.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/escape.hpp"
#include "config/names/address.hpp"

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

/// For rows: calls `find`, a function of `Asked`, for each server of each name; a fault is reported once per
/// address. `can_evaluate` is true if enough was seen of a server to evaluate it; if it is true for none, the
/// check is not evaluated. Servers of a parent zone are evaluated with the zone cut instead.
template <auto can_evaluate, auto find, FaultOf fault_of = FaultOf::server>
void find_at_servers(const Evidence& evidence, Verdict& verdict) {
  std::vector<std::pair<config::ServerAddress, config::DomainName>> blamed;
  bool judged = false;
  const auto& hops = evidence.answers.hops;
  for (std::size_t at = 0; at < hops.size(); ++at) {
    const HopAnswers& hop = hops[at];
    for (std::size_t i = 0; i < hop.servers.size(); ++i) {
      const ServerAnswer& answer = hop.servers[i];
      if (answer.is_stray() || !can_evaluate(answer)) continue;
      judged = true;
      std::pair place(answer.id.address, config::DomainName{});
      if constexpr (fault_of == FaultOf::zone) place.second = hop.hop->delegation.zone;
      if (std::ranges::find(blamed, place) != blamed.end()) continue;
      std::optional<Fault> fault = find(Asked{evidence, answer, hop, evidence.silences[at][i]});
      if (!fault) continue;
      blamed.push_back(std::move(place));
      verdict.found(
          {.servers = {answer.id}, .detail = std::move(fault->detail), .remedy = std::move(fault->remedy)},
          fault->severity);
    }
  }
  if (!judged) verdict.not_evaluated();
}

}  // namespace dkimprobe::checks
