#include "exporters/terminal/report_table.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"
#include "exporters/terminal/text_page.hpp"
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
  std::string headline{};
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
  void hop(const Report& report, const config::DomainName& owner);
  void rotation_facts(const Report& report);
};

void TableWriter::verdict(const Report& report) {
  const Symbol symbol = symbol_of(report.status);
  const std::string word = upper_case(checks::to_string(report.status));
  const std::size_t indent = 2 + word.size() + 2;
  const TextStyle text_style = style().color ? symbol.text_style : TextStyle::plain;
  std::string text = fmt::format("{} at {}", report.selector.to_string(), report.domain.to_string());
  if (!report.headline.empty()) text += ": " + without_controls(report.headline);
  paragraph(fmt::format("{} {}  ", paint(glyph(symbol), text_style), paint(word, text_style)), indent, text,
            TextStyle::bold);
  line();
}

/// The text of a record, with the middle of a long key omitted.
std::string record_text(const checks::RecordFacts& record, std::string_view ellipsis) {
  constexpr std::size_t longest_shown = 240;
  constexpr std::size_t key_start = 12;
  constexpr std::size_t key_end = 8;
  std::string joined;
  for (const auto& part : record.strings) joined += part;
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

void TableWriter::facts(const Report& report) {
  const std::string_view ellipsis = style().unicode ? "…" : "...";
  if (report.role != config::Role::active) fact("Role", config::to_string(report.role));

  std::string about(checks::to_string(report.record.record_class));
  std::replace(about.begin(), about.end(), '_', ' ');
  std::set<std::uint32_t> ttls;
  for (const auto& row : report.servers) {
    if (row.ttl_seconds && !row.answer_sha256.empty()) ttls.insert(*row.ttl_seconds);
  }
  if (!report.record.strings.empty()) {
    std::size_t octets = 0;
    for (const auto& part : report.record.strings) octets += part.size();
    about += fmt::format(", {} octets in {} string{}", octets, report.record.strings.size(),
                         report.record.strings.size() == 1 ? "" : "s");
  }
  if (ttls.size() == 1) {
    about += fmt::format(", TTL {}", checks::ttl_text(*ttls.begin()));
  } else if (ttls.size() > 1) {
    about +=
        fmt::format(", TTL from {} to {}", checks::ttl_text(*ttls.begin()), checks::ttl_text(*ttls.rbegin()));
  }
  fact("Record", about);
  if (!report.record.strings.empty()) fact("", record_text(report.record, ellipsis));

  if (report.key) {
    std::string key = fmt::format("{} {} bits", without_controls(report.key->algorithm), report.key->bits);
    if (report.key->exponent) key += fmt::format(", exponent {}", *report.key->exponent);
    if (!report.key->sha256.empty())
      key += fmt::format(", SHA-256 {}{}", report.key->sha256.substr(0, 16), ellipsis);
    fact("Key", key);
  }
  for (const auto& alias : report.chain) {
    fact(alias.is_dname ? "DNAME" : "CNAME",
         fmt::format("{} {} {}, TTL {}", alias.owner.to_string(), style().unicode ? "→" : "->",
                     alias.target.to_string(), checks::ttl_text(alias.ttl_seconds)));
  }
  if (report.rotation) rotation_facts(report);
  switch (report.adsp) {
    case checks::AdspPolicy::none:
    case checks::AdspPolicy::out_of_scope:
    case checks::AdspPolicy::not_known:
      break;
    case checks::AdspPolicy::unknown:
    case checks::AdspPolicy::all:
    case checks::AdspPolicy::discardable:
    case checks::AdspPolicy::invalid:
      fact("ADSP", checks::to_string(report.adsp));
      break;
  }
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
    case checks::ServerOutcome::local_error:
      return unknown_symbol;
  }
  return unknown_symbol;
}

/// The names of the chain in order: the selector's own, the targets, and any other name that was queried.
std::vector<config::DomainName> owners_of(const Report& report) {
  std::vector<config::DomainName> owners{report.name};
  const auto add = [&](const config::DomainName& name) {
    if (std::find(owners.begin(), owners.end(), name) == owners.end()) owners.push_back(name);
  };
  for (const auto& alias : report.chain) {
    if (!alias.is_dname) add(alias.target);
  }
  for (const auto& row : report.servers) add(row.owner);
  return owners;
}

std::string flags_of(const ServerRow& row) {
  std::string flags;
  if (row.authoritative) flags = "AA";
  if (row.truncated) flags += flags.empty() ? "TC" : " TC";
  return flags;
}

