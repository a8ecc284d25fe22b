#include "exporters/report_table.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue.hpp"
#include "config/escape.hpp"
#include "exporters/iso_time.hpp"
#include "exporters/message_size.hpp"
#include "exporters/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

/// Names in a list for people; of more only their number is told.
constexpr std::size_t longest_list = 8;

using checks::Report;
using checks::ServerRow;
using checks::Severity;
using checks::Status;

constexpr std::size_t narrowest = 40;
constexpr std::size_t label_columns = 12;

enum class Ink : std::uint8_t { plain, bold, dim, good, notice, warning, bad, unknown };

std::string_view escape_code(Ink ink) {
  switch (ink) {
    case Ink::plain:
      return "";
    case Ink::bold:
      return "\x1b[1m";
    case Ink::dim:
      return "\x1b[2m";
    case Ink::good:
      return "\x1b[32m";
    case Ink::notice:
      return "\x1b[36m";
    case Ink::warning:
      return "\x1b[33m";
    case Ink::bad:
      return "\x1b[1;31m";
    case Ink::unknown:
      return "\x1b[35m";
  }
  return "";
}

struct Mark {
  std::string_view unicode{};
  std::string_view ascii{};
  Ink ink = Ink::plain;
};

constexpr Mark good_mark{"✓", "+", Ink::good};
constexpr Mark unknown_mark{"?", "?", Ink::unknown};
constexpr Mark neutral_mark{"·", ".", Ink::dim};

Mark mark_of(Severity severity) {
  switch (severity) {
    case Severity::notice:
      return {"•", "-", Ink::notice};
    case Severity::warning:
      return {"▲", "!", Ink::warning};
    case Severity::critical:
      return {"✗", "X", Ink::bad};
  }
  return {};
}

