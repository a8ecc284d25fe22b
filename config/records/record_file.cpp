#include "config/records/record_file.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "config/basics/text_encoding.hpp"
#include "config/records/dig_output.hpp"
#include "config/records/json_lines.hpp"
#include "config/records/line_reader.hpp"
#include "config/records/octodns_yaml.hpp"
#include "config/records/terraform_json.hpp"
#include "config/records/text_lines.hpp"
#include "config/records/zone_file.hpp"

namespace dkimprobe::config {
namespace {

struct FormatRow {
  std::string_view word{};
  Result<void> (*read)(LineReader& input, const ReadingRules& rules, const FileSink& sink) = nullptr;
};

/// In the order of FileFormat.
constexpr auto formats = std::to_array<FormatRow>({
    {"text", read_text_lines},
    {"jsonl", read_json_lines},
    {"zone", read_zone_file},
    {"dig", read_dig_output},
    {"octodns", read_octodns_yaml},
    {"terraform", read_terraform_json},
});

/// With which dig begins, depending on its flags and on what went wrong.
constexpr auto starts_of_dig = std::to_array<std::string_view>(
    {"; <<>> DiG", ";; Got answer", ";; ->>HEADER<<-", ";; flags:", ";; QUESTION SECTION",
     ";; ANSWER SECTION", ";; communications error", ";; connection timed out",
     ";; no servers could be reached", ";; Truncated"});

/// The format that the name of a file and its first line show.
FileFormat recognised(const std::filesystem::path& file, std::string_view start) {
  start = without_outer_space(without_utf8_mark(start));
  const std::string_view line = without_outer_space(start.substr(0, start.find('\n')));
  if (file.extension() == ".yaml" || file.extension() == ".yml" || line == "---") return FileFormat::octodns;
  // The whole of terraform's JSON is one line, or a brace on a line of its own after a formatter.
  if (line.starts_with("{\"format_version\"") || line == "{") return FileFormat::terraform;
  if (line.starts_with('{')) return FileFormat::jsonl;
  const bool is_alias = line.ends_with('.') && line.find_first_of(" \t=;") == std::string_view::npos;
  const auto is_start = [&](std::string_view word) { return line.starts_with(word); };
  if (is_alias || is_start("\"") || std::ranges::any_of(starts_of_dig, is_start)) return FileFormat::dig;
  return is_zone_line(line) || is_private_key_line(line) ? FileFormat::zone : FileFormat::text;
}

}  // namespace

std::optional<FileFormat> parse_file_format(std::string_view word) {
  const auto row = std::ranges::find(formats, word, &FormatRow::word);
  if (row == formats.end()) return std::nullopt;
  return static_cast<FileFormat>(row - formats.begin());
}

std::string file_format_words() {
  std::string words;
  for (const auto& row : formats) {
    if (!words.empty()) words += &row == &formats.back() ? " or " : ", ";
    words += row.word;
  }
  return words;
}

Result<void> read_record_file(const std::filesystem::path& file, std::optional<FileFormat> format,
                              const ReadingRules& rules, const FileSink& sink) {
  auto input = LineReader::open(file, longest_record_line);
  if (!input) return tl::unexpected(input.error());
  if (!format) {
    const auto start = input->peek();
    if (!start) return tl::unexpected(start.error());
    format = recognised(file, *start);
  }
  return formats[static_cast<std::size_t>(*format)].read(*input, rules, sink);
}

}  // namespace dkimprobe::config
