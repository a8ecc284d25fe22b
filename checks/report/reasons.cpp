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
    {Reason::match_everywhere,
     {.name = "match_everywhere",
      .meaning = "From then on, every server had the expected record. Caches may still hold what a server "
                 "had before."}},
    {Reason::negative_ttl,
     {.name = "negative_ttl",
      .reference = "RFC 2308 section 5",
      .meaning = "A server answered that the record does not exist. Caches may hold that for the negative "
                 "TTL of the zone's SOA record."}},
    {Reason::nsec_ttl,
     {.name = "nsec_ttl",
      .reference = "RFC 9077 section 3.4",
      .meaning = "A server denied the names around this one with NSEC or NSEC3 records. A cache may use "
                 "these records to deny this name too, without a query."}},
    {Reason::domainkey_denied,
     {.name = "domainkey_denied",
      .reference = "RFC 8020 section 2",
      .meaning = "A server answered that `_domainkey` does not exist. Caches may apply that to every "
                 "selector below it."}},
    {Reason::domainkey_unknown,
     {.name = "domainkey_unknown",
      .reference = "RFC 8020 section 2",
      .meaning = "Whether `_domainkey` existed before it was first seen is unknown. If not, caches may hold "
                 "that no selector exists there. If another selector already signs, list it in the settings "
                 "file: then this reason does not apply."}},
    {Reason::wildcard_ttl,
     {.name = "wildcard_ttl",
      .reference = "RFC 8198 section 5.3",
      .meaning = "A server answered for the name from a wildcard. Caches may hold that answer."}},
    {Reason::old_record_ttl,
     {.name = "old_record_ttl",
      .reference = "RFC 1035 section 3.2.1",
      .meaning = "A server had another record at the name. Caches may hold it for its TTL."}},
    {Reason::old_alias_ttl,
     {.name = "old_alias_ttl",
      .reference = "RFC 1035 section 3.2.1",
      .meaning = "A server had an alias at the name that points elsewhere. Caches may hold it for its TTL."}},
    {Reason::changing_answers,
     {.name = "changing_answers",
      .reference = "RFC 1035 section 3.2.1",
      .meaning = "A server returned different answers to the same question in one probe. Caches may hold any "
                 "of them. Several machines may answer at its address: bring all of them up to date."}},
    {Reason::server_failure,
     {.name = "server_failure",
      .reference = "RFC 2308 section 7.1",
      .meaning = "A server answered SERVFAIL. Caches may remember a failure for some minutes."}},
    {Reason::old_nameservers,
     {.name = "old_nameservers",
      .reference = "RFC 2181 section 5.4.1",
      .meaning = "A server was removed from the zone. Caches that know the old NS records may query it until "
                 "these expire, and then hold what it had."}},
    {Reason::old_ds,
     {.name = "old_ds",
      .reference = "RFC 4035 section 5.3.1",
      .meaning = "The DS records of the zone have changed. Validating resolvers may hold the old ones and "
                 "reject what the zone answers now."}},
    {Reason::earlier_answer_unknown,
     {.name = "earlier_answer_unknown",
      .meaning = "What a server had before it was first seen is unknown. It counts like the longest-held "
                 "answer of the other servers."}},
    {Reason::nothing_known,
     {.name = "nothing_known",
      .meaning = "No earlier probe is recorded, so how long caches hold an older answer is unknown, and a "
                 "long time is assumed. Keep a history (--storage.path). If the selector was never used and "
                 "never announced, give --never-used.",
      .never_used_removes_it = true}},
    {Reason::not_probed,
     {.name = "not_probed", .meaning = "No server has been probed yet, so nothing is known."}},
    {Reason::never_used_contradicted,
     {.name = "never_used_contradicted",
      .meaning = "The selector was declared as never used, but a probe shows that it was published or "
                 "queried before. Leave --never-used out, or remove `never_used` from the settings file."}},
    {Reason::never_there,
     {.name = "never_there",
      .meaning = "No probe saw the key where the selector points, so no cache holds it from there."}},
    {Reason::resolver_cache,
     {.name = "resolver_cache",
      .meaning = "The cache of a resolver that you named holds another answer until then."}},
    {Reason::resolver_unknown,
     {.name = "resolver_unknown",
      .meaning = "The cache of a resolver that you named could not be read. It may hold an older answer. "
                 "Some resolvers refuse queries that do not ask for recursion."}},
    {Reason::public_answer,
     {.name = "public_answer",
      .meaning = "A resolver that was asked as the public asks did not return the expected record. Do not "
                 "sign yet; fix what the detail reports.",
      .detail_says_why = true}},
    {Reason::last_signature_unknown,
     {.name = "last_signature_unknown",
      .meaning = "When the selector last signed is unknown, so mail that needs its key may be in transit. "
                 "Give the time with --last-signature, or as `last_signature` in the settings file."}},
    {Reason::retired_key_retention,
     {.name = "retired_key_retention",
      .reference = "RFC 6376 section 3.1",
      .meaning = "Mail signed with the key may be in transit. The key stays published for this long after "
                 "its last signature (--retired-key-retention)."}},
    {Reason::selector_cooldown,
     {.name = "selector_cooldown",
      .reference = "RFC 6376 section 3.1",
      .meaning =
          "The selector signed with another key. After its last signature it stays unused for this long "
          "(`selector_cooldown` in the settings file) before it signs with a new key."}},
    {Reason::selector_reused_too_soon,
     {.name = "selector_reused_too_soon",
      .reference = "RFC 6376 section 3.1",
      .meaning =
          "The selector has a new key, and mail signed with its earlier key may be in transit. Such mail "
          "fails. Give the new key a selector of its own, and publish the earlier key again.",
      .detail_says_why = true}},
});

constexpr bool each_in_its_place() {
  for (std::size_t i = 0; i < reason_rows.size(); ++i) {
    if (reason_rows[i].reason != static_cast<Reason>(i)) return false;
  }
  return reason_rows.back().reason == Reason::selector_reused_too_soon;
}
static_assert(each_in_its_place());

}  // namespace

const ReasonRow& row_of(Reason reason) {
  return reason_rows.at(static_cast<std::size_t>(reason)).row;
}

std::vector<const ReasonRow*> reasons() {
  std::vector<const ReasonRow*> rows;
  for (const auto& known : reason_rows) rows.push_back(&known.row);
  return rows;
}

ReasonDetail reason_for(Reason reason, std::optional<probe::WallTime> until, config::EscapedText detail) {
  return {&row_of(reason), until, std::move(detail)};
}

}  // namespace dkimprobe::checks
