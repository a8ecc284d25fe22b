#include "checks/dnssec/chain.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/dnssec/algorithms.hpp"
#include "checks/dnssec/canonical_form.hpp"
#include "checks/dnssec/denial.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

using config::DomainName;
using std::chrono::sys_seconds;

tl::unexpected<Break> broken(Reason reason, const DomainName& zone, std::string sentence,
                             std::optional<std::uint16_t> key_tag = std::nullopt) {
  return tl::unexpected(
      Break{.reason = reason, .zone = zone, .key_tag = key_tag, .sentence = std::move(sentence)});
}

/// What vouches for the keys of a zone: DS records, and DNSKEY records of a trust anchor.
struct EntryPoints {
  std::vector<DelegationSigner> ds{};
  std::vector<std::string> dnskey{};  ///< rdata
};

/// The DS records that lead anywhere. A zone none of whose DS records has a verified algorithm and digest is
/// as if unsigned (RFC 4035 section 5.2).
Checked<std::vector<DelegationSigner>> usable_ds(const DomainName& zone,
                                                 const std::vector<std::string>& records) {
  std::vector<DelegationSigner> usable;
  std::vector<DelegationSigner> unusable;
  for (const std::string& rdata : records) {
    auto ds = read_delegation_signer(rdata);
    if (!ds)
      return broken(Reason::records_malformed, zone,
                    fmt::format("a DS record of {} is too short", zone_text(zone)));
    const bool is_usable = algorithm_support(ds->algorithm) == Support::verified &&
                           digest_support(ds->digest_type) == Support::verified;
    (is_usable ? usable : unusable).push_back(std::move(*ds));
  }
  if (!usable.empty() || unusable.empty()) return usable;
  const bool all_retired = std::ranges::none_of(unusable, [](const DelegationSigner& ds) {
    return algorithm_support(ds.algorithm) == Support::unknown ||
           digest_support(ds.digest_type) == Support::unknown;
  });
  const DelegationSigner& first = unusable.front();
  return broken(all_retired ? Reason::algorithm_retired : Reason::algorithm_unknown, zone,
                fmt::format("{} counts as unsigned: the DS record of key {} has algorithm {} and "
                            "digest type {}, which is {}, and no DS record has better ones",
                            zone_text(zone), first.key_tag, first.algorithm, first.digest_type,
                            all_retired ? "retired" : "retired or unknown"),
                first.key_tag);
}

/// Whether an entry point vouches for the key; empty if the budget does not suffice to say so.
std::optional<bool> is_vouched_for(const EntryPoints& entries, const DomainName& zone, const ZoneKey& key,
                                   Budget& budget) {
  if (std::ranges::find(entries.dnskey, key.rdata) != entries.dnskey.end()) return key.may_sign;
  for (const DelegationSigner& ds : entries.ds) {
    if (!may_match(ds, key)) continue;
    if (!budget.take_hashes(1)) return std::nullopt;
    if (has_digest_of(ds, zone, key)) return true;
  }
  return false;
}

tl::unexpected<Break> mismatch(const EntryPoints& entries, const DomainName& zone) {
  const std::string name = zone_text(zone);
  if (entries.ds.empty())
    return broken(Reason::ds_mismatch, zone, fmt::format("no key of {} is the trust anchor", name));
  const std::uint16_t tag = entries.ds.front().key_tag;
  return broken(
      Reason::ds_mismatch, zone,
      fmt::format("no key of {} matches its DS records, the first of which names key {}", name, tag), tag);
}

/// The keys of a zone, once a key that an entry point vouches for has signed them (RFC 4035 section 5.2).
Checked<ZoneKeys> keys_of_zone(const ZoneReplies& replies, const EntryPoints& entries, sys_seconds now,
                               Budget& budget) {
  const std::string name = zone_text(replies.zone);
  if (!replies.dnskey)
    return broken(Reason::not_collected, replies.zone,
                  fmt::format("the keys of {} were not collected", name));
  const RecordSet* const set = replies.dnskey->find(replies.zone, type::dnskey);
  if (set == nullptr)
    return broken(Reason::keys_missing, replies.zone,
                  fmt::format("{} has no DNSKEY record, although a DS record or anchor demands one", name));
  ZoneKeys all{.zone = replies.zone};
  ZoneKeys vouched{.zone = replies.zone};
  for (const std::string& rdata : set->rdata) {
    auto key = read_zone_key(rdata);
    if (!key)
      return broken(Reason::records_malformed, replies.zone,
                    fmt::format("a DNSKEY record of {} is too short", name));
    const auto is_vouched = is_vouched_for(entries, replies.zone, *key, budget);
    if (!is_vouched)
      return broken(Reason::work_limit, replies.zone,
                    fmt::format("the keys of {} were not compared with all of its DS records: the "
                                "validation has used its limit of {} hashes",
                                name, Budget::most_hashes));
    if (*is_vouched) vouched.keys.push_back(*key);
    all.keys.push_back(std::move(*key));
  }
  if (vouched.keys.empty()) return mismatch(entries, replies.zone);
  if (auto verified = verify_set(*set, vouched, now, budget); !verified)
    return tl::unexpected(std::move(verified.error()));
  return all;
}

