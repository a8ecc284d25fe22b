#include "exporters/terminal/text_page.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
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

std::string upper_case(std::string_view word) {
  std::string text(word);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string server_name(const checks::ServerId& server) {
  if (!server.has_address()) return without_controls(server.name);
  return fmt::format("{} ({})", without_controls(server.name), server.address.ip.to_string());
}

const probe::Delegation* zone_of(const std::vector<probe::Delegation>& delegations,
                                 const config::DomainName& name) {
  const probe::Delegation* deepest = nullptr;
  for (const auto& delegation : delegations) {
    if (!name.is_at_or_below(delegation.zone)) continue;
    if (deepest == nullptr || delegation.zone.label_count() > deepest->zone.label_count())
      deepest = &delegation;
  }
  return deepest;
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

void TextPage::rows_as_table(std::vector<Column> columns, const std::vector<std::vector<Cell>>& rows) {
  std::size_t total = 2;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].width = columns[i].head.size();
    for (const auto& row : rows) columns[i].width = std::max(columns[i].width, text_width(row[i].text));
    total += columns[i].width + gap_before(i);
  }
  // Shrink the widest shrinkable column, one character at a time, until the table fits.
  while (total > style_.columns) {
    Column* widest = nullptr;
    for (auto& column : columns) {
      if (column.narrowest == 0 || column.width <= column.narrowest) continue;
      if (widest == nullptr || column.width > widest->width) widest = &column;
    }
    if (widest == nullptr) {
      rows_stacked(columns, rows);
      return;
    }
    --widest->width;
    --total;
  }

  const auto put = [&](std::string& out, std::size_t i, std::string_view text, TextStyle text_style) {
    out.append(gap_before(i), ' ');
    // No padding at the end of a line: with a text style, line() could not remove it.
    const bool needs_no_padding = i + 1 == columns.size() && !columns[i].to_the_right;
    const auto padded = needs_no_padding          ? std::string(text)
                        : columns[i].to_the_right ? pad_left(std::string(text), columns[i].width)
                                                  : pad_right(std::string(text), columns[i].width);
    out += text.empty() ? padded : paint(padded, text_style);
  };
  std::string head = "  ";
  for (std::size_t i = 0; i < columns.size(); ++i) put(head, i, columns[i].head, TextStyle::dim);
  line(head);
  for (const auto& row : rows) {
    std::vector<std::vector<std::string>> parts;
    std::size_t height = 1;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      parts.push_back(wrap_text(row[i].text, columns[i].width));
      height = std::max(height, parts.back().size());
    }
    for (std::size_t at = 0; at < height; ++at) {
      std::string out = "  ";
      for (std::size_t i = 0; i < columns.size(); ++i) {
        put(out, i, at < parts[i].size() ? parts[i][at] : "", row[i].text_style);
      }
      line(out);
    }
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
  std::size_t of_check = 0;
  for (std::size_t at = 0; at < findings.size(); ++at) {
    const checks::Finding& finding = findings[at];
    of_check = at > 0 && findings[at - 1].check == finding.check ? of_check + 1 : 1;
    const bool is_last = at + 1 == findings.size() || findings[at + 1].check != finding.check;
    if (of_check > most_of_a_check) {
      if (is_last)
        more_findings(findings.subspan(at + 1 + most_of_a_check - of_check, of_check - most_of_a_check));
      continue;
    }
    const Symbol symbol = symbol_of(finding.severity);
    line();
    std::string head =
        fmt::format("{} {}  {}", paint(symbol), paint(checks::to_string(finding.severity), symbol.text_style),
                    paint(finding.check->name, TextStyle::bold));
    const std::string_view reference = finding.check->reference;
    const std::size_t head_columns =
        2 + checks::to_string(finding.severity).size() + 2 + finding.check->name.size();
    if (!reference.empty() && head_columns + 2 + reference.size() <= style_.columns) {
      head += "  " + paint(reference, TextStyle::dim);
    }
    line(head);
    std::string detail = without_controls(finding.detail);
    if (!names_all(detail, finding.servers)) {
      std::string servers;
      const std::size_t shown = std::min(finding.servers.size(), longest_list);
      for (std::size_t i = 0; i < shown; ++i)
        servers += (i == 0 ? "" : ", ") + server_name(finding.servers[i]);
      if (shown < finding.servers.size())
        servers += fmt::format(" and {} more", finding.servers.size() - shown);
      paragraph("  ", 2, servers);
    }
    if (finding.offset) detail += fmt::format(" (at octet {})", *finding.offset);
    if (!detail.empty()) paragraph("  ", 2, detail);
    if (!finding.remedy.empty()) {
      paragraph(fmt::format("  {} ", paint("fix:", TextStyle::good)), 7, without_controls(finding.remedy));
    }
  }
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
  std::string where;
  const std::size_t shown = std::min(servers.size(), longest_list);
  for (std::size_t i = 0; i < shown; ++i) where += (i == 0 ? ": " : ", ") + servers[i];
  if (shown < servers.size()) where += fmt::format(" and {} more", servers.size() - shown);
  line();
  paragraph(
      "  ", 2,
      fmt::format("{} more of {}{}; --json lists each", findings.size(), findings.front().check->name, where),
      TextStyle::dim);
}

}  // namespace dkimprobe::exporters
