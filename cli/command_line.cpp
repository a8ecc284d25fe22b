#include "cli/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <list>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "config/escape.hpp"
#include "config/internationalized_name.hpp"
#include "config/named_server.hpp"
#include "config/nearest_word.hpp"
#include "config/options.hpp"
#include "exporters/text_layout.hpp"

namespace dkimprobe::cli {
namespace {

using config::escape_text;
using config::mistake;
using config::Mistakes;
using config::nearest_word;
using config::Result;

constexpr std::string_view version = DKIMPROBE_VERSION;
constexpr std::string_view plugin_flag = "--plugin";
/// Plugin runners give up at ten seconds.
constexpr std::chrono::milliseconds plugin_time{9'000};

constexpr std::string_view help_text = R"(Examples
  dkimprobe check example.com s1             one selector, each server by itself
  dkimprobe check example.com s1 s2 --json   two selectors, for a program
  dkimprobe preflight example.com s2 --key s2.pem
                                             may I sign with the new key now
  dkimprobe check example.com s1 --nameserver ns1.example.com=192.0.2.1
                                             a server that is not public yet

dkimprobe asks every authoritative nameserver of a domain for its DKIM keys and
says what is wrong and how to mend it. It never asks a recursive resolver for a
key, so that looking leaves nothing in anybody's cache.

Commands
  check DOMAIN SELECTOR...   look now
  preflight DOMAIN SELECTOR  whether, or when, it is safe to sign with a new key
  rotation DOMAIN            how far the change of keys is, and what comes next
  serve                      the daemon: metrics of all domains of the settings
  lint [FILE]                judge records, one a line, asking no server
  judge FILE                 judge what `check --save FILE` stored
  record DOMAIN SELECTOR     the record for a key, ready to publish
  history DOMAIN [SELECTOR]  every change that `check --storage.path DIR` saw
  explain [CHECK]            what a fault means and how to mend it; all, without
  help, --help               this text; `dkimprobe check --help` has all flags
  version, --version         the version

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage   70 internal error   78 settings   130 interrupted
)";

constexpr std::string_view check_help_start = R"(Examples
  dkimprobe check example.com s1
  dkimprobe check example.com s1 s2 --json
  dkimprobe check example.com new --role pending
  dkimprobe check example.com s1 --nameserver ns1.example.com=192.0.2.1
  dkimprobe check --message mail.eml
  dkimprobe check --config.file settings.yaml
  dkimprobe check example.com s1 --plugin                    Icinga and Nagios
  dkimprobe check example.com s1 --textfile dir/dkim.prom    node_exporter

Usage
  dkimprobe check DOMAIN SELECTOR... [FLAGS]
  dkimprobe check --message FILE [FLAGS]
  dkimprobe check [DOMAIN] --config.file FILE [FLAGS]

  DOMAIN is d= and SELECTOR is s= of the DKIM-Signature field of a message.
)";

constexpr std::string_view preflight_help_start = R"(Examples
  dkimprobe preflight example.com s2 --key s2.pem
  dkimprobe preflight example.com s2 --key s2.pem --never-used --wait 30m
  dkimprobe preflight example.com s2 --key s2.pem --resolver 192.0.2.53
  dkimprobe preflight example.com s2 --key s2.pem --wait 2h && switch-to s2

Usage
  dkimprobe preflight DOMAIN SELECTOR [FLAGS]

  Asks every server for the record of a new key, and says whether mail may be
  signed with it now, from when on, or what stands in the way. It sends nothing
  to a recursive resolver unless --resolver names one.

Exit codes
  0 sign now   1 all is right, but wait until the time told
  2 not ready   3 unknown: not all could be seen
  64 usage   70 internal error   78 settings   130 interrupted
)";

constexpr std::string_view rotation_help_start = R"(Examples
  dkimprobe rotation example.com --config.file settings.yaml
  dkimprobe rotation example.com s1:active s2:pending
  dkimprobe rotation plan example.com --config.file settings.yaml
  dkimprobe rotation example.com --compromised s1 --wait 30m

Usage
  dkimprobe rotation [DOMAIN] --config.file FILE [FLAGS]
  dkimprobe rotation DOMAIN SELECTOR[:ROLE]... [FLAGS]
  dkimprobe rotation plan DOMAIN [SELECTOR[:ROLE]]... [NEXT] [FLAGS]
  dkimprobe rotation DOMAIN --compromised SELECTOR [FLAGS]

  Shows the steps of a change of keys, what is done, what comes next and from
  when on. A ROLE is pending, active, standby or retired; the settings say more:
  when a selector signed last, how old a key may be, which one comes next.

  `plan` asks nobody: it prints commands, records and dates of the next change,
  to the selector NEXT where that is given.
  `--compromised` is for a key that somebody else has: no time to wait for.

  Ends with 0 when nothing is due; 1 when it is your turn, or something is past
  its time; 2 when mail is in danger; 3 when what comes next depends on what was
  not seen or told. With --compromised it is about that key alone: 2 while a
  server still has it, 1 while caches may, 0 when it is gone, whatever else is
  due.
)";

constexpr std::string_view serve_help_start = R"(Examples
  dkimprobe serve --config.file settings.yaml
  dkimprobe serve --config.file settings.yaml --storage.path /var/lib/dkimprobe
  dkimprobe serve --config.file settings.yaml --web.listen-address [::]:9815 \
      --web.config.file web.yaml

Usage
  dkimprobe serve --config.file FILE [FLAGS]

  Looks at every domain of the settings again and again, and serves what it
  finds: /metrics for Prometheus, /probe?target=DOMAIN for one look now,
  /-/healthy and /-/ready. SIGHUP and POST /-/reload read the settings again;
  with mistakes in them the old ones stay. SIGTERM ends it.
)";

constexpr std::string_view judge_help_start = R"(Examples
  dkimprobe check example.com s1 --save s1.json
  dkimprobe judge s1.json                       the same report, nobody is asked
  dkimprobe judge s1.json --role standby --json for another role

Usage
  dkimprobe judge FILE [FLAGS]

  FILE may be `-` for standard input. No server is asked.
)";

constexpr std::string_view lint_help_start = R"(Examples
  echo 'v=DKIM1; k=rsa; p=MIIB...' | dkimprobe lint
  dkimprobe lint records.txt
  dkimprobe lint records.jsonl --format jsonl --json

Usage
  dkimprobe lint [FILE] [FLAGS]

  FILE, or standard input without it, has a record on each line. As text that is
  the record as verifiers get it, with its name and a tab before it if you like:
    s1._domainkey.example.com<TAB>v=DKIM1; k=rsa; p=MIIB...
  As jsonl it is
    {"name": "s1._domainkey.example.com", "txt": ["v=DKIM1; ", "p=MIIB..."]}
  With the name the size of the answer is computed, and `_adsp._domainkey` is
  judged as signing practices. A line that cannot be read is told, and the rest
  goes on; the exit code is then 3, unless a record is critical.
)";

constexpr std::string_view record_help_start = R"(Examples
  dkimprobe record --key s1.pem example.com s1
  dkimprobe record --key s1.pem example.com s1 --format zone
  dkimprobe record --key s1.pem example.com s1 --format nsupdate | nsupdate -l
  dkimprobe record --revoke example.com s1 --format zone
  dkimprobe record --adsp discardable example.com

