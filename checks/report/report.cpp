#include "checks/report/report.hpp"

#include <algorithm>

#include "checks/report/enum_word.hpp"

namespace dkimprobe::checks {

std::optional<Severity> Report::worst_about(const ServerId& server) const {
  std::optional<Severity> worst;
  for (const Finding& finding : findings) {
    const bool is_named = std::ranges::any_of(
        finding.servers, [&](const ServerId& named) { return named.is_same_server(server); });
    if (is_named && (!worst || finding.severity > *worst)) worst = finding.severity;
  }
  return worst;
}

Status worst(std::span<const Status> statuses) {
  for (const Status status : {Status::critical, Status::unknown, Status::warning}) {
    if (std::ranges::find(statuses, status) != statuses.end()) return status;
  }
  return statuses.empty() ? Status::unknown : Status::ok;
}

Status worst(const std::vector<Report>& reports) {
  std::vector<Status> statuses;
  for (const auto& report : reports) statuses.push_back(report.status);
  return worst(statuses);
}

std::string_view to_string(Severity severity) {
  return word_of<Severity::critical>(severity, "notice", "warning", "critical");
}

std::string_view to_string(Status status) {
  return word_of<Status::unknown>(status, "ok", "warning", "critical", "unknown");
}

std::string_view to_string(CheckOutcome outcome) {
  return word_of<CheckOutcome::not_evaluated>(outcome, "clear", "found", "not_evaluated");
}

std::string_view to_string(RecordClass record_class) {
  return word_of<RecordClass::unknown>(record_class, "valid", "revoked", "weak", "syntax_error",
                                       "unsupported", "not_dkim", "absent", "unknown");
}

std::string_view to_string(ServerOutcome outcome) {
  return word_of<ServerOutcome::not_asked>(outcome, "answered", "nodata", "nxdomain", "servfail", "refused",
                                           "formerr", "notimp", "other_rcode", "not_authoritative",
                                           "upward_referral", "self_referral", "timeout", "unreachable",
                                           "tcp_failed", "malformed", "local_error", "not_asked");
}

std::string_view to_string(AdspPolicy policy) {
  return word_of<AdspPolicy::not_known>(policy, "none", "unknown", "all", "discardable", "invalid",
                                        "out_of_scope", "not_known");
}

}  // namespace dkimprobe::checks
