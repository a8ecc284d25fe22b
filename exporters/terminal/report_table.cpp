#include "exporters/terminal/report_table.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"
#include "exporters/terminal/text_page.hpp"
#include "exporters/text/compatibility_text.hpp"
#include "exporters/text/report_facts.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Report;
using checks::ServerRow;
using checks::Severity;
using checks::Status;

using exporters::symbol_of;

/// One line about a selector or a domain.
struct SummaryRow {
  std::string name{};
  Status status = Status::unknown;
  config::EscapedText headline{};
};

class TableWriter : public TextPage {
 public:
  using TextPage::TextPage;

  void verdict(const Report& report);
  void facts(const Report& report);
  void hops(const Report& report);
  void lack(const Report& report);
  void remainder(const Report& report);
  void summary(std::string_view title, const std::vector<SummaryRow>& rows);

 private:
  void record_facts(const Report& report);
  void lines(std::string_view label, const std::vector<std::string>& texts);
  void rotation_facts(const Report& report);
  void hop(const Report& report, const HopRows& hop);
};

void TableWriter::verdict(const Report& report) {
  const Symbol symbol = symbol_of(report.status);
  const std::string word = upper_case(checks::to_string(report.status));
  const std::size_t indent = 2 + word.size() + 2;
  const TextStyle text_style = style().color ? symbol.text_style : TextStyle::plain;
  std::string text = fmt::format("{} at {}", report.selector.to_string(), report.domain.to_string());
  if (!report.headline.empty()) text += ": " + report.headline.str();
  paragraph(fmt::format("{} {}  ", paint(glyph(symbol), text_style), paint(word, text_style)), indent, text,
            TextStyle::bold);
  line();
}

/// The text of a record, with the middle of a long key omitted.
std::string record_text(const checks::RecordFacts& record, std::string_view ellipsis) {
  constexpr std::size_t longest_shown = 240;
  constexpr std::size_t key_start = 12;
  constexpr std::size_t key_end = 8;
  const std::string joined = checks::join_strings(record.strings);
  for (const auto& tag : record.tags) {
    if (tag.name != "p" || tag.value.size() <= key_start + key_end + 4) continue;
    const std::size_t at = joined.find(tag.value, tag.offset);
    if (at == std::string::npos) continue;
    const std::string before = joined.substr(0, at + key_start);
    const std::string after = joined.substr(at + tag.value.size() - key_end);
    return config::escape_text(before, longest_shown) + std::string(ellipsis) +
           config::escape_text(after, longest_shown);
  }
  return config::escape_text(joined, longest_shown);
}

/// Future times only: when a key may sign, when one may be removed. Missed times are findings.
void TableWriter::rotation_facts(const Report& report) {
  const auto& [sign, remove, reasons] = *report.rotation;
  switch (report.role) {
    case config::Role::active:
      break;
    case config::Role::pending:
    case config::Role::standby:
      if (sign && *sign > report.observed_at) {
        fact("Sign", fmt::format("not before {}: until then caches may hold something else",
                                 checks::time_text(*sign)));
      }
      break;
    case config::Role::retired:
      if (remove && *remove > report.observed_at)
        fact("Remove",
             fmt::format("not before {}: mail signed with it may be in transit", checks::time_text(*remove)));
      break;
  }
}

/// ", TTL 5 min", or the range if the servers return several; empty without any.
std::string ttls_text(const Report& report) {
  std::set<std::uint32_t> ttls;
  for (const auto& row : report.servers) {
    if (row.ttl_seconds && !row.answer_sha256.empty()) ttls.insert(*row.ttl_seconds);
  }
  if (ttls.empty()) return {};
  if (ttls.size() == 1) return fmt::format(", TTL {}", checks::ttl_text(*ttls.begin()));
  return fmt::format(", TTL from {} to {}", checks::ttl_text(*ttls.begin()),
                     checks::ttl_text(*ttls.rbegin()));
}

