#include "cli/commands/commands.hpp"

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "cli/io/input.hpp"
#include "cli/io/line_reader.hpp"
#include "cli/io/output.hpp"
#include "cli/io/record_lines.hpp"
#include "cli/io/terminal.hpp"
#include "cli/io/zone_lines.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/basics/text_encoding.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/lint_text.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {
namespace {

constexpr std::size_t most_errors_shown = 10;

/// Why the line cannot be read in any format; empty if it can.
std::string why_unreadable(const InputLine& line) {
  if (config::begins_as_utf16(line.text)) return "this is UTF-16 text; save the file as UTF-8 or ASCII";
  if (line.too_long)
    return fmt::format("the line has more than {} octets; no record is so long", longest_record_line);
  return {};
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

/// One run over all lines. What prints returns false if the output cannot be written.
class LintRun {
 public:
  LintRun(const LintCommand& command, checks::Policy policy)
      : command_(command), policy_(std::move(policy)), style_(output_style(command.output.color)) {}

  [[nodiscard]] bool add(InputLine line);
  [[nodiscard]] ExitCode finish();

 private:
  [[nodiscard]] bool add_zone_line(const InputLine& line);
  [[nodiscard]] bool reject(std::size_t line, const std::string& error);
  [[nodiscard]] bool judge(std::size_t line, const RecordLine& record);

  const LintCommand& command_;
  checks::Policy policy_;
  exporters::TableStyle style_;
  exporters::LintCounts counts_{};
  ZoneReader zone_{};
  std::size_t entry_line_ = 0;  ///< where the entry of the zone file begins
  std::size_t other_records_ = 0;
};

bool LintRun::add(InputLine line) {
  if (line.number == 1) line.text = config::without_utf8_mark(line.text);
  if (line.text.find_first_not_of(" \t") == std::string_view::npos) return true;
  if (const std::string why = why_unreadable(line); !why.empty()) return reject(line.number, why);
  if (command_.format == RecordFormat::text && (zone_.is_inside() || is_zone_line(line.text)))
    return add_zone_line(line);
  const auto record =
      command_.format == RecordFormat::text ? read_text_line(line.text) : read_json_line(line.text);
  return record ? judge(line.number, *record) : reject(line.number, record.error());
}

bool LintRun::add_zone_line(const InputLine& line) {
  if (!zone_.is_inside()) entry_line_ = line.number;
  const auto entry = zone_.add(line.text);
  if (!entry) return true;
  if (!*entry) return reject(entry_line_, entry->error());
  if ((*entry)->is_other_record) ++other_records_;
  return !(*entry)->record || judge(entry_line_, *(*entry)->record);
}

bool LintRun::reject(std::size_t line, const std::string& error) {
  if (++counts_.unread <= most_errors_shown)
    print_message(fmt::format("{}: line {}: {}", shown_name(command_.file), line, error));
  return !command_.output.json || write_output(exporters::lint_error_json(line, error));
}

bool LintRun::judge(std::size_t line, const RecordLine& record) {
  auto place = checks::place_of(record.name);
  // The size of the answer depends on the whole name.
  if (record.name_is_relative) place.name = {};
  const auto report =
      checks::judge_record(place, record.strings, checks::Expectation{command_.role}, policy_);
  count(report.status, counts_);
  return write_output(command_.output.json ? exporters::lint_json(report, line)
                                           : exporters::lint_text(report, line, style_));
}

ExitCode LintRun::finish() {
  if (zone_.is_inside()) std::ignore = reject(entry_line_, "a parenthesis is not closed");
  if (counts_.unread > most_errors_shown)
    print_message(
        fmt::format("and {} more lines that could not be read", counts_.unread - most_errors_shown));
  if (other_records_ > 0) {
    print_message(fmt::format("{}: {} not checked: not of DKIM", shown_name(command_.file),
                              exporters::counted(other_records_, "record")));
  }
  if (!command_.output.json) write_output(exporters::lint_summary(counts_));
  return lint_exit_code(counts_);
}

}  // namespace

CommandResult run(const LintCommand& command) {
  checks::Policy policy = command.policy;
  if (const auto loaded = load_key_lists(command.key_lists, policy); !loaded)
    return tl::unexpected(loaded.error());
  auto reader = LineReader::open(command.file, longest_record_line);
  if (!reader) return tl::unexpected(reader.error());
  LintRun lint(command, std::move(policy));
  bool is_written = true;
  while (is_written) {
    const auto next = reader->next();
    if (!next) return tl::unexpected(next.error());
    if (!*next) break;
    is_written = lint.add(**next);
  }
  return lint.finish();
}

}  // namespace dkimprobe::cli
