// What probes of one selector of a domain saw of its zones counts for every other: old nameservers, an absent
// `_domainkey` above a delegation that came since, DS records that were others.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/record/key_record.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "probe/observation.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;
namespace probe = dkimprobe::probe;

namespace {

using config::DomainName;
using std::chrono::seconds;

const std::string key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
constexpr checks::WallTime start{seconds{1'767'225'600}};
constexpr int day = 86'400;

DomainName name(const std::string& text) {
  return DomainName::parse(text).value();
}

/// One probe of one selector, in few words.
struct Seen {
  int at = 0;
  std::string selector = "s2";
  std::string zone = "example.com";  ///< that holds the selector's name
  std::vector<int> servers{};        ///< of that zone, by number
  bool absent = false;
  std::optional<probe::Rcode> domainkey{};          ///< what they say of `_domainkey`
  std::optional<std::uint32_t> nsec_ttl_seconds{};  ///< of the denial of a name beside the selector
  std::uint32_t parent_ttl = 2 * day;
  std::uint32_t child_ttl = day;
  std::uint32_t negative_ttl = 3'600;
  std::vector<std::string> ds{};  ///< of `zone`; only with `ds_known`
  bool ds_known = false;
  std::optional<std::uint32_t> referral_nsec{};  ///< of the NSEC records with the referral to `_domainkey`
};

probe::Exchange exchange(probe::Purpose purpose, const DomainName& question) {
  probe::Exchange made;
  made.purpose = purpose;
  made.question_name = question;
  made.outcome = probe::Outcome::answered;
  made.response.emplace().authoritative = true;
  return made;
}

void deny(probe::Response& response, const Seen& seen, probe::Rcode rcode) {
  response.rcode = rcode;
  probe::SoaRecord soa;
  soa.owner = name(seen.zone);
  soa.ttl_seconds = seen.negative_ttl;
  soa.minimum_seconds = seen.negative_ttl + 1;
  response.soa.push_back(soa);
}

DomainName host(int server) {
  return name("ns" + std::to_string(server) + ".example.org");
}

probe::ZoneCut cut(const Seen& seen, const std::string& apex, const std::vector<int>& servers) {
  probe::ZoneCut made;
  made.apex = name(apex);
  made.parent_ns_ttl_seconds = seen.parent_ttl;
  made.child_ns_ttl_seconds = seen.child_ttl;
  for (const int server : servers) {
    made.parent_ns.push_back({made.apex, host(server), seen.parent_ttl});
    made.child_ns.push_back({made.apex, host(server), seen.child_ttl});
  }
  if (apex != seen.zone || !seen.ds_known) return made;
  auto& referral = made.referrals.emplace_back();
  referral.ns = made.parent_ns;
  for (const auto& digest : seen.ds) referral.ds.push_back({made.apex, 7, 13, 2, digest, 5'000});
  return made;
}

probe::ServerObservation server(const Seen& seen, const DomainName& owner, int number) {
  probe::ServerObservation made;
  made.names = {host(number)};
  made.address = {config::Address::parse("192.0.2." + std::to_string(number)).value(), 53};
  auto& record = made.exchanges.emplace_back(exchange(probe::Purpose::record_plain, owner));
  if (seen.absent) {
    deny(*record.response, seen, probe::Rcode::nxdomain);
  } else {
    record.response->txt.push_back({60, {key}});
  }
  auto& wildcard_probe = made.exchanges.emplace_back(
      exchange(probe::Purpose::wildcard_probe, name("x7._domainkey.example.com")));
  deny(*wildcard_probe.response, seen, probe::Rcode::nxdomain);
  wildcard_probe.response->nsec_ttl_seconds = seen.nsec_ttl_seconds;
  if (seen.domainkey) {
    auto& above =
        made.exchanges.emplace_back(exchange(probe::Purpose::domainkey, name("_domainkey.example.com")));
    deny(*above.response, seen, *seen.domainkey);
  }
  return made;
}

probe::Observation observation(const Seen& seen) {
  probe::Observation made;
  made.domain = name("example.com");
  made.selector = config::Selector::parse(seen.selector).value();
  made.observed_at = start + seconds{seen.at};
  auto& hop = made.key.hops.emplace_back();
  hop.owner = made.selector.owner_name(made.domain).value();
  hop.delegation.zone = name(seen.zone);
  // Servers 1 and 2 are those of the domain where a zone begins below it.
  if (seen.zone != "example.com") hop.delegation.cuts.push_back(cut(seen, "example.com", {1, 2}));
  hop.delegation.cuts.push_back(cut(seen, seen.zone, seen.servers));
  if (seen.referral_nsec) {
    auto walked = exchange(probe::Purpose::cut, name("_domainkey.example.com"));
    walked.response->authoritative = false;
    walked.response->referral.push_back({name("_domainkey.example.com"), host(3), day});
    walked.response->nsec_ttl_seconds = seen.referral_nsec;
    hop.delegation.exchanges.push_back(
        {{config::Address::parse("192.0.2.1").value(), 53}, name("example.com"), std::move(walked)});
  }
  for (const int number : seen.servers) {
    hop.delegation.nameservers.push_back({host(number), true, true, probe::HostOutcome::found, {}, {}});
    hop.servers.push_back(server(seen, hop.owner, number));
  }
  return made;
}

struct Verdict {
  checks::SafeTime sign{};
  checks::SafeTime gone{};
};

/// Of `s2`, when the last of these was seen.
Verdict verdict(const std::vector<Seen>& probes, bool never_used, bool has_neighbour = false) {
  checks::ZonePast past;
  checks::SelectorHistory own;
  checks::SelectorHistory other;
  for (const auto& seen : probes) {
    const auto probe = observation(seen);
    checks::extend_all(past, {{seen.selector == "s2" ? &own : &other, &probe}}, probe.observed_at);
  }
  checks::NewKey wanted;
  wanted.sha256 = checks::read_key_record(key).key->sha256;
  wanted.never_used = never_used;
  const checks::RotationPolicy policy;
  if (!has_neighbour)
    wanted.domainkey_absence = checks::earlier_domainkey_absence(observation(probes.back()), policy);
  own.past = past;
  const auto now = start + seconds{probes.back().at};
  return {checks::safe_to_sign(own, wanted, {}, policy, now).safe,
          checks::gone(own, std::nullopt, policy, now).gone};
}

std::int64_t seconds_of(const checks::SafeTime& safe) {
  REQUIRE(safe.at);
  return std::chrono::duration_cast<seconds>(*safe.at - start).count();
}

const checks::ReasonDetail* reason(const checks::SafeTime& safe, const std::string& cause) {
  for (const auto& reasons : safe.reasons) {
    if (reasons.name() == cause) return &reasons;
  }
  return nullptr;
}

Seen at(int time, const std::string& selector, std::vector<int> servers) {
  Seen seen;
  seen.at = time;
  seen.selector = selector;
  seen.servers = std::move(servers);
  return seen;
}

}  // namespace

TEST_CASE("the safe time of a moved domain includes its old nameservers, whichever selector saw them") {
  // Two days of NS records, an hour of denial, and a second for each that caches count late.
  const int until = 100 + 2 * day + 3'600 + 2;
  auto before = at(0, "s1", {1, 2});
  for (const bool never_used : {true, false}) {
    const auto sign = verdict({before, at(100, "s2", {3, 4})}, never_used, true).sign;
    CHECK(seconds_of(sign) == until);
    CHECK(sign.readiness == checks::Readiness::wait);
    REQUIRE(reason(sign, "old_nameservers") != nullptr);
    CHECK(reason(sign, "old_nameservers")->detail.str().find("ns1.example.org") != std::string::npos);
  }
  // A resolver that holds the zone's own NS records holds them for the child's TTL.
  before.parent_ttl = 60;
  CHECK(seconds_of(verdict({before, at(100, "s2", {3, 4})}, true, true).sign) == 100 + day + 3'602);
  // A server that stays is asked now.
  CHECK(reason(verdict({at(0, "s1", {1, 2}), at(100, "s2", {1, 2})}, true, true).sign, "old_nameservers") ==
        nullptr);
  // That this selector was right there too was seen.
  CHECK(reason(verdict({at(0, "s2", {1, 2}), at(50, "s1", {1, 2}), at(100, "s2", {3, 4})}, true, true).sign,
               "old_nameservers") == nullptr);
  // Parents that disagree: the move is over when none of them names the old servers.
  CHECK(
      seconds_of(verdict({at(0, "s1", {1, 2}), at(50, "s1", {1, 2, 3, 4}), at(100, "s2", {3, 4})}, true, true)
                     .sign) == until);
}

TEST_CASE("a key may exist at old nameservers that were never asked for its selector") {
  auto after = at(100, "s2", {3, 4});
  after.absent = true;
  const auto gone = verdict({at(0, "s1", {1, 2}), after}, false).gone;
  REQUIRE(reason(gone, "old_nameservers") != nullptr);
  CHECK(seconds_of(gone) >= 100 + 2 * day);
}

TEST_CASE("an absent _domainkey counts if a delegation was added since, and if another selector saw it") {
  auto denied = at(0, "s1", {1, 2});
  denied.absent = true;
  denied.domainkey = probe::Rcode::nxdomain;
  denied.negative_ttl = 7'200;
  auto delegated = at(100, "s2", {3, 4});
  delegated.zone = "_domainkey.example.com";
  auto published = at(100, "s2", {1, 2});
  published.domainkey = probe::Rcode::noerror;  // as each full probe asks for it
  for (const auto& now : {delegated, published}) {
    const auto sign = verdict({denied, now}, true, true).sign;
    INFO(now.zone);
    CHECK(seconds_of(sign) == 100 + 7'200 + 1);
    REQUIRE(reason(sign, "domainkey_denied") != nullptr);
  }
  // NSEC records with a longer life deny it for that.
  denied.nsec_ttl_seconds = 9'000;
  CHECK(seconds_of(verdict({denied, delegated}, true, true).sign) == 100 + 9'000 + 1);
  // A day later it is over.
  delegated.at = day;
  const auto later = verdict({denied, at(50, "s1", {1, 2}), delegated}, true, true).sign;
  CHECK(seconds_of(later) <= day + 9'001);
}

TEST_CASE("_domainkey may have been absent before a delegation if no probe saw the time before") {
  auto delegated = at(100, "s2", {3, 4});
  delegated.zone = "_domainkey.example.com";
  const auto unknown = verdict({delegated}, true).sign;
  CHECK(seconds_of(unknown) == 100 + day + 1);
  CHECK(reason(unknown, "domainkey_unknown") != nullptr);
  // The NSEC records of the referral have the TTL of the zone's denials.
  delegated.referral_nsec = 7'200;
  CHECK(seconds_of(verdict({delegated}, true).sign) == 100 + 7'200 + 1);
  // Since another selector's probe saw it, the time runs from there.
  auto earlier = delegated;
  earlier.at = 10;
  earlier.selector = "s1";
  CHECK(seconds_of(verdict({earlier, delegated}, true).sign) == 10 + 7'200 + 1);
  // Another selector signs: it was there.
  CHECK(seconds_of(verdict({delegated}, true, true).sign) == 100);
}

TEST_CASE("repeated probes that show neither nameservers nor DS of a zone make one period") {
  auto before = at(0, "s1", {1, 2});
  before.ds_known = true;
  before.ds = {"one"};
  checks::ZonePast past;
  checks::SelectorHistory history;
  for (const auto& seen : {before, at(100, "s1", {}), at(100, "s1", {})}) {
    const auto probe = observation(seen);
    checks::extend_all(past, {{&history, &probe}}, probe.observed_at);
  }
  REQUIRE(past.zones.size() == 1);
  CHECK(past.zones.front().periods.size() == 2);
}

TEST_CASE("the safe time waits for old DS records that share nothing with the current ones") {
  auto before = at(0, "s2", {1, 2});
  before.ds_known = true;
  before.ds = {"one"};
  auto now = at(100, "s2", {1, 2});
  now.ds_known = true;
  now.ds = {"two"};
  CHECK(reason(verdict({before, now}, true, true).sign, "old_ds")->until == start + seconds{100 + 5'000 + 1});
  // None at all is another set too: the old one is held all the same.
  now.ds = {};
  CHECK(reason(verdict({before, now}, true, true).sign, "old_ds") != nullptr);
  // A change over both, each time with one that was known before.
  auto both = at(50, "s1", {1, 2});
  both.ds_known = true;
  both.ds = {"one", "two"};
  now.ds = {"two"};
  CHECK(reason(verdict({before, both, now}, true, true).sign, "old_ds")->until ==
        start + seconds{50 + 5'000 + 1});
  // What a probe does not know it does not end.
  now.ds_known = false;
  CHECK(reason(verdict({before, now}, true, true).sign, "old_ds") == nullptr);
}

TEST_CASE("a lowered negative TTL counts from the probe that saw it at every server") {
  checks::ZonePast past;
  checks::SelectorHistory history;
  const auto see = [&](const probe::Observation& probe) {
    checks::extend_all(past, {{&history, &probe}}, probe.observed_at);
    return past.zones.back().periods.back().negative_ttl_seconds;
  };
  CHECK(see(observation(at(0, "s1", {1, 2}))) == 3'600U);
  auto lower = at(10, "s1", {1, 2});
  lower.negative_ttl = 60;
  auto half = observation(lower);
  half.key.hops.front().servers.back().exchanges.clear();
  CHECK(see(half) == 3'600U);
  lower.at = 20;
  CHECK(see(observation(lower)) == 60U);
  CHECK(past.zones.back().periods.size() == 2);
}

TEST_CASE("the last probe of a planned selector determines how long _domainkey may be denied") {
  auto delegated = at(0, "s2", {3, 4});
  delegated.zone = "_domainkey.example.com";
  const auto seen = observation(delegated);
  const auto probed = checks::probed_selector(seen, checks::judge(seen, {}, {}), checks::RotationPolicy{});
  CHECK(probed.domainkey_absence == checks::RotationPolicy{}.unknown_wait);
}
