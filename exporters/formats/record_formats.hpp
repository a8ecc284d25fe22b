// A record in the words of those who publish it: a zone file, nsupdate, Route 53, Windows. It writes what is
// to be pasted and nothing else; what the record is worth is judged elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/names/domain_name.hpp"

namespace dkimprobe::exporters {

/// A TXT record that does not stand in DNS yet.
struct PlannedRecord {
  config::DomainName name{};
  config::DomainName zone{};  ///< at or above the name; only nsupdate and Windows are told
  std::uint32_t ttl_seconds = 0;
  std::vector<std::string> strings{};  ///< at least one, each of at most 255 octets; raw
};

enum class PublishFormat : std::uint8_t { text, zone, nsupdate, route53, powershell };

/// `text`: what verifiers get, the strings joined, for a panel that cuts it by itself.
/// `zone`: a line of a zone file (RFC 1035 section 5.1).
/// `nsupdate`: a script that replaces all TXT records of the name. It names the zone, since nsupdate would
/// else
///   ask a recursive resolver for the name itself, whose absence would stay in that cache.
/// `route53`: a change batch for `aws route53 change-resource-record-sets`, which replaces them too.
/// `powershell`: a command for the DNS server of Windows, which adds the record.
[[nodiscard]] std::string format_record(const PlannedRecord& record, PublishFormat format);

/// Whether the strings need another command of Windows than `Add-DnsServerResourceRecord`.
[[nodiscard]] bool needs_dnscmd(const PlannedRecord& record);

}  // namespace dkimprobe::exporters