Usage
  dkimprobe record --key FILE DOMAIN SELECTOR [FLAGS]
  dkimprobe record --revoke DOMAIN SELECTOR [FLAGS]
  dkimprobe record --adsp unknown|all|discardable DOMAIN [FLAGS]

  FILE is a private key (RSA or Ed25519, PEM or DER, PKCS#8 or PKCS#1, encrypted
  or not), a public key or a key record; `-` is standard input. What is private
  is forgotten at once. The record goes to standard output; its size, and what
  is wrong with it, to standard error.
)";

constexpr std::string_view history_help_start = R"(Examples
  dkimprobe check example.com s1 --storage.path /var/lib/dkimprobe
  dkimprobe history example.com --storage.path /var/lib/dkimprobe
  dkimprobe history example.com s1 --storage.path /var/lib/dkimprobe --json

Usage
  dkimprobe history DOMAIN [SELECTOR] --storage.path DIR [FLAGS]

  What was stored of a selector, or of all of the domain: its keys, and each
  change with the look that saw it and the one before, which did not. `_adsp` is
  the signing practices. No server is asked. The exit code is 3 when nothing is
  stored.
)";

constexpr std::string_view explain_help_start = R"(Examples
  dkimprobe explain                 all checks, a line each
  dkimprobe explain ns_stale        one of them: what it means, how to mend it

Usage
  dkimprobe explain [CHECK]
)";

constexpr std::string_view no_selector =
    "no selector given. It is s= in the DKIM-Signature field of a message from the domain (in a mail "
    "program: "
    "show the message's source); then: dkimprobe check DOMAIN SELECTOR. Or give that source: --message FILE. "
    "Or name your selectors in a settings file: --config.file FILE";

void add(Mistakes& mistakes, Mistakes more) {
  std::move(more.begin(), more.end(), std::back_inserter(mistakes));
}

/// Puts the value into `target`, or its mistakes to the others. With `where` the place is told in its words.
template <class T>
void take(Result<T> result, T& target, Mistakes& mistakes, std::string_view where = {}) {
  if (result) {
    target = std::move(*result);
    return;
  }
  for (auto& wrong : result.error()) {
    if (!where.empty()) wrong = {std::string(where), fmt::format("`{}`: {}", wrong.where, wrong.message)};
  }
  add(mistakes, std::move(result.error()));
}

Result<config::Role> read_role(const std::string& text, std::string where = "--role") {
  if (const auto role = config::parse_role(text)) return *role;
  return mistake(std::move(where),
                 fmt::format("`{}` cannot be used: it must be pending, active, standby or retired",
                             escape_text(text, 80)));
}

Result<ColorChoice> read_color(const std::string& text) {
  if (text == "auto") return ColorChoice::automatic;
  if (text == "always") return ColorChoice::always;
  if (text == "never") return ColorChoice::never;
  return mistake("--color",
                 fmt::format("`{}` cannot be used: it must be auto, always or never", escape_text(text, 80)));
}

Result<RecordFormat> read_format(const std::string& text) {
  if (text == "text") return RecordFormat::text;
  if (text == "jsonl") return RecordFormat::jsonl;
  return mistake("--format",
                 fmt::format("`{}` cannot be used: it must be text or jsonl", escape_text(text, 80)));
}

/// The texts of the flags for a key, of every command that takes one.
struct KeyTexts {
  std::string file{};
  std::string passphrase_file{};
  std::string passphrase_fd{};
};

/// The texts of the flags that commands with reports have in common.
struct OutputTexts {
  bool json = false;
  std::string color{};
  bool help = false;
};

/// The texts that the flags of commands that ask servers bring, before they are understood.
struct CheckTexts {
  std::vector<std::string> positionals{};
  std::vector<std::string> nameservers{};
  std::vector<std::string> networks{};
  std::string root_hints{};
  std::string settings_file{};
  std::string role{};
  std::string save{};
  std::string message{};
  std::string storage{};
  std::string textfile{};
  bool plugin = false;
  OutputTexts output{};
  bool only_ipv4 = false;
  bool only_ipv6 = false;
  bool only_check_settings = false;
  std::list<std::pair<const config::Option*, std::string>> options{};
};

std::string value_word(const config::Option& option) {
  switch (option.unit) {
    case config::Unit::none:
      return "NUMBER";
    case config::Unit::bytes:
      return "BYTES";
    case config::Unit::queries_per_second:
      return "NUMBER|unlimited";
    case config::Unit::duration:
      return "TIME";
    case config::Unit::duration_or_never:
      return "TIME|never";
    case config::Unit::yes_no:
      return "yes|no";
  }
  return {};
}

constexpr const char* output_group = "Output";
constexpr const char* servers_group = "Which servers are asked";
constexpr const char* settings_group = "Settings";
constexpr const char* key_group = "The key";

void declare_help(CLI::App& app, bool& help) {
  app.set_help_flag();
  app.add_flag("-h,--help", help, "this text")->group(output_group);
}

void declare_output(CLI::App& app, OutputTexts& texts, const std::string& json_meaning) {
  app.add_flag("--json", texts.json, json_meaning)->group(output_group);
  app.add_option("--color", texts.color, "auto (the default), always or never")
      ->option_text("WHEN")
      ->group(output_group);
  declare_help(app, texts.help);
}

void declare_key(CLI::App& app, KeyTexts& texts) {
  app.add_option("--key", texts.file, "a private key, a public key or a key record; `-` is standard input")
      ->option_text("FILE")
      ->group(key_group);
  app.add_option("--passphrase-file", texts.passphrase_file,
                 "its first line opens an encrypted key; without it you are asked at the terminal")
      ->option_text("FILE")
      ->group(key_group);
  app.add_option("--passphrase-fd", texts.passphrase_fd, "the same from an open descriptor")
      ->option_text("NUMBER")
      ->group(key_group);
}

void declare_storage(CLI::App& app, std::string& storage, const std::string& meaning) {
  app.add_option("--storage.path", storage, meaning)->option_text("DIR")->group(settings_group);
}

void declare_role(CLI::App& app, std::string& role, const char* group) {
  app.add_option("--role", role,
                 "what the selectors are for: pending, active (the default), standby or retired")
      ->option_text("ROLE")
      ->group(group);
}

void declare_message(CLI::App& app, std::string& message, const std::string& meaning) {
  app.add_option("--message", message, meaning)->option_text("FILE")->group("The message");
}

