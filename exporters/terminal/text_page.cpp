#include "exporters/terminal/text_page.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"
#include "exporters/text/response_sizes.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Severity;

std::string_view escape_code(TextStyle text_style) {
  switch (text_style) {
    case TextStyle::plain:
      return "";
    case TextStyle::bold:
      return "\x1b[1m";
    case TextStyle::dim:
      return "\x1b[2m";
    case TextStyle::good:
      return "\x1b[32m";
    case TextStyle::notice:
      return "\x1b[36m";
    case TextStyle::warning:
      return "\x1b[33m";
    case TextStyle::bad:
      return "\x1b[1;31m";
    case TextStyle::unknown:
      return "\x1b[35m";
  }
  return "";
}

std::string about_zone(const probe::Delegation& delegation) {
  const std::string zone = delegation.zone.to_string();
  const std::string stopped = delegation.stopped_at.to_string();
  switch (delegation.outcome) {
    case probe::DiscoveryOutcome::complete:
      return fmt::format("zone {}", zone);
    case probe::DiscoveryOutcome::pinned:
      return "the given servers, not discovered";
    case probe::DiscoveryOutcome::no_servers:
      return fmt::format("no server of {} answered", stopped);
    case probe::DiscoveryOutcome::intercepted:
      return "this network answers DNS itself";
    case probe::DiscoveryOutcome::loop:
      return fmt::format("the delegation of {} points back to itself", stopped);
    case probe::DiscoveryOutcome::budget_exhausted:
      return fmt::format("server discovery stopped at {}: too many steps", stopped);
    case probe::DiscoveryOutcome::interrupted:
      return fmt::format("server discovery was interrupted at {}", stopped);
  }
  return {};
}

/// The symbols at the start of a line have narrower gaps than the columns.
std::size_t gap_before(std::size_t column) {
  return column == 0 ? 0 : column < 3 ? 1 : 2;
}

/// Narrows the widest columns that can shrink, one character at a time, until the table fits; false if it
/// cannot.
bool shrink_to(std::vector<Column>& columns, std::size_t widest_table) {
  std::size_t total = 2;
  for (std::size_t i = 0; i < columns.size(); ++i) total += gap_before(i) + columns[i].width;
  for (; total > widest_table; --total) {
    Column* widest = nullptr;
    for (auto& column : columns) {
      const bool can_shrink = column.narrowest != 0 && column.width > column.narrowest;
      if (can_shrink && (widest == nullptr || column.width > widest->width)) widest = &column;
    }
    if (widest == nullptr) return false;
    --widest->width;
  }
  return true;
}

/// Whether a sentence names all the servers, so that they need no line of their own.
bool names_all(std::string_view detail, const std::vector<checks::ServerId>& servers) {
  return std::all_of(servers.begin(), servers.end(), [&](const checks::ServerId& server) {
    return detail.find(server.name) != std::string_view::npos &&
           detail.find(server.address.ip.to_string()) != std::string_view::npos;
  });
}

}  // namespace

Symbol symbol_of(Severity severity) {
  switch (severity) {
    case Severity::notice:
      return {"•", "-", TextStyle::notice};
    case Severity::warning:
      return {"▲", "!", TextStyle::warning};
    case Severity::critical:
      return {"✗", "X", TextStyle::bad};
  }
  return {};
}

Symbol symbol_of(checks::Status status) {
  switch (status) {
    case checks::Status::ok:
      return good_symbol;
    case checks::Status::warning:
      return symbol_of(Severity::warning);
    case checks::Status::critical:
      return symbol_of(Severity::critical);
    case checks::Status::unknown:
      return unknown_symbol;
  }
  return {};
}

std::string server_name(const checks::ServerId& server) {
  if (!server.has_address()) return server.name.str();
  return fmt::format("{} ({})", server.name, server.address.ip.to_string());
}

std::string server_names(std::span<const checks::ServerId> servers) {
  std::vector<std::string> names;
  for (const auto& server : servers) names.push_back(server_name(server));
  return checks::join_some(names);
}

TextPage::TextPage(const TableStyle& style) : style_(style) {
  style_.columns = std::max(style_.columns, narrowest_page);
}

std::string TextPage::paint(std::string_view text, TextStyle text_style) const {
  if (!style_.color || text_style == TextStyle::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_code(text_style), text);
}

void TextPage::line(std::string_view text) {
  text_ += text;
  // Remove the padding of the last cell.
  while (text_.ends_with(' ')) text_.pop_back();
  text_ += '\n';
}

