// Requests for /probe: which parameters they may have, and how long a probe may take.
#include "cli/daemon/probe_request.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.hpp"
#include "tests/cli/daemon/sample_watch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using Query = std::vector<std::pair<std::string, std::string>>;

const std::string settings = R"(
modules:
  quick: {timeout: 3s, ipv6: no, role: standby}
probe_allow: [open.example, "*.wide.example"]
domains:
  - domain: one.example
    nameservers: [ns1.example.net=192.0.2.1]
    selectors: [s1, {name: s2, role: retired}]
)";

tl::expected<cli::ProbeRequest, cli::ProbeRefusal> read(Query query, std::optional<double> seconds = {},
                                                        const std::string& text = settings) {
  exporters::Request request;
  request.query = std::move(query);
  request.timeout_seconds = seconds;
  return cli::read_probe_request(request, watched(text), 500ms);
}

}  // namespace

TEST_CASE("invalid probe requests are refused with a status and a reason") {
  struct Case {
    Query query{};
    unsigned status = 400;
    std::string message{};
    bool unknown_module = false;
  };
  const auto given = GENERATE(values<Case>({
      {{}, 400, "the parameter target is missing: the domain, d= of a DKIM-Signature"},
      {{{"target", ""}}, 400, "the parameter target is missing: the domain, d= of a DKIM-Signature"},
      {{{"target", "192.0.2.1"}},
       400,
       "target: this is an IP address; give the domain of the signature: d= of a DKIM-Signature"},
      {{{"target", "one.example"}, {"module", "quik"}},
       400,
       "the settings have no module quik; did you mean quick?",
       true},
      {{{"target", "one.example"}, {"module", "\x1b[2J"}}, 400, "the settings have no module \\x1b[2J", true},
      {{{"target", "other.example"}},
       403,
       "this domain is not watched, and probe_allow in the settings does not list it"},
      {{{"target", "one.example"}, {"selector", "s9"}},
       403,
       "this selector is not watched, and probe_allow in the settings does not list it"},
      {{{"target", "wide.example"}, {"selector", "s1"}},
       403,
       "this domain is not watched, and probe_allow in the settings does not list it"},
      {{{"target", "a.wide.example"}},
       400,
       "the parameter selector is missing: s= of a DKIM-Signature; it is required for a domain that is not "
       "watched"},
  }));
  const auto probe = read(given.query);
  REQUIRE_FALSE(probe);
  CHECK(probe.error().status == given.status);
  CHECK(probe.error().message == given.message);
  CHECK(probe.error().unknown_module == given.unknown_module);
}

TEST_CASE("a watched domain is probed with its settings: all its selectors, or one") {
  const auto all = read({{"target", "ONE.example"}, {"module", "quick"}, {"debug", "true"}});
  REQUIRE(all);
  CHECK(all->selectors.size() == 2);
  REQUIRE(all->expectations.size() == 2);
  CHECK(all->expectations[1].role == config::Role::retired);
  CHECK(all->facts.nameservers.size() == 1);
  CHECK(all->module.timeout == 3s);
  CHECK_FALSE(all->module.use_ipv6);
  CHECK(all->debug);
  const auto one = read({{"target", "one.example"}, {"selector", "s2"}});
  REQUIRE(one);
  CHECK(one->selectors.size() == 1);
  CHECK(one->module.name == "default");
  CHECK(one->module.timeout == 10s);
  CHECK_FALSE(one->debug);
}

TEST_CASE("a domain that probe_allow names is probed with the role of the module") {
  for (const auto* domain : {"open.example", "a.wide.example", "b.a.WIDE.example"}) {
    const auto probe = read({{"target", domain}, {"selector", "new"}, {"module", "quick"}});
    REQUIRE(probe);
    REQUIRE(probe->expectations.size() == 1);
    CHECK(probe->expectations[0].role == config::Role::standby);
    CHECK(probe->facts.nameservers.empty());
  }
  CHECK_FALSE(read({{"target", "a.open.example"}, {"selector", "new"}}));
}

TEST_CASE("no spelling of a domain that is not allowed passes for one that is") {
  using namespace std::string_literals;
  const auto domain = GENERATE(
      as<std::string>{}, "wide.example", "wide.example.", "WIDE.example", ".wide.example", "..wide.example",
      "a..wide.example", "*.wide.example.evil.test", "a.wide.example.evil.test", "awide.example",
      "a-wide.example", "a\\.wide.example", "a\\046wide.example", "a%2ewide.example",
      "a%00.wide.example.evil.test", "a.wide.example\0.evil.test"s, "evil.test\0a.wide.example"s,
      "evil.test a.wide.example", "evil.test/a.wide.example", "evil.test#.a.wide.example",
      "evil.test?a.wide.example", "evil.test@a.wide.example", "a.wide.example@evil.test",
      "a.wide.example:53@evil.test", "http://a.wide.example", "a.wide.example/../evil.test",
      "a.wide.example:53", "[a.wide.example]", " a.wide.example", "a.wide.example ", "\ta.wide.example",
      "a.wide.example\n", "a.wide.example\r\nevil.test", "a.w\u0131de.example", "a.w\u0456de.example",
      "a.wide.ex\u0430mple", "a.wide\u00ad.exa\u200dmple.evil.test", "xn--wide-.example",
      "a.wide.xn--example-", "a.wide.example.open", "open.example.evil.test", "evilopen.example",
      "evil.open.example", "a.open.example", "open\\.example", "open.example\\.", "open.exampl\\102",
      "_domainkey.open.example", "s1._domainkey.open.example", "192.0.2.1", "[2001:db8::1]", "2001:db8::1",
      "3221225985", "0xc0000201", "localhost", std::string(64, 'a') + ".wide.example",
      "one.example.evil.test", "a.one.example");
  INFO(domain);
  const auto probe = read({{"target", domain}, {"selector", "new"}});
  REQUIRE_FALSE(probe);
  CHECK((probe.error().status == 400 || probe.error().status == 403));
  CHECK(std::ranges::all_of(probe.error().message, [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST_CASE("the scraper's timeout, minus an offset, limits the timeout of the module") {
  struct Case {
    std::optional<double> seconds{};
    std::chrono::milliseconds wanted{};
  };
  const auto given = GENERATE(values<Case>(
      {{{}, 10s}, {15.0, 10s}, {10.0, 9s}, {1.5, 925ms}, {0.8, 400ms}, {1e300, 10s}, {0.000001, 0ms}}));
  CHECK(read({{"target", "one.example"}}, given.seconds)->module.timeout == given.wanted);
}

TEST_CASE("the module named default applies to requests without a module") {
  const auto probe = read({{"target", "one.example"}}, {},
                          "modules: {default: {timeout: 2s}}\n" + settings.substr(settings.find("domains:")));
  REQUIRE(probe);
  CHECK(probe->module.timeout == 2s);
}

}  // namespace dkimprobe::tests
