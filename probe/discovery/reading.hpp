// Interprets a server's response on the path to the zone that holds a name: a referral, a zone apex,
// addresses, or nothing. Pure; it knows neither the walk nor the cache.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// The most names of one NS set that are read, even to report them as cut off; no honest zone comes near.
inline constexpr std::size_t most_names_of_a_zone = 256;

struct Reading {
  enum class Kind : std::uint8_t {
    useless,    ///< an error, an answer without authority, or a referral that does not lead below
    referral,   ///< a zone begins at `cut`, on other servers (RFC 1034 section 4.3.2 step 3b)
    apex_here,  ///< a zone begins at the queried name, on this same server
    addresses,
    no_data,
    denied,  ///< NXDOMAIN
    alias,
  };
  Kind kind = Kind::useless;
  bool from_recursor = false;  ///< RA=1 and AA=0: a resolver answered, not a server of the zone
  config::DomainName cut{};
  std::vector<NsRecord> ns{};
  std::vector<AddressRecord> glue{};  ///< of `ns`, as far as it is in bailiwick
  std::vector<DsRecord> ds{};
  std::vector<RecordSet> sets{};  ///< of `ds` or its denial, with signatures; see `Referral::sets`
  bool ds_known =
      false;  ///< the response has an OPT record with DO=1, so a missing DS means that there is none
  std::vector<config::Address> addresses{};
  std::chrono::seconds life{0};           ///< how long it may be cached
  std::optional<std::uint32_t> serial{};  ///< of the zone that was asked, when the response has its SOA
  std::optional<std::string> nsid{};      ///< raw octets (RFC 5001)
};

/// `apex` is the zone whose server was asked; `name` and `type` are the question.
[[nodiscard]] Reading read_answer(const config::DomainName& apex, const config::DomainName& name,
                                  RecordType type, const Response& response);

/// The shortest and the longest TTL of a set; 0 for an empty one.
[[nodiscard]] std::uint32_t shortest_ttl(const std::vector<NsRecord>& set);
[[nodiscard]] std::uint32_t longest_ttl(const std::vector<NsRecord>& set);

}  // namespace dkimprobe::probe
