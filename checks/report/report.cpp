#include "checks/report/report.hpp"

#include <algorithm>
#include <array>

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
  switch (severity) {
    case Severity::notice:
      return "notice";
    case Severity::warning:
      return "warning";
    case Severity::critical:
      return "critical";
  }
  return {};
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::warning:
      return "warning";
    case Status::critical:
      return "critical";
    case Status::unknown:
      return "unknown";
  }
  return {};
}

std::string_view to_string(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::clear:
      return "clear";
    case CheckOutcome::found:
      return "found";
    case CheckOutcome::not_evaluated:
      return "not_evaluated";
  }
  return {};
}

std::string_view to_string(Security state) {
  switch (state) {
    case Security::secure:
      return "secure";
    case Security::insecure:
      return "insecure";
    case Security::bogus:
      return "bogus";
    case Security::indeterminate:
      return "indeterminate";
  }
  return "indeterminate";
}

std::string_view to_string(RecordClass record_class) {
  switch (record_class) {
    case RecordClass::valid:
      return "valid";
    case RecordClass::dkim2_only:
      return "dkim2_only";
    case RecordClass::revoked:
      return "revoked";
    case RecordClass::weak:
      return "weak";
    case RecordClass::syntax_error:
      return "syntax_error";
    case RecordClass::unsupported:
      return "unsupported";
    case RecordClass::not_dkim:
      return "not_dkim";
    case RecordClass::absent:
      return "absent";
    case RecordClass::unknown:
      return "unknown";
  }
  return {};
}

std::span<const std::string_view> served_versions(RecordClass record_class) {
  static constexpr std::array<std::string_view, 2> versions = {"DKIM1", "DKIM2"};
  const std::span<const std::string_view> all = versions;
  switch (record_class) {
    case RecordClass::valid:
    case RecordClass::weak:
      return all;
    case RecordClass::dkim2_only:
      return all.last(1);
    case RecordClass::revoked:
    case RecordClass::syntax_error:
    case RecordClass::unsupported:
    case RecordClass::not_dkim:
    case RecordClass::absent:
    case RecordClass::unknown:
      break;
  }
  return {};
}

std::string_view to_string(ServerOutcome outcome) {
  switch (outcome) {
    case ServerOutcome::answered:
      return "answered";
    case ServerOutcome::nodata:
      return "nodata";
    case ServerOutcome::nxdomain:
      return "nxdomain";
    case ServerOutcome::servfail:
      return "servfail";
    case ServerOutcome::refused:
      return "refused";
    case ServerOutcome::formerr:
      return "formerr";
    case ServerOutcome::notimp:
      return "notimp";
    case ServerOutcome::other_rcode:
      return "other_rcode";
    case ServerOutcome::not_authoritative:
      return "not_authoritative";
    case ServerOutcome::upward_referral:
      return "upward_referral";
    case ServerOutcome::self_referral:
      return "self_referral";
    case ServerOutcome::timeout:
      return "timeout";
    case ServerOutcome::unreachable:
      return "unreachable";
    case ServerOutcome::tcp_failed:
      return "tcp_failed";
    case ServerOutcome::malformed:
      return "malformed";
    case ServerOutcome::too_large:
      return "too_large";
    case ServerOutcome::local_error:
      return "local_error";
    case ServerOutcome::not_asked:
      return "not_asked";
  }
  return {};
}

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::right:
      return "right";
    case Standing::differs:
      return "differs";
    case Standing::undecided:
      return "undecided";
  }
  return {};
}

bool all_accept(const Compatibility& compatibility) {
  return std::ranges::all_of(compatibility.verdicts, [](const VerifierVerdict& verdict) {
    return verdict.acceptance == Acceptance::accepted || verdict.acceptance == Acceptance::unsupported;
  });
}

bool most_reject(const Compatibility& compatibility) {
  std::size_t accepting = 0;
  std::size_t rejecting = 0;
  for (const VerifierVerdict& verdict : compatibility.verdicts) {
    if (verdict.acceptance == Acceptance::unsupported) continue;
    ++(verdict.acceptance == Acceptance::accepted ? accepting : rejecting);
  }
  return rejecting > 0 && rejecting >= accepting;
}

std::string_view to_string(Acceptance acceptance) {
  switch (acceptance) {
    case Acceptance::accepted:
      return "accepted";
    case Acceptance::rejected:
      return "rejected";
    case Acceptance::temporary_error:
      return "temporary_error";
    case Acceptance::unsupported:
      return "unsupported";
  }
  return {};
}

std::string_view to_string(AdspPolicy policy) {
  switch (policy) {
    case AdspPolicy::none:
      return "none";
    case AdspPolicy::unknown:
      return "unknown";
    case AdspPolicy::all:
      return "all";
    case AdspPolicy::discardable:
      return "discardable";
    case AdspPolicy::invalid:
      return "invalid";
    case AdspPolicy::out_of_scope:
      return "out_of_scope";
    case AdspPolicy::not_known:
      return "not_known";
  }
  return {};
}

}  // namespace dkimprobe::checks
