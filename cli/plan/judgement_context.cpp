#include "cli/plan/judgement_context.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace dkimprobe::cli {
namespace {

using checks::KeyPlace;
using checks::SelectorHistory;
using config::Result;
using exporters::HistoryStore;

/// Maximum names per key whose histories are read. A provider may publish one key at very many.
constexpr std::size_t most_names = 32;

/// Adds where the store has the keys of `keys`, except for the probed selectors.
Result<void> add_stored(HistoryStore& store, std::span<const probe::Observation> probes,
                        const std::set<std::string>& keys, std::vector<KeyPlace>& places) {
  const auto now = checks::end_of(probes.front());
  for (const auto& key : keys) {
    auto uses = store.names_with_key(key);
    if (!uses) return tl::unexpected(std::move(uses.error()));
    std::erase_if(*uses, [&](const exporters::KeyUse& use) {
      return use.first_seen > now || std::ranges::any_of(probes, [&](const probe::Observation& probe) {
               return probe.domain == use.domain && probe.selector == use.selector;
             });
    });
    uses->resize(std::min(uses->size(), most_names));
    for (const auto& use : *uses) {
      auto history = store.load(use.domain, use.selector);
      if (!history) return tl::unexpected(std::move(history.error()));
      checks::forget_after(*history, now);
      std::ranges::copy_if(checks::key_places(*history), std::back_inserter(places),
                           [&](const KeyPlace& place) { return place.sha256 == key; });
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Background>> backgrounds_of(HistoryStore* store,
                                               std::span<const probe::Observation> probes) {
  std::vector<Background> backgrounds(probes.size());
  std::vector<std::vector<KeyPlace>> seen;  // by each probe and earlier ones
  std::vector<std::set<std::string>> keys;  // by each probe alone
  for (std::size_t i = 0; i < probes.size(); ++i) {
    SelectorHistory alone;
    checks::extend(alone, probes[i]);
    const auto places = checks::key_places(alone);
    auto& own = keys.emplace_back();
    std::ranges::transform(places, std::inserter(own, own.end()), &KeyPlace::sha256);
    if (store == nullptr) {
      seen.push_back(places);
      continue;
    }
    auto history = store->load(probes[i].domain, probes[i].selector);
    if (!history) return tl::unexpected(std::move(history.error()));
    checks::rewind_to(*history, probes[i]);
    seen.push_back(history->first_probe ? checks::key_places(*history) : places);
    backgrounds[i].history = std::move(*history);
  }
  if (store == nullptr && probes.size() < 2) return backgrounds;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    auto& elsewhere = backgrounds[i].elsewhere.emplace();
    for (std::size_t j = 0; j < probes.size(); ++j) {
      if (j != i) std::ranges::copy(seen[j], std::back_inserter(elsewhere));
    }
    if (store == nullptr) continue;
    if (auto added = add_stored(*store, probes, keys[i], elsewhere); !added)
      return tl::unexpected(std::move(added.error()));
  }
  return backgrounds;
}

}  // namespace dkimprobe::cli
