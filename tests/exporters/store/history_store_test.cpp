#include "exporters/store/history_store.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "checks/report/time_text.hpp"
#include "tests/catch.hpp"
#include "tests/exporters/sample_probes.hpp"

using namespace dkimprobe;
using namespace dkimprobe::exporters;
using checks::SelectorHistory;
using config::DomainName;
using config::Selector;
using probe::Rcode;
using tests::at_second;
using tests::Said;
using tests::sample_probe;
using tests::Texts;

namespace {

/// All probes are earlier than this time.
constexpr auto clock_is_right = probe::WallTime::max();

/// A directory that is removed after the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dkimprobe-history.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path file() const { return history_file(path_); }

 private:
  std::filesystem::path path_{};
};

/// Simulates a full disk: while this exists, files can be read but not written.
class FullDisk {
 public:
  FullDisk() {
    previous_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit low{0, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &low);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    signal(SIGXFSZ, previous_);
  }

 private:
  rlimit limit_{};
  void (*previous_)(int) = nullptr;
};

DomainName name(const std::string& text) {
  return DomainName::parse(text).value();
}
Selector selector(const std::string& text) {
  return Selector::parse(text).value();
}

template <class T>
T taken(config::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().front().where + ": " + result.error().front().message);
  return std::move(*result);
}
void taken(const config::Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().front().where + ": " + result.error().front().message);
}

HistoryStore opened(const Scratch& scratch, const HistoryLimits& limits = {}) {
  return taken(HistoryStore::open(scratch.path(), HistoryAccess::write, limits));
}

std::string time_text(std::optional<probe::WallTime> time) {
  return time ? checks::iso_time(*time) : "never";
}

std::string names_text(const std::vector<DomainName>& names) {
  std::string text;
  for (const auto& each : names) text += each.to_string() + ',';
  return text;
}

std::string periods_text(const std::vector<checks::ServerTimeline>& timelines) {
  std::string text;
  for (const auto& [owner, server, periods, lag] : timelines) {
    text += fmt::format("{} {} {} {}\n", owner.to_string(), server.name, server.address.to_string(),
                        lag ? fmt::format("{} since {}", lag->serial, time_text(lag->since)) : "-");
    for (const auto& period : periods) {
      text += fmt::format("  {} {} {} {}{} {} {} {} {}", time_text(period.first_seen),
                          time_text(period.last_seen), static_cast<int>(period.kind),
                          period.alias ? period.alias->to_string() : "-",
                          period.is_incomplete ? " incomplete" : "", period.ttl_seconds.value_or(-1),
                          period.nsec_ttl_seconds.value_or(-1), period.domainkey_denied_seconds.value_or(-1),
                          period.wildcard_ttl_seconds.value_or(-1));
      for (const auto& strings : period.texts) {
        text += " [";
        for (const auto& string : strings) text += fmt::format("{}:{},", string.size(), string);
        text += ']';
      }
      text += '\n';
    }
  }
  return text;
}

std::string whole(const checks::ZonePast& past) {
  std::string text = fmt::format("zones {} {}\n", time_text(past.first_probe), time_text(past.last_probe));
  for (const auto& [apex, periods] : past.zones) {
    text += apex.to_string() + '\n';
    for (const auto& period : periods) {
      text += fmt::format("  {} {} {} | {} | {} {} {} {} | {} {}\n", time_text(period.first_seen),
                          time_text(period.last_seen), names_text(period.parent), names_text(period.child),
                          period.parent_ttl_seconds, period.child_ttl_seconds,
                          period.negative_ttl_seconds.value_or(-1), period.nsec_ttl_seconds.value_or(-1),
                          fmt::join(period.ds, " "), period.ds_ttl_seconds);
    }
  }
  return text + periods_text(past.names);
}

/// All members of a history as text: two histories are equal exactly if their texts are.
std::string whole(const SelectorHistory& history) {
  return fmt::format("{} {} {} {}\n", history.domain.to_string(), history.selector.to_string(),
                     time_text(history.first_probe), time_text(history.last_probe)) +
         periods_text(history.servers) + whole(history.past);
}

std::string any_octets(std::size_t longest) {
  std::string octets(*rc::gen::inRange<std::size_t>(0, longest + 1), '\0');
  for (char& octet : octets) octet = static_cast<char>(*rc::gen::inRange(0, 256));
  return octets;
}

