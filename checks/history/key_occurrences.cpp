#include "checks/history/key_occurrences.hpp"

#include <algorithm>
#include <map>

#include "checks/answers/server_answer.hpp"
#include "checks/record/key_record.hpp"

namespace dkimprobe::checks {
namespace {

config::DomainName zone_of(const SelectorHistory& history, const config::DomainName& owner) {
  const ZoneTimeline* deepest = nullptr;
  for (const auto& zone : history.past.zones) {
    if (!owner.is_at_or_below(zone.apex)) continue;
    if (deepest == nullptr || deepest->apex.label_count() < zone.apex.label_count()) deepest = &zone;
  }
  return deepest == nullptr ? owner : deepest->apex;
}

/// The moduli of the keys, empty for other keys than RSA, by the SHA-256 of the key.
std::map<std::string, std::string> keys_of(const AnswerPeriod& period) {
  std::map<std::string, std::string> keys;
  for (const auto& strings : period.texts) {
    const KeyRecord record = read_key_record(join_strings(strings));
    if (record.key && !record.key->sha256.empty()) keys.emplace(record.key->sha256, record.key->modulus);
  }
  return keys;
}

}  // namespace

std::vector<KeyPlace> key_places(const SelectorHistory& history) {
  std::vector<KeyPlace> places;
  for (const auto& timeline : history.servers) {
    for (const auto& period : timeline.periods) {
      for (const auto& [key, modulus] : keys_of(period)) {
        auto place = std::ranges::find_if(places, [&](const KeyPlace& known) {
          return known.sha256 == key && known.owner == timeline.owner;
        });
        if (place == places.end()) {
          place = places.insert(places.end(), {key, modulus, history.domain, history.selector, timeline.owner,
                                               zone_of(history, timeline.owner), period.last_seen, false});
        }
        place->last_seen = std::max(place->last_seen, period.last_seen);
        place->is_there = place->is_there || &period == &timeline.periods.back();
      }
    }
  }
  return places;
}

}  // namespace dkimprobe::checks
