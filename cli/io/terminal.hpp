// What the terminal of the operator can show: colour, width, characters. Looked up once, at the start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::cli {

enum class ColorChoice : std::uint8_t { automatic, always, never };

/// What decides about colour; an environment variable that is not set is an empty text.
struct ColorFacts {
  bool is_terminal = false;
  std::string no_color{};
  std::string force_color{};
  std::string term{};
};

/// The operator's flag wins, then NO_COLOR, then FORCE_COLOR; else colour is for terminals that know it.
[[nodiscard]] bool wants_color(ColorChoice choice, const ColorFacts& facts);

/// The width to write for: `columns_variable` (COLUMNS) when it is a number, else that of the window, else
/// 80; never so wide that lines are hard to read.
[[nodiscard]] std::size_t table_columns(const std::string& columns_variable, std::size_t window_columns);

/// The style for standard output of this process.
[[nodiscard]] exporters::TableStyle output_style(ColorChoice choice);

}  // namespace dkimprobe::cli
