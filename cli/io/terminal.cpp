#include "cli/io/terminal.hpp"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace dkimprobe::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

/// Reads the locale of the environment without setting it for the process, whose parsers rely on the C
/// locale.
bool locale_is_utf8() {
  const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) return false;
  const bool utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
  freelocale(locale);
  return utf8;
}

}  // namespace

bool wants_color(ColorChoice choice, const ColorFacts& facts) {
  switch (choice) {
    case ColorChoice::always:
      return true;
    case ColorChoice::never:
      return false;
    case ColorChoice::automatic:
      break;
  }
  if (!facts.no_color.empty()) return false;
  if (!facts.force_color.empty()) return facts.force_color != "0";
  return facts.is_terminal && !facts.term.empty() && facts.term != "dumb";
}

std::size_t table_columns(const std::string& columns_variable, std::size_t window_columns) {
  constexpr std::size_t usual = 80;
  constexpr std::size_t widest_readable = 110;
  std::size_t columns = 0;
  const char* const end = columns_variable.data() + columns_variable.size();
  const auto [stopped, error] = std::from_chars(columns_variable.data(), end, columns);
  if (error != std::errc{} || stopped != end) columns = 0;
  if (columns == 0) columns = window_columns;
  if (columns == 0) columns = usual;
  return std::min(columns, widest_readable);
}

exporters::TableStyle output_style(ColorChoice choice) {
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  winsize window{};
  if (!is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0) window.ws_col = 0;
  exporters::TableStyle style;
  style.columns = table_columns(variable("COLUMNS"), window.ws_col);
  style.color =
      wants_color(choice, {is_terminal, variable("NO_COLOR"), variable("FORCE_COLOR"), variable("TERM")});
  style.unicode = locale_is_utf8();
  return style;
}

}  // namespace dkimprobe::cli
