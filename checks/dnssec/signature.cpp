#include "checks/dnssec/signature.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/dnssec/algorithms.hpp"
#include "checks/dnssec/canonical_form.hpp"
#include "checks/report/time_text.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

/// An RRSIG record (RFC 4034 section 3.1).
struct Signature {
  std::uint16_t type_covered = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t labels = 0;
  std::uint32_t original_ttl = 0;
  std::uint32_t expiration = 0;
  std::uint32_t inception = 0;
  std::uint16_t key_tag = 0;
  config::DomainName signer{};
  std::string_view value{};
};

std::optional<Signature> read_signature(std::string_view rdata) {
  RdataReader reader(rdata);
  Signature signature;
  signature.type_covered = reader.u16();
  signature.algorithm = reader.u8();
  signature.labels = reader.u8();
  signature.original_ttl = reader.u32();
  signature.expiration = reader.u32();
  signature.inception = reader.u32();
  signature.key_tag = reader.u16();
  signature.signer = reader.name();
  signature.value = reader.rest();
  return reader.failed() ? std::nullopt : std::optional(std::move(signature));
}

std::string signature_text(const RecordSet& set, const ZoneKeys& zone, const Signature& signature) {
  return fmt::format("the signature over the {} by key {} of {}", set_text(set), signature.key_tag,
                     zone_text(zone.zone));
}

/// What a set's signatures are checked against, and the set in canonical form, made once.
struct Signed {
  const RecordSet& set;
  const ZoneKeys& zone;
  sys_seconds now;
  std::vector<std::string> rdata{};

  [[nodiscard]] Break broken(Reason reason, const Signature& signature, std::string fact) const {
    return {.reason = reason,
            .zone = zone.zone,
            .key_tag = signature.key_tag,
            .sentence = signature_text(set, zone, signature) + " " + std::move(fact)};
  }
};

/// Records of these types prove something about the name that owns them, so no wildcard can make them.
constexpr auto never_expanded =
    std::to_array<std::uint16_t>({type::ds, type::nsec, type::dnskey, type::nsec3});

/// Whether a cut lies between the zone and the records, so that the zone itself need not sign them.
bool is_of_zone_below(const Signed& what, const Signature& signature) {
  const auto& signer = signature.signer;
  return signer != what.zone.zone && signer.is_at_or_below(what.zone.zone) &&
         what.set.owner.is_at_or_below(signer) && !(what.set.type == type::ds && what.set.owner == signer);
}

/// The signer, the labels and the times (RFC 4035 section 5.3.1).
std::optional<Break> find_wrong_field(const Signed& what, const Signature& signature) {
  if (is_of_zone_below(what, signature))
    return what.broken(
        Reason::not_collected, signature,
        fmt::format("names {} as its signer, whose keys were not collected", zone_text(signature.signer)));
  if (signature.signer != what.zone.zone)
    return what.broken(Reason::signer_wrong, signature,
                       fmt::format("names {} as its signer", signature.signer.to_string()));
  const std::size_t labels = signed_labels(what.set.owner);
  if (signature.labels > labels)
    return what.broken(Reason::signature_malformed, signature, "counts more labels than the name has");
  if (signature.labels < what.zone.zone.label_count())
    return what.broken(Reason::signature_malformed, signature, "counts fewer labels than the zone has");
  if (signature.labels < labels && std::ranges::find(never_expanded, what.set.type) != never_expanded.end())
    return what.broken(Reason::wildcard_not_allowed, signature,
                       "says that a wildcard made the record, which the type does not permit");
  if (seconds_after(what.now, signature.inception).count() > 0)
    return what.broken(Reason::signature_not_begun, signature,
                       fmt::format("is valid only from {}",
                                   time_text(what.now + seconds_after(what.now, signature.inception))));
  if (seconds_after(what.now, signature.expiration).count() < 0)
    return what.broken(
        Reason::signature_expired, signature,
        fmt::format("expired at {}", time_text(what.now + seconds_after(what.now, signature.expiration))));
  return std::nullopt;
}

/// What is signed: the RRSIG record without the signature, then each record with the original TTL and the
/// name before any wildcard expansion (RFC 4034 section 3.1.8.1, RFC 4035 section 5.3.2).
std::string signed_octets(const Signed& what, const Signature& signature) {
  std::string result;
  append_u16(result, signature.type_covered);
  result.push_back(static_cast<char>(signature.algorithm));
  result.push_back(static_cast<char>(signature.labels));
  append_u32(result, signature.original_ttl);
  append_u32(result, signature.expiration);
  append_u32(result, signature.inception);
  append_u16(result, signature.key_tag);
  result += canonical_name(signature.signer);

  const config::DomainName& owner = what.set.owner;
  std::string head = signature.labels < signed_labels(owner)
                         ? std::string("\x01*") + canonical_name(owner.suffix(signature.labels))
                         : canonical_name(owner);
  append_u16(head, what.set.type);
  append_u16(head, 1);  // class IN
  append_u32(head, signature.original_ttl);
  for (const std::string& rdata : what.rdata) {
    result += head;
    append_u16(result, static_cast<std::uint16_t>(rdata.size()));
    result += rdata;
  }
  return result;
}

