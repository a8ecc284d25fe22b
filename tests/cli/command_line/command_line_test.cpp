#include "cli/command_line/command_line.hpp"

#include <algorithm>

#include "cli/io/terminal.hpp"
#include "config/basics/nearest_word.hpp"
#include "config/options.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::cli;
using config::nearest_word;

namespace {

CheckCommand read(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "check");
  auto command = read_command_line(arguments);
  if (!command) FAIL(command.error().front().where << ": " << command.error().front().message);
  return std::get<CheckCommand>(*command);
}

config::Settings settings_of(const CheckCommand& command) {
  config::Settings settings;
  settings.probe = command.ask.probe;
  settings.policy = command.ask.policy;
  return settings;
}

/// Every option that is a flag.
std::vector<const config::Option*> flag_options() {
  std::vector<const config::Option*> rows;
  for (const auto table : {config::probe_options(), config::policy_options()}) {
    for (const auto& row : table) rows.push_back(&row);
  }
  return rows;
}

}  // namespace

TEST_CASE("flags may appear anywhere among the arguments") {
  const std::vector<std::string> words = {"example.com", "s1", "s2"};
  for (std::size_t at = 0; at <= words.size(); ++at) {
    auto arguments = words;
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(at),
                     {"--nameserver", "ns1.example.com=192.0.2.1", "--allow-net", "10.0.0.0/8", "--port",
                      "5300", "--json", "-4"});
    const auto command = read(arguments);
    CHECK(command.targets.domain->to_string() == "example.com");
    REQUIRE(command.targets.selectors.size() == 2);
    CHECK(command.targets.selectors[0].to_string() == "s1");
    CHECK(command.targets.selectors[1].to_string() == "s2");
    CHECK(command.ask.probe.pinned_servers.size() == 1);
    CHECK(command.ask.probe.allowed_networks.size() == 1);
    CHECK(command.ask.probe.port == 5300);
    CHECK(command.ask.probe.use_ipv4);
    CHECK_FALSE(command.ask.probe.use_ipv6);
    CHECK(command.output.json);
  }
}

TEST_CASE("without flags, every option has its default") {
  const auto command = read({"example.com", "s1"});
  for (const auto* row : flag_options()) {
    const auto& option = *row;
    INFO(option.key);
    CHECK(config::option_value(option, settings_of(command)) == option.default_value);
  }
  CHECK_FALSE(command.targets.role);
  CHECK(command.ask.given_options.empty());
  CHECK(command.output.color == ColorChoice::automatic);
  CHECK_FALSE(command.output.json);
  CHECK_FALSE(command.ask.root_hints);
}

TEST_CASE("a plugin has nine seconds unless --probe-timeout is given") {
  const auto plugin = read({"example.com", "s1", "--plugin"});
  CHECK(plugin.plugin);
  CHECK(plugin.ask.probe.budgets.domain_time == std::chrono::seconds{9});
  REQUIRE(plugin.ask.given_options.size() == 1);  // so it wins over the settings file
  CHECK(plugin.ask.given_options.front()->key == "probe-timeout");
  const auto given = read({"example.com", "s1", "--plugin", "--probe-timeout", "3s"});
  CHECK(given.ask.probe.budgets.domain_time == std::chrono::seconds{3});
  CHECK(given.ask.given_options.size() == 1);
  CHECK(read({"example.com", "s1", "--textfile", "x.prom"}).ask.given_options.empty());
}

TEST_CASE("the flag --plugin is recognised even if the rest of the command line is invalid") {
  const auto asks = [](std::vector<std::string> arguments) { return asks_for_plugin(arguments); };
  CHECK(asks({"check", "a..b", "--plugin", "--nonsense"}));
  CHECK(asks({"--plugin=yes"}));
  CHECK_FALSE(asks({"check", "--", "--plugin"}));
  CHECK_FALSE(asks({"check", "--plugins", "plugin"}));
  CHECK_FALSE(asks({}));
}

TEST_CASE("every option of the table is a flag") {
  for (const auto* row : flag_options()) {
    const auto& option = *row;
    INFO(option.key);
    if (option.key == "ipv4" || option.key == "ipv6") continue;  // they cannot both be `no`
    const std::string value = config::format_value(option.unit, option.maximum);
    const auto command = read({"example.com", "s1", "--" + std::string(option.key), value});
    CHECK(config::option_value(option, settings_of(command)) == option.maximum);
    CHECK(command.ask.given_options == std::vector<const config::Option*>{&option});
  }
  CHECK_FALSE(read({"example.com", "s1", "--ipv6=no"}).ask.probe.use_ipv6);
  CHECK_FALSE(read({"example.com", "s1", "--ipv4", "no"}).ask.probe.use_ipv4);
}

TEST_CASE("names that look like commands or flags are accepted as names") {
  CHECK(read({"check", "check"}).targets.selectors.front().to_string() == "check");
  CHECK(read({"example.com", "--", "-s"}).targets.selectors.front().to_string() == "-s");
  CHECK(read({"example.com", "a.b"}).targets.selectors.front().to_string() == "a.b");
}

