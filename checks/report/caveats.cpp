#include "checks/report/caveats.hpp"

#include <array>

namespace dkimprobe::checks {
namespace {

constexpr auto caveat_rows = std::to_array<Caveat>({
    {.text = "A resolver that serves stale data may return an old answer for longer when it cannot reach the "
             "servers (RFC 8767 section 5).",
     .why =
         "Only authoritative servers are queried, so what any resolver holds is not seen. Keep the servers "
         "reachable while a key changes."},
    {.text =
         "A resolver may be configured to hold answers for longer than their TTL. One that holds them for "
         "less, such as an absence for one to three hours (RFC 2308 section 5), is not relied on.",
     .why = "Every time that is shown assumes that caches obey the TTL and hold an answer for all of it."},
    {.text = "One address may be many servers (anycast): only those that answered from here were seen.",
     .why =
         "The network decides which of them a query reaches. From another place, a query may reach one that "
         "still has old data: probe from there as well."},
    {.text = "What a server published between two probes or before the first one was not seen, nor which "
             "servers the zone had before.",
     .why = "A probe shows one moment. Probe often and keep a history (--storage.path): then only short gaps "
            "remain."},
    {.text =
         "DNSSEC is validated from the root's key down, by this machine's clock. With --nameserver, or with "
         "--root-hints and no --trust-anchor, it is not.",
     .why =
         "A validating resolver finds nothing where signatures are wrong. Where nothing was validated, only "
         "their dates are read: query a validating resolver, but not before it is safe to sign, or it "
         "would cache that a key is absent."},
    {.text = "A removed server that still names itself as a nameserver of the zone may be queried for longer "
             "by resolvers that believe it.",
     .why = "Resolvers may renew the NS records of a zone from the zone's own servers, including a removed "
            "one. Shut it down, or let it refuse queries for the zone.",
     .only_with_removed_server = true},
});

}  // namespace

std::span<const Caveat> caveats() {
  return caveat_rows;
}

}  // namespace dkimprobe::checks
