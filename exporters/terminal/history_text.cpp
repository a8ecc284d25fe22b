#include "exporters/terminal/history_text.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"
#include "exporters/store/history_codec.hpp"
#include "exporters/terminal/text_page.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::AnswerPeriod;
using checks::PublishedKind;
using Kind = HistoryChangeKind;

constexpr std::size_t shown_octets = 60;  // of a text that is not a key
constexpr std::size_t fingerprint_digits = 16;
constexpr std::size_t change_indent = 17;
constexpr std::size_t shown_names = 13;  // as many nameservers as the root has

std::string_view color_of(Kind kind) {
  switch (kind) {
    case Kind::appeared:
    case Kind::answered:
    case Kind::agreed:
      return "\x1b[32m";
    case Kind::changed:
    case Kind::differed:
    case Kind::unanswered:
      return "\x1b[33m";
    case Kind::vanished:
    case Kind::revoked:
      return "\x1b[31m";
    case Kind::nameservers:
    case Kind::found:
    case Kind::joined:
    case Kind::left:
    case Kind::ttl:
      return "\x1b[36m";
  }
  return {};
}

std::string record_text(const std::vector<std::string>& strings) {
  const std::string text = checks::join_strings(strings);
  const auto record = checks::read_key_record(text);
  const std::string cut = config::escape_text(text, shown_octets);
  if (!record.is_key_record()) return fmt::format("{}: {}", record.other_kind, cut);
  const std::string what = checks::describe(record);
  if (record.key && !record.key->sha256.empty())
    return fmt::format("{}, SHA-256 {}...", what, record.key->sha256.substr(0, fingerprint_digits));
  const bool is_whole = record.has(checks::RecordFault::key_revoked) || record.is_leak();
  return is_whole ? what : fmt::format("{}: {}", what, cut);
}

std::string texts_text(const AnswerPeriod& period) {
  std::string text;
  for (const auto& strings : period.texts) text += (text.empty() ? "" : "; and ") + record_text(strings);
  return text;
}

std::string names_text(const std::vector<config::DomainName>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown_names); ++i)
    text += (i == 0 ? "" : ", ") + names[i].to_string();
  if (names.size() > shown_names) text += fmt::format(" and {} more", names.size() - shown_names);
  return names.empty() ? "none" : text;
}

std::string nameservers_text(const checks::NameserverPeriod& period) {
  if (period.parent.empty() && period.child.empty()) return "no zone of its own";
  if (period.parent == period.child) return names_text(period.parent);
  return fmt::format("{} in the parent; {} in the zone itself", names_text(period.parent),
                     names_text(period.child));
}

std::string servers_text(const std::vector<checks::ServerId>& servers) {
  std::vector<std::string> names;
  for (const auto& server : servers) names.push_back(checks::server_text(server));
  return checks::join_some(names);
}

class Writer {
 public:
  explicit Writer(const TableStyle& style)
      : style_(style), columns_(std::max(style.columns, narrowest_page)) {}

  void line(std::string_view text = {}) { text_ += fmt::format("{}\n", text); }
  /// `words` wrapped at the column `indent`; `head` precedes the first line.
  void paragraph(std::size_t indent, std::string_view words, std::string head = {}) {
    if (head.empty()) head = std::string(indent, ' ');
    text_ += hanging_text(std::move(head), indent, words, columns_);
  }
  void key(const KeyPeriod& key);
  void change(const HistoryChange& change, const config::DomainName& name);
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  /// The first word of a change, padded to the longest one.
  [[nodiscard]] std::string word_of(Kind kind) const {
    const std::string_view word = to_string(kind);
    const std::string padding(change_indent - 4 - word.size(), ' ');
    return style_.color ? fmt::format("    {}{}\x1b[0m{}", color_of(kind), word, padding)
                        : fmt::format("    {}{}", word, padding);
  }

  TableStyle style_{};
  std::size_t columns_ = 80;
  std::string text_{};
};