/// The break for a proof that is not complete; `what` was to be proven.
tl::unexpected<Break> unproven(Proof proof, const Denial& denial, const DomainName& zone, Reason incomplete,
                               const std::string& what) {
  const std::string name = zone_text(zone);
  switch (proof) {
    case Proof::opt_out:
      return broken(Reason::opt_out, zone,
                    fmt::format("an NSEC3 record of {} with Opt-Out leaves open whether {}", name, what));
    case Proof::iterations_too_many:
      return broken(Reason::iterations_too_many, zone,
                    fmt::format("{} hashes names {} times (NSEC3), so its denials count as "
                                "unsigned: more than {} iterations are not computed",
                                name, denial.nsec3.front().iterations, most_iterations));
    case Proof::work_limit:
      return broken(Reason::work_limit, zone,
                    fmt::format("the NSEC3 records of {} were not examined: the validation has used "
                                "its limit of {} hashes",
                                name, Budget::most_hashes));
    case Proof::none:
    case Proof::complete:
      break;
  }
  if (denial.broken) return tl::unexpected(*denial.broken);
  if (denial.nsec.empty() && denial.nsec3.empty())
    return broken(incomplete == Reason::denial_incomplete ? Reason::denial_missing : incomplete, zone,
                  fmt::format("{} returned no NSEC or NSEC3 record to prove that {}", name, what));
  return broken(incomplete, zone,
                fmt::format("the {} records of {} do not prove that {}",
                            denial.nsec.empty() ? "NSEC3" : "NSEC", name, what));
}

/// The DS records of a zone, which its parent has signed; a break where the parent proves that it has none.
Checked<EntryPoints> entry_points_of(const ZoneReplies& replies, const ZoneKeys& parent, sys_seconds now,
                                     Budget& budget) {
  const std::string name = replies.zone.to_string();
  if (replies.zone == parent.zone || !replies.zone.is_at_or_below(parent.zone))
    return broken(Reason::not_collected, replies.zone,
                  fmt::format("the zone {} is not below {}", name, zone_text(parent.zone)));
  if (!replies.ds)
    return broken(Reason::not_collected, replies.zone,
                  fmt::format("the DS records of the zone {} were not collected", name));
  if (const RecordSet* const set = replies.ds->find(replies.zone, type::ds)) {
    if (auto verified = verify_set(*set, parent, now, budget); !verified)
      return tl::unexpected(std::move(verified.error()));
    auto ds = usable_ds(replies.zone, set->rdata);
    if (!ds) return tl::unexpected(std::move(ds.error()));
    return EntryPoints{.ds = std::move(*ds)};
  }
  const Denial denial = verified_denial(*replies.ds, parent, now, budget);
  const Proof proof = prove_unsigned_delegation(denial, parent.zone, replies.zone, budget);
  if (proof != Proof::complete)
    return unproven(proof, denial, parent.zone, Reason::denial_incomplete,
                    fmt::format("the delegation of {} has no DS record", name));
  return broken(Reason::delegation_unsigned, replies.zone,
                fmt::format("{} proves that {} has no DS record, so {} is unsigned", zone_text(parent.zone),
                            name, name));
}

Checked<EntryPoints> entry_points_of_anchors(std::span<const TrustAnchor> anchors, const DomainName& zone) {
  EntryPoints entries;
  std::vector<std::string> ds;
  for (const TrustAnchor& anchor : anchors)
    if (anchor.zone == zone) (anchor.type == type::ds ? ds : entries.dnskey).push_back(anchor.rdata);
  if (ds.empty() && entries.dnskey.empty())
    return broken(Reason::anchor_missing, zone,
                  fmt::format("there is no trust anchor for {}", zone_text(zone)));
  auto usable = usable_ds(zone, ds);
  if (usable) entries.ds = std::move(*usable);
  if (!usable && entries.dnskey.empty()) return tl::unexpected(std::move(usable.error()));
  return entries;
}

/// A set of the answer, and that nothing closer than its wildcard exists.
Checked<SignedSet> verify_answer_set(const RecordSet& set, const ZoneKeys& zone, const Reply& reply,
                                     sys_seconds now, Budget& budget) {
  auto verified = verify_set(set, zone, now, budget);
  if (!verified || !verified->wildcard_parent) return verified;
  const Denial denial = verified_denial(reply, zone, now, budget);
  const Proof proof = prove_expansion(denial, zone.zone, set.owner, *verified->wildcard_parent, budget);
  if (proof == Proof::complete) return verified;
  return unproven(proof, denial, zone.zone, Reason::wildcard_not_proven,
                  fmt::format("{} does not exist, whose {} comes from a wildcard", set.owner.to_string(),
                              type_text(set.type)));
}

/// The DNAME record above the name, if the zone has one.
const RecordSet* find_dname(const Question& question, const DomainName& zone) {
  for (DomainName above = question.name; above != zone;) {
    above = above.parent();
    if (const RecordSet* const set = question.reply.find(above, type::dname)) return set;
  }
  return nullptr;
}

