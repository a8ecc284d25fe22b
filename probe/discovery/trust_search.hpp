// Collects what proves the keys of a zone: the keys of each zone above it, and the DS records that no
// referral returned. Each is asked of one server that answers. Pure: it returns the questions and gets their
// outcomes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// Whether no parent on the path showed that the zone below it is unsigned (RFC 4035 section 3.1.4.1).
[[nodiscard]] bool may_be_signed(const Delegation& delegation);

class TrustSearch {
 public:
  /// A question for one server, which must be asked with DO=1.
  struct Query {
    std::size_t link = 0;
    config::ServerAddress server{};
    config::DomainName zone{};  ///< the zone as whose server it is asked
    config::DomainName name{};
    RecordType type = RecordType::dnskey;
  };

  /// What is cached counts for no longer than this: a wrong answer of one server must not last.
  static constexpr std::chrono::seconds longest_life{600};

  /// `cache` must outlive it. The walk of the delegation is complete. What is cached is asked for anew when
  /// its signatures have expired at `wall_time`.
  TrustSearch(const Delegation& delegation, const config::ProbeSettings& settings, ZoneCache& cache,
              MonotonicTime now, WallTime wall_time);

  /// The questions to ask at the start.
  [[nodiscard]] std::vector<Query> begin();
  /// Reports the deciding exchange. Returns the same question for the next server if this one was of no use.
  [[nodiscard]] std::optional<Query> finished(const Query& query, const Exchange& exchange,
                                              MonotonicTime now);
  /// From the root down, as far as they are known.
  [[nodiscard]] std::vector<ZoneReply> replies() const;

 private:
  struct Link {
    config::DomainName zone{};  ///< as whose server it is asked
    config::DomainName name{};
    RecordType type = RecordType::dnskey;
    std::vector<config::ServerAddress> servers{};  ///< still to ask, the next one last
    std::optional<ZoneReply> reply{};
  };

  void add(const config::DomainName& zone, const config::DomainName& name, RecordType type,
           std::vector<config::ServerAddress> servers);
  [[nodiscard]] std::optional<Query> ask(std::size_t link);

  ZoneCache& cache_;
  MonotonicTime now_{};
  WallTime wall_time_{};
  std::vector<Link> links_{};
};

}  // namespace dkimprobe::probe