/// What every command that asks servers takes.
void declare_probe_flags(CLI::App& app, CheckTexts& texts) {
  // Without this a flag that may be repeated would swallow the domain after its value.
  app.add_option("--nameserver", texts.nameservers, "ask this server alone; repeat it for more")
      ->option_text("NAME=ADDRESS[:PORT]")
      ->allow_extra_args(false)
      ->group(servers_group);
  app.add_option("--root-hints", texts.root_hints,
                 "where the search for the servers starts, in place of the root servers")
      ->option_text("FILE")
      ->group(servers_group);
  app.add_option("--allow-net", texts.networks,
                 "ask servers in this private or loopback network too; repeat it for more")
      ->option_text("CIDR")
      ->allow_extra_args(false)
      ->group(servers_group);
  app.add_flag("-4", texts.only_ipv4,
               "ask over IPv4 alone: IPv6 addresses are left out, where their nameserver has one of IPv4 too")
      ->group(servers_group);
  app.add_flag("-6", texts.only_ipv6, "the same with IPv6")->group(servers_group);
  for (const auto table : {config::probe_options(), config::policy_options()}) {
    for (const auto& option : table) {
      auto& [row, text] = texts.options.emplace_back(&option, std::string{});
      app.add_option(
             fmt::format("--{}", option.key), text,
             fmt::format("{} ({})", option.meaning, config::format_value(option.unit, option.default_value)))
          ->option_text(value_word(option))
          ->take_last()
          ->group(std::string(option.group));
    }
  }
  app.add_option(
         "--config.file", texts.settings_file,
         "settings (YAML): domains, selectors, expected keys, policy; config/example.yaml explains them. "
         "A flag wins over the file")
      ->option_text("FILE")
      ->group(settings_group);
}

void declare_check(CLI::App& app, CheckTexts& texts) {
  app.add_option("DOMAIN SELECTOR", texts.positionals)->group("");
  declare_message(
      app, texts.message,
      "domains and selectors from the DKIM-Signature fields of a message, and what these fields say "
      "against the records; `-` is standard input. No signature is verified");
  declare_output(app, texts.output, "one JSON object on standard output");
  app.add_flag(
         std::string(plugin_flag), texts.plugin,
         "speak as a plugin of Icinga and Nagios: a line with performance data, exit codes 0 to 3 alone, "
         "and --timeout is 9s unless given")
      ->group(output_group);
  app.add_option(
         "--textfile", texts.textfile,
         "write metrics to this file in place of all output, for node_exporter, which reads DIR/*.prom")
      ->option_text("FILE")
      ->group(output_group);
  app.add_option("--save", texts.save, "store what the servers said, for `dkimprobe judge`")
      ->option_text("FILE")
      ->group(output_group);
  declare_role(app, texts.role, servers_group);
  declare_probe_flags(app, texts);
  declare_storage(app, texts.storage,
                  "judge with the history in this directory too, and add what is seen to it, for `dkimprobe "
                  "history`");
  app.add_flag("--config.check", texts.only_check_settings,
               "read the settings, tell all mistakes, ask nobody")
      ->group(settings_group);
}

std::string flags_help(std::string_view start, const CLI::App& app) {
  constexpr std::size_t columns = 80;
  constexpr std::size_t meaning_starts = 32;
  std::string text(start);
  std::string group;
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_group() != group) {
      group = option->get_group();
      text += fmt::format("\n{}\n", group);
    }
    std::string flag = fmt::format("  {}", option->get_name(false, true));
    std::replace(flag.begin(), flag.end(), ',', ' ');
    if (!option->get_option_text().empty()) flag += ' ' + option->get_option_text();
    if (flag.size() + 2 > meaning_starts) {
      text += flag + '\n';
      flag.clear();
    }
    for (const auto& line : exporters::wrap_text(option->get_description(), columns - meaning_starts)) {
      text += exporters::pad_right(flag, meaning_starts) + line + '\n';
      flag.clear();
    }
  }
  return text;
}

/// The first argument that looks like a flag and is none.
std::optional<config::Mistake> unknown_flag(CLI::App& app, std::string_view command,
                                            std::span<const std::string> arguments) {
  for (const auto& argument : arguments) {
    if (argument == "--") return std::nullopt;
    if (argument.size() < 2 || argument.front() != '-') continue;
    const std::string flag = argument.substr(0, argument.find('='));
    if (app.get_option_no_throw(flag) != nullptr) continue;
    std::vector<std::string> known;
    for (const auto* option : app.get_options()) {
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    }
    const std::string nearest = nearest_word(flag, known);
    return config::Mistake{
        escape_text(flag, 80),
        nearest.empty() ? fmt::format("there is no such flag; `dkimprobe {} --help` lists all", command)
                        : fmt::format("there is no such flag; did you mean {}?", nearest)};
  }
  return std::nullopt;
}

/// The flags that `declare_output` declared.
void read_output(CLI::App& app, const OutputTexts& texts, OutputChoice& output, Mistakes& mistakes) {
  output.json = texts.json;
  if (!app.get_option("--color")->empty()) take(read_color(texts.color), output.color, mistakes);
}

void read_file_name(CLI::App& app, const char* flag, const std::string& text,
                    std::optional<std::filesystem::path>& file, Mistakes& mistakes) {
  if (app.get_option(flag)->empty()) return;
  file = text;
  if (text.empty()) mistakes.push_back({flag, "a file name must follow it"});
}

const config::Option* option_named(std::string_view key) {
  const auto options = config::probe_options();
  return &*std::ranges::find(options, key, &config::Option::key);
}

void read_families(const CheckTexts& texts, CheckCommand& command, Mistakes& mistakes) {
  auto& settings = command.settings;
  if (texts.only_ipv4 && texts.only_ipv6) {
    mistakes.push_back(
        {"-4 -6", "each excludes the other; without both, servers are asked over IPv4 and IPv6"});
    return;
  }
  if (texts.only_ipv4) {
    settings.use_ipv6 = false;
    command.given_options.push_back(option_named("ipv6"));
  }
  if (texts.only_ipv6) {
    settings.use_ipv4 = false;
    command.given_options.push_back(option_named("ipv4"));
  }
  if (!settings.use_ipv4 && !settings.use_ipv6) {
    mistakes.push_back({"--ipv4 --ipv6", "without both no server can be asked"});
  }
}

void read_names(const std::vector<std::string>& positionals, CheckCommand& command, Mistakes& mistakes) {
  if (command.message) {
    if (!positionals.empty()) {
      mistakes.push_back(
          {escape_text(positionals.front(), 80),
           "the message names the domains and selectors; leave out either these or --message"});
    }
    return;
  }
  if (positionals.empty() && command.settings_file) {
    command.every_domain = true;
    return;
  }
  if (positionals.empty()) {
    mistakes.push_back({"", "no domain given; the usage is: dkimprobe check DOMAIN SELECTOR..."});
    return;
  }
  take(config::read_domain(positionals.front()), command.domain, mistakes);
  const bool domain_read = mistakes.empty();
  if (positionals.size() == 1) {
    // A mistake about the domain may say what the selector is.
    if (domain_read && !command.settings_file) mistakes.push_back({"", std::string(no_selector)});
    return;
  }
  for (auto text = positionals.begin() + 1; text != positionals.end(); ++text) {
    config::Selector selector;
    const std::size_t before = mistakes.size();
    take(config::Selector::parse(*text), selector, mistakes);
    if (mistakes.size() != before) continue;
    if (domain_read) {
      if (const auto name = selector.owner_name(command.domain); !name) {
        add(mistakes, name.error());
        continue;
      }
    }
    if (std::find(command.selectors.begin(), command.selectors.end(), selector) == command.selectors.end()) {
      command.selectors.push_back(selector);
    }
  }
}

