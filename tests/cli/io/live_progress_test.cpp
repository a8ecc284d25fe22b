// What preflight prints while it probes and waits, on a terminal and elsewhere.
#include "cli/io/live_progress.hpp"

#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::cli;
using namespace std::chrono_literals;
using checks::Progress;

namespace {

constexpr probe::WallTime start{1'795'311'296'000ms};

checks::Preflight preflight(std::vector<Progress> servers) {
  checks::Preflight made;
  made.now = start;
  made.sign.safe.readiness = checks::Readiness::not_ready;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    made.sign.servers.push_back(
        {config::DomainName::parse("s2._domainkey.example.com").value(),
         {"ns" + number + ".example.com", {config::Address::parse("192.0.2." + number).value(), 53}},
         servers[i],
         {},
         "NXDOMAIN"});
  }
  return made;
}

struct Screen {
  std::string text{};
  LiveProgress progress;
  Screen(bool is_terminal, bool tells_changes, std::size_t columns = 80)
      : progress(is_terminal, tells_changes, {columns, false, true},
                 [this](std::string_view more) { text += more; }) {}
  std::string taken() { return std::exchange(text, {}); }
};

}  // namespace

TEST_CASE("without a terminal, each change prints one line") {
  Screen screen(false, true);
  screen.progress.show(preflight({Progress::absent, Progress::match}), start + 5s);
  CHECK(
      screen.taken() ==
      "2026-11-22 01:34:56 UTC  ns1.example.com (192.0.2.1) for s2._domainkey.example.com: absent: NXDOMAIN\n"
      "2026-11-22 01:34:56 UTC  ns2.example.com (192.0.2.2) for s2._domainkey.example.com: match\n"
      "2026-11-22 01:34:56 UTC  NOT READY: 1 of 2 servers has no record\n");
  screen.progress.tick(start + 1s);
  screen.progress.show(preflight({Progress::absent, Progress::match}), start + 5s);
  screen.progress.clear();
  CHECK(screen.taken().empty());
  screen.progress.show(preflight({Progress::match, Progress::match}), start + 5s);
  CHECK(screen.taken() ==
        "2026-11-22 01:34:56 UTC  ns1.example.com (192.0.2.1) for s2._domainkey.example.com: match\n");
}

TEST_CASE("without a terminal, a single probe prints nothing") {
  Screen screen(false, false);
  screen.progress.probe_begins(start);
  screen.progress.tick(start + 10s);
  screen.progress.show(preflight({Progress::absent}), std::nullopt);
  screen.progress.clear();
  CHECK(screen.taken().empty());
}

TEST_CASE("on a terminal, lines are overwritten, and erased at the end") {
  Screen screen(true, true);
  screen.progress.probe_begins(start);
  screen.progress.tick(start + 200ms);
  CHECK(screen.taken().empty());
  screen.progress.tick(start + 400ms);
  CHECK(screen.taken() == "\r\x1b[Kasking the nameservers ... 0.4 s\n\x1b[J");
  screen.progress.show(preflight({Progress::absent, Progress::match}), start + 5s);
  screen.progress.tick(start + 2s);
  CHECK(screen.taken() ==
        "\x1b[1A\r\x1b[KNOT READY: 1 of 2 servers has no record; next probe in 3 s\n"
        "\x1b[K· ns1.example.com (192.0.2.1) for s2._domainkey.example.com: absent: NXDOMAIN\n"
        "\x1b[K✓ ns2.example.com (192.0.2.2) for s2._domainkey.example.com: match\n\x1b[J");
  screen.progress.clear();
  CHECK(screen.taken() == "\x1b[3A\r\x1b[J");
  screen.progress.clear();
  CHECK(screen.taken().empty());
}

TEST_CASE("the number of lines is limited, however many servers there are") {
  Screen screen(true, true, 40);
  screen.progress.show(preflight(std::vector<Progress>(200, Progress::match)), start + 5s);
  screen.progress.tick(start);
  const std::string text = screen.taken();
  CHECK(std::count(text.begin(), text.end(), '\n') == 20);
  CHECK(text.find("and 182 more\n") != std::string::npos);
}
