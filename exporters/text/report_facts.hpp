// What every text about a report shows, chosen and worded the same way for the terminal and the web pages.
// Foreign words are escaped. It prints the content of a report and judges nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"

namespace dkimprobe::exporters {

/// One name of the alias chain: who was asked for it, and its zone.
struct HopRows {
  config::DomainName owner{};
  const probe::Delegation* zone = nullptr;          ///< null when no zone was found
  std::vector<const checks::ServerRow*> servers{};  ///< may be empty
};

/// The selector's own name, the targets of its aliases, and any other name that was queried; without those
/// that have neither a zone nor a server. It points into the report.
[[nodiscard]] std::vector<HopRows> hop_rows_of(const checks::Report& report);

/// The deepest of the zones that hold the name; null when none does.
[[nodiscard]] const probe::Delegation* zone_of(const std::vector<probe::Delegation>& delegations,
                                               const config::DomainName& name);

/// "rsa 2048 bits".
[[nodiscard]] std::string key_text(const checks::KeyFacts& key);

/// "DKIM1, DKIM2 (draft)"; empty if no signature can be verified.
[[nodiscard]] std::string serves_text(const checks::RecordFacts& record);

/// "ns1.example.com (192.0.2.1)": see RecordFacts.
[[nodiscard]] std::string publishers_text(const checks::RecordFacts& record);

/// What a validating resolver concludes, a line for each name of the chain: the state, and the zones from the
/// root down with the tags of the keys that are trusted or that DS records name. Empty where nothing was
/// validated.
[[nodiscard]] std::vector<std::string> dnssec_lines(const checks::Report& report);

/// "AA TC"; empty for neither.
[[nodiscard]] std::string flags_text(const checks::ServerRow& row);

/// The word of an enum, with spaces: "not dkim".
[[nodiscard]] std::string spaced(std::string_view word);

/// The checks that lacked what they need, except disabled ones.
[[nodiscard]] std::vector<std::string> unevaluated_checks(const checks::Report& report);

}  // namespace dkimprobe::exporters
