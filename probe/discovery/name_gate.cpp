#include "probe/discovery/name_gate.hpp"

namespace dkimprobe::probe {

NameGate::Query NameGate::begin() {
  state_ = State::asking;
  return {zone_, {}};
}

std::optional<NameGate::Query> NameGate::finished(const Exchange& exchange) {
  const bool of_zone = exchange.question_name == zone_;
  if (of_zone && exchange.response && answers_as_resolver(*exchange.response, zone_)) {
    state_ = State::shut;
    return std::nullopt;
  }
  watch_.saw({server_, zone_, exchange});
  // AA=1 and RA=1: it may be a server that offers recursion by mistake, or a cache.
  watch_.about_to_ask(zone_, {server_});
  for (const InterceptionWatch::Question& wanted : watch_.take_questions())
    return Query{wanted.name, wanted.delay};
  state_ = watch_.conclusion().empty() ? State::open : State::shut;
  return std::nullopt;
}

}  // namespace dkimprobe::probe
