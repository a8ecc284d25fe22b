// What `terraform show -json` prints of a state or a plan, and OpenTofu too: the TXT records of Route 53,
// Cloudflare and Google Cloud DNS in it, of all modules, as they are or are planned to be.
#pragma once

#include "config/basics/result.hpp"
#include "config/records/line_reader.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

/// Each provider has its own way to write the strings of a record:
/// - aws_route53_record: the provider puts quotation marks around each of `records`; `""` within one begins
/// the next
///   string; three digits after a backslash are octal.
/// - cloudflare_record, cloudflare_dns_record: `content` (or `value`) is strings in quotation marks, or a
/// text without;
///   either is split every 255 octets.
/// - google_dns_record_set: each of `rrdatas` is strings in quotation marks, or words that white space
/// separates.
[[nodiscard]] Result<void> read_terraform_json(LineReader& input, const ReadingRules& rules,
                                               const FileSink& sink);

}  // namespace dkimprobe::config