void TextPage::paragraph(std::string_view first, std::size_t indent, std::string_view text,
                         TextStyle text_style) {
  bool is_first = true;
  for (const auto& part : wrap_text(text, style_.columns > indent ? style_.columns - indent : 1)) {
    line((is_first ? std::string(first) : std::string(indent, ' ')) + paint(part, text_style));
    is_first = false;
  }
}

void TextPage::fact(std::string_view label, std::string_view text, TextStyle text_style) {
  paragraph(fmt::format("  {}", paint(pad_right(std::string(label), label_columns - 2), TextStyle::dim)),
            label_columns, text, text_style);
}

void TextPage::heading(const config::DomainName& owner, const probe::Delegation* zone) {
  line();
  const std::string about = zone == nullptr ? std::string{} : about_zone(*zone);
  const std::string name = owner.to_string();
  if (2 + name.size() + 2 + about.size() <= style_.columns) {
    line(fmt::format("  {}  {}", paint(name, TextStyle::bold), paint(about, TextStyle::dim)));
  } else {
    paragraph("  ", 2, name, TextStyle::bold);
    if (!about.empty()) paragraph("  ", 2, about, TextStyle::dim);
  }
}

void TextPage::bar(std::string_view label, std::uint32_t bytes, std::uint32_t limit, TextStyle over_style,
                   std::string_view most) {
  constexpr std::size_t cells = 24;
  const bool fits = bytes <= limit;
  std::size_t filled = fits ? (bytes * cells + limit / 2) / limit : cells;
  // A bar is full only if nothing is left.
  if (bytes < limit) filled = std::min(filled, cells - 1);
  const TextStyle text_style = fits ? TextStyle::good : over_style;
  std::string full;
  std::string empty;
  for (std::size_t i = 0; i < filled; ++i) full += style_.unicode ? "█" : "#";
  for (std::size_t i = filled; i < cells; ++i) empty += style_.unicode ? "░" : ".";
  const std::string numbers = fmt::format("{:>4} of {:>4}  ", bytes, limit);
  const std::string head =
      fmt::format("  {}{}", paint(pad_right(std::string(label), label_columns - 2), TextStyle::dim), numbers);
  const std::size_t head_columns = label_columns + numbers.size();
  const std::string tail = fits ? fmt::format("{} bytes left", limit - bytes)
                                : fmt::format("{}{} bytes over", most, bytes - limit);
  // Without room for both, print only the words.
  if (head_columns + cells + 2 + text_width(tail) > style_.columns) {
    paragraph(head, head_columns, tail, text_style);
  } else {
    line(head + paint(full, text_style) + paint(empty, TextStyle::dim) + "  " + paint(tail, text_style));
  }
}

void TextPage::sizes(const checks::SizeFacts& size) {
  const auto plain = plain_bytes(size);
  if (plain) bar("Plain UDP", *plain, plain_limit_bytes, TextStyle::warning, "");
  if (size.chain && size.chain != size.direct) {
    bar("Chain", *size.chain, plain_limit_bytes, TextStyle::warning, "up to ");
  }
  if (const auto bytes = edns_bytes(size)) bar("EDNS", *bytes, edns_limit_bytes, TextStyle::bad, "");
  if (plain && *plain > plain_limit_bytes && !size.drop_first.empty()) {
    std::string tags;
    for (const auto& tag : size.drop_first) {
      tags += (tags.empty() ? "" : ", then ") + config::escape_text(tag, 20);
    }
    fact("", "to save bytes, drop " + tags);
  }
}

void TextPage::aliases(std::span<const checks::AliasFact> chain) {
  for (const auto& alias : chain) {
    fact(alias.is_dname ? "DNAME" : "CNAME",
         fmt::format("{} {} {}, TTL {}", alias.owner.to_string(), style_.unicode ? "→" : "->",
                     alias.target.to_string(), checks::ttl_text(alias.ttl_seconds)));
  }
}

void TextPage::rows_as_table(std::vector<Column> columns, const std::vector<std::vector<Cell>>& rows) {
  std::vector<Cell> heads;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    heads.push_back({std::string(columns[i].head), TextStyle::dim});
    columns[i].width = columns[i].head.size();
    for (const auto& row : rows) columns[i].width = std::max(columns[i].width, text_width(row[i].text));
  }
  if (!shrink_to(columns, style_.columns)) return rows_stacked(columns, rows);
  table_row(columns, heads);
  for (const auto& row : rows) table_row(columns, row);
}

