// Guards a selector's name: a server that may be a resolver is first asked for the SOA of its zone, which
// reveals no name. If it answers as a resolver, it is never asked for the name. Pure: decides on the reported
// answers.
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
    open,  ///< it may be asked for the name. No response opens too: it is no sign of a resolver
    shut,  ///< it answered as a resolver, or as a cache that claims authority
  };
  /// A query for SOA.
  struct Query {
    config::DomainName name{};
    std::chrono::milliseconds delay{0};  ///< to wait before sending
  };

  NameGate(config::ServerAddress server, config::DomainName zone) : server_(server), zone_(std::move(zone)) {}

  [[nodiscard]] Query begin();
  /// Takes the result of the last query; returns the next one, or nothing when the gate is open or shut.
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