/// The arguments in the order that CLI11 wants. Of `--flag=` it would take the next argument as the value, so
/// name and value are put apart before.
std::vector<std::string> in_reverse(CLI::App& app, std::span<const std::string> arguments) {
  std::vector<std::string> words;
  bool flags_end = false;
  for (const auto& argument : arguments) {
    flags_end = flags_end || argument == "--";
    const std::size_t equals = argument.find('=');
    const auto* option = flags_end || equals == std::string::npos || !argument.starts_with("--")
                             ? nullptr
                             : app.get_option_no_throw(argument.substr(0, equals));
    if (option != nullptr && !option->get_option_text().empty()) {
      words.push_back(argument.substr(0, equals));
      words.push_back(argument.substr(equals + 1));
    } else {
      words.push_back(argument);
    }
  }
  std::reverse(words.begin(), words.end());
  return words;
}

/// Puts the arguments into the places that the flags of `app` have; they are not understood yet.
Result<void> parse_flags(CLI::App& app, std::string_view command, std::span<const std::string> arguments) {
  if (const auto unknown = unknown_flag(app, command, arguments))
    return mistake(unknown->where, unknown->message);
  try {
    app.parse(in_reverse(app, arguments));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();
    return mistake(escape_text(text.substr(0, text.find(':')), 80), "a value must follow it");
  } catch (const CLI::ParseError& error) {
    return mistake("", fmt::format("the command line cannot be read: {}", escape_text(error.what(), 200)));
  }
  return {};
}

/// The flags that `declare_probe_flags` declared, but for the settings file. After `--storage.path`, which
/// some of them exclude. `--storage.path` was read before.
void read_probe_flags(CLI::App& app, const CheckTexts& texts, CheckCommand& command, Mistakes& mistakes) {
  config::Settings flags;
  for (const auto& [option, text] : texts.options) {
    const std::string flag = fmt::format("--{}", option->key);
    if (app.get_option(flag)->empty()) continue;
    command.given_options.push_back(option);
    if (auto set = config::set_option(*option, text, flag, flags); !set) add(mistakes, set.error());
  }
  command.settings = std::move(flags.probe);
  command.policy = std::move(flags.policy);
  read_families(texts, command, mistakes);
  for (const auto& text : texts.nameservers) {
    take(config::read_named_server(text, "--nameserver"), command.settings.pinned_servers.emplace_back(),
         mistakes);
  }
  for (const auto& text : texts.networks) {
    take(config::Network::parse(text), command.settings.allowed_networks.emplace_back(), mistakes,
         "--allow-net");
  }
  read_file_name(app, "--root-hints", texts.root_hints, command.root_hints, mistakes);
  if (command.storage && !texts.nameservers.empty()) {
    mistakes.push_back(
        {"--nameserver --storage.path",
         "the history is of what the public is told, and a server that is given by hand may say "
         "something else; leave one of them out"});
  }
}

/// The outputs that replace the tables.
void read_outlets(CLI::App& app, const CheckTexts& texts, CheckCommand& command, Mistakes& mistakes) {
  command.plugin = texts.plugin;
  read_file_name(app, "--textfile", texts.textfile, command.textfile, mistakes);
  std::vector<std::string_view> given;
  if (command.output.json) given.emplace_back("--json");
  if (command.plugin) given.push_back(plugin_flag);
  if (command.textfile) given.emplace_back("--textfile");
  if (given.size() > 1) {
    mistakes.push_back(
        {fmt::format("{}", fmt::join(given, " ")), "each is an output of its own; choose one"});
  }
  if (!command.plugin && !command.textfile) return;
  const std::string flag(command.plugin ? plugin_flag : "--textfile");
  if (command.message)
    mistakes.push_back({flag, "it tells of selectors, not of a message; leave it or --message out"});
  if (command.only_check_settings)
    mistakes.push_back(
        {flag, "--config.check asks nobody, so there is nothing to tell; leave one of them out"});
  if (command.plugin && app.get_option("--timeout")->empty()) {
    command.settings.budgets.domain_time = plugin_time;
    command.given_options.push_back(option_named("timeout"));
  }
}

