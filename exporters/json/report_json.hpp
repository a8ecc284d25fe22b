// Reports as JSON: one object with keys in a fixed order and foreign bytes escaped as everywhere else. The
// schema is exporters/json/report.schema.json. It prints the content of a report and judges nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/message/signature_field.hpp"
#include "checks/report/report.hpp"
#include "checks/rotation/preflight.hpp"
#include "config/basics/escape.hpp"
#include "config/records/record_item.hpp"
#include "exporters/formats/record_formats.hpp"

namespace dkimprobe::exporters {

/// One object of the schema `dkimprobe.check/2` with the report of each selector, and a newline at the end.
[[nodiscard]] std::string check_json(const config::DomainName& domain, checks::Status status,
                                     std::span<const checks::Report> reports);

/// The same on one line, for a stream of JSON lines.
[[nodiscard]] std::string check_json_line(const config::DomainName& domain, checks::Status status,
                                          std::span<const checks::Report> reports);

/// The reports on the keys of one domain.
struct DomainReports {
  config::DomainName domain{};
  checks::Status status = checks::Status::unknown;
  std::vector<checks::Report> reports{};
};

/// One object of the schema `dkimprobe.message/2`: the signatures of a message, and a `dkimprobe.check/2` for
/// each domain that they name. `status` is the overall status.
[[nodiscard]] std::string message_json(checks::Status status,
                                       std::span<const checks::SignatureField> signatures,
                                       std::span<const DomainReports> domains);

/// One object of the schema `dkimprobe.lint/2` on one line: the report of `checks::judge_record` without the
/// facts that only servers can provide.
[[nodiscard]] std::string lint_json(const checks::Report& report, const config::FilePlace& place);

/// The same for a fault of the file, which is not one of a record.
[[nodiscard]] std::string lint_error_json(const config::FileFault& fault);

/// A record to publish, with the report on it.
struct RecordOutput {
  PlannedRecord record{};
  checks::Report report{};                    ///< of `checks::judge_record`
  std::optional<config::DomainName> alias{};  ///< the selector's name, when the record is published elsewhere
  std::optional<PlannedRecord> in_place{};    ///< the DMARC record that replaces signing practices today
};

/// One object of the schema `dkimprobe.record/2`.
[[nodiscard]] std::string record_json(const RecordOutput& output);

/// One object of the schema `dkimprobe.preflight/2`, exporters/json/preflight.schema.json.
[[nodiscard]] std::string preflight_json(const checks::Preflight& preflight);

}  // namespace dkimprobe::exporters
