// The outputs of `lint`, each a stream: text for people, JSON lines, SARIF, JUnit.
#pragma once

#include <memory>

#include "checks/report/report.hpp"
#include "cli/command_line/command_line.hpp"
#include "config/records/record_item.hpp"
#include "exporters/terminal/lint_text.hpp"

namespace dkimprobe::cli {

class LintOutput {
 public:
  LintOutput() = default;
  virtual ~LintOutput() = default;
  LintOutput(const LintOutput&) = delete;
  LintOutput& operator=(const LintOutput&) = delete;

  /// Each returns false if the output cannot be written.
  [[nodiscard]] virtual bool record(const checks::Report& report, const config::FilePlace& place) = 0;
  [[nodiscard]] virtual bool fault(const config::FileFault& fault) = 0;
  virtual void end(const exporters::LintCounts& counts) = 0;
};

[[nodiscard]] std::unique_ptr<LintOutput> lint_output(const LintCommand& command);

}  // namespace dkimprobe::cli