TEST_CASE("names in the wrong order are noticed, and legal names like them are accepted") {
  const auto error_of = [](std::vector<std::string> names) {
    names.insert(names.begin(), "check");
    const auto command = read_command_line(names);
    return command ? std::string() : command.error().front().message;
  };
  const auto corrects = [&](std::vector<std::string> names, std::string_view command) {
    return error_of(std::move(names)).find(command) != std::string::npos;
  };
  CHECK(corrects({"s1", "example.com"}, "dkimprobe check example.com s1 ("));
  CHECK(corrects({"s1", "example.com."}, "dkimprobe check example.com s1 ("));
  CHECK(corrects({"s1", "xn--bcher-kva.example"}, "dkimprobe check xn--bcher-kva.example s1 ("));
  CHECK(corrects({"s1", "s2", "example.com", "s3"}, "dkimprobe check example.com s1 s2 s3 ("));
  CHECK(corrects({"--", "-s", "example.com"}, "dkimprobe check -- example.com -s ("));

  // Domains of several labels leave no doubt, whatever the selector.
  CHECK(error_of({"example.com", "s1.news"}).empty());
  CHECK(error_of({"example.com", "mail.example"}).empty());
  CHECK(error_of({"b\xc3\xbc"
                  "cher.example",
                  "s1.news"})
            .empty());
  // A domain of one label, with selectors that cannot be domains.
  CHECK(error_of({"example", "s1"}).empty());
  CHECK(error_of({"localdomain", "s1.2026"}).empty());
  CHECK(error_of({"ai", "2026.1a", "s1"}).empty());
  // The selector `mail.example` of the domain `example` looks just like the selector `example` of the domain
  // `mail.example`. The latter is far more common, so the former needs a dot that shows which is the domain.
  CHECK(corrects({"example", "mail.example"}, "write a dot after it: example.)"));
  CHECK(error_of({"example.", "mail.example"}).empty());
}

TEST_CASE("the help of each command fits a screen, and that with all flags has every flag") {
  for (const std::string command :
       {"check", "preflight", "rotation", "serve", "lint", "judge", "record", "history", "explain"}) {
    INFO(command);
    const auto help = [&](std::vector<std::string> arguments) {
      return std::get<TextWanted>(read_command_line(arguments).value()).text;
    };
    const std::string brief = help({command, "--help"});
    const bool has_much_to_say = command == "preflight" || command == "rotation" || command == "lint";
    CHECK(std::ranges::count(brief, '\n') <= (has_much_to_say ? 48 : 40));
    CHECK(brief == help({"help", command}));
    CHECK(brief.find("\nUsage\n") != std::string::npos);
    CHECK(brief.find("\nExit codes\n") != std::string::npos);
    const std::string whole = help({command, "-h", "all"});
    CHECK(whole == help({"help", command, "all"}));
    const auto flags_in = [](const std::string& text) {
      std::size_t flags = 0;
      for (std::size_t at = 0; (at = text.find("\n  -", at)) != std::string::npos; ++at) ++flags;
      return flags;
    };
    const bool refers = brief.ends_with("\nAll flags: dkimprobe " + command + " --help all\n");
    CHECK(refers == (flags_in(whole) > flags_in(brief)));
  }
}

TEST_CASE("the flag --nameserver takes an address with or without a port") {
  struct Case {
    std::string text;
    std::string address;
    std::optional<std::uint16_t> port;
  };
  const auto given = GENERATE(Case{"ns1.example.com=192.0.2.1", "192.0.2.1", std::nullopt},
                              Case{"ns1.example.com=192.0.2.1:5353", "192.0.2.1", 5353},
                              Case{"ns1.example.com=2001:db8::1", "2001:db8::1", std::nullopt},
                              Case{"ns1.example.com=[2001:db8::1]", "2001:db8::1", std::nullopt},
                              Case{"ns1.example.com=[2001:db8::1]:5353", "2001:db8::1", 5353});
  INFO(given.text);
  const auto servers = read({"example.com", "s1", "--nameserver", given.text}).ask.probe.pinned_servers;
  REQUIRE(servers.size() == 1);
  CHECK(servers.front().name.to_string() == "ns1.example.com");
  CHECK(servers.front().ip.to_string() == given.address);
  CHECK(servers.front().port == given.port);
}

TEST_CASE("the nearest word is suggested only if it is similar") {
  const std::vector<std::string> words = {"--port", "--rate-limit", "--json", "--nameserver"};
  CHECK(nearest_word("--prot", words) == "--port");
  CHECK(nearest_word("--jsn", words) == "--json");
  CHECK(nearest_word("--name-server", words) == "--nameserver");
  CHECK(nearest_word("--wibble", words).empty());
  CHECK(nearest_word("", words).empty());
  CHECK(nearest_word(std::string(100'000, '-'), words).empty());
}

TEST_CASE("colour depends on the flag, then on the environment, then on the terminal") {
  struct Case {
    ColorChoice choice;
    ColorFacts facts;
    bool color;
  };
  const auto given = GENERATE(Case{ColorChoice::automatic, {true, "", "", "xterm"}, true},
                              Case{ColorChoice::automatic, {false, "", "", "xterm"}, false},
                              Case{ColorChoice::automatic, {true, "", "", "dumb"}, false},
                              Case{ColorChoice::automatic, {true, "", "", ""}, false},
                              Case{ColorChoice::automatic, {true, "1", "", "xterm"}, false},
                              Case{ColorChoice::automatic, {false, "", "1", "dumb"}, true},
                              Case{ColorChoice::automatic, {true, "", "0", "xterm"}, false},
                              Case{ColorChoice::automatic, {false, "1", "1", "xterm"}, false},
                              Case{ColorChoice::always, {false, "1", "", "dumb"}, true},
                              Case{ColorChoice::never, {true, "", "1", "xterm"}, false});
  CHECK(wants_color(given.choice, given.facts) == given.color);
}

TEST_CASE("the table is as wide as the terminal, up to a limit") {
  CHECK(table_columns("", 0) == 80);
  CHECK(table_columns("", 100) == 100);
  CHECK(table_columns("60", 100) == 60);
  CHECK(table_columns("wide", 100) == 100);
  CHECK(table_columns("60x", 0) == 80);
  CHECK(table_columns("", 300) == 110);
}
