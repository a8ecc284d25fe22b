// What proves the keys of a zone is asked of servers that answer, once, and kept as long as its TTL says.
#include "probe/discovery/trust_search.hpp"

#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"

namespace dkimprobe::tests {
namespace {

using probe::CutAnswer;
using probe::Delegation;
using probe::Exchange;
using probe::Rcode;
using probe::RecordSet;
using probe::RecordType;
using probe::Response;
using probe::TrustSearch;
using probe::ZoneCache;
using probe::ZoneCut;
using std::chrono::hours;
using std::chrono::seconds;

const probe::MonotonicTime start{std::chrono::hours{1000}};
const probe::WallTime wall_time{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};
constexpr std::uint16_t ds = 43;
constexpr std::uint16_t nsec = 47;

/// The rdata of an RRSIG record, of which only the expiration is read.
std::string signature_until(probe::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  std::string rdata(18, '\0');
  for (std::size_t i = 0; i < 4; ++i) rdata[8 + i] = static_cast<char>(seconds >> (24 - 8 * i) & 0xff);
  return rdata;
}

enum class Ds { present, denied, not_told };

ZoneCut cut_of(std::string_view apex, std::string_view parent, Ds said, std::vector<std::string> servers) {
  ZoneCut cut;
  cut.apex = name_of(apex);
  cut.parent = name_of(parent);
  probe::Referral& referral = cut.referrals.emplace_back();
  if (said == Ds::present) referral.ds.push_back({.owner = cut.apex, .digest = "digest"});
  if (said != Ds::not_told)
    referral.sets.push_back({cut.apex,
                             said == Ds::present ? ds : nsec,
                             3600,
                             {"rdata"},
                             {signature_until(wall_time + hours{24})}});
  for (const std::string& server : servers)
    cut.parents.push_back({.address = {address_of(server), 53}, .answer = CutAnswer::refers});
  return cut;
}

/// example.com below com below the root.
Delegation delegation_of(Ds of_com, Ds of_example) {
  Delegation delegation;
  delegation.zone = name_of("example.com");
  delegation.cuts.push_back(cut_of("com", ".", of_com, {"45.0.0.1", "45.0.0.2"}));
  delegation.cuts.push_back(cut_of("example.com", "com", of_example, {"45.1.0.1", "45.1.0.2"}));
  return delegation;
}

std::string to_string(const TrustSearch::Query& query) {
  return query.name.to_string() + (query.type == RecordType::ds ? " DS at " : " DNSKEY at ") +
         query.server.ip.to_string();
}

std::vector<std::string> begun(TrustSearch& search) {
  std::vector<std::string> all;
  for (const auto& query : search.begin()) all.push_back(to_string(query));
  return all;
}

Exchange answer(const TrustSearch::Query& query, std::uint32_t ttl = 3600) {
  Exchange exchange;
  exchange.outcome = probe::Outcome::answered;
  Response& response = exchange.response.emplace();
  response.authoritative = true;
  response.sets.push_back({query.name,
                           static_cast<std::uint16_t>(query.type),
                           ttl,
                           {"rdata"},
                           {signature_until(wall_time + hours{24})}});
  return exchange;
}

}  // namespace

TEST_CASE("the keys of the zones above are asked for, and DS records that no referral returned") {
  const config::ProbeSettings settings;
  ZoneCache cache;
  TrustSearch whole(delegation_of(Ds::present, Ds::present), settings, cache, start, wall_time);
  CHECK(begun(whole) == std::vector<std::string>{". DNSKEY at 45.0.0.1", "com DNSKEY at 45.1.0.1"});
  TrustSearch unsigned_zone(delegation_of(Ds::present, Ds::denied), settings, cache, start, wall_time);
  CHECK(begun(unsigned_zone) == std::vector<std::string>{". DNSKEY at 45.0.0.1", "com DNSKEY at 45.1.0.1"});
  TrustSearch unsigned_parent(delegation_of(Ds::denied, Ds::present), settings, cache, start, wall_time);
  CHECK(begun(unsigned_parent) == std::vector<std::string>{". DNSKEY at 45.0.0.1"});
  TrustSearch same_servers(delegation_of(Ds::present, Ds::not_told), settings, cache, start, wall_time);
  CHECK(begun(same_servers) == std::vector<std::string>{". DNSKEY at 45.0.0.1", "com DNSKEY at 45.1.0.1",
                                                        "example.com DS at 45.1.0.1"});
}

TEST_CASE("where a server is of no use, the next one is asked, and no more than three") {
  const config::ProbeSettings settings;
  ZoneCache cache;
  Delegation delegation = delegation_of(Ds::denied, Ds::denied);
  for (const char* server : {"45.0.0.3", "45.0.0.4"})
    delegation.cuts.front().parents.push_back(
        {.address = {address_of(server), 53}, .answer = CutAnswer::refers});
  delegation.cuts.front().parents.front().answer = CutAnswer::silent;
  TrustSearch search(delegation, settings, cache, start, wall_time);
  auto query = search.begin().front();
  CHECK(to_string(query) == ". DNSKEY at 45.0.0.2");
  std::vector<Exchange> useless(3);
  useless[0].outcome = probe::Outcome::timed_out;
  useless[1] = answer(query);
  useless[1].response->rcode = Rcode::servfail;
  useless[2] = answer(query);
  useless[2].response->truncated = true;
  for (const char* next : {"45.0.0.3", "45.0.0.4"}) {
    const auto again = search.finished(query, useless[next[7] == '3' ? 0 : 1], start);
    REQUIRE(again);
    query = *again;
    CHECK(to_string(query) == std::string(". DNSKEY at ") + next);
  }
  CHECK_FALSE(search.finished(query, useless[2], start));
  CHECK(search.replies().empty());
}

TEST_CASE("a reply serves later searches until its TTL is over") {
  const config::ProbeSettings settings;
  ZoneCache cache;
  const Delegation delegation = delegation_of(Ds::denied, Ds::denied);
  TrustSearch first(delegation, settings, cache, start, wall_time);
  const auto query = first.begin().front();
  CHECK_FALSE(first.finished(query, answer(query, 60), start));
  REQUIRE(first.replies().size() == 1);
  CHECK(first.replies().front().zone.is_root());
  TrustSearch later(delegation, settings, cache, start + seconds{59}, wall_time);
  CHECK(later.begin().empty());
  CHECK(later.replies().size() == 1);
  TrustSearch last(delegation, settings, cache, start + seconds{60}, wall_time);
  CHECK(begun(last) == std::vector<std::string>{". DNSKEY at 45.0.0.1"});
  cache.forget_everything();
  TrustSearch after(delegation, settings, cache, start, wall_time);
  CHECK(after.begin().size() == 1);
}

TEST_CASE("what is cached is asked for anew once its signatures have expired") {
  const config::ProbeSettings settings;
  ZoneCache cache;
  const Delegation delegation = delegation_of(Ds::present, Ds::present);
  TrustSearch first(delegation, settings, cache, start, wall_time);
  for (const auto& query : first.begin()) CHECK_FALSE(first.finished(query, answer(query), start));
  TrustSearch soon(delegation, settings, cache, start, wall_time + hours{24});
  CHECK(soon.begin().empty());
  TrustSearch late(delegation, settings, cache, start, wall_time + hours{24} + seconds{1});
  CHECK(begun(late) == std::vector<std::string>{". DNSKEY at 45.0.0.1", "com DS at 45.0.0.1",
                                                "com DNSKEY at 45.1.0.1", "example.com DS at 45.1.0.1"});
}

TEST_CASE("a reply is kept for ten minutes at most") {
  const config::ProbeSettings settings;
  ZoneCache cache;
  const Delegation delegation = delegation_of(Ds::denied, Ds::denied);
  TrustSearch first(delegation, settings, cache, start, wall_time);
  const auto query = first.begin().front();
  CHECK_FALSE(first.finished(query, answer(query, 86'400), start));
  TrustSearch before(delegation, settings, cache, start + TrustSearch::longest_life - seconds{1}, wall_time);
  CHECK(before.begin().empty());
  TrustSearch after(delegation, settings, cache, start + TrustSearch::longest_life, wall_time);
  CHECK(after.begin().size() == 1);
}

TEST_CASE("a zone may be signed unless each server of a parent on the path denies its DS records") {
  Delegation delegation = delegation_of(Ds::present, Ds::present);
  CHECK(probe::may_be_signed(delegation));
  delegation.cuts.back().referrals.push_back(
      delegation_of(Ds::present, Ds::denied).cuts.back().referrals.front());
  CHECK(probe::may_be_signed(delegation));
  CHECK(probe::may_be_signed(delegation_of(Ds::present, Ds::not_told)));
  CHECK_FALSE(probe::may_be_signed(delegation_of(Ds::denied, Ds::present)));
  CHECK_FALSE(probe::may_be_signed(delegation_of(Ds::present, Ds::denied)));
  delegation.outcome = probe::DiscoveryOutcome::pinned;
  CHECK_FALSE(probe::may_be_signed(delegation));
}

}  // namespace dkimprobe::tests
