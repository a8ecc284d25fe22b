#include "cli/commands/commands.hpp"

#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "cli/io/input.hpp"
#include "cli/io/line_reader.hpp"
#include "cli/io/output.hpp"
#include "cli/io/record_lines.hpp"
#include "cli/io/terminal.hpp"
#include "config/basics/text_encoding.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/lint_text.hpp"

namespace dkimprobe::cli {
namespace {

constexpr std::size_t most_errors_shown = 10;

RecordLineResult read_line(InputLine line, RecordFormat format) {
  if (line.number == 1) line.text = config::without_utf8_mark(line.text);
  if (config::begins_as_utf16(line.text))
    return tl::unexpected(std::string("this is UTF-16 text; save the file as UTF-8 or ASCII"));
  if (line.too_long) {
    return tl::unexpected(
        fmt::format("the line has more than {} octets; no record is so long", longest_record_line));
  }
  switch (format) {
    case RecordFormat::text:
      return read_text_line(line.text);
    case RecordFormat::jsonl:
      return read_json_line(line.text);
  }
  return {};
}

/// Dig and zone files print quotation marks and more around a record, so there may be nothing to fix.
void mention_printing(checks::Report& report) {
  for (auto& finding : report.findings) {
    if (!finding.check->is_in_printed_records) continue;
    finding.remedy +=
        " If you copied this line from dig or a zone file, the record may be correct: run lint on its text "
        "alone, with its strings joined and without quotation marks.";
  }
}

void count(checks::Status status, exporters::LintCounts& counts) {
  switch (status) {
    case checks::Status::ok:
      ++counts.ok;
      break;
    case checks::Status::warning:
      ++counts.warning;
      break;
    case checks::Status::critical:
    case checks::Status::unknown:
      ++counts.critical;
      break;
  }
}

/// The worst status, in the order critical, unknown, warning; unknown without any record.
ExitCode lint_exit_code(const exporters::LintCounts& counts) {
  if (counts.critical > 0) return ExitCode::critical;
  if (counts.unread > 0 || counts.ok + counts.warning == 0) return ExitCode::unknown;
  return counts.warning > 0 ? ExitCode::warning : ExitCode::ok;
}

/// Prints why a line could not be read; false if the output cannot be written.
bool reject(const LintCommand& command, std::size_t line, const std::string& error,
            exporters::LintCounts& counts) {
  if (++counts.unread <= most_errors_shown)
    print_message(fmt::format("{}: line {}: {}", shown_name(command.file), line, error));
  return !command.output.json || write_output(exporters::lint_error_json(line, error));
}

/// Prints what is found in one line; false if the output cannot be written.
bool lint(const LintCommand& command, const exporters::TableStyle& style, const InputLine& line,
          exporters::LintCounts& counts) {
  if (line.text.find_first_not_of(" \t") == std::string_view::npos) return true;
  const auto record = read_line(line, command.format);
  if (!record) return reject(command, line.number, record.error(), counts);
  auto report = checks::judge_record(checks::place_of(record->name), record->strings,
                                     checks::Expectation{command.role}, checks::Policy{});
  if (record->is_printed) mention_printing(report);
  count(report.status, counts);
  return write_output(command.output.json ? exporters::lint_json(report, line.number)
                                          : exporters::lint_text(report, line.number, style));
}

}  // namespace

CommandResult run(const LintCommand& command) {
  auto reader = LineReader::open(command.file, longest_record_line);
  if (!reader) return tl::unexpected(reader.error());
  const auto style = output_style(command.output.color);
  exporters::LintCounts counts;
  bool is_written = true;
  while (is_written) {
    const auto next = reader->next();
    if (!next) return tl::unexpected(next.error());
    if (!*next) break;
    is_written = lint(command, style, **next, counts);
  }
  if (counts.unread > most_errors_shown) {
    print_message(fmt::format("and {} more lines that could not be read", counts.unread - most_errors_shown));
  }
  if (!command.output.json) write_output(exporters::lint_summary(counts));
  return lint_exit_code(counts);
}

}  // namespace dkimprobe::cli
