// One server address of a surveyed zone: what it was asked, and where it says the path continues.
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
  bool chosen = true;  ///< false while only the other servers of a sample are asked
  bool ns_asked = false;
  bool soa_asked = false;
  bool addresses_asked = false;
  std::optional<bool> serves{};           ///< whether it returned the zone's own NS set, once known
  std::optional<std::uint32_t> ticket{};  ///< of the question about the path
  MonotonicTime patience_until = MonotonicTime::max();  ///< for the first answer to any question
  std::size_t next_label = 0;  ///< number of labels of the target in the next question
  bool met_error = false;      ///< the last question got an error; waits for `serves`
  bool met_denial = false;     ///< a name above the target was denied
  std::optional<CutAnswer> end{};
  std::size_t end_labels = 0;          ///< labels of the cut that it leads to, or of the name that it denied
  config::DomainName cut{};            ///< the cut that it leads to, if any
  std::optional<Reading> reading{};    ///< the referral
  std::vector<NsRecord> ns{};          ///< the zone's own NS set, as this server returned it
  std::vector<AddressRecord> given{};  ///< addresses returned with `ns`
  std::optional<std::uint32_t> serial{};
  std::optional<std::string> nsid{};

  /// Whether it answered where the path continues or that it ends.
  [[nodiscard]] bool is_conclusive() const;
  [[nodiscard]] bool leads_on() const;
  /// Its answer about a cut below the zone; adds its referral to the cut. Nothing when it has no answer about
  /// it.
  [[nodiscard]] std::optional<ParentAnswer> about(ZoneCut& below) const;
};

/// Whether they lead to different zones or nameservers.
[[nodiscard]] bool members_differ(const std::vector<ZoneMember>& members);
[[nodiscard]] bool serials_differ(const std::vector<ZoneMember>& members);

}  // namespace dkimprobe::probe