/// A CNAME record beside a DNAME record is unsigned: it must be the one that the DNAME record gives (RFC 6672
/// section 5.3).
Checked<Proven> check_dname(const RecordSet& dname, const ZoneKeys& zone, const Question& question,
                            sys_seconds now, Budget& budget) {
  if (auto verified = verify_answer_set(dname, zone, question.reply, now, budget); !verified)
    return tl::unexpected(std::move(verified.error()));
  const RecordSet* const cname = question.reply.find(question.name, type::cname);
  if (cname == nullptr) return Proven::alias;
  const auto target_of = [](const RecordSet& set) { return RdataReader(set.rdata.front()).name(); };
  DomainName expected = target_of(dname);
  const std::size_t labels = question.name.label_count();
  bool fits = dname.rdata.size() == 1 && cname->rdata.size() == 1;
  for (std::size_t count = dname.owner.label_count() + 1; fits && count <= labels; ++count) {
    const auto longer = expected.child(question.name.suffix(count).first_label());
    fits = longer.has_value();
    expected = longer.value_or(expected);
  }
  if (fits && target_of(*cname) == expected) return Proven::alias;
  return broken(Reason::alias_wrong, zone.zone,
                fmt::format("the CNAME of {} is not what the DNAME of {} in {} gives",
                            question.name.to_string(), dname.owner.to_string(), zone_text(zone.zone)));
}

Checked<Proven> check_absence(const ZoneKeys& zone, const Question& question, sys_seconds now,
                              Budget& budget) {
  const Denial denial = verified_denial(question.reply, zone, now, budget);
  Proof no_name = Proof::none;
  if (question.reply.name_error) {
    no_name = prove_name_error(denial, zone.zone, question.name, budget);
    if (no_name == Proof::complete) return Proven::name_error;
  }
  const Proof no_data = prove_no_data(denial, zone.zone, question.name, question.type, budget);
  if (no_data == Proof::complete) return Proven::no_data;
  return unproven(no_name == Proof::none ? no_data : no_name, denial, zone.zone, Reason::denial_incomplete,
                  fmt::format("{} has no {} record", question.name.to_string(), type_text(question.type)));
}

Checked<Proven> check_answer(const ZoneKeys& zone, const Question& question, sys_seconds now,
                             Budget& budget) {
  static constexpr auto supported = std::to_array({type::txt, type::cname, type::dname, type::soa});
  if (std::ranges::find(supported, question.type) == supported.end())
    return broken(Reason::type_unsupported, zone.zone,
                  fmt::format("records of the type {} are not validated here", type_text(question.type)));
  if (!question.name.is_at_or_below(zone.zone))
    return broken(Reason::not_collected, zone.zone,
                  fmt::format("the name {} is not in {}, the last whose keys were collected",
                              question.name.to_string(), zone_text(zone.zone)));
  if (const RecordSet* const dname = find_dname(question, zone.zone))
    return check_dname(*dname, zone, question, now, budget);
  const RecordSet* set = question.reply.find(question.name, question.type);
  const bool is_alias = set == nullptr || question.type == type::cname;
  if (set == nullptr) set = question.reply.find(question.name, type::cname);
  if (set == nullptr) return check_absence(zone, question, now, budget);
  if (auto verified = verify_answer_set(*set, zone, question.reply, now, budget); !verified)
    return tl::unexpected(std::move(verified.error()));
  return is_alias ? Proven::alias : Proven::records;
}

}  // namespace

Checked<ZoneKeys> validate_keys(std::span<const TrustAnchor> anchors, std::span<const ZoneReplies> zones,
                                sys_seconds now, Budget& budget) {
  if (zones.empty()) return broken(Reason::not_collected, DomainName(), "no zone was collected");
  auto entries = entry_points_of_anchors(anchors, zones.front().zone);
  if (!entries) return tl::unexpected(std::move(entries.error()));
  auto keys = keys_of_zone(zones.front(), *entries, now, budget);
  for (const ZoneReplies& replies : zones.subspan(1)) {
    if (!keys) break;
    keys = validate_keys_below(*keys, replies, now, budget);
  }
  return keys;
}

Checked<ZoneKeys> validate_keys_below(const ZoneKeys& parent, const ZoneReplies& zone, sys_seconds now,
                                      Budget& budget) {
  const auto entries = entry_points_of(zone, parent, now, budget);
  if (!entries) return tl::unexpected(entries.error());
  return keys_of_zone(zone, *entries, now, budget);
}

Validation validate_answer(const Checked<ZoneKeys>& zone, const Question& question, sys_seconds now,
                           Budget& budget) {
  const Checked<Proven> proven =
      zone ? check_answer(*zone, question, now, budget) : tl::unexpected(zone.error());
  if (proven) return {.state = State::secure, .proven = *proven, .broken = std::nullopt};
  return {.state = state_of(proven.error().reason), .proven = Proven::nothing, .broken = proven.error()};
}

}  // namespace dkimprobe::checks::dnssec
