// A record in the formats for publishing it: a zone file, nsupdate, Route 53, Windows. It writes only what is
// to be pasted; the record is judged elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/names/domain_name.hpp"

namespace dkimprobe::exporters {

/// A TXT record that is not published yet.
struct PlannedRecord {
  config::DomainName name{};
  config::DomainName zone{};  ///< at or above the name; only for nsupdate and Windows
  std::uint32_t ttl_seconds = 0;
  std::vector<std::string> strings{};  ///< at least one, each of at most 255 octets; raw
};

enum class PublishFormat : std::uint8_t { text, zone, nsupdate, route53, powershell };

/// `text`: what verifiers see, the strings joined, for a control panel that splits it itself.
/// `zone`: a line of a zone file (RFC 1035 section 5.1).
/// `nsupdate`: a script that replaces all TXT records of the name. It names the zone; otherwise nsupdate
/// would query a recursive resolver for the name, which would then cache its absence. `route53`: a change
/// batch for `aws route53 change-resource-record-sets`, which replaces them too. `powershell`: a command for
/// the DNS server of Windows, which adds the record.
[[nodiscard]] std::string format_record(const PlannedRecord& record, PublishFormat format);

/// Whether Windows needs `dnscmd` for the strings instead of `Add-DnsServerResourceRecord`.
[[nodiscard]] bool needs_dnscmd(const PlannedRecord& record);

}  // namespace dkimprobe::exporters
