#include "probe/discovery/host_answers.hpp"

#include <algorithm>

namespace dkimprobe::probe {

using std::chrono::seconds;
using State = ZoneQuestion::State;

void add_addresses(HostFacts& facts, const ZoneQuestion& asked, std::size_t most) {
  for (const auto& [from, reading] : asked.answers()) {
    if (reading.kind != Reading::Kind::addresses) continue;
    facts.life = std::min(facts.life, reading.life);
    for (const config::Address& address : reading.addresses) add_address(facts.addresses, address, most);
  }
}

std::optional<HostOutcome> settle_answers(HostFacts& facts, const ZoneQuestion& a, const ZoneQuestion& aaaa) {
  if (!facts.addresses.empty()) {
    // If one family is unknown, keep the result only briefly.
    if (!facts.ipv4_known || !facts.ipv6_known)
      facts.life = std::min<seconds>(facts.life, ZoneCache::failure_life);
    return HostOutcome::found;
  }
  // Only without addresses: where one family has addresses, the short negative TTL of the other must not
  // shorten their lifetime.
  for (const ZoneQuestion* asked : {&a, &aaaa}) {
    for (const auto& answer : asked->answers()) facts.life = std::min(facts.life, answer.reading.life);
  }
  const auto reads = [&](Reading::Kind kind) { return a.reads(kind) || aaaa.reads(kind); };
  if (reads(Reading::Kind::alias)) return HostOutcome::is_alias;
  if (reads(Reading::Kind::denied)) return HostOutcome::name_missing;
  if (a.state() == State::failed || aaaa.state() == State::failed) return std::nullopt;
  return HostOutcome::no_address;
}

}  // namespace dkimprobe::probe
