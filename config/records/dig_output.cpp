#include "config/records/dig_output.hpp"

#include <string>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/records/zone_file.hpp"

namespace dkimprobe::config {
namespace {

/// The text between two others; empty if they are not in the line.
std::string_view between(std::string_view line, std::string_view before, std::string_view after) {
  const std::size_t begin = line.find(before);
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin + before.size());
  return line.substr(0, line.find(after));
}

/// Why the answer of which dig prints this line has no record; empty if the line does not say so.
std::string why_no_record(std::string_view line) {
  if (line.find("no servers could be reached") != std::string_view::npos) return "no server was reached";
  if (!line.starts_with(";; ->>HEADER<<-")) return {};
  const std::string_view status = between(line, "status: ", ",");
  if (!status.empty() && status != "NOERROR")
    return fmt::format("the answer has the status {}", escape_text(status, 20));
  return {};
}

}  // namespace

Result<void> read_dig_output(LineReader& input, const ReadingRules& rules, const FileSink& sink) {
  ZoneReader zone(input.file(), rules, sink, true);
  bool is_failed = false;  // what the header of this answer said
  const auto read = read_lines(input, sink, [&](const InputLine& line) {
    std::string why = line.text.starts_with(';') ? why_no_record(line.text) : std::string();
    if (line.text.starts_with(";; ->>HEADER<<-")) is_failed = !why.empty();
    if (line.text.starts_with(";; flags:") && !is_failed && between(line.text, "ANSWER: ", ",") == "0")
      why = "the answer has no record";
    if (!why.empty())
      return sink(FileFault{{input.file(), line.number}, FileFaultKind::no_answer, std::move(why)});
    return zone.add(line);
  });
  if (!read) return tl::unexpected(read.error());
  if (*read) static_cast<void>(zone.finish());
  return {};
}

}  // namespace dkimprobe::config