/// Tries every key with the tag and the algorithm of the signature. Empty if one of them made it.
std::optional<Break> find_wrong_arithmetic(const Signed& what, const Signature& signature, Budget& budget) {
  if (algorithm_support(signature.algorithm) != Support::verified)
    return what.broken(Reason::signing_key_missing, signature,
                       fmt::format("has algorithm {}, and a DS record demands another", signature.algorithm));
  std::string octets;
  std::optional<Break> broken = what.broken(Reason::signing_key_missing, signature,
                                            "was made with a key that the zone does not publish");
  for (const ZoneKey& key : what.zone.keys) {
    if (!key.may_sign || key.tag != signature.key_tag || key.algorithm != signature.algorithm) continue;
    if (!budget.take_signature_check())
      return what.broken(Reason::work_limit, signature,
                         fmt::format("was not checked: the validation has used its limit of {} checks",
                                     Budget::most_signature_checks));
    if (octets.empty()) octets = signed_octets(what, signature);
    switch (check_signature(key.algorithm, key.public_key(), octets, signature.value)) {
      case SignatureCheck::good:
        return std::nullopt;
      case SignatureCheck::key_unsupported:
        return what.broken(Reason::key_unsupported, signature,
                           "was not checked: RSA keys must have 1024 to 4096 bits, and a public exponent of "
                           "at most 64 bits");
      case SignatureCheck::wrong:
        broken = what.broken(Reason::signature_wrong, signature,
                             "is wrong: the records, the signature or the key have been changed");
    }
  }
  return broken;
}

/// How much a signature's fault says about why the set does not hold; a limit of ours says most, since
/// without it the set might hold.
std::size_t weight(Reason reason) {
  static constexpr auto from_least = std::to_array<Reason>({
      Reason::signature_malformed,
      Reason::signer_wrong,
      Reason::wildcard_not_allowed,
      Reason::signing_key_missing,
      Reason::signature_not_begun,
      Reason::signature_expired,
      Reason::signature_wrong,
      Reason::not_collected,
      Reason::key_unsupported,
      Reason::work_limit,
  });
  return static_cast<std::size_t>(std::ranges::find(from_least, reason) - from_least.begin());
}

Break unsigned_set(const RecordSet& set, const ZoneKeys& zone, Reason reason, std::string_view fact) {
  return {.reason = reason,
          .zone = zone.zone,
          .key_tag = std::nullopt,
          .sentence = fmt::format("the {} in {} {}", set_text(set), zone_text(zone.zone), fact)};
}

}  // namespace

std::string type_text(std::uint16_t number) {
  static constexpr auto names = std::to_array<std::pair<std::uint16_t, std::string_view>>({
      {type::ns, "NS"},
      {type::cname, "CNAME"},
      {type::soa, "SOA"},
      {type::txt, "TXT"},
      {type::dname, "DNAME"},
      {type::ds, "DS"},
      {type::nsec, "NSEC"},
      {type::dnskey, "DNSKEY"},
      {type::nsec3, "NSEC3"},
  });
  const auto found = std::ranges::find(names, number, &std::pair<std::uint16_t, std::string_view>::first);
  return found == names.end() ? fmt::format("TYPE{}", number) : std::string(found->second);
}

seconds seconds_after(sys_seconds now, std::uint32_t time) {
  return seconds{
      static_cast<std::int32_t>(time - static_cast<std::uint32_t>(now.time_since_epoch().count()))};
}

std::optional<SignaturePeriod> signature_period(const RecordSet& set, sys_seconds now) {
  std::optional<SignaturePeriod> last;
  for (const std::string& rdata : set.signatures) {
    const auto signature = read_signature(rdata);
    if (!signature) continue;
    const sys_seconds expiration = now + seconds_after(now, signature->expiration);
    if (!last || expiration > last->expiration)
      last = {now + seconds_after(now, signature->inception), expiration};
  }
  return last;
}

std::string set_text(const RecordSet& set) {
  return fmt::format("{} of {}", type_text(set.type), set.owner.to_string());
}

Checked<SignedSet> verify_set(const RecordSet& set, const ZoneKeys& zone, sys_seconds now, Budget& budget) {
  auto rdata = canonical_rdata(set);
  if (!rdata || rdata->empty() || !set.owner.is_at_or_below(zone.zone))
    return tl::unexpected(
        unsigned_set(set, zone, Reason::records_malformed, "cannot be parsed, or lies outside the zone"));
  if (set.signatures.empty())
    return tl::unexpected(unsigned_set(set, zone, Reason::signature_missing, "has no signature"));
  const Signed what{.set = set, .zone = zone, .now = now, .rdata = std::move(*rdata)};
  Break closest =
      unsigned_set(set, zone, Reason::signature_malformed, "has only signatures that cannot be parsed");
  for (const std::string& octets : set.signatures) {
    const auto signature = read_signature(octets);
    if (!signature || signature->type_covered != set.type) continue;
    auto broken = find_wrong_field(what, *signature);
    if (!broken) broken = find_wrong_arithmetic(what, *signature, budget);
    if (!broken) {
      if (signature->labels == signed_labels(set.owner)) return SignedSet{};
      return SignedSet{.wildcard_parent = set.owner.suffix(signature->labels)};
    }
    if (weight(broken->reason) >= weight(closest.reason)) closest = std::move(*broken);
    if (closest.reason == Reason::work_limit) break;
  }
  return tl::unexpected(std::move(closest));
}

}  // namespace dkimprobe::checks::dnssec
