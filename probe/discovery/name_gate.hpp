// What a server is asked before it is told any selector's name, where something speaks against telling it:
// the SOA of its zone, which no name is in. A pure decision on how that went: a resolver shall not hear the
// name.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "probe/discovery/interception.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

class NameGate {
 public:
  enum class State : std::uint8_t {
    idle,
    asking,
    open,  ///< it may be told. Silence opens too: it shows no resolver
    shut,  ///< it answers as a resolver, or as a cache that claims authority
  };
  /// A question for SOA.
  struct Query {
    config::DomainName name{};
    std::chrono::milliseconds delay{0};  ///< to be asked so much later
  };

  NameGate(config::ServerAddress server, config::DomainName zone)
      : server_(std::move(server)), zone_(std::move(zone)) {}

  [[nodiscard]] Query begin();
  /// How the last one went; the next one, or nothing when the gate is open or shut.
  [[nodiscard]] std::optional<Query> finished(const Exchange& exchange);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const config::ServerAddress& server() const { return server_; }
  [[nodiscard]] const config::DomainName& zone() const { return zone_; }

 private:
  config::ServerAddress server_{};
  config::DomainName zone_{};
  State state_ = State::idle;
  InterceptionWatch watch_{};
};

}  // namespace dkimprobe::probe