Mark mark_of(Status status) {
  switch (status) {
    case Status::ok:
      return good_mark;
    case Status::warning:
      return mark_of(Severity::warning);
    case Status::critical:
      return mark_of(Severity::critical);
    case Status::unknown:
      return unknown_mark;
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

std::string duration(std::chrono::microseconds time) {
  const double milliseconds = static_cast<double>(time.count()) / 1'000.0;
  if (milliseconds < 10) return fmt::format("{:.1f} ms", milliseconds);
  if (milliseconds < 1'000) return fmt::format("{:.0f} ms", milliseconds);
  return fmt::format("{:.1f} s", milliseconds / 1'000.0);
}

std::string server_name(const checks::ServerId& server) {
  return fmt::format("{} ({})", without_controls(server.name), server.address.ip.to_string());
}

/// A column of the servers' table.
struct Column {
  std::string_view head{};
  bool to_the_right = false;
  std::size_t narrowest = 0;  ///< 0: it is never made narrower than its widest cell
  std::size_t width = 0;
};

struct Cell {
  std::string text{};
  Ink ink = Ink::plain;
};

/// A line about a selector or a domain among others.
struct SummaryRow {
  std::string name{};
  Status status = Status::unknown;
  std::string headline{};
};

class TableWriter {
 public:
  explicit TableWriter(const TableStyle& style) : style_(style) {
    style_.columns = std::max(style_.columns, narrowest);
  }

  void verdict(const Report& report);
  void facts(const Report& report);
  void sizes(const checks::SizeFacts& size);
  void legs(const Report& report);
  void findings(const Report& report);
  void remainder(const Report& report);
  void summary(std::string_view title, const std::vector<SummaryRow>& rows);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  [[nodiscard]] std::string paint(std::string_view text, Ink ink) const {
    if (!style_.color || ink == Ink::plain || text.empty()) return std::string(text);
    return fmt::format("{}{}\x1b[0m", escape_code(ink), text);
  }
  [[nodiscard]] std::string_view glyph(const Mark& mark) const {
    return style_.unicode ? mark.unicode : mark.ascii;
  }
  [[nodiscard]] std::string paint(const Mark& mark) const { return paint(glyph(mark), mark.ink); }

  void line(std::string_view text = {}) {
    text_ += text;
    // Padding of the last cell of a line is no information.
    while (text_.ends_with(' ')) text_.pop_back();
    text_ += '\n';
  }
  /// Wrapped text after `indent` columns, of which the first line begins with `first`.
  void paragraph(std::string_view first, std::size_t indent, std::string_view text, Ink ink = Ink::plain);
  void fact(std::string_view label, std::string_view text) {
    paragraph(fmt::format("  {}", paint(pad_right(std::string(label), label_columns - 2), Ink::dim)),
              label_columns, text);
  }
  void bar(std::string_view label, std::uint32_t bytes, std::uint32_t limit, Ink over_ink,
           std::string_view most);
  void rows_as_table(std::vector<Column> columns, const std::vector<std::vector<Cell>>& rows);
  void rows_stacked(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows);
  void leg(const Report& report, const config::DomainName& owner);

  TableStyle style_;
  std::string text_{};
};

void TableWriter::paragraph(std::string_view first, std::size_t indent, std::string_view text, Ink ink) {
  bool is_first = true;
  for (const auto& part : wrap_text(text, style_.columns > indent ? style_.columns - indent : 1)) {
    line((is_first ? std::string(first) : std::string(indent, ' ')) + paint(part, ink));
    is_first = false;
  }
}

void TableWriter::verdict(const Report& report) {
  const Mark mark = mark_of(report.status);
  const std::string word = upper_case(checks::to_string(report.status));
  const std::size_t indent = 2 + word.size() + 2;
  // A terminal's bold is for the verdict alone.
  const Ink ink = style_.color ? mark.ink : Ink::plain;
  std::string text = fmt::format("{} at {}", report.selector.to_string(), report.domain.to_string());
  if (!report.headline.empty()) text += ": " + without_controls(report.headline);
  paragraph(fmt::format("{} {}  ", paint(glyph(mark), ink), paint(word, ink)), indent, text, Ink::bold);
  line();
}

/// The text of a record with the middle of a long key left out.
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

void TableWriter::facts(const Report& report) {
  const std::string_view ellipsis = style_.unicode ? "…" : "...";
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
    about += fmt::format(", TTL {}", ttl_text(*ttls.begin()));
  } else if (ttls.size() > 1) {
    about += fmt::format(", TTL from {} to {}", ttl_text(*ttls.begin()), ttl_text(*ttls.rbegin()));
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
         fmt::format("{} {} {}, TTL {}", alias.owner.to_string(), style_.unicode ? "→" : "->",
                     alias.target.to_string(), ttl_text(alias.ttl_seconds)));
  }
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

void TableWriter::bar(std::string_view label, std::uint32_t bytes, std::uint32_t limit, Ink over_ink,
                      std::string_view most) {
  constexpr std::size_t cells = 24;
  const bool fits = bytes <= limit;
  std::size_t filled = fits ? (bytes * cells + limit / 2) / limit : cells;
  // A bar looks full when nothing is left, and not before.
  if (bytes < limit) filled = std::min(filled, cells - 1);
  const Ink ink = fits ? Ink::good : over_ink;
  std::string full;
  std::string empty;
  for (std::size_t i = 0; i < filled; ++i) full += style_.unicode ? "█" : "#";
  for (std::size_t i = filled; i < cells; ++i) empty += style_.unicode ? "░" : ".";
  const std::string numbers = fmt::format("{:>4} of {:>4}  ", bytes, limit);
  const std::string head =
      fmt::format("  {}{}", paint(pad_right(std::string(label), label_columns - 2), Ink::dim), numbers);
  const std::size_t head_columns = label_columns + numbers.size();
  const std::string tail = fits ? fmt::format("{} bytes left", limit - bytes)
                                : fmt::format("{}{} bytes over", most, bytes - limit);
  // Without room for both, the words say it all.
  if (head_columns + cells + 2 + text_width(tail) > style_.columns) {
    paragraph(head, head_columns, tail, ink);
  } else {
    line(head + paint(full, ink) + paint(empty, Ink::dim) + "  " + paint(tail, ink));
  }
}

void TableWriter::sizes(const checks::SizeFacts& size) {
  const auto plain = plain_bytes(size);
  if (plain) bar("Plain UDP", *plain, plain_limit_bytes, Ink::warning, "");
  if (size.chain && size.chain != size.direct) {
    bar("Chain", *size.chain, plain_limit_bytes, Ink::warning, "up to ");
  }
  if (const auto bytes = edns_bytes(size)) bar("EDNS", *bytes, edns_limit_bytes, Ink::bad, "");
  if (plain && *plain > plain_limit_bytes && !size.drop_first.empty()) {
    std::string tags;
    for (const auto& tag : size.drop_first) {
      tags += (tags.empty() ? "" : ", then ") + config::escape_text(tag, 20) + '=';
    }
    fact("", "to save bytes, drop " + tags);
  }
}

/// The worst that any finding says of a server; nothing when none names it.
std::optional<Severity> worst_about(const Report& report, const checks::ServerId& server) {
  std::optional<Severity> worst;
  for (const auto& finding : report.findings) {
    if (std::find(finding.servers.begin(), finding.servers.end(), server) == finding.servers.end()) continue;
    if (!worst || finding.severity > *worst) worst = finding.severity;
  }
  return worst;
}

Mark mark_of(const Report& report, const ServerRow& row) {
  if (const auto severity = worst_about(report, row.id)) return mark_of(*severity);
  switch (row.outcome) {
    case checks::ServerOutcome::answered:
      return good_mark;
    // Whether it is right that a server publishes nothing is for the findings to say.
    case checks::ServerOutcome::nodata:
    case checks::ServerOutcome::nxdomain:
    case checks::ServerOutcome::not_asked:
      return neutral_mark;
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
      return unknown_mark;
  }
  return unknown_mark;
}

/// The zone of the report that holds a name.
const probe::Delegation* zone_of(const Report& report, const config::DomainName& name) {
  const probe::Delegation* deepest = nullptr;
  for (const auto& delegation : report.delegations) {
    if (!name.is_at_or_below(delegation.zone)) continue;
    if (deepest == nullptr || delegation.zone.label_count() > deepest->zone.label_count())
      deepest = &delegation;
  }
  return deepest;
}

std::string about_zone(const probe::Delegation& delegation) {
  const std::string zone = delegation.zone.to_string();
  const std::string stopped = delegation.stopped_at.to_string();
  switch (delegation.outcome) {
    case probe::DiscoveryOutcome::complete:
      return fmt::format("zone {}", zone);
    case probe::DiscoveryOutcome::pinned:
      return "the servers that were given, not looked for";
    case probe::DiscoveryOutcome::no_servers:
      return fmt::format("no server of {} answered", stopped);
    case probe::DiscoveryOutcome::loop:
      return fmt::format("the delegation of {} leads back to itself", stopped);
    case probe::DiscoveryOutcome::budget_exhausted:
      return fmt::format("the search for its servers ended at {}: too many steps", stopped);
    case probe::DiscoveryOutcome::interrupted:
      return fmt::format("the search for its servers was interrupted at {}", stopped);
  }
  return {};
}

/// The names of the chain in their order: the selector's own, the targets, and any other that was asked.
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

void TableWriter::leg(const Report& report, const config::DomainName& owner) {
  std::vector<const ServerRow*> rows;
  for (const auto& row : report.servers) {
    if (row.owner == owner) rows.push_back(&row);
  }
  const auto* zone = zone_of(report, owner);
  if (rows.empty() && zone == nullptr) return;
  line();
  const std::string about = zone == nullptr ? std::string{} : about_zone(*zone);
  const std::string name = owner.to_string();
  if (2 + name.size() + 2 + about.size() <= style_.columns) {
    line(fmt::format("  {}  {}", paint(name, Ink::bold), paint(about, Ink::dim)));
  } else {
    paragraph("  ", 2, name, Ink::bold);
    if (!about.empty()) paragraph("  ", 2, about, Ink::dim);
  }
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
  columns.push_back({"says", false, 10});
  columns.push_back({"flags", false, 0});
  columns.push_back({"bytes", true, 0});
  columns.push_back({"time", true, 0});
  if (serials) columns.push_back({"serial", true, 0});

  std::vector<std::vector<Cell>> cells;
  for (const auto* row : rows) {
    const Mark mark = mark_of(report, *row);
    auto& out = cells.emplace_back();
    out.push_back({std::string(glyph(mark)), mark.ink});
    if (groups) out.push_back({std::string(1, row->group), Ink::bold});
    out.push_back({without_controls(row->id.name)});
    out.push_back({row->id.address.ip.to_string()});
    out.push_back({without_controls(row->says), mark.ink == Ink::good ? Ink::plain : mark.ink});
    out.push_back({flags_of(*row)});
    out.push_back({row->udp_bytes ? fmt::format("{}", *row->udp_bytes) : ""});
    out.push_back({row->round_trip ? duration(*row->round_trip) : "", Ink::dim});
    if (serials) out.push_back({row->serial ? fmt::format("{}", *row->serial) : ""});
  }
  rows_as_table(std::move(columns), cells);
}

/// The marks at the start of a line stand closer than the columns.
std::size_t gap_before(std::size_t column) {
  return column == 0 ? 0 : column < 3 ? 1 : 2;
}

void TableWriter::rows_as_table(std::vector<Column> columns, const std::vector<std::vector<Cell>>& rows) {
  std::size_t total = 2;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].width = columns[i].head.size();
    for (const auto& row : rows) columns[i].width = std::max(columns[i].width, text_width(row[i].text));
    total += columns[i].width + gap_before(i);
  }
  // The widest column that may shrink gives way, one character at a time, so that none gives more than
  // needed.
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

  const auto put = [&](std::string& out, std::size_t i, std::string_view text, Ink ink) {
    out.append(gap_before(i), ' ');
    const auto padded = columns[i].to_the_right ? pad_left(std::string(text), columns[i].width)
                                                : pad_right(std::string(text), columns[i].width);
    out += text.empty() ? padded : paint(padded, ink);
  };
  std::string head = "  ";
  for (std::size_t i = 0; i < columns.size(); ++i) put(head, i, columns[i].head, Ink::dim);
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
        put(out, i, at < parts[i].size() ? parts[i][at] : "", row[i].ink);
      }
      line(out);
    }
  }
}

