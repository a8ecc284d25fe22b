// What the operator's terminal can show: colour, width, characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::cli {

enum class ColorChoice : std::uint8_t { automatic, always, never };

/// The inputs of the colour decision; an environment variable that is not set is empty.
struct ColorFacts {
  bool is_terminal = false;
  std::string no_color{};
  std::string force_color{};
  std::string term{};
};

/// The flag wins, then NO_COLOR, then FORCE_COLOR; otherwise colour is for terminals that support it.
[[nodiscard]] bool wants_color(ColorChoice choice, const ColorFacts& facts);

/// The output width: `columns_variable` (COLUMNS) if it is a number, else the width of the window, else 80;
/// limited so that lines stay readable.
[[nodiscard]] std::size_t table_columns(const std::string& columns_variable, std::size_t window_columns);

/// The style for standard output of this process.
[[nodiscard]] exporters::TableStyle output_style(ColorChoice choice);

}  // namespace dkimprobe::cli
