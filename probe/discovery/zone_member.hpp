// One address of a zone's servers, as the survey of the zone knows it: what it was asked, and what it said of
// the way on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/discovery/reading.hpp"
#include "probe/discovery/walk_board.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

struct ZoneMember {
  NamedAddress server{};
  NotAsked not_asked = NotAsked::asked;
  bool chosen = true;  ///< false while only others of a sample are asked
  bool ns_asked = false;
  bool soa_asked = false;
  bool addresses_asked = false;
  std::optional<bool> serves{};           ///< whether it gave the zone's own NS set, once that is known
  std::optional<std::uint32_t> ticket{};  ///< of the question about the way
  MonotonicTime patience_until = MonotonicTime::max();  ///< for the first answer to any question
  std::size_t next_label = 0;                           ///< how many labels of the target are asked for next
  bool met_error = false;                               ///< at a label; waits for `serves`
  bool met_denial = false;                              ///< at a label above the target's
  std::optional<CutAnswer> end{};
  std::size_t end_labels = 0;          ///< of the cut that it leads to, or of the name that it denied
  config::DomainName cut{};            ///< when it leads to one
  std::optional<Reading> reading{};    ///< the referral
  std::vector<NsRecord> ns{};          ///< the zone's own NS set, as it gave it
  std::vector<AddressRecord> given{};  ///< with that
  std::optional<std::uint32_t> serial{};
  std::optional<std::string> nsid{};

  /// Whether it said something of the way on: that it goes on, or that it ends.
  [[nodiscard]] bool has_told() const;
  [[nodiscard]] bool leads_on() const;
  /// What it says of a cut below the zone, to which its referral is added; nothing where it says nothing of
  /// it.
  [[nodiscard]] std::optional<ParentAnswer> about(ZoneCut& below) const;
};

/// Whether they lead to different places.
[[nodiscard]] bool members_differ(const std::vector<ZoneMember>& members);
[[nodiscard]] bool serials_differ(const std::vector<ZoneMember>& members);

}  // namespace dkimprobe::probe