/// For terminals too narrow for columns: the server and its address, then the rest below them.
void TableWriter::rows_stacked(const std::vector<Column>& columns,
                               const std::vector<std::vector<Cell>>& rows) {
  std::size_t server = 0;
  while (columns[server].head != "server") ++server;
  for (const auto& row : rows) {
    std::string marks;
    for (std::size_t i = 0; i < server; ++i) marks += paint(row[i].text, row[i].ink) + ' ';
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
    paragraph(std::string(indent, ' '), indent, rest, row[server + 2].ink);
  }
}

void TableWriter::legs(const Report& report) {
  for (const auto& owner : owners_of(report)) leg(report, owner);
}

/// Whether a sentence says of which servers it speaks, so that they need no line of their own.
bool names_all(std::string_view detail, const std::vector<checks::ServerId>& servers) {
  return std::all_of(servers.begin(), servers.end(), [&](const checks::ServerId& server) {
    return detail.find(server.name) != std::string_view::npos &&
           detail.find(server.address.ip.to_string()) != std::string_view::npos;
  });
}

void TableWriter::findings(const Report& report) {
  for (const auto& finding : report.findings) {
    const Mark mark = mark_of(finding.severity);
    line();
    std::string head =
        fmt::format("{} {}  {}", paint(mark), paint(checks::to_string(finding.severity), mark.ink),
                    paint(finding.check->name, Ink::bold));
    const std::string_view reference = finding.check->reference;
    const std::size_t head_columns =
        2 + checks::to_string(finding.severity).size() + 2 + finding.check->name.size();
    if (!reference.empty() && head_columns + 2 + reference.size() <= style_.columns) {
      head += "  " + paint(reference, Ink::dim);
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
      paragraph(fmt::format("  {} ", paint("mend:", Ink::good)), 8, without_controls(finding.remedy));
    }
  }
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
    if (result.outcome != checks::CheckOutcome::not_judged || !result.switched_off.empty()) continue;
    if (++count <= longest_list) names += (names.empty() ? "" : ", ") + std::string(result.check->name);
  }
  line();
  if (report.findings.empty() && report.status == Status::ok)
    paragraph("  ", 2, "No fault found.", Ink::good);
  // Some checks are never judged with the settings as they are. Their names are worth a line only where a
  // person may miss a verdict.
  if (count > 0 && !all_answered(report)) {
    if (count > longest_list) names += fmt::format(" and {} more", count - longest_list);
    paragraph("  ", 2, fmt::format("not judged: {}", names), Ink::dim);
  }
  for (const auto& result : report.outcomes) {
    if (result.switched_off.empty()) continue;
    const std::string reason =
        style_.unicode ? without_controls(result.switched_off) : config::escape_text(result.switched_off);
    paragraph("  ", 2, fmt::format("switched off: {}: {}", result.check->name, reason), Ink::dim);
  }
  if (!report.findings.empty()) {
    paragraph("  ", 2, fmt::format("more of each: dkimprobe explain {}", report.findings.front().check->name),
              Ink::dim);
  }
  paragraph("  ", 2, fmt::format("{}, {}", iso_time(report.observed_at), duration(report.took)), Ink::dim);
}

void TableWriter::summary(std::string_view title, const std::vector<SummaryRow>& rows) {
  std::size_t widest = 0;
  for (const auto& row : rows) widest = std::max(widest, row.name.size());
  widest = std::min(widest, style_.columns / 3);
  paragraph("", 0, title, Ink::bold);
  for (const auto& row : rows) {
    const Mark mark = mark_of(row.status);
    const std::string word = pad_right(std::string(checks::to_string(row.status)), 8);
    const std::string first = fmt::format("{} {}  ", paint(mark), paint(word, mark.ink));
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
  writer.legs(report);
  writer.findings(report);
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
