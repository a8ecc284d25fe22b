#include "cli/commands/commands.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "cli/commands/lint_live.hpp"
#include "cli/commands/lint_output.hpp"
#include "cli/io/output.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/records/input.hpp"
#include "config/records/record_file.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {
namespace {

constexpr std::size_t most_errors_shown = 10;

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
  if (counts.unread + counts.unknown > 0 || counts.ok + counts.warning == 0) return ExitCode::unknown;
  return counts.warning + counts.different > 0 ? ExitCode::warning : ExitCode::ok;
}

std::string joined(const std::vector<std::string>& strings) {
  std::string text;
  for (const auto& string : strings) text += string;
  return text;
}

/// Whether the record is to be judged: others of a zone are not.
bool is_wanted(const config::FileRecord& record) {
  return record.is_meant || record.name.has_domainkey_label() ||
         config::looks_like_key(joined(record.strings));
}

/// One run over all files. What takes an item returns false if the output cannot be written.
class LintRun {
 public:
  LintRun(const LintCommand& command, checks::Policy policy)
      : role_(command.role), policy_(std::move(policy)), output_(lint_output(command)) {}

  [[nodiscard]] bool take(const config::FileRecord& record);
  [[nodiscard]] bool take(const config::FileFault& fault);
  /// How a server compares with the record at the place.
  [[nodiscard]] bool take(const config::FilePlace& place, const config::DomainName& name,
                          const checks::ComparedServer& server);
  [[nodiscard]] bool take(const config::OtherRecord&) { return ++other_records_ > 0; }
  [[nodiscard]] ExitCode finish();

 private:
  config::Role role_;
  checks::Policy policy_;
  checks::ExaminedKeys examined_{};
  std::unique_ptr<LintOutput> output_;
  exporters::LintCounts counts_{};
  std::size_t other_records_ = 0;
};

bool LintRun::take(const config::FileFault& fault) {
  const bool is_note = config::row_of(fault.kind).weight == config::FaultWeight::note;
  if (!is_note) ++counts_.unread;
  if (counts_.unread <= most_errors_shown)
    print_message(fmt::format("{}: line {}: {}{}", config::shown_name(fault.place.file), fault.place.line,
                              is_note ? "note: " : "", fault.detail));
  return output_->fault(fault);
}

bool LintRun::take(const config::FilePlace& place, const config::DomainName& name,
                   const checks::ComparedServer& server) {
  const bool is_unknown = server.agreement == checks::FileAgreement::unknown;
  ++(is_unknown ? counts_.unknown : counts_.compared);
  if (server.agreement == checks::FileAgreement::same) return true;
  if (!is_unknown) ++counts_.different;
  const std::string who = server.server.has_address()
                              ? fmt::format("{} ({})", server.server.name, server.server.address.to_string())
                              : server.server.name.str();
  return output_->fault(
      {place, is_unknown ? config::FileFaultKind::server_unknown : config::FileFaultKind::server_differs,
       fmt::format("{}: {}{}{}{}", name.to_string(), who, who.empty() ? "" : " ",
                   is_unknown ? "is unknown: " : "differs from the file: ", server.detail)});
}

bool LintRun::take(const config::FileRecord& record) {
  if (!is_wanted(record)) return take(config::OtherRecord{});
  auto place = checks::place_of(record.name);
  // The size of the answer depends on the whole name.
  if (record.name_is_relative) place.name = {};
  const auto report =
      checks::judge_record(place, record.strings, checks::Expectation{role_}, policy_, &examined_);
  count(report.status, counts_);
  return output_->record(report, record.place);
}

ExitCode LintRun::finish() {
  if (counts_.unread > most_errors_shown)
    print_message(
        fmt::format("and {} more lines that could not be read", counts_.unread - most_errors_shown));
  if (other_records_ > 0)
    print_message(fmt::format("{} not checked: not of DKIM", exporters::counted(other_records_, "record")));
  output_->end(counts_);
  return lint_exit_code(counts_);
}

/// Reads the files, and keeps what is to be asked for.
config::Result<void> read_files(const LintCommand& command, LintRun& lint, LiveComparison& live) {
  bool is_too_much = false;
  const auto take = [&](config::FileItem item) {
    const auto* const record = std::get_if<config::FileRecord>(&item);
    is_too_much = command.against && record != nullptr && is_wanted(*record) && !live.add(*record);
    return !is_too_much && std::visit([&](const auto& each) { return lint.take(each); }, item);
  };
  for (const auto& file : command.files) {
    if (auto read = config::read_record_file(file, command.format, command.rules, take); !read) return read;
    if (is_too_much) {
      return config::failure("--against live",
                             fmt::format("the files have more than {} selectors; give fewer at once",
                                         LiveComparison::most_selectors()));
    }
  }
  return {};
}

}  // namespace

CommandResult run(const LintCommand& command) {
  checks::Policy policy = command.policy;
  if (const auto loaded = load_key_lists(command.key_lists, policy); !loaded)
    return tl::unexpected(loaded.error());
  LintRun lint(command, std::move(policy));
  LiveComparison live;
  if (const auto read = read_files(command, lint, live); !read) return tl::unexpected(read.error());
  if (command.against) {
    const auto asked =
        live.run(*command.against, [&](const auto& place, const auto& name, const auto& server) {
          return lint.take(place, name, server);
        });
    if (!asked) return tl::unexpected(asked.error());
    if (*asked) return **asked;
  }
  return lint.finish();
}

}  // namespace dkimprobe::cli