void TableWriter::record_facts(const Report& report) {
  const std::string_view ellipsis = style().unicode ? "…" : "...";
  const auto& strings = report.record.strings;
  std::string about = spaced(checks::to_string(report.record.record_class));
  if (!strings.empty())
    about += fmt::format(", {} octets in {}", checks::join_strings(strings).size(),
                         counted(strings.size(), "string"));
  if (!report.record.servers.empty()) about += ", on " + publishers_text(report.record);
  fact("Record", about + ttls_text(report));
  if (!strings.empty()) fact("", record_text(report.record, ellipsis));
  if (const std::string serves = serves_text(report.record); !serves.empty()) fact("Serves", serves);
  if (report.record.withheld) fact("", "(not shown: it contains a private key)");
  if (!report.key) return;
  std::string key = key_text(*report.key);
  if (report.key->exponent) key += fmt::format(", exponent {}", *report.key->exponent);
  if (!report.key->sha256.empty())
    key += fmt::format(", SHA-256 {}{}", report.key->sha256.substr(0, 16), ellipsis);
  fact("Key", key);
}

/// Whether the domain publishes signing practices that say anything.
bool has_practices(checks::AdspPolicy policy) {
  switch (policy) {
    case checks::AdspPolicy::none:
    case checks::AdspPolicy::out_of_scope:
    case checks::AdspPolicy::not_known:
      return false;
    case checks::AdspPolicy::unknown:
    case checks::AdspPolicy::all:
    case checks::AdspPolicy::discardable:
    case checks::AdspPolicy::invalid:
      return true;
  }
  return false;
}

/// A fact of several lines.
void TableWriter::lines(std::string_view label, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    fact(label, text);
    label = {};
  }
}

void TableWriter::facts(const Report& report) {
  if (report.role != config::Role::active) fact("Role", config::to_string(report.role));
  record_facts(report);
  lines("Verifiers", verifier_lines(report));
  lines("Rewrite", rewrite_lines(report));
  aliases(report.chain);
  lines("DNSSEC", dnssec_lines(report));
  if (report.rotation) rotation_facts(report);
  if (has_practices(report.adsp)) fact("ADSP", checks::to_string(report.adsp));
}

Symbol symbol_of(const Report& report, const ServerRow& row) {
  if (const auto severity = report.worst_about(row.id)) return symbol_of(*severity);
  switch (row.outcome) {
    case checks::ServerOutcome::answered:
      return good_symbol;
    // The findings decide whether an absent record is a fault.
    case checks::ServerOutcome::nodata:
    case checks::ServerOutcome::nxdomain:
    case checks::ServerOutcome::not_asked:
      return neutral_symbol;
    case checks::ServerOutcome::servfail:
    case checks::ServerOutcome::refused:
    case checks::ServerOutcome::formerr:
    case checks::ServerOutcome::notimp:
    case checks::ServerOutcome::other_rcode:
    case checks::ServerOutcome::not_authoritative:
    case checks::ServerOutcome::upward_referral:
    case checks::ServerOutcome::self_referral:
    case checks::ServerOutcome::timeout:
    case checks::ServerOutcome::unreachable:
    case checks::ServerOutcome::tcp_failed:
    case checks::ServerOutcome::malformed:
    case checks::ServerOutcome::too_large:
    case checks::ServerOutcome::local_error:
      return unknown_symbol;
  }
  return unknown_symbol;
}

/// A line of the table of servers, with all columns.
std::vector<Cell> server_cells(const ServerRow& row, const Symbol& symbol, std::string_view glyph) {
  return {{std::string(glyph), symbol.text_style},
          {std::string(1, row.group), TextStyle::bold},
          {row.id.name.str()},
          {row.id.address.ip.to_string()},
          {row.answer.str(), symbol.text_style == TextStyle::good ? TextStyle::plain : symbol.text_style},
          {flags_text(row)},
          {row.udp_bytes ? fmt::format("{}", *row.udp_bytes) : ""},
          {row.round_trip ? checks::measured_text(*row.round_trip) : "", TextStyle::dim},
          {row.serial ? fmt::format("{}", *row.serial) : ""}};
}

void TableWriter::hop(const Report& report, const HopRows& hop) {
  heading(hop.owner, hop.zone);
  if (hop.servers.empty()) return;
  constexpr std::ptrdiff_t group_column = 1;
  constexpr std::ptrdiff_t serial_column = 8;
  std::vector<Column> columns{{"", false, 0},        {"", false, 0},        {"server", false, 14},
                              {"address", false, 0}, {"answer", false, 10}, {"flags", false, 0},
                              {"bytes", true, 0},    {"time", true, 0},     {"serial", true, 0}};
  std::vector<std::vector<Cell>> rows;
  std::set<char> groups;
  std::set<std::uint32_t> serials;
  for (const auto* row : hop.servers) {
    const Symbol symbol = symbol_of(report, *row);
    rows.push_back(server_cells(*row, symbol, glyph(symbol)));
    if (row->group != ' ') groups.insert(row->group);
    if (row->serial) serials.insert(*row->serial);
  }
  // Groups and serials are shown only if they differ.
  const auto drop = [&](std::ptrdiff_t column) {
    columns.erase(columns.begin() + column);
    for (auto& row : rows) row.erase(row.begin() + column);
  };
  if (serials.size() < 2) drop(serial_column);
  if (groups.size() < 2) drop(group_column);
  rows_as_table(std::move(columns), rows);
}