void Writer::key(const KeyPeriod& key) {
  const std::string bits = key.bits == 0 ? std::string{} : fmt::format(" {} bits", key.bits);
  paragraph(6,
            fmt::format("SHA-256 {}..., {}{}", key.sha256.substr(0, fingerprint_digits), key.algorithm, bits),
            "  key ");
  paragraph(
      6, fmt::format("from {} to {}", checks::time_text(key.first_seen), checks::time_text(key.last_seen)));
  for (const auto& use : key.elsewhere) {
    const auto name = use.selector.owner_name(use.domain).value_or(use.domain);
    paragraph(6, fmt::format("also at {} from {} to {}", name.to_string(), checks::time_text(use.first_seen),
                             checks::time_text(use.last_seen)));
  }
}

void Writer::change(const HistoryChange& change, const config::DomainName& name) {
  std::string head = word_of(change.kind);
  for (const auto& words : change_lines(change, name)) {
    paragraph(change_indent, words, std::move(head));
    head.clear();
  }
}

}  // namespace

std::string answer_text(const AnswerPeriod& period) {
  std::string text;
  switch (period.kind) {
    case PublishedKind::texts:
      text = texts_text(period);
      break;
    case PublishedKind::alias:
      text = fmt::format("alias to {}", period.alias ? period.alias->to_string() : "nowhere");
      break;
    case PublishedKind::nodata:
      text = "no TXT record";
      break;
    case PublishedKind::nxdomain:
      text = "no such name (NXDOMAIN)";
      break;
    case PublishedKind::failure:
      return "SERVFAIL";
    case PublishedKind::unknown:
      if (period.texts.empty()) return period.is_incomplete ? "different answers" : "no usable answer";
      return "different answers, among them " + texts_text(period);
    case PublishedKind::left:
      return "not a nameserver of the zone";
  }
  return period.ttl_seconds ? fmt::format("{}, TTL {}", text, checks::ttl_text(*period.ttl_seconds)) : text;
}

std::vector<std::string> change_lines(const HistoryChange& change, const config::DomainName& name) {
  const std::string until = change.not_before
                                ? fmt::format(", last seen {}", checks::time_text(*change.not_before))
                                : std::string{};
  std::vector<std::string> lines;
  if (change.kind == Kind::differed) lines.emplace_back("the servers return different answers");
  if (change.kind == Kind::agreed) lines.emplace_back("the servers return the same answer");
  if (change.after) lines.push_back(answer_text(*change.after));
  // For a server that is back with its earlier answer, the answer alone is enough.
  if (change.before && change.kind != Kind::answered)
    lines.push_back(fmt::format("was {}{}", answer_text(*change.before), until));
  if (change.nameservers_after) {
    lines.push_back(
        fmt::format("of {}: {}", change.owner.to_string(), nameservers_text(*change.nameservers_after)));
  }
  if (change.nameservers_before)
    lines.push_back(fmt::format("was {}{}", nameservers_text(*change.nameservers_before), until));
  if (!change.servers.empty()) {
    const std::string asked =
        change.owner == name ? std::string{} : fmt::format(", asked for {}", change.owner.to_string());
    lines.push_back(fmt::format("at {}{}", servers_text(change.servers), asked));
  }
  return lines;
}

std::string history_text(const SelectorRecord& record, const TableStyle& style) {
  const auto& history = record.history;
  const auto name = history.selector.owner_name(history.domain).value_or(history.domain);
  Writer writer(style);
  writer.paragraph(0, name.to_string());
  if (!history.first_probe || !history.last_probe) {
    writer.paragraph(2, "never probed");
    return writer.take();
  }
  writer.paragraph(2, fmt::format("probed from {} to {}", checks::time_text(*history.first_probe),
                                  checks::time_text(*history.last_probe)));
  for (const auto& key : record.keys) writer.key(key);
  std::size_t ttl_changes = 0;
  std::optional<probe::WallTime> printed;
  for (const auto& change : history_changes(history)) {
    if (change.kind == Kind::ttl) ++ttl_changes;
    if (!is_notable(change, history)) continue;
    if (printed != change.seen) {
      writer.line();
      writer.line("  " + checks::time_text(change.seen));
      printed = change.seen;
    }
    writer.change(change, name);
  }
  if (ttl_changes > 0) {
    writer.line();
    writer.paragraph(2, counted(ttl_changes, "TTL-only change") + ": see --json");
  }
  return writer.take();
}

}  // namespace dkimprobe::exporters
