// The groups of the catalogue. The rows of a group are in one source file, next to the functions that find
// their faults; to add a check, add its row there.
#pragma once

#include <span>
#include <string_view>

#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::checks {

/// The check that needs the prime test, which is omitted if the check is disabled.
inline constexpr std::string_view prime_modulus_check = "key_weak_prime";

[[nodiscard]] std::span<const Check> path_checks();        ///< whether the nameservers were reached
[[nodiscard]] std::span<const Check> presence_checks();    ///< whether there is one key record
[[nodiscard]] std::span<const Check> record_checks();      ///< the text and the tags of a key record
[[nodiscard]] std::span<const Check> key_checks();         ///< what `p=` holds
[[nodiscard]] std::span<const Check> weakness_checks();    ///< RSA keys that can be broken
[[nodiscard]] std::span<const Check> history_checks();     ///< keys over time
[[nodiscard]] std::span<const Check> size_checks();        ///< the answers' bytes against 512 and 1232
[[nodiscard]] std::span<const Check> adsp_checks();        ///< `_adsp._domainkey` (RFC 5617)
[[nodiscard]] std::span<const Check> server_checks();      ///< a server that returns errors or is lame
[[nodiscard]] std::span<const Check> stale_checks();       ///< a server with an old copy of the zone
[[nodiscard]] std::span<const Check> reply_checks();       ///< a server whose replies resolvers drop
[[nodiscard]] std::span<const Check> dnssec_checks();      ///< a server whose DNSSEC signatures are not valid
[[nodiscard]] std::span<const Check> address_checks();     ///< the addresses of nameservers
[[nodiscard]] std::span<const Check> udp_checks();         ///< a server over UDP: EDNS, size, speed
[[nodiscard]] std::span<const Check> silence_checks();     ///< a server that does not answer
[[nodiscard]] std::span<const Check> cut_checks();         ///< the parent's servers and the zone cut
[[nodiscard]] std::span<const Check> answer_checks();      ///< all servers' answers side by side
[[nodiscard]] std::span<const Check> alias_checks();       ///< the chain of aliases
[[nodiscard]] std::span<const Check> denial_checks();      ///< NXDOMAIN for names that exist
[[nodiscard]] std::span<const Check> delegation_checks();  ///< the zone's NS records and their addresses
[[nodiscard]] std::span<const Check> budget_checks();      ///< what the probe left out
[[nodiscard]] std::span<const Check> serial_checks();      ///< servers that stay behind their primary
[[nodiscard]] std::span<const Check> quorum_checks();      ///< whether enough servers answered
[[nodiscard]] std::span<const Check> ttl_checks();         ///< TTLs while a key is not in use yet
[[nodiscard]] std::span<const Check> signature_checks();   ///< a message's signature field and its key

}  // namespace dkimprobe::checks