Result<Command> read_check(std::span<const std::string> arguments) {
  CLI::App app;
  CheckTexts texts;
  declare_check(app, texts);
  if (auto parsed = parse_flags(app, "check", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.output.help) return Command{TextWanted{flags_help(check_help_start, app)}};

  CheckCommand command;
  Mistakes mistakes;
  read_file_name(app, "--config.file", texts.settings_file, command.settings_file, mistakes);
  read_file_name(app, "--message", texts.message, command.message, mistakes);
  command.only_check_settings = texts.only_check_settings;
  if (command.only_check_settings && !command.settings_file) {
    mistakes.push_back({"--config.check", "no settings file is given; add --config.file FILE"});
  } else {
    read_names(texts.positionals, command, mistakes);
  }
  read_file_name(app, "--storage.path", texts.storage, command.storage, mistakes);
  read_probe_flags(app, texts, command, mistakes);
  if (!app.get_option("--role")->empty()) take(read_role(texts.role), command.role.emplace(), mistakes);
  read_output(app, texts.output, command.output, mistakes);
  read_outlets(app, texts, command, mistakes);
  read_file_name(app, "--save", texts.save, command.save, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

/// The texts that the flags of `rotation` bring beside those of `check`.
struct RotationTexts {
  CheckTexts check{};
  std::string compromised{};
  std::string wait{};
};

void declare_rotation(CLI::App& app, RotationTexts& texts) {
  constexpr const char* rotation_group = "The rotation";
  app.add_option("DOMAIN SELECTOR", texts.check.positionals)->group("");
  app.add_option("--compromised", texts.compromised, "somebody else has the key of this selector")
      ->option_text("SELECTOR")
      ->group(rotation_group);
  app.add_option("--wait", texts.wait,
                 "with --compromised: look again, for at most so long, until no server has the key any more")
      ->option_text("TIME")
      ->group(rotation_group);
  declare_output(app, texts.check.output, "one JSON object on standard output");
  declare_probe_flags(app, texts.check);
  declare_storage(
      app, texts.check.storage,
      "the history in this directory, to which this look is added; without it nothing is known of "
      "what was published before");
}

/// `SELECTOR` or `SELECTOR:ROLE`.
void read_selector_role(const std::string& text, bool domain_read, RotationCommand& command,
                        Mistakes& mistakes) {
  const std::size_t before = mistakes.size();
  const std::size_t colon = text.rfind(':');
  SelectorRole given;
  take(config::Selector::parse(text.substr(0, colon)), given.selector, mistakes);
  if (colon != std::string::npos)
    take(read_role(text.substr(colon + 1), escape_text(text, 80)), given.role.emplace(), mistakes);
  if (mistakes.size() != before) return;
  if (domain_read) {
    if (const auto name = given.selector.owner_name(command.asked.domain); !name) add(mistakes, name.error());
  }
  const bool is_there = std::ranges::find(command.selectors, given.selector, &SelectorRole::selector) !=
                        command.selectors.end();
  if (is_there || (command.next && *command.next == given.selector)) {
    mistakes.push_back({escape_text(text, 80), "the selector is given twice"});
  } else if (!command.only_plan || given.role) {
    command.selectors.push_back(std::move(given));
  } else if (command.next) {
    mistakes.push_back(
        {escape_text(text, 80), "one selector comes next; the others need a role: SELECTOR:ROLE"});
  } else {
    command.next = std::move(given.selector);
  }
}

void read_rotation_names(std::span<const std::string> words, RotationCommand& command, Mistakes& mistakes) {
  if (!words.empty() && words.front() == "plan") {
    command.only_plan = true;
    words = words.subspan(1);
  }
  const std::string usage = fmt::format("the usage is: dkimprobe rotation {}DOMAIN --config.file FILE",
                                        command.only_plan ? "plan " : "");
  if (words.empty()) {
    command.asked.every_domain = command.asked.settings_file && !command.only_plan && !command.compromised;
    if (!command.asked.every_domain) mistakes.push_back({"", "no domain given; " + usage});
    return;
  }
  const std::size_t before = mistakes.size();
  take(config::read_domain(words.front()), command.asked.domain, mistakes);
  const bool domain_read = mistakes.size() == before;
  for (const auto& word : words.subspan(1)) read_selector_role(word, domain_read, command, mistakes);
  if (domain_read && words.size() == 1 && !command.asked.settings_file && !command.compromised) {
    mistakes.push_back(
        {"", fmt::format("no selector given; say which there are: dkimprobe rotation {}{} s1:active "
                         "s2:pending, or write them into a settings file: --config.file FILE",
                         command.only_plan ? "plan " : "", command.asked.domain.to_string())});
  }
}

void read_wait(const std::string& text, RotationCommand& command, Mistakes& mistakes) {
  constexpr std::chrono::milliseconds longest = std::chrono::days{7};
  const auto time = config::parse_duration(text);
  if (!time || *time < std::chrono::seconds{1} || *time > longest) {
    mistakes.push_back(
        {"--wait", fmt::format("`{}` cannot be used: it must be a time from 1s to 7d, with its "
                               "unit: s, m, h or d",
                               escape_text(text, 80))});
    return;
  }
  command.wait = *time;
}

Result<Command> read_rotation(std::span<const std::string> arguments) {
  CLI::App app;
  RotationTexts texts;
  declare_rotation(app, texts);
  if (auto parsed = parse_flags(app, "rotation", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.check.output.help) return Command{TextWanted{flags_help(rotation_help_start, app)}};

  RotationCommand command;
  Mistakes mistakes;
  read_file_name(app, "--config.file", texts.check.settings_file, command.asked.settings_file, mistakes);
  if (!app.get_option("--compromised")->empty())
    take(config::Selector::parse(texts.compromised), command.compromised.emplace(), mistakes,
         "--compromised");
  read_rotation_names(texts.check.positionals, command, mistakes);
  if (command.only_plan && command.compromised)
    mistakes.push_back({"--compromised", "what to do at once is no plan; leave the word plan out"});
  if (!app.get_option("--wait")->empty()) {
    read_wait(texts.wait, command, mistakes);
    if (!command.compromised) mistakes.push_back({"--wait", "it belongs to --compromised"});
  }
  read_file_name(app, "--storage.path", texts.check.storage, command.asked.storage, mistakes);
  read_probe_flags(app, texts.check, command.asked, mistakes);
  read_output(app, texts.check.output, command.asked.output, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

Result<Command> read_serve(std::span<const std::string> arguments) {
  CLI::App app;
  CheckTexts texts;
  ServeCommand command;
  std::vector<std::string> listen;
  std::string web_config;
  constexpr const char* web_group = "The web server";
  app.add_option("--web.listen-address", listen,
                 fmt::format("where it listens; repeat it for more [{}]", command.listen.front()))
      ->option_text("ADDRESS:PORT")
      ->type_size(1)
      ->expected(1)
      ->take_all()
      ->group(web_group);
  app.add_option("--web.config.file", web_config,
                 "TLS, client certificates and users, as Prometheus has them")
      ->option_text("FILE")
      ->group(web_group);
  app.add_flag("--web.systemd-socket", command.systemd_sockets, "listen on the sockets that systemd opened")
      ->group(web_group);
  declare_help(app, texts.output.help);
  declare_probe_flags(app, texts);
  declare_storage(app, texts.storage, "keep the history of what was seen in this directory");
  if (auto parsed = parse_flags(app, "serve", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.output.help) return Command{TextWanted{flags_help(serve_help_start, app)}};

  Mistakes mistakes;
  read_file_name(app, "--config.file", texts.settings_file, command.asked.settings_file, mistakes);
  if (!command.asked.settings_file)
    mistakes.push_back({"--config.file", "it is missing: the settings name the domains to watch"});
  command.asked.every_domain = true;
  read_file_name(app, "--storage.path", texts.storage, command.asked.storage, mistakes);
  read_probe_flags(app, texts, command.asked, mistakes);
  read_file_name(app, "--web.config.file", web_config, command.web_config, mistakes);
  if (!listen.empty()) command.listen = std::move(listen);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

/// What the operator may have meant by a name that no check has, for the end of a sentence.
std::string nearest_checks(const std::string& name) {
  constexpr std::size_t shown = 5;
  std::vector<std::string> all;
  std::vector<std::string> near;
  for (const auto& check : checks::catalogue()) {
    all.emplace_back(check.name);
    if (name.size() >= 3 && near.size() < shown && check.name.find(name) != std::string_view::npos) {
      near.emplace_back(check.name);
    }
  }
  while (near.size() < shown) {
    std::string nearest = nearest_word(name, all);
    if (nearest.empty()) break;
    std::erase(all, nearest);
    if (std::find(near.begin(), near.end(), nearest) == near.end()) near.push_back(std::move(nearest));
  }
  if (near.empty()) return "`dkimprobe explain` lists all";
  std::string list;
  for (std::size_t i = 0; i < near.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == near.size() ? " or " : ", ") + near[i];
  }
  return fmt::format("did you mean {}?", list);
}

Result<Command> read_explain(std::span<const std::string> arguments) {
  CLI::App app;
  std::vector<std::string> positionals;
  ExplainCommand command;
  bool help = false;
  declare_help(app, help);
  app.add_option("CHECK", positionals)->group("");
  app.add_flag("--markdown", command.markdown)->group("");
  if (auto parsed = parse_flags(app, "explain", arguments); !parsed) return tl::unexpected(parsed.error());
  if (help) return Command{TextWanted{flags_help(explain_help_start, app)}};
  if (positionals.size() > 1) {
    return mistake(escape_text(positionals[1], 80), "one check is explained at a time");
  }
  if (!positionals.empty()) {
    const std::string& name = positionals.front();
    command.check = checks::find_check(name);
    if (command.check == nullptr) {
      return mistake(escape_text(name, 80), "there is no check of this name; " + nearest_checks(name));
    }
  }
  return Command{command};
}

Result<Command> read_judge(std::span<const std::string> arguments) {
  CLI::App app;
  std::vector<std::string> positionals;
  std::string role;
  std::string settings_file;
  std::string message;
  OutputTexts output;
  app.add_option("FILE", positionals)->group("");
  declare_output(app, output, "one JSON object on standard output");
  declare_role(app, role, settings_group);
  declare_message(
      app, message,
      "judge its DKIM-Signature fields against the stored records too, as `check --message` does");
  app.add_option("--config.file", settings_file, "settings (YAML): roles, expected keys, policy")
      ->option_text("FILE")
      ->group(settings_group);
  std::string storage;
  declare_storage(app, storage, "judge with what the history in this directory knew when FILE was made");
  if (auto parsed = parse_flags(app, "judge", arguments); !parsed) return tl::unexpected(parsed.error());
  if (output.help) return Command{TextWanted{flags_help(judge_help_start, app)}};
  JudgeCommand command;
  Mistakes mistakes;
  if (positionals.empty() || positionals.front().empty()) {
    mistakes.push_back({"", "no file given; the usage is: dkimprobe judge FILE"});
  } else {
    command.file = positionals.front();
  }
  if (positionals.size() > 1) {
    mistakes.push_back({escape_text(positionals[1], 80), "one file is judged at a time"});
  }
  if (!app.get_option("--role")->empty()) take(read_role(role), command.role.emplace(), mistakes);
  read_file_name(app, "--config.file", settings_file, command.settings_file, mistakes);
  read_file_name(app, "--message", message, command.message, mistakes);
  read_file_name(app, "--storage.path", storage, command.storage, mistakes);
  if (command.message == "-" && command.file == "-")
    mistakes.push_back({"--message", "standard input cannot be both files"});
  read_output(app, output, command.output, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

/// The flags that `declare_key` declared; `--key` was given.
void read_key(CLI::App& app, const KeyTexts& texts, KeyChoice& key, Mistakes& mistakes) {
  key.file = texts.file;
  if (texts.file.empty()) mistakes.push_back({"--key", "a file name must follow it"});
  const bool from_file = !app.get_option("--passphrase-file")->empty();
  const bool from_descriptor = !app.get_option("--passphrase-fd")->empty();
  if (from_file && from_descriptor) {
    mistakes.push_back({"--passphrase-file --passphrase-fd", "one of them is enough"});
  } else if (from_file) {
    key.passphrase = config::PassphraseFile{texts.passphrase_file, config::SecretFiles::regular_and_pipes};
    if (texts.passphrase_file.empty())
      mistakes.push_back({"--passphrase-file", "a file name must follow it"});
    if (texts.passphrase_file == "-")
      mistakes.push_back({"--passphrase-file", "standard input is --passphrase-fd 0"});
  } else if (from_descriptor) {
    constexpr int highest = 1'048'576;
    int number = -1;
    const char* const end = texts.passphrase_fd.data() + texts.passphrase_fd.size();
    const auto [stopped, error] = std::from_chars(texts.passphrase_fd.data(), end, number);
    if (error != std::errc{} || stopped != end || number < 0 || number > highest) {
      mistakes.push_back(
          {"--passphrase-fd",
           fmt::format("`{}` cannot be used: it must be the number of an open descriptor, such as "
                       "3 with 3<FILE",
                       escape_text(texts.passphrase_fd, 80))});
    }
    if (number == 0 && texts.file == "-")
      mistakes.push_back({"--passphrase-fd", "standard input holds the key already"});
    key.passphrase = config::PassphraseDescriptor{number};
  }
}

/// The texts that the flags of `preflight` bring beside those of every command that asks servers.
struct PreflightTexts {
  CheckTexts check{};
  KeyTexts key{};
  std::string wait{};
  std::vector<std::string> resolvers{};
};

void declare_preflight(CLI::App& app, PreflightTexts& texts, PreflightCommand& command) {
  constexpr const char* when_group = "When it is safe";
  app.add_option("DOMAIN SELECTOR", texts.check.positionals)->group("");
  declare_key(app, texts.key);
  app.add_flag("--never-used", command.never_used,
               "nothing was ever signed with the selector and nobody was told of it, so that no cache can "
               "hold an answer about it")
      ->group(when_group);
  app.add_option("--wait", texts.wait,
                 "look again until it is safe to sign, for at most so long; by default one look")
      ->option_text("TIME")
      ->group(when_group);
  app.add_option("--resolver", texts.resolvers,
                 "a recursive resolver of yours: look, without recursion, at what its cache holds; repeat it "
                 "for more")
      ->option_text("ADDRESS[:PORT]")
      ->allow_extra_args(false)
      ->group(when_group);
  app.add_flag("--ask-resolver", command.ask_resolvers,
               "once it is safe to sign, ask each --resolver as the public does, once")
      ->group(when_group);
  declare_output(app, texts.check.output, "one JSON object on standard output");
  declare_probe_flags(app, texts.check);
  declare_storage(app, texts.check.storage,
                  "count with what earlier looks saw, and keep what this one sees, in this directory");
}

void read_preflight_names(const std::vector<std::string>& positionals, CheckCommand& command,
                          Mistakes& mistakes) {
  if (positionals.size() < 2) {
    mistakes.push_back({"", fmt::format("no {} given; the usage is: dkimprobe preflight DOMAIN SELECTOR",
                                        positionals.empty() ? "domain" : "selector")});
    return;
  }
  if (positionals.size() > 2) {
    mistakes.push_back({escape_text(positionals[2], 80), "a preflight is of one selector"});
    return;
  }
  read_names(positionals, command, mistakes);
}

Result<std::chrono::milliseconds> read_wait(const std::string& text) {
  constexpr std::chrono::days longest{31};
  const auto wait = config::parse_duration(text);
  if (wait && *wait <= longest) return *wait;
  return mistake("--wait", fmt::format("`{}` cannot be used: it must be a time up to {}d, with its unit: ms, "
                                       "s, m, h or d",
                                       escape_text(text, 80), longest.count()));
}

Result<Command> read_preflight(std::span<const std::string> arguments) {
  CLI::App app;
  PreflightTexts texts;
  PreflightCommand command;
  declare_preflight(app, texts, command);
  if (auto parsed = parse_flags(app, "preflight", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.check.output.help) return Command{TextWanted{flags_help(preflight_help_start, app)}};
  Mistakes mistakes;
  read_preflight_names(texts.check.positionals, command.check, mistakes);
  read_file_name(app, "--config.file", texts.check.settings_file, command.check.settings_file, mistakes);
  if (!app.get_option("--key")->empty()) {
    read_key(app, texts.key, command.key.emplace(), mistakes);
  } else {
    for (const char* flag : {"--passphrase-file", "--passphrase-fd"}) {
      if (!app.get_option(flag)->empty())
        mistakes.push_back({flag, "it opens the key of --key FILE, which is not given"});
    }
  }
  if (!app.get_option("--wait")->empty()) take(read_wait(texts.wait), command.wait, mistakes);
  read_file_name(app, "--storage.path", texts.check.storage, command.check.storage, mistakes);
  for (const auto& text : texts.resolvers) {
    config::ServerAddress resolver;
    take(config::read_server_address(text, "--resolver"), resolver, mistakes);
    if (std::ranges::find(command.resolvers, resolver) == command.resolvers.end())
      command.resolvers.push_back(resolver);
  }
  if (command.ask_resolvers && texts.resolvers.empty()) {
    mistakes.push_back({"--ask-resolver", "no resolver is given; add --resolver ADDRESS"});
  }
  read_probe_flags(app, texts.check, command.check, mistakes);
  read_output(app, texts.check.output, command.check.output, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

/// The elements of a tag's value (RFC 6376 section 3.6.1): `hyphenated-word`, or `*` alone.
std::vector<std::string> read_words(const char* flag, const std::string& text, Mistakes& mistakes) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_end = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  std::vector<std::string> words;
  std::string_view rest = text;
  while (true) {
    const std::string_view word = rest.substr(0, rest.find(':'));
    const bool good =
        word == "*" || (!word.empty() && is_letter(word.front()) && is_end(word.back()) &&
                        std::ranges::all_of(word, [&](char c) { return c == '-' || is_end(c); }));
    if (!good) {
      mistakes.push_back(
          {flag,
           fmt::format(
               "`{}` cannot be used: it must be words of letters, digits and `-`, with `:` between them",
               escape_text(text, 80))});
      return {};
    }
    words.emplace_back(word);
    if (word.size() == rest.size()) return words;
    rest.remove_prefix(word.size() + 1);
  }
}

/// A number of seconds, or a duration.
void read_ttl(const std::string& text, std::uint32_t& seconds, Mistakes& mistakes) {
  constexpr std::int64_t longest = 2'147'483'647;  // RFC 2181 section 8
  std::int64_t number = -1;
  const char* const end = text.data() + text.size();
  if (const auto [stopped, error] = std::from_chars(text.data(), end, number);
      error != std::errc{} || stopped != end) {
    const auto duration = config::parse_duration(text);
    const std::int64_t milliseconds = duration ? duration->count() : -1;
    number = milliseconds % 1'000 == 0 ? milliseconds / 1'000 : -1;
  }
  if (number < 0 || number > longest) {
    mistakes.push_back(
        {"--ttl", fmt::format("`{}` cannot be used: it must be seconds, from 0 to {}, or a time such "
                              "as 1h",
                              escape_text(text, 80), longest)});
    return;
  }
  seconds = static_cast<std::uint32_t>(number);
}

Result<exporters::PublishFormat> read_publish_format(const std::string& text) {
  using exporters::PublishFormat;
  if (text == "text") return PublishFormat::text;
  if (text == "zone") return PublishFormat::zone;
  if (text == "nsupdate") return PublishFormat::nsupdate;
  if (text == "route53") return PublishFormat::route53;
  if (text == "powershell") return PublishFormat::powershell;
  return mistake("--format",
                 fmt::format("`{}` cannot be used: it must be text, zone, nsupdate, route53 or powershell",
                             escape_text(text, 80)));
}

Result<checks::AdspPolicy> read_practices(const std::string& text) {
  for (const auto policy :
       {checks::AdspPolicy::unknown, checks::AdspPolicy::all, checks::AdspPolicy::discardable}) {
    if (text == checks::to_string(policy)) return policy;
  }
  return mistake("--adsp", fmt::format("`{}` cannot be used: it must be unknown, all or discardable",
                                       escape_text(text, 80)));
}

/// The texts that the flags of `record` bring.
struct RecordTexts {
  std::vector<std::string> positionals{};
  KeyTexts key{};
  std::string practices{};
  std::string hashes{};
  std::string services{};
  std::string flags{};
  std::string format{};
  std::string ttl{};
  std::string via{};
  std::string zone{};
  bool help = false;
};

void declare_record(CLI::App& app, RecordTexts& texts, RecordCommand& command) {
  constexpr const char* record_group = "The record";
  app.add_option("DOMAIN SELECTOR", texts.positionals)->group("");
  declare_key(app, texts.key);
  const auto add = [&](const char* flag, std::string& text, const char* meaning, const char* word,
                       const char* group) {
    app.add_option(flag, text, meaning)->option_text(word)->group(group);
  };
  app.add_flag("--revoke", command.revoke, "say that the key is revoked: a record with an empty p=")
      ->group(record_group);
  add("--adsp", texts.practices,
      "the record of signing practices (RFC 5617, historic), and what does the same today", "WORD",
      record_group);
  add("--hash", texts.hashes, "h=: hashes that may be used, such as sha256; by default all", "WORDS",
      record_group);
  add("--service", texts.services, "s=: what may be signed, such as email or tlsrpt; by default all", "WORDS",
      record_group);
  add("--flags", texts.flags, "t=: y for testing, s for no subdomains in i=, y:s for both", "WORDS",
      record_group);
  add("--notes", command.tags.notes, "n=: words for people; nothing reads them", "TEXT", record_group);
  add("--ttl", texts.ttl, "how long caches keep it (1h)", "TIME", record_group);
  add("--via", texts.via, "the record stands here, and the selector's name is an alias (CNAME) for it",
      "NAME", record_group);
  add("--zone", texts.zone, "the zone that holds the record, for nsupdate and powershell (DOMAIN)", "NAME",
      record_group);
  add("--format", texts.format, "text (the default), zone, nsupdate, route53 or powershell", "FORMAT",
      output_group);
  app.add_flag("--json", command.json, "one JSON object on standard output")->group(output_group);
  declare_help(app, texts.help);
}

/// What belongs to keys, or to selectors, is no part of signing practices.
void refuse_beside_practices(CLI::App& app, const RecordTexts& texts, Mistakes& mistakes) {
  for (const char* flag : {"--key", "--passphrase-file", "--passphrase-fd", "--revoke", "--hash", "--service",
                           "--flags", "--notes", "--via"}) {
    if (!app.get_option(flag)->empty())
      mistakes.push_back({flag, "the record of --adsp is of a domain and has nothing of a key"});
  }
  if (texts.positionals.size() > 1) {
    mistakes.push_back({escape_text(texts.positionals[1], 80),
                        "the record of --adsp is of a domain; leave the selector out"});
  }
}

/// Whose record it is: domain, selector, key.
void read_record_names(CLI::App& app, const RecordTexts& texts, RecordCommand& command, Mistakes& mistakes) {
  if (texts.positionals.empty()) {
    mistakes.push_back({"", "no domain given; the usage is: dkimprobe record --key FILE DOMAIN SELECTOR"});
    return;
  }
  take(config::read_domain(texts.positionals.front()), command.domain, mistakes);
  if (!app.get_option("--adsp")->empty()) {
    take(read_practices(texts.practices), command.practices.emplace(), mistakes);
    return refuse_beside_practices(app, texts, mistakes);
  }
  if (texts.positionals.size() < 2) {
    mistakes.push_back({"", "no selector given; the usage is: dkimprobe record --key FILE DOMAIN SELECTOR"});
  } else {
    take(config::Selector::parse(texts.positionals[1]), command.selector, mistakes);
  }
  if (texts.positionals.size() > 2) {
    mistakes.push_back({escape_text(texts.positionals[2], 80), "a record is of one selector"});
  }
  const bool has_key = !app.get_option("--key")->empty();
  if (has_key && command.revoke) {
    mistakes.push_back(
        {"--key", "the record of a revoked key does not hold it; leave --key or --revoke out"});
  } else if (has_key) {
    read_key(app, texts.key, command.key, mistakes);
  } else if (!command.revoke) {
    mistakes.push_back({"", "no key given; add --key FILE, or --revoke for the record of a revoked key"});
  }
}

/// Where the record is to stand, and whether its zone can hold it.
void read_record_place(CLI::App& app, const RecordTexts& texts, RecordCommand& command, Mistakes& mistakes) {
  const bool zone_given = !app.get_option("--zone")->empty();
  if (!app.get_option("--via")->empty())
    take(config::DomainName::parse(texts.via), command.via.emplace(), mistakes, "--via");
  if (zone_given) take(config::DomainName::parse(texts.zone), command.zone, mistakes, "--zone");
  if (!mistakes.empty()) return;
  if (!zone_given) command.zone = command.domain;
  const auto holder = command.via         ? Result<config::DomainName>(*command.via)
                      : command.practices ? config::adsp_name(command.domain)
                                          : command.selector.owner_name(command.domain);
  if (!holder) return add(mistakes, holder.error());
  if (command.via && holder->is_root()) mistakes.push_back({"--via", "no record stands at the root"});
  const bool zone_told = command.format == exporters::PublishFormat::nsupdate ||
                         command.format == exporters::PublishFormat::powershell;
  if ((zone_given || zone_told) && !holder->is_at_or_below(command.zone)) {
    mistakes.push_back({"--zone", fmt::format("{} does not hold {}; name the zone that does",
                                              command.zone.to_string(), holder->to_string())});
  }
}

Result<Command> read_record(std::span<const std::string> arguments) {
  CLI::App app;
  RecordTexts texts;
  RecordCommand command;
  declare_record(app, texts, command);
  if (auto parsed = parse_flags(app, "record", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.help) return Command{TextWanted{flags_help(record_help_start, app)}};
  Mistakes mistakes;
  read_record_names(app, texts, command, mistakes);
  if (!app.get_option("--hash")->empty()) command.tags.hashes = read_words("--hash", texts.hashes, mistakes);
  if (!app.get_option("--service")->empty())
    command.tags.services = read_words("--service", texts.services, mistakes);
  if (!app.get_option("--flags")->empty()) command.tags.flags = read_words("--flags", texts.flags, mistakes);
  if (!app.get_option("--ttl")->empty()) read_ttl(texts.ttl, command.ttl_seconds, mistakes);
  if (!app.get_option("--format")->empty()) {
    take(read_publish_format(texts.format), command.format, mistakes);
    if (command.json) mistakes.push_back({"--format --json", "each is an output of its own; choose one"});
  }
  read_record_place(app, texts, command, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

Result<Command> read_lint(std::span<const std::string> arguments) {
  CLI::App app;
  std::vector<std::string> positionals;
  std::string role;
  std::string format;
  OutputTexts output;
  app.add_option("FILE", positionals)->group("");
  app.add_option("--format", format, "text (the default) or jsonl")
      ->option_text("FORMAT")
      ->group(output_group);
  declare_output(app, output, "one JSON object a line, in the order of the input");
  declare_role(app, role, output_group);
  if (auto parsed = parse_flags(app, "lint", arguments); !parsed) return tl::unexpected(parsed.error());
  if (output.help) return Command{TextWanted{flags_help(lint_help_start, app)}};
  LintCommand command;
  Mistakes mistakes;
  if (!positionals.empty()) command.file = positionals.front();
  if (command.file.empty()) mistakes.push_back({"", "the name of the file is empty"});
  if (positionals.size() > 1) {
    mistakes.push_back(
        {escape_text(positionals[1], 80), "one file is read at a time; give records on lines of it"});
  }
  if (!app.get_option("--format")->empty()) take(read_format(format), command.format, mistakes);
  if (!app.get_option("--role")->empty()) take(read_role(role), command.role, mistakes);
  read_output(app, output, command.output, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

Result<Command> read_history(std::span<const std::string> arguments) {
  CLI::App app;
  std::vector<std::string> positionals;
  std::string storage;
  OutputTexts output;
  app.add_option("DOMAIN SELECTOR", positionals)->group("");
  declare_output(app, output, "one JSON object on standard output");
  declare_storage(app, storage, "the directory of the history");
  if (auto parsed = parse_flags(app, "history", arguments); !parsed) return tl::unexpected(parsed.error());
  if (output.help) return Command{TextWanted{flags_help(history_help_start, app)}};
  HistoryCommand command;
  Mistakes mistakes;
  if (positionals.empty()) {
    mistakes.push_back(
        {"", "no domain given; the usage is: dkimprobe history DOMAIN [SELECTOR] --storage.path DIR"});
  } else {
    take(config::read_domain(positionals.front()), command.domain, mistakes);
  }
  if (positionals.size() > 1)
    take(config::Selector::parse(positionals[1]), command.selector.emplace(), mistakes);
  if (positionals.size() > 2) {
    mistakes.push_back(
        {escape_text(positionals[2], 80), "one selector is shown at a time, or all of the domain"});
  }
  std::optional<std::filesystem::path> directory;
  read_file_name(app, "--storage.path", storage, directory, mistakes);
  if (directory) {
    command.storage = std::move(*directory);
  } else {
    mistakes.push_back({"--storage.path", "it is missing: the directory that `check` was given with it"});
  }
  read_output(app, output, command.output, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return Command{std::move(command)};
}

}  // namespace

std::string_view program_version() {
  return version;
}

bool asks_for_plugin(std::span<const std::string> arguments) {
  const auto flags_end = std::ranges::find(arguments, "--");
  return std::any_of(arguments.begin(), flags_end, [](const std::string& argument) {
    return std::string_view(argument).substr(0, argument.find('=')) == plugin_flag;
  });
}

Result<Command> read_command_line(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    return mistake(
        "", "no command given; the usage is: dkimprobe check DOMAIN SELECTOR... (more: dkimprobe --help)");
  }
  const std::string& word = arguments.front();
  if (word == "--help" || word == "-h" || word == "help") return Command{TextWanted{std::string(help_text)}};
  if (word == "--version" || word == "version")
    return Command{TextWanted{fmt::format("dkimprobe {}\n", version)}};
  if (word == "check") return read_check(arguments.subspan(1));
  if (word == "preflight") return read_preflight(arguments.subspan(1));
  if (word == "rotation") return read_rotation(arguments.subspan(1));
  if (word == "serve") return read_serve(arguments.subspan(1));
  if (word == "lint") return read_lint(arguments.subspan(1));
  if (word == "judge") return read_judge(arguments.subspan(1));
  if (word == "record") return read_record(arguments.subspan(1));
  if (word == "history") return read_history(arguments.subspan(1));
  if (word == "explain") return read_explain(arguments.subspan(1));
  const std::string shown = escape_text(word, 80);
  if (word.starts_with('-')) {
    return mistake(shown, "flags come after the command: dkimprobe check DOMAIN SELECTOR... [FLAGS]");
  }
  const std::vector<std::string> commands = {"check",  "preflight", "rotation", "serve", "lint",   "judge",
                                             "record", "history",   "explain",  "help",  "version"};
  if (const std::string nearest = nearest_word(word, commands); !nearest.empty()) {
    return mistake(shown, fmt::format("there is no such command; did you mean {}?", nearest));
  }
  return mistake(
      shown,
      word.find('.') == std::string::npos
          ? "there is no such command; `dkimprobe --help` lists all"
          : fmt::format("there is no such command; to look at a domain: dkimprobe check {} SELECTOR", shown));
}

}  // namespace dkimprobe::cli