/// A row takes as many lines as its highest cell.
void TextPage::table_row(const std::vector<Column>& columns, const std::vector<Cell>& row) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    cells.push_back(wrap_text(row[i].text, columns[i].width));
    height = std::max(height, cells.back().size());
  }
  for (std::size_t at = 0; at < height; ++at) {
    std::string out = "  ";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::string text = at < cells[i].size() ? cells[i][at] : "";
      const TextStyle text_style = text.empty() ? TextStyle::plain : row[i].text_style;
      if (columns[i].to_the_right) {
        text = pad_left(std::move(text), columns[i].width);
      } else if (i + 1 < columns.size()) {
        // No padding at the end of a line: with a text style, line() could not remove it.
        text = pad_right(std::move(text), columns[i].width);
      }
      out.append(gap_before(i), ' ');
      out += paint(text, text_style);
    }
    line(out);
  }
}

/// For terminals too narrow for columns: the server and its address, then the rest below them.
void TextPage::rows_stacked(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows) {
  std::size_t server = 0;
  while (columns[server].head != "server") ++server;
  for (const auto& row : rows) {
    std::string marks;
    for (std::size_t i = 0; i < server; ++i) marks += paint(row[i].text, row[i].text_style) + ' ';
    paragraph("  " + marks, 2 + 2 * server, fmt::format("{} {}", row[server].text, row[server + 1].text));
    std::string rest;
    for (std::size_t i = server + 2; i < columns.size(); ++i) {
      if (row[i].text.empty()) continue;
      if (!rest.empty()) rest += ", ";
      if (columns[i].head == "serial") rest += "serial ";
      rest += row[i].text;
      if (columns[i].head == "bytes") rest += " bytes";
    }
    const std::size_t indent = 4 + 2 * server;
    paragraph(std::string(indent, ' '), indent, rest, row[server + 2].text_style);
  }
}

void TextPage::findings(std::span<const checks::Finding> findings) {
  // If a network answers in place of all servers, each server has the same findings.
  constexpr std::size_t most_of_a_check = 3;
  while (!findings.empty()) {
    const auto end = std::ranges::find_if(
        findings, [&](const checks::Finding& finding) { return finding.check != findings.front().check; });
    const auto of_check = findings.first(static_cast<std::size_t>(end - findings.begin()));
    const std::size_t shown = std::min(of_check.size(), most_of_a_check);
    for (const auto& each : of_check.first(shown)) finding(each);
    if (shown < of_check.size()) more_findings(of_check.subspan(shown));
    findings = findings.subspan(of_check.size());
  }
}

void TextPage::finding(const checks::Finding& finding) {
  const Symbol symbol = symbol_of(finding.severity);
  const std::string_view severity = checks::to_string(finding.severity);
  const std::string_view reference = finding.check->reference;
  const std::size_t head_columns = 2 + severity.size() + 2 + finding.check->name.size();
  std::string head = fmt::format("{} {}  {}", paint(symbol), paint(severity, symbol.text_style),
                                 paint(finding.check->name, TextStyle::bold));
  if (!reference.empty() && head_columns + 2 + reference.size() <= style_.columns)
    head += "  " + paint(reference, TextStyle::dim);
  line();
  line(head);
  std::string detail = finding.detail.str();
  if (!names_all(detail, finding.servers)) paragraph("  ", 2, server_names(finding.servers));
  if (finding.offset) detail += fmt::format(" (at octet {})", *finding.offset);
  if (!detail.empty()) paragraph("  ", 2, detail);
  if (!finding.remedy.empty())
    paragraph(fmt::format("  {} ", paint("fix:", TextStyle::good)), 7, finding.remedy);
}

/// The rest of the findings of one check, as a summary.
void TextPage::more_findings(std::span<const checks::Finding> findings) {
  std::vector<std::string> servers;
  for (const auto& finding : findings) {
    for (const auto& server : finding.servers) {
      const std::string name = server_name(server);
      if (std::ranges::find(servers, name) == servers.end()) servers.push_back(name);
    }
  }
  line();
  paragraph("  ", 2,
            fmt::format("{} more of {}{}{}; --json lists each", findings.size(), findings.front().check->name,
                        servers.empty() ? "" : ": ", checks::join_some(servers)),
            TextStyle::dim);
}

}  // namespace dkimprobe::exporters