template <class Value>
bool differ(const std::vector<Value>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>{}) != values.end();
}

void TableWriter::hop(const Report& report, const config::DomainName& owner) {
  std::vector<const ServerRow*> rows;
  for (const auto& row : report.servers) {
    if (row.owner == owner) rows.push_back(&row);
  }
  const auto* zone = zone_of(report.delegations, owner);
  if (rows.empty() && zone == nullptr) return;
  heading(owner, zone);
  if (rows.empty()) return;

  std::vector<char> letters;
  std::vector<std::uint32_t> numbers;
  for (const auto* row : rows) {
    if (row->group != ' ') letters.push_back(row->group);
    if (row->serial) numbers.push_back(*row->serial);
  }
  const bool groups = differ(letters);
  const bool serials = differ(numbers);
  std::vector<Column> columns;
  columns.push_back({"", false, 0});
  if (groups) columns.push_back({"", false, 0});
  columns.push_back({"server", false, 14});
  columns.push_back({"address", false, 0});
  columns.push_back({"answer", false, 10});
  columns.push_back({"flags", false, 0});
  columns.push_back({"bytes", true, 0});
  columns.push_back({"time", true, 0});
  if (serials) columns.push_back({"serial", true, 0});

  std::vector<std::vector<Cell>> cells;
  for (const auto* row : rows) {
    const Symbol symbol = symbol_of(report, *row);
    auto& out = cells.emplace_back();
    out.push_back({std::string(glyph(symbol)), symbol.text_style});
    if (groups) out.push_back({std::string(1, row->group), TextStyle::bold});
    out.push_back({without_controls(row->id.name)});
    out.push_back({row->id.address.ip.to_string()});
    out.push_back({without_controls(row->answer),
                   symbol.text_style == TextStyle::good ? TextStyle::plain : symbol.text_style});
    out.push_back({flags_of(*row)});
    out.push_back({row->udp_bytes ? fmt::format("{}", *row->udp_bytes) : ""});
    out.push_back({row->round_trip ? checks::measured_text(*row->round_trip) : "", TextStyle::dim});
    if (serials) out.push_back({row->serial ? fmt::format("{}", *row->serial) : ""});
  }
  rows_as_table(std::move(columns), cells);
}

void TableWriter::hops(const Report& report) {
  for (const auto& owner : owners_of(report)) hop(report, owner);
}

bool all_answered(const Report& report) {
  return !report.servers.empty() &&
         std::all_of(report.servers.begin(), report.servers.end(), [](const ServerRow& row) {
           return row.outcome == checks::ServerOutcome::answered ||
                  row.outcome == checks::ServerOutcome::nodata ||
                  row.outcome == checks::ServerOutcome::nxdomain;
         });
}

void TableWriter::remainder(const Report& report) {
  std::string names;
  std::size_t count = 0;
  for (const auto& result : report.outcomes) {
    if (result.outcome != checks::CheckOutcome::not_evaluated || !result.disabled.empty()) continue;
    if (++count <= longest_list) names += (names.empty() ? "" : ", ") + std::string(result.check->name);
  }
  line();
  if (report.findings.empty() && report.status == Status::ok)
    paragraph("  ", 2, "No fault found.", TextStyle::good);
  // With some settings, some checks are never evaluated. List them only if servers did not answer, so that a
  // verdict may be missing.
  if (count > 0 && !all_answered(report)) {
    if (count > longest_list) names += fmt::format(" and {} more", count - longest_list);
    paragraph("  ", 2, fmt::format("not evaluated: {}", names), TextStyle::dim);
  }
  for (const auto& result : report.outcomes) {
    if (result.disabled.empty()) continue;
    const std::string reason =
        style().unicode ? without_controls(result.disabled) : config::escape_text(result.disabled);
    paragraph("  ", 2, fmt::format("disabled: {}: {}", result.check->name, reason), TextStyle::dim);
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
  std::vector<std::string> sentences = report.not_asked;
  sentences.push_back(checks::no_way_sentence(report.servers));
  for (const std::string& sentence : sentences) {
    if (sentence.empty()) continue;
    line();
    paragraph("  ", 2, without_controls(sentence));
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
    const std::string headline = without_controls(row.headline);
    if (row.name.size() > widest) {
      paragraph(first, indent, row.name + ": " + headline);
    } else {
      paragraph(first + pad_right(row.name, widest) + "  ", indent + widest + 2, headline);
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