void TableWriter::hops(const Report& report) {
  for (const auto& each : hop_rows_of(report)) hop(report, each);
}

bool all_answered(const Report& report) {
  return !report.servers.empty() &&
         std::ranges::all_of(report.servers, checks::is_whole, &ServerRow::outcome);
}

void TableWriter::remainder(const Report& report) {
  line();
  if (report.findings.empty() && report.status == Status::ok)
    paragraph("  ", 2, "No fault found.", TextStyle::good);
  // With some settings, some checks are never evaluated. List them only if servers did not answer, so that a
  // verdict may be missing.
  const auto unevaluated = unevaluated_checks(report);
  if (!unevaluated.empty() && !all_answered(report))
    paragraph("  ", 2, fmt::format("not evaluated: {}", checks::join_some(unevaluated)), TextStyle::dim);
  for (const auto& result : report.outcomes) {
    if (result.disabled.empty()) continue;
    paragraph("  ", 2, fmt::format("disabled: {}: {}", result.check->name, result.disabled), TextStyle::dim);
  }
  if (!report.findings.empty()) {
    paragraph("  ", 2, fmt::format("details: dkimprobe explain {}", report.findings.front().check->name),
              TextStyle::dim);
  }
  paragraph("  ", 2,
            fmt::format("{}, {}", checks::time_text(report.observed_at), checks::measured_text(report.took)),
            TextStyle::dim);
}

/// What was not queried on the path, and servers that this machine cannot reach for lack of IPv4 or IPv6.
void TableWriter::lack(const Report& report) {
  auto sentences = report.not_asked;
  sentences.emplace_back(checks::no_way_sentence(report.servers));
  for (const auto& sentence : sentences) {
    if (sentence.empty()) continue;
    line();
    paragraph("  ", 2, sentence);
  }
}

void TableWriter::summary(std::string_view title, const std::vector<SummaryRow>& rows) {
  std::size_t widest = 0;
  for (const auto& row : rows) widest = std::max(widest, row.name.size());
  widest = std::min(widest, style().columns / 3);
  paragraph("", 0, title, TextStyle::bold);
  for (const auto& row : rows) {
    const Symbol symbol = symbol_of(row.status);
    const std::string word = pad_right(std::string(checks::to_string(row.status)), 8);
    const std::string first = fmt::format("{} {}  ", paint(symbol), paint(word, symbol.text_style));
    const std::size_t indent = 2 + 8 + 2;
    if (row.name.size() > widest) {
      paragraph(first, indent, row.name + ": " + row.headline.str());
    } else {
      paragraph(first + pad_right(row.name, widest) + "  ", indent + widest + 2, row.headline);
    }
  }
}

}  // namespace

std::string report_table(const Report& report, const TableStyle& style) {
  TableWriter writer(style);
  writer.verdict(report);
  writer.facts(report);
  writer.sizes(report.size);
  writer.hops(report);
  writer.findings(report.findings);
  writer.lack(report);
  writer.remainder(report);
  return writer.take();
}

std::string summary_table(const config::DomainName& domain, std::span<const Report> reports,
                          const TableStyle& style) {
  std::vector<SummaryRow> rows;
  for (const auto& report : reports)
    rows.push_back({report.selector.to_string(), report.status, report.headline});
  TableWriter writer(style);
  writer.summary(fmt::format("{} selectors of {}", reports.size(), domain.to_string()), rows);
  return writer.take();
}

std::string domains_table(std::span<const DomainSummary> domains, const TableStyle& style) {
  std::vector<SummaryRow> rows;
  for (const auto& domain : domains)
    rows.push_back({domain.domain.to_string(), domain.status, domain.headline});
  TableWriter writer(style);
  writer.summary(fmt::format("{} domains", domains.size()), rows);
  return writer.take();
}

}  // namespace dkimprobe::exporters
