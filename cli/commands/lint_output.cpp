#include "cli/commands/lint_output.hpp"

#include <filesystem>
#include <string>

#include "cli/io/output.hpp"
#include "cli/io/spool.hpp"
#include "cli/io/terminal.hpp"
#include "config/records/input.hpp"
#include "exporters/formats/junit_text.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/json/sarif_json.hpp"

namespace dkimprobe::cli {
namespace {

class TextOutput final : public LintOutput {
 public:
  explicit TextOutput(const LintCommand& command) : style_(output_style(command.output.color)) {
    if (command.files.size() == 1) shown_file_ = command.files.front();
  }

  bool record(const checks::Report& report, const config::FilePlace& place) override {
    return write_output(heading(place) + exporters::lint_text(report, place.line, style_));
  }
  bool fault(const config::FileFault& fault) override {
    // Standard error has the others.
    return !config::row_of(fault.kind).is_of_server ||
           write_output(heading(fault.place) + exporters::server_text(fault, style_));
  }
  void end(const exporters::LintCounts& counts) override { write_output(exporters::lint_summary(counts)); }

 private:
  /// The name of the file if another one was shown last.
  [[nodiscard]] std::string heading(const config::FilePlace& place) {
    if (place.file == shown_file_) return {};
    shown_file_ = place.file;
    return config::shown_name(place.file) + ":\n";
  }

  exporters::TableStyle style_;
  std::filesystem::path shown_file_{};  ///< to which the lines belong
};

class JsonOutput final : public LintOutput {
 public:
  bool record(const checks::Report& report, const config::FilePlace& place) override {
    return write_output(exporters::lint_json(report, place));
  }
  bool fault(const config::FileFault& fault) override {
    return write_output(exporters::lint_error_json(fault));
  }
  void end(const exporters::LintCounts&) override {}
};

class SarifOutput final : public LintOutput {
 public:
  SarifOutput() { write_output(exporters::sarif_start(program_version())); }

  bool record(const checks::Report& report, const config::FilePlace& place) override {
    return write_output(exporters::sarif_results(report, place, is_first_));
  }
  bool fault(const config::FileFault& fault) override {
    return write_output(exporters::sarif_result(fault, is_first_));
  }
  void end(const exporters::LintCounts&) override { write_output(exporters::sarif_end()); }

 private:
  bool is_first_ = true;
};

class JunitOutput final : public LintOutput {
 public:
  bool record(const checks::Report& report, const config::FilePlace& place) override {
    cases_.add(exporters::junit_case(report, place));
    return true;
  }
  bool fault(const config::FileFault& fault) override {
    if (config::row_of(fault.kind).weight == config::FaultWeight::note) ++notes_;
    cases_.add(exporters::junit_case(fault));
    return true;
  }
  void end(const exporters::LintCounts& counts) override {
    const std::size_t failures = counts.critical + counts.warning + counts.different;
    const std::size_t errors = counts.unread + counts.unknown;
    if (write_output(exporters::junit_start({failures + errors + counts.ok + notes_, failures, errors})) &&
        cases_.copy_to_output())
      write_output(exporters::junit_end());
  }

 private:
  Spool cases_{};  // the numbers of cases come before them
  std::size_t notes_ = 0;
};

}  // namespace

std::unique_ptr<LintOutput> lint_output(const LintCommand& command) {
  switch (command.form) {
    case LintForm::text:
      return std::make_unique<TextOutput>(command);
    case LintForm::json:
      return std::make_unique<JsonOutput>();
    case LintForm::sarif:
      return std::make_unique<SarifOutput>();
    case LintForm::junit:
      return std::make_unique<JunitOutput>();
  }
  return nullptr;
}

}  // namespace dkimprobe::cli
