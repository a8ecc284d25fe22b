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
    // What one family leaves open is soon asked for again.
    if (!facts.ipv4_known || !facts.ipv6_known)
      facts.life = std::min<seconds>(facts.life, ZoneCache::failure_life);
    return HostOutcome::found;
  }
  // A name with one family of addresses has a short negative life for the other, which is no reason to forget
  // the first.
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
