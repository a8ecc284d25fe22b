#include "checks/dnssec/outcome.hpp"

#include <array>
#include <cstddef>

namespace dkimprobe::checks::dnssec {
namespace {

struct ReasonRow {
  Reason reason;
  std::string_view name;
  State state;
};

/// In the order of the enumerators.
constexpr auto reason_rows = std::to_array<ReasonRow>({
    {Reason::delegation_unsigned, "delegation_unsigned", State::insecure},
    {Reason::opt_out, "opt_out", State::insecure},
    {Reason::algorithm_retired, "algorithm_retired", State::insecure},
    {Reason::algorithm_unknown, "algorithm_unknown", State::insecure},
    {Reason::iterations_too_many, "iterations_too_many", State::insecure},
    {Reason::ds_mismatch, "ds_mismatch", State::bogus},
    {Reason::keys_missing, "keys_missing", State::bogus},
    {Reason::signature_missing, "signature_missing", State::bogus},
    {Reason::signature_malformed, "signature_malformed", State::bogus},
    {Reason::signer_wrong, "signer_wrong", State::bogus},
    {Reason::signing_key_missing, "signing_key_missing", State::bogus},
    {Reason::signature_not_begun, "signature_not_begun", State::bogus},
    {Reason::signature_expired, "signature_expired", State::bogus},
    {Reason::signature_wrong, "signature_wrong", State::bogus},
    {Reason::wildcard_not_allowed, "wildcard_not_allowed", State::bogus},
    {Reason::records_malformed, "records_malformed", State::bogus},
    {Reason::denial_missing, "denial_missing", State::bogus},
    {Reason::denial_incomplete, "denial_incomplete", State::bogus},
    {Reason::wildcard_not_proven, "wildcard_not_proven", State::bogus},
    {Reason::alias_wrong, "alias_wrong", State::bogus},
    {Reason::anchor_missing, "anchor_missing", State::indeterminate},
    {Reason::not_collected, "not_collected", State::indeterminate},
    {Reason::type_unsupported, "type_unsupported", State::indeterminate},
    {Reason::key_unsupported, "key_unsupported", State::indeterminate},
    {Reason::work_limit, "work_limit", State::indeterminate},
});

constexpr bool is_ordered() {
  for (std::size_t at = 0; at < reason_rows.size(); ++at)
    if (static_cast<std::size_t>(reason_rows[at].reason) != at) return false;
  return true;
}
static_assert(is_ordered());

}  // namespace

std::string zone_text(const config::DomainName& zone) {
  return zone.is_root() ? "the root zone" : "the zone " + zone.to_string();
}

State state_of(Reason reason) {
  return reason_rows.at(static_cast<std::size_t>(reason)).state;
}

std::string_view to_string(Reason reason) {
  return reason_rows.at(static_cast<std::size_t>(reason)).name;
}

}  // namespace dkimprobe::checks::dnssec
