// Compares the used ids of a socket, few or many, with a map.
#include <cstdint>
#include <map>

#include <rapidcheck.h>

#include "probe/transport/used_ids.hpp"
#include "tests/catch.hpp"
#include "tests/probe/draw.hpp"

namespace dkimprobe::tests {

TEST_CASE("the used ids are those of a map, whether few or many are used") {
  using Use = probe::UsedIds::Use;
  CHECK(rc::check([](std::uint64_t seed) {
    Draw draw(seed);
    const std::size_t range = draw.chance(50) ? 65'536 : 40;
    probe::UsedIds ids;
    std::map<std::uint16_t, Use> model;
    for (std::size_t left = draw.below(100); left > 0; --left) {
      const auto id = static_cast<std::uint16_t>(draw.below(range));
      const Use use = draw.chance(50) ? Use::unanswered : Use::answered;
      ids.set(id, use);
      model[id] = use;
      const auto other = static_cast<std::uint16_t>(draw.below(range));
      RC_ASSERT((ids[other] == (model.contains(other) ? model[other] : Use::never)));
      for (const auto& [used, its_use] : model) RC_ASSERT((ids[used] == its_use));
    }
  }));
}

}  // namespace dkimprobe::tests
