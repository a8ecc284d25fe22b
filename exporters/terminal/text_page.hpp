// Building blocks of terminal text: styled words, wrapped paragraphs, bars of sizes, tables of servers,
// findings with their fixes. It only does the layout.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/report/report.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// The minimum width; narrower terminals are treated like this one.
inline constexpr std::size_t narrowest_page = 40;
/// The width of the label of a fact.
inline constexpr std::size_t label_columns = 12;

enum class TextStyle : std::uint8_t { plain, bold, dim, good, notice, warning, bad, unknown };

struct Symbol {
  std::string_view unicode{};
  std::string_view ascii{};
  TextStyle text_style = TextStyle::plain;
};

inline constexpr Symbol good_symbol{"✓", "+", TextStyle::good};
inline constexpr Symbol unknown_symbol{"?", "?", TextStyle::unknown};
inline constexpr Symbol neutral_symbol{"·", ".", TextStyle::dim};

[[nodiscard]] Symbol symbol_of(checks::Severity severity);
[[nodiscard]] Symbol symbol_of(checks::Status status);

[[nodiscard]] std::string server_name(const checks::ServerId& server);
/// The first names; further ones are only counted.
[[nodiscard]] std::string server_names(std::span<const checks::ServerId> servers);

/// A column of the servers' table.
struct Column {
  std::string_view head{};
  bool to_the_right = false;
  std::size_t narrowest = 0;  ///< 0: the column does not shrink
  std::size_t width = 0;
};

struct Cell {
  std::string text{};
  TextStyle text_style = TextStyle::plain;
};

/// Points to what no probe can know.
inline constexpr std::string_view caveats_line =
    "resolvers that do not obey the TTL, anycast and more: dkimprobe explain caveats";

class TextPage {
 public:
  explicit TextPage(const TableStyle& style);

  void line(std::string_view text = {});
  /// Wrapped text indented by `indent` columns; the first line begins with `first` instead.
  void paragraph(std::string_view first, std::size_t indent, std::string_view text,
                 TextStyle text_style = TextStyle::plain);
  void fact(std::string_view label, std::string_view text, TextStyle text_style = TextStyle::plain);
  /// An empty line, then a name of the chain with its zone, which may be null.
  void heading(const config::DomainName& owner, const probe::Delegation* zone);
  /// Needs columns headed "server" and "address", one after the other.
  void rows_as_table(std::vector<Column> columns, const std::vector<std::vector<Cell>>& rows);
  void sizes(const checks::SizeFacts& size);
  void aliases(std::span<const checks::AliasFact> chain);
  void findings(std::span<const checks::Finding> findings);

  [[nodiscard]] std::string take() { return std::move(text_); }

 protected:
  [[nodiscard]] std::string paint(std::string_view text, TextStyle text_style) const;
  [[nodiscard]] std::string_view glyph(const Symbol& symbol) const {
    return style_.unicode ? symbol.unicode : symbol.ascii;
  }
  [[nodiscard]] std::string paint(const Symbol& symbol) const {
    return paint(glyph(symbol), symbol.text_style);
  }
  [[nodiscard]] const TableStyle& style() const { return style_; }

 private:
  void bar(std::string_view label, std::uint32_t bytes, std::uint32_t limit, TextStyle over_style,
           std::string_view most);
  void finding(const checks::Finding& finding);
  void more_findings(std::span<const checks::Finding> findings);
  void table_row(const std::vector<Column>& columns, const std::vector<Cell>& row);
  void rows_stacked(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows);

  TableStyle style_;
  std::string text_{};
};

}  // namespace dkimprobe::exporters
