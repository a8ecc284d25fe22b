// The groups of the catalogue. The rows of a group are in one source file, next to the functions that find
// their faults; to add a check, add its row there.
#pragma once

#include <span>

#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::checks {

[[nodiscard]] std::span<const Check> path_checks();       ///< whether the nameservers were reached
[[nodiscard]] std::span<const Check> presence_checks();   ///< whether there is one key record
[[nodiscard]] std::span<const Check> record_checks();     ///< the text and the tags of a key record
[[nodiscard]] std::span<const Check> key_checks();        ///< what `p=` holds
[[nodiscard]] std::span<const Check> history_checks();    ///< keys over time
[[nodiscard]] std::span<const Check> size_checks();       ///< the answers' bytes against 512 and 1232
[[nodiscard]] std::span<const Check> adsp_checks();       ///< `_adsp._domainkey` (RFC 5617)
[[nodiscard]] std::span<const Check> server_checks();     ///< one server
[[nodiscard]] std::span<const Check> silence_checks();    ///< one server that does not answer
[[nodiscard]] std::span<const Check> cut_checks();        ///< the parent's delegation of the zone
[[nodiscard]] std::span<const Check> zone_checks();       ///< all servers, delegation, chain
[[nodiscard]] std::span<const Check> signature_checks();  ///< a message's signature field and its key

}  // namespace dkimprobe::checks
