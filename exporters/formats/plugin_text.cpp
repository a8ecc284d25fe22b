#include "exporters/formats/plugin_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "exporters/text/response_sizes.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Report;
using checks::ServerOutcome;
using checks::Status;

constexpr std::size_t longest_line = 600;
constexpr std::size_t longest_performance_data = 6'000;  ///< the rest is for text

std::string status_word(Status status) {
  return upper_case(checks::to_string(status));
}

/// One line of text. `|` would begin performance data; `<` would begin a tag in Nagios web pages that do not
/// escape; other foreign octets are escaped again as a safeguard.
std::string words(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet >= 0x7f || c == '|' || c == '<' || c == '>') {
      line += fmt::format("\\x{:02x}", octet);
    } else {
      line += c;
    }
    if (line.size() >= longest_line) return line.substr(0, longest_line - 3) + "...";
  }
  return line;
}

/// The label of a value, without quotation marks and `=`, which would end it.
std::string label(std::string_view subject, std::string_view what) {
  std::string text = words(fmt::format("{} {}", subject, what));
  std::ranges::replace_if(text, [](char c) { return c == '\'' || c == '='; }, '_');
  return '\'' + text + '\'';
}

double seconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

/// Unknown values are omitted: some readers do not accept `U`.
std::string performance_data(const Report& report, std::string_view subject, const config::Policy& policy) {
  std::vector<std::string> values;
  if (report.key) {
    // RFC 8301 section 3.2: verifiers accept no shorter RSA key. For other keys the length is not a measure
    // of strength.
    values.push_back(report.key->algorithm == "rsa"
                         ? fmt::format("{}={};{}:;1024:;0;", label(subject, "key_bits"), report.key->bits,
                                       policy.key_size.rsa_bits)
                         : fmt::format("{}={};;;0;", label(subject, "key_bits"), report.key->bits));
  }
  if (const auto bytes = plain_bytes(report.size))
    values.push_back(fmt::format("{}={}B;{};;0;", label(subject, "bytes_plain"), *bytes, plain_limit_bytes));
  if (const auto bytes = edns_bytes(report.size))
    values.push_back(fmt::format("{}={}B;{};;0;", label(subject, "bytes_edns"), *bytes, edns_limit_bytes));

  std::size_t asked = 0;
  std::size_t answering = 0;
  std::optional<std::chrono::microseconds> slowest;
  for (const auto& row : report.servers) {
    if (row.outcome == ServerOutcome::not_asked || row.outcome == ServerOutcome::local_error) continue;
    ++asked;
    if (checks::is_whole(row.outcome)) ++answering;
    if (row.round_trip) slowest = std::max(slowest.value_or(*row.round_trip), *row.round_trip);
  }
  if (asked > 0)
    values.push_back(fmt::format("{}={};{}:;1:;0;{}", label(subject, "servers"), answering, asked, asked));
  if (slowest) {
    values.push_back(fmt::format("{}={:.6f}s;{:.3f};;0;", label(subject, "response_time"), seconds(*slowest),
                                 seconds(policy.slow_answer)));
  }
  if (report.negative_ttl_seconds) {
    values.push_back(
        fmt::format("{}={}s;;;0;", label(subject, "negative_ttl"), *report.negative_ttl_seconds));
  }
  return fmt::format("{}", fmt::join(values, " "));
}

std::string name_of(const Report& report) {
  return fmt::format("{} at {}", report.selector.to_string(), report.domain.to_string());
}

std::string headline(std::span<const Report> reports, Status status) {
  const auto worst = std::ranges::find(reports, status, &Report::status);
  if (worst == reports.end()) return "no selector was evaluated";
  std::string text = fmt::format("{}: {}", name_of(*worst), worst->headline);
  if (reports.size() == 1) return text;
  const auto alike = std::ranges::count(reports, status, &Report::status);
  if (status == Status::ok) return fmt::format("{} selectors, none worse than a notice", reports.size());
  return fmt::format("{} of {} selectors {}: {}", alike, reports.size(), checks::to_string(status), text);
}

/// The lines after the first, worst selectors first.
std::vector<std::string> further_lines(std::span<const Report> reports) {
  std::vector<std::string> lines;
  for (const Status status : {Status::critical, Status::unknown, Status::warning, Status::ok}) {
    for (const auto& report : reports) {
      if (report.status != status) continue;
      if (reports.size() > 1)
        lines.push_back(fmt::format("[{}] {}: {}", status_word(status), name_of(report), report.headline));
      for (const auto& finding : report.findings) {
        lines.push_back(fmt::format("{} {}: {}", checks::to_string(finding.severity), finding.check->name,
                                    finding.detail));
        if (!finding.remedy.empty()) lines.push_back("fix: " + finding.remedy.str());
      }
    }
  }
  return lines;
}

/// Appends the lines, as many as fit.
std::string with_lines(std::string text, std::span<const std::string> lines) {
  constexpr std::size_t room_for_end = 40;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string line = words(lines[i]);
    if (text.size() + line.size() + 1 + room_for_end > longest_plugin_text)
      return text + fmt::format("and {} more lines\n", lines.size() - i);
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::string plugin_text(std::span<const Report> reports, Status status, const config::Policy& policy) {
  const bool one_domain = std::ranges::all_of(
      reports, [&](const Report& report) { return report.domain == reports.front().domain; });
  std::string data;
  std::size_t without_data = 0;
  for (const auto& report : reports) {
    const std::string subject =
        one_domain ? report.selector.to_string()
                   : fmt::format("{} {}", report.selector.to_string(), report.domain.to_string());
    const std::string values = performance_data(report, subject, policy);
    if (values.empty()) continue;
    if (data.size() + values.size() > longest_performance_data) {
      ++without_data;
    } else {
      data += (data.empty() ? "" : " ") + values;
    }
  }
  auto lines = further_lines(reports);
  if (without_data > 0) {
    lines.insert(lines.begin(),
                 fmt::format("performance data of {} selectors omitted: plugin output is limited to 8 KiB",
                             without_data));
  }
  return with_lines(fmt::format("DKIM {} - {}{}{}\n", status_word(status), words(headline(reports, status)),
                                data.empty() ? "" : " | ", data),
                    lines);
}

std::string plugin_failure(std::span<const std::string> lines) {
  return with_lines(fmt::format("DKIM UNKNOWN - {}\n", words(lines.front())), lines.subspan(1));
}

}  // namespace dkimprobe::exporters