Said any_said(int server) {
  Said said{server};
  said.ttl_seconds = *rc::gen::element(0U, 60U, 3600U, 4'294'967'295U);
  said.serial = *rc::gen::element(0U, 1U, 4'294'967'295U);
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      said.rcode = Rcode::nxdomain;
      break;
    case 1:
      break;  // no data
    case 2:
      said.rcode = *rc::gen::element(Rcode::servfail, Rcode::refused);
      break;
    case 3:
      said.silent = true;
      break;
    case 4:
      said.alias = *rc::gen::element("s1.provider.example", "S1.Provider.Example", "a\\032\\000b.example");
      break;
    case 5:
      said.texts = {{any_octets(40), any_octets(255)}, {any_octets(3)}};
      break;
    default:
      said.texts = {{"v=DKIM1; p=", *rc::gen::element("", "one", "two")}};
  }
  return said;
}

/// What is seen of the zones besides nameservers: DS records, and whether `_domainkey` exists.
void add_zone_facts(probe::Hop& hop) {
  if (*rc::gen::arbitrary<bool>()) {
    auto& cut = hop.delegation.cuts.front();
    auto& referral = cut.referrals.emplace_back();
    if (*rc::gen::arbitrary<bool>()) referral.ds.push_back({cut.apex, 1, 13, 2, any_octets(2), 86'400});
  }
  for (auto& server : hop.servers) {
    if (*rc::gen::arbitrary<bool>()) continue;
    probe::Exchange asked;
    asked.purpose = probe::Purpose::domainkey;
    asked.question_name = hop.owner.parent();
    asked.outcome = probe::Outcome::answered;
    probe::Response& response = asked.response.emplace();
    response.authoritative = true;
    response.rcode = *rc::gen::element(Rcode::noerror, Rcode::nxdomain);
    if (*rc::gen::arbitrary<bool>()) response.nsec_ttl_seconds = 60;
    probe::SoaRecord soa;
    soa.owner = hop.delegation.zone;
    soa.ttl_seconds = soa.minimum_seconds = *rc::gen::element(0U, 600U);
    response.soa.push_back(soa);
    server.exchanges.push_back(std::move(asked));
  }
}

/// A probe of any of five servers in any order; servers and parents come and go.
probe::Observation any_probe(const std::string& selector_text, probe::WallTime time) {
  std::vector<Said> said;
  for (int server = 1; server <= 5; ++server) {
    if (*rc::gen::inRange(0, 4) != 0) said.push_back(any_said(server));
  }
  if (*rc::gen::arbitrary<bool>()) std::ranges::reverse(said);
  auto observation = sample_probe("example.com", selector_text, time, said,
                                  *rc::gen::element(std::vector<int>{}, std::vector<int>{7, 8}));
  add_zone_facts(observation.key.hops.front());
  if (*rc::gen::arbitrary<bool>()) {
    observation.key.hops.push_back(
        tests::hop("s1.provider.example", "provider.example", {any_said(1), any_said(6)}));
  }
  return observation;
}

/// The record of a valid key.
const std::string key_text = "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=";

/// The only fingerprint in the history of `scratch`.
std::string stored_fingerprint(const Scratch& scratch) {
  return SQLite::Database(scratch.file().string()).execAndGet("SELECT sha256 FROM keys").getString();
}

std::string file_octets(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream octets;
  octets << stream.rdbuf();
  return octets.str();
}

void expect_refused(const Scratch& scratch, const std::string& words) {
  const std::string before = file_octets(scratch.file());
  for (const auto access : {HistoryAccess::write, HistoryAccess::read}) {
    const auto store = HistoryStore::open(scratch.path(), access);
    REQUIRE_FALSE(store);
    CHECK(store.error().front().where == scratch.file().string());
    INFO(store.error().front().message);
    CHECK(store.error().front().message.find(words) != std::string::npos);
  }
  CHECK(file_octets(scratch.file()) == before);
}

/// Undoes step 3 of the schema.
void name_as_version_2(SQLite::Database& file) {
  file.exec("ALTER TABLE periods DROP COLUMN is_incomplete");
  file.exec(
      "ALTER TABLE selectors RENAME COLUMN first_probe TO first_look;"
      "ALTER TABLE selectors RENAME COLUMN last_probe TO last_look;"
      "ALTER TABLE periods RENAME TO spans; ALTER TABLE zone_periods RENAME TO zone_spans");
}

}  // namespace

TEST_CASE("a stored history equals the one made from the same probes in memory") {
  CHECK(rc::check([] {
    const Scratch scratch;
    auto store = opened(scratch);
    SelectorHistory expected[2];
    checks::ZonePast past;
    const std::string selectors[] = {"s1", "s2"};
    for (std::size_t i = 0; i < 2; ++i) {
      expected[i].domain = name("example.com");
      expected[i].selector = selector(selectors[i]);
    }
    std::int64_t second = 0;
    for (int probes = *rc::gen::inRange(1, 25); probes > 0; --probes) {
      const std::size_t which = *rc::gen::inRange<std::size_t>(0, 2);
      second += *rc::gen::inRange(1, 1'000);
      const auto observation = any_probe(selectors[which], at_second(second));
      taken(store.record(observation, clock_is_right));
      checks::extend_all(past, {{&expected[which], &observation}}, clock_is_right);
      if (*rc::gen::inRange(0, 6) == 0) store = opened(scratch);
    }
    for (auto& history : expected) history.past = past;
    for (std::size_t i = 0; i < 2; ++i)
      RC_ASSERT(whole(taken(store.load(expected[i].domain, expected[i].selector))) == whole(expected[i]));
    SQLite::Database file(scratch.file().string());
    RC_ASSERT(file.execAndGet("PRAGMA integrity_check").getString() == std::string("ok"));
    RC_ASSERT(!SQLite::Statement(file, "PRAGMA foreign_key_check").executeStep());
    RC_ASSERT(
        file.execAndGet("SELECT count(*) FROM texts WHERE id NOT IN (SELECT texts_id FROM periods WHERE "
                        "texts_id IS NOT NULL)")
            .getInt() == 0);
  }));
}

TEST_CASE("a probe that sees nothing new writes one row") {
  const Scratch scratch;
  auto store = opened(scratch);
  const std::vector<Said> said = {{1, Rcode::noerror, {{key_text}}}, {2, Rcode::nxdomain}};
  taken(store.record(sample_probe("example.com", "s1", at_second(1), said), clock_is_right));
  SQLite::Database file(scratch.file().string());
  const auto rows = [&](const std::string& where) {
    return file.execAndGet("SELECT count(*) FROM " + where).getInt();
  };
  const int periods = rows("periods");
  taken(store.record(sample_probe("example.com", "s1", at_second(2), said), clock_is_right));
  CHECK(rows("periods") == periods);
  CHECK(rows("periods WHERE last_seen IS NOT NULL") == 0);
  CHECK(rows("zone_periods WHERE last_seen IS NOT NULL") == 0);
  taken(store.record(
      sample_probe("example.com", "s1", at_second(3), {{1, Rcode::nxdomain}, {2, Rcode::nxdomain}}),
      clock_is_right));
  CHECK(rows("periods WHERE last_seen IS NOT NULL") == 1);
}

TEST_CASE("a probe older than the last one is ignored, and of two at the same time the later one counts") {
  const Scratch scratch;
  auto store = opened(scratch);
  taken(
      store.record(sample_probe("example.com", "s1", at_second(10), {{1, Rcode::nxdomain}}), clock_is_right));
  const auto before = whole(taken(store.load(name("example.com"), selector("s1"))));
  taken(
      store.record(sample_probe("example.com", "s1", at_second(9), {{1, Rcode::servfail}}), clock_is_right));
  CHECK(whole(taken(store.load(name("example.com"), selector("s1")))) == before);
  taken(
      store.record(sample_probe("example.com", "s1", at_second(10), {{1, Rcode::servfail}}), clock_is_right));
  taken(
      store.record(sample_probe("example.com", "s1", at_second(11), {{1, Rcode::servfail}}), clock_is_right));
  const auto history = taken(store.load(name("example.com"), selector("s1")));
  REQUIRE(history.servers.front().periods.size() == 1);
  CHECK(history.servers.front().periods.front().kind == checks::PublishedKind::failure);
  CHECK(history.servers.front().periods.front().last_seen == at_second(11));
}

TEST_CASE("after the clock was set back, probes are stored again and nothing is lost") {
  const Scratch scratch;
  auto store = opened(scratch);
  taken(
      store.record(sample_probe("example.com", "s1", at_second(10), {{1, Rcode::nxdomain}}), at_second(11)));
  // Two probes by a clock that is ahead.
  taken(store.record(sample_probe("example.com", "s1", at_second(5'000), {{1, Rcode::servfail}}),
                     at_second(5'001)));
  taken(store.record(sample_probe("example.com", "s1", at_second(6'000), {{1, Rcode::noerror}}),
                     at_second(6'001)));
  taken(
      store.record(sample_probe("example.com", "s1", at_second(20), {{1, Rcode::nxdomain}}), at_second(21)));
  auto history = taken(store.load(name("example.com"), selector("s1")));
  CHECK(history.first_probe == at_second(10));
  CHECK(history.last_probe == at_second(20));
  const auto& periods = history.servers.front().periods;
  REQUIRE(periods.size() == 4);
  CHECK(periods[0].first_seen == at_second(10));
  CHECK(periods[1].kind == checks::PublishedKind::failure);
  CHECK(periods[1].first_seen > at_second(19));
  CHECK(periods[2].first_seen > periods[1].first_seen);
  CHECK(periods[2].last_seen < at_second(20));
  CHECK(periods[3].first_seen == at_second(20));
  // A probe of another process that ended a moment later does not mean that a clock is ahead.
  taken(
      store.record(sample_probe("example.com", "s1", at_second(30), {{1, Rcode::servfail}}), at_second(31)));
  taken(
      store.record(sample_probe("example.com", "s1", at_second(29), {{1, Rcode::nxdomain}}), at_second(31)));
  history = taken(store.load(name("example.com"), selector("s1")));
  CHECK(history.last_probe == at_second(30));
}

TEST_CASE("names are compared without case") {
  const Scratch scratch;
  auto store = opened(scratch);
  taken(
      store.record(sample_probe("Example.COM", "S1", at_second(1), {{1, Rcode::nxdomain}}), clock_is_right));
  taken(
      store.record(sample_probe("example.com", "s1", at_second(2), {{1, Rcode::nxdomain}}), clock_is_right));
  CHECK(taken(store.domains()).size() == 1);
  CHECK(taken(store.selectors(name("EXAMPLE.com"))) == std::vector{selector("s1")});
  CHECK(taken(store.load(name("example.com"), selector("s1"))).last_probe == at_second(2));
}

TEST_CASE("signing practices are stored as the history of _adsp") {
  const Scratch scratch;
  auto store = opened(scratch);
  std::vector<probe::Observation> probe;
  for (const char* each : {"s1", "s2"}) {
    auto& observation =
        probe.emplace_back(sample_probe("example.com", each, at_second(1), {{1, Rcode::nxdomain}}));
    observation.adsp.hops.push_back(
        tests::hop("_adsp._domainkey.example.com", "example.com", {{1, Rcode::noerror, {{"dkim=all"}}}}));
  }
  taken(store.record(probe, clock_is_right));
  CHECK(taken(store.selectors(name("example.com"))) ==
        std::vector{adsp_selector(), selector("s1"), selector("s2")});
  const auto adsp = taken(store.load(name("example.com"), adsp_selector()));
  REQUIRE(adsp.servers.size() == 1);
  REQUIRE(adsp.servers.front().periods.size() == 1);
  CHECK(adsp.servers.front().periods.front().texts == Texts{{"dkim=all"}});
  // A quick probe takes them from an earlier probe.
  for (auto& observation : probe) {
    observation.observed_at = at_second(9);
    observation.is_quick = true;
  }
  taken(store.record(probe, at_second(9)));
  CHECK(taken(store.load(name("example.com"), selector("s1"))).last_probe == at_second(9));
  CHECK(taken(store.load(name("example.com"), adsp_selector())).last_probe == adsp.last_probe);
}

TEST_CASE("the names at which a key was published are found, with their times") {
  const Scratch scratch;
  auto store = opened(scratch);
  const Texts key = {{key_text.substr(0, 20), key_text.substr(20)}};
  taken(store.record(
      sample_probe("example.com", "s1", at_second(1), {{1, Rcode::noerror, key}, {2, Rcode::noerror, key}}),
      clock_is_right));
  taken(store.record(
      sample_probe("example.com", "s1", at_second(5), {{1, Rcode::noerror, key}, {2, Rcode::nxdomain}}),
      clock_is_right));
  taken(store.record(
      sample_probe("example.com", "s1", at_second(9), {{1, Rcode::nxdomain}, {2, Rcode::nxdomain}}),
      clock_is_right));
  taken(store.record(
      sample_probe("example.org", "s2", at_second(20), {{1, Rcode::noerror, {{key_text + ";"}}}}),
      clock_is_right));
  taken(store.record(
      sample_probe("example.org", "s2", at_second(30), {{1, Rcode::noerror, {{key_text + ";"}}}}),
      clock_is_right));
  taken(
      store.record(sample_probe("example.net", "s3", at_second(30), {{1, Rcode::noerror, {{"v=DKIM1; p="}}}}),
                   clock_is_right));
  const auto uses = taken(store.names_with_key(stored_fingerprint(scratch)));
  REQUIRE(uses.size() == 2);
  CHECK(uses[0].domain == name("example.com"));
  CHECK(uses[0].selector == selector("s1"));
  CHECK(uses[0].first_seen == at_second(1));
  CHECK(uses[0].last_seen == at_second(5));
  CHECK(uses[1].domain == name("example.org"));
  CHECK(uses[1].first_seen == at_second(20));
  CHECK(uses[1].last_seen == at_second(30));
  CHECK(taken(store.names_with_key("00")).empty());
}

TEST_CASE("periods that ended too long ago are removed with their texts, and current ones stay") {
  const Scratch scratch;
  auto store = opened(scratch, {std::chrono::hours{1}, 1'000, std::chrono::hours{0}});
  const auto texts = [](const std::string& note) { return Texts{{"v=DKIM1; p=; n=" + note}}; };
  taken(store.record(sample_probe("example.com", "s1", at_second(0),
                                  {{1, Rcode::noerror, texts("old")}, {2, Rcode::noerror, texts("same")}}),
                     clock_is_right));
  taken(store.record(sample_probe("example.com", "s1", at_second(60),
                                  {{1, Rcode::noerror, texts("new")}, {2, Rcode::noerror, texts("same")}}),
                     clock_is_right));
  taken(store.record(
      sample_probe("example.org", "s1", at_second(60), {{1, Rcode::noerror, texts("forgotten")}}),
      clock_is_right));
  taken(store.record(sample_probe("example.com", "s1", at_second(100'000),
                                  {{1, Rcode::noerror, texts("new")}, {2, Rcode::noerror, texts("same")}}),
                     clock_is_right));
  const auto history = taken(store.load(name("example.com"), selector("s1")));
  CHECK(history.first_probe == at_second(0));
  for (const auto& timeline : history.servers) CHECK(timeline.periods.size() == 1);
  CHECK(history.servers[1].periods.front().first_seen == at_second(0));
  CHECK(taken(store.domains()) == std::vector{name("example.com")});
  CHECK(SQLite::Database(scratch.file().string()).execAndGet("SELECT count(*) FROM texts").getInt() == 2);
}

TEST_CASE("the number of periods of a selector is limited, whatever its servers do") {
  const Scratch scratch;
  constexpr std::size_t most = 40;
  auto store = opened(scratch, {std::chrono::hours{24 * 365}, most, std::chrono::hours{1}});
  for (int second = 1; second <= 200; ++second) {
    // Each probe sees another server, and one whose text changes each time.
    taken(store.record(sample_probe("example.com", "s1", at_second(second * 600),
                                    {{1, Rcode::noerror, {{"v=DKIM1; p=; n=" + std::to_string(second)}}},
                                     {2 + second % 200, Rcode::nxdomain}}),
                       clock_is_right));
  }
  const auto history = taken(store.load(name("example.com"), selector("s1")));
  std::size_t periods = 0;
  for (const auto& timeline : history.servers) periods += timeline.periods.size();
  CHECK(periods <= most);
  CHECK(periods > most / 2);
  CHECK(history.servers.front().periods.back().texts == Texts{{"v=DKIM1; p=; n=200"}});
  CHECK(SQLite::Database(scratch.file().string()).execAndGet("SELECT count(*) FROM periods").getInt() ==
        static_cast<int>(periods));
}

TEST_CASE("two processes can write to the same history") {
  const Scratch scratch;
  auto one = opened(scratch);
  auto other = opened(scratch);
  taken(one.record(sample_probe("example.com", "s1", at_second(1), {{1, Rcode::nxdomain}}), clock_is_right));
  taken(
      other.record(sample_probe("example.com", "s1", at_second(2), {{1, Rcode::servfail}}), clock_is_right));
  taken(one.record(sample_probe("example.com", "s1", at_second(3), {{1, Rcode::noerror}}), clock_is_right));
  CHECK(taken(other.load(name("example.com"), selector("s1"))).servers.front().periods.size() == 3);
  auto reader = taken(HistoryStore::open(scratch.path(), HistoryAccess::read));
  CHECK(taken(reader.load(name("example.com"), selector("s1"))).servers.front().periods.size() == 3);
}

TEST_CASE("only one process can hold the history, and others can still write") {
  const Scratch scratch;
  {
    const auto held = taken(HistoryStore::open(scratch.path(), HistoryAccess::hold));
    const auto second = HistoryStore::open(scratch.path(), HistoryAccess::hold);
    REQUIRE_FALSE(second);
    CHECK(second.error().front().message.find("another dkimprobe") != std::string::npos);
    auto writer = opened(scratch);
    taken(writer.record(sample_probe("example.com", "s1", at_second(1), {{1, Rcode::nxdomain}}),
                        clock_is_right));
  }
  CHECK(HistoryStore::open(scratch.path(), HistoryAccess::hold));
}

TEST_CASE("reading creates no file, and writing creates at most one directory") {
  const Scratch scratch;
  auto reader = taken(HistoryStore::open(scratch.path(), HistoryAccess::read));
  CHECK(taken(reader.domains()).empty());
  CHECK(taken(reader.load(name("example.com"), selector("s1"))).last_probe == std::nullopt);
  CHECK_FALSE(std::filesystem::exists(scratch.file()));
  CHECK_FALSE(HistoryStore::open(scratch.path() / "none", HistoryAccess::read));
  CHECK(HistoryStore::open(scratch.path() / "none", HistoryAccess::write));
  CHECK_FALSE(HistoryStore::open(scratch.path() / "no" / "parent", HistoryAccess::write));
  CHECK_FALSE(HistoryStore::open(scratch.path() / "none" / "history.sqlite", HistoryAccess::write));
}

TEST_CASE("a file with an older schema is upgraded, one with a newer schema is refused") {
  const Scratch scratch;
  {
    // Only the application id shows that version 0 is ours.
    SQLite::Database file(scratch.file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    file.exec("PRAGMA application_id = 1145784680");
  }
  const auto reader = HistoryStore::open(scratch.path(), HistoryAccess::read);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().front().message.find("older dkimprobe (schema version 0") != std::string::npos);
  taken(opened(scratch).record(sample_probe("example.com", "s1", at_second(1), {{1, Rcode::nxdomain}}),
                               clock_is_right));
  SQLite::Database file(scratch.file().string(), SQLite::OPEN_READWRITE);
  CHECK(file.execAndGet("PRAGMA application_id").getInt() == 1'145'784'680);
  CHECK(file.execAndGet("PRAGMA user_version").getInt() == 4);
  CHECK(file.execAndGet("SELECT count(*) FROM periods").getInt() == 1);
  file.exec("PRAGMA user_version = 5; PRAGMA journal_mode = DELETE");
  expect_refused(scratch, "newer dkimprobe (schema version 5, this one supports 4)");
}

TEST_CASE("the upgrade of a file of version 2 loses nothing") {
  const Scratch scratch;
  const auto record = [&](int second, const std::string& text) {
    taken(opened(scratch).record(
        sample_probe("example.com", "s1", at_second(second), {{1, Rcode::noerror, {{text}}}}, {1, 2}),
        clock_is_right));
  };
  record(1, "v=DKIM1; n=first; p=");
  record(2, key_text);
  const auto stored = [&] { return taken(opened(scratch).load(name("example.com"), selector("s1"))); };
  const auto before = stored();
  REQUIRE(before.servers.front().periods.size() == 2);
  REQUIRE(before.past.zones.size() == 1);
  {
    SQLite::Database file(scratch.file().string(), SQLite::OPEN_READWRITE);
    name_as_version_2(file);
    file.exec("PRAGMA user_version = 2");
  }
  record(3, "v=DKIM1; n=third; p=");
  const auto after = stored();
  CHECK(after.first_probe == before.first_probe);
  CHECK(after.last_probe == at_second(3));
  REQUIRE(after.servers.front().periods.size() == 3);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(after.servers.front().periods[i].same_answer(before.servers.front().periods[i]));
    CHECK(after.servers.front().periods[i].first_seen == at_second(static_cast<int>(i) + 1));
  }
  REQUIRE(after.past.zones.size() == 1);
  CHECK(after.past.zones.front().periods.front().same_nameservers(before.past.zones.front().periods.front()));
}

TEST_CASE("the upgrade from version 1 merges the zones of the selectors of a domain") {
  const Scratch scratch;
  const std::vector<Said> said{{1, Rcode::noerror, {{key_text}}}};
  {
    auto store = opened(scratch);
    for (const int second : {1, 5}) {
      taken(store.record(sample_probe("example.com", "s1", at_second(second), said), clock_is_right));
      taken(store.record(sample_probe("example.com", "s2", at_second(second + 1), said), clock_is_right));
    }
  }
  {
    // s1 saw ns7 from 1 to 5, s2 saw ns7 at 2 and ns8 from 4 to 6.
    SQLite::Database file(scratch.file().string(), SQLite::OPEN_READWRITE);
    file.exec("PRAGMA foreign_keys = ON; DELETE FROM selectors WHERE selector = ''");
    for (const char* column :
         {"child_ttl_seconds", "negative_ttl_seconds", "nsec_ttl_seconds", "ds", "ds_ttl_seconds"})
      file.exec(fmt::format("ALTER TABLE zone_periods DROP COLUMN {}", column));
    file.exec("ALTER TABLE zone_periods RENAME COLUMN parent_ttl_seconds TO ttl_seconds");
    file.exec("INSERT INTO zones SELECT id, id, 0, 'example.com' FROM selectors");
    const auto period = [&](const std::string& which, int from, const std::string& until,
                            const std::string& host) {
      file.exec(
          fmt::format("INSERT INTO zone_periods SELECT id, {}, {}, '{}', '{}', 7200 FROM selectors WHERE "
                      "selector = '{}'",
                      at_second(from).time_since_epoch().count(), until, host, host, which));
    };
    period("s1", 1, "NULL", "ns7.example.com");
    period("s2", 2, std::to_string(at_second(2).time_since_epoch().count()), "ns7.example.com");
    period("s2", 4, "NULL", "ns8.example.com");
    name_as_version_2(file);
    file.exec("PRAGMA user_version = 1");
  }
  auto store = opened(scratch);
  CHECK(taken(store.selectors(name("example.com"))) == std::vector{selector("s1"), selector("s2")});
  for (const char* each : {"s1", "s2"}) {
    const auto history = taken(store.load(name("example.com"), selector(each)));
    CHECK(history.servers.size() == 1);
    CHECK(history.past.first_probe == at_second(1));
    CHECK(history.past.last_probe == at_second(6));
    REQUIRE(history.past.zones.size() == 1);
    // At 5, s1 saw ns7 again: nothing that a cache may still hold is shortened.
    std::vector<std::string> seen;
    for (const auto& zone_period : history.past.zones.front().periods) {
      CHECK(zone_period.parent_ttl_seconds == 7'200);
      CHECK(zone_period.child_ttl_seconds == 7'200);
      seen.push_back(names_text(zone_period.parent));
    }
    CHECK(seen == std::vector<std::string>{"ns7.example.com,", "ns8.example.com,", "ns7.example.com,",
                                           "ns8.example.com,"});
  }
}

TEST_CASE("files of other programs and corrupted files are refused and not modified") {
  const Scratch scratch;
  SECTION("a database of another program") {
    SQLite::Database(scratch.file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE t (a)");
    expect_refused(scratch, "another program");
  }
  SECTION("a file that is not SQLite") {
    std::ofstream(scratch.file()) << std::string(5'000, 'x');
    expect_refused(scratch, "nor an SQLite file");
  }
  SECTION("a corrupted schema") {
    taken(opened(scratch).record(sample_probe("example.com", "s1", at_second(1), {{1, Rcode::nxdomain}}),
                                 clock_is_right));
    std::fstream stream(scratch.file(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(100);
    stream << std::string(200, '\xff');
    stream.close();
    expect_refused(scratch, "the history is corrupted");
  }
}

TEST_CASE("corruption that is found late is reported, and nothing is overwritten") {
  const Scratch scratch;
  taken(opened(scratch).record(sample_probe("example.com", "s1", at_second(1), {{1, Rcode::nxdomain}}),
                               clock_is_right));
  const auto change =
      GENERATE("UPDATE periods SET kind = 'nonsense'", "UPDATE timelines SET address = '1.2.3'",
               "UPDATE timelines SET owner = 'a..b'", "UPDATE timelines SET lag_serial = 7",
               "UPDATE periods SET ttl_seconds = -1", "UPDATE selectors SET last_probe = NULL",
               "INSERT INTO texts VALUES (9, '', x'0001ffff'); UPDATE periods SET texts_id = 9");
  SQLite::Database(scratch.file().string(), SQLite::OPEN_READWRITE).exec(change);
  INFO(change);
  const auto before =
      SQLite::Database(scratch.file().string()).execAndGet("SELECT count(*) FROM periods").getInt();
  auto store = opened(scratch);
  const auto recorded =
      store.record(sample_probe("example.com", "s1", at_second(2), {{1, Rcode::servfail}}), clock_is_right);
  REQUIRE_FALSE(recorded);
  CHECK(recorded.error().front().message.find("the history is corrupted") != std::string::npos);
  CHECK(SQLite::Database(scratch.file().string()).execAndGet("SELECT count(*) FROM periods").getInt() ==
        before);
}

TEST_CASE("when the disk is full, probes are kept in memory and written once there is space") {
  const Scratch scratch;
  auto store = opened(scratch);
  SelectorHistory expected;
  expected.domain = name("example.com");
  expected.selector = selector("s1");
  const auto see = [&](int second) {
    const auto observation = sample_probe(
        "example.com", "s1", at_second(second),
        {{1, Rcode::noerror, {{"v=DKIM1; p=; n=" + std::string(200, static_cast<char>('a' + second))}}}});
    checks::extend(expected, observation);
    return store.record(observation, clock_is_right);
  };
  taken(see(1));
  {
    const FullDisk full;
    for (int second = 2; second <= 4; ++second) {
      const auto recorded = see(second);
      REQUIRE_FALSE(recorded);
      INFO(recorded.error().front().message);
      CHECK(recorded.error().front().where == scratch.file().string());
      CHECK(whole(taken(store.load(expected.domain, expected.selector))) == whole(expected));
    }
  }
  const SelectorHistory held = expected;
  SECTION("by the next probe") {
    taken(see(5));
    auto reader = taken(HistoryStore::open(scratch.path(), HistoryAccess::read));
    CHECK(whole(taken(reader.load(expected.domain, expected.selector))) == whole(expected));
  }
  SECTION("by a probe of another selector") {
    taken(store.record(sample_probe("example.org", "s1", at_second(5), {{1, Rcode::nxdomain}}),
                       clock_is_right));
    auto reader = taken(HistoryStore::open(scratch.path(), HistoryAccess::read));
    CHECK(whole(taken(reader.load(held.domain, held.selector))) == whole(held));
  }
  SECTION("without losing what another process wrote meanwhile") {
    taken(opened(scratch).record(sample_probe("example.com", "s1", at_second(5), {{1, Rcode::nxdomain}}),
                                 clock_is_right));
    taken(see(6));
    const auto history = taken(store.load(held.domain, held.selector));
    REQUIRE(history.servers.front().periods.size() == 3);
    CHECK(history.servers.front().periods[1].kind == checks::PublishedKind::nxdomain);
    CHECK(history.servers.front().periods[2].texts.front().front().back() == static_cast<char>('a' + 6));
  }
}

TEST_CASE("a store can be opened on a full disk") {
  const Scratch scratch;
  auto store = [&] {
    const FullDisk full;
    auto made = opened(scratch);
    const auto recorded =
        made.record(sample_probe("example.com", "s1", at_second(1), {{1, Rcode::nxdomain}}), clock_is_right);
    CHECK_FALSE(recorded);
    CHECK(taken(made.load(name("example.com"), selector("s1"))).last_probe == at_second(1));
    return made;
  }();
  taken(
      store.record(sample_probe("example.com", "s1", at_second(2), {{1, Rcode::servfail}}), clock_is_right));
  CHECK(taken(store.load(name("example.com"), selector("s1"))).servers.front().periods.size() == 2);
}
