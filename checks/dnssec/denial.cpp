#include "checks/dnssec/denial.hpp"

#include <utility>

namespace dkimprobe::checks::dnssec {
namespace {

using config::DomainName;

/// Asks the NSEC records first. A zone has only one of the two kinds, except while its operator changes it.
template <class Question>
Proof prove(const Denial& denial, const DomainName& zone, Budget& budget, const Question& question) {
  if (question(NsecChain{.zone = zone, .records = denial.nsec}) == Proof::complete) return Proof::complete;
  if (denial.nsec3.empty()) return Proof::none;
  return question(Nsec3Chain(zone, denial.nsec3, budget));
}

}  // namespace

Denial verified_denial(const Reply& reply, const ZoneKeys& zone, std::chrono::sys_seconds now,
                       Budget& budget) {
  Denial denial;
  for (const RecordSet& set : reply.sets) {
    if (set.type != type::nsec && set.type != type::nsec3) continue;
    if (auto verified = verify_set(set, zone, now, budget); !verified) {
      if (!denial.broken || verified.error().reason == Reason::work_limit)
        denial.broken = std::move(verified.error());
      if (denial.broken->reason == Reason::work_limit) break;
    } else if (set.type == type::nsec) {
      if (auto record = read_nsec(set)) denial.nsec.push_back(std::move(*record));
    } else if (auto record = read_nsec3(set, zone.zone)) {
      denial.nsec3.push_back(std::move(*record));
    }
  }
  return denial;
}

Proof prove_no_data(const Denial& denial, const DomainName& zone, const DomainName& name, std::uint16_t type,
                    Budget& budget) {
  return prove(denial, zone, budget, [&](auto chain) { return chain.no_data(name, type); });
}

Proof prove_name_error(const Denial& denial, const DomainName& zone, const DomainName& name, Budget& budget) {
  return prove(denial, zone, budget, [&](auto chain) { return chain.name_error(name); });
}

Proof prove_expansion(const Denial& denial, const DomainName& zone, const DomainName& name,
                      const DomainName& wildcard_parent, Budget& budget) {
  return prove(denial, zone, budget, [&](auto chain) { return chain.expansion(name, wildcard_parent); });
}

Proof prove_unsigned_delegation(const Denial& denial, const DomainName& zone, const DomainName& child,
                                Budget& budget) {
  return prove(denial, zone, budget, [&](auto chain) { return chain.unsigned_delegation(child); });
}

}  // namespace dkimprobe::checks::dnssec
