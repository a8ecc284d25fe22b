#include "checks/report/reasons.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace dkimprobe::checks {
namespace {

struct KnownReason {
  Reason reason = Reason::nothing_known;
  ReasonRow row{};
};

constexpr auto reason_rows = std::to_array<KnownReason>({
    {Reason::match_everywhere, {"match_everywhere", {}}},
    {Reason::negative_ttl, {"negative_ttl", "RFC 2308 section 5"}},
    {Reason::nsec_ttl, {"nsec_ttl", "RFC 9077 section 3.4"}},
    {Reason::domainkey_denied, {"domainkey_denied", "RFC 8020 section 2"}},
    {Reason::domainkey_unknown, {"domainkey_unknown", "RFC 8020 section 2"}},
    {Reason::wildcard_ttl, {"wildcard_ttl", "RFC 8198 section 5.3"}},
    {Reason::old_record_ttl, {"old_record_ttl", "RFC 1035 section 3.2.1"}},
    {Reason::old_alias_ttl, {"old_alias_ttl", "RFC 1035 section 3.2.1"}},
    {Reason::changing_answers, {"changing_answers", "RFC 1035 section 3.2.1"}},
    {Reason::server_failure, {"server_failure", "RFC 2308 section 7.1"}},
    {Reason::old_nameservers, {"old_nameservers", "RFC 2181 section 5.4.1"}},
    {Reason::old_ds, {"old_ds", "RFC 4035 section 5.3.1"}},
    {Reason::earlier_answer_unknown, {"earlier_answer_unknown", {}}},
    {Reason::nothing_known, {.name = "nothing_known", .never_used_removes_it = true}},
    {Reason::not_probed, {"not_probed", {}}},
    {Reason::never_used_contradicted, {"never_used_contradicted", {}}},
    {Reason::never_there, {"never_there", {}}},
    {Reason::resolver_cache, {"resolver_cache", {}}},
    {Reason::resolver_unknown, {"resolver_unknown", {}}},
    {Reason::public_answer, {.name = "public_answer", .detail_says_why = true}},
    {Reason::last_signature_unknown, {"last_signature_unknown", {}}},
    {Reason::last_signature_in_future, {"last_signature_in_future", {}}},
    {Reason::retired_key_retention, {"retired_key_retention", "RFC 6376 section 3.1"}},
});

constexpr bool each_in_its_place() {
  for (std::size_t i = 0; i < reason_rows.size(); ++i) {
    if (reason_rows[i].reason != static_cast<Reason>(i)) return false;
  }
  return reason_rows.back().reason == Reason::retired_key_retention;
}
static_assert(each_in_its_place());

}  // namespace

const ReasonRow& row_of(Reason reason) {
  return reason_rows.at(static_cast<std::size_t>(reason)).row;
}

ReasonDetail reason_for(Reason reason, std::optional<probe::WallTime> until, config::EscapedText detail) {
  return {&row_of(reason), until, std::move(detail)};
}

}  // namespace dkimprobe::checks
