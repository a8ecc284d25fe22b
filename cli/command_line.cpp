#include "cli/command_line.hpp"

#include <algorithm>
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

constexpr std::string_view version_text = "dkimprobe " DKIMPROBE_VERSION "\n";

constexpr std::string_view help_text = R"(Examples
  dkimprobe check example.com s1             one selector, each server by itself
  dkimprobe check example.com s1 s2 --json   two selectors, for a program
  dkimprobe check example.com s1 --nameserver ns1.example.com=192.0.2.1
                                             a server that is not public yet

dkimprobe asks every authoritative nameserver of a domain for its DKIM keys and
says what is wrong and how to mend it. It never asks a recursive resolver for a
key, so that looking leaves nothing in anybody's cache.

Commands
  check DOMAIN SELECTOR...   look now
  lint [FILE]                judge records, one a line, asking no server
  judge FILE                 judge what `check --save FILE` stored
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
  dkimprobe check --config.file settings.yaml

Usage
  dkimprobe check DOMAIN SELECTOR... [FLAGS]
  dkimprobe check [DOMAIN] --config.file FILE [FLAGS]

  DOMAIN is d= and SELECTOR is s= of the DKIM-Signature field of a message.
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

constexpr std::string_view explain_help_start = R"(Examples
  dkimprobe explain                 all checks, a line each
  dkimprobe explain ns_stale        one of them: what it means, how to mend it

Usage
  dkimprobe explain [CHECK]
)";

constexpr std::string_view no_selector =
    "no selector given. It is s= in the DKIM-Signature field of a message from the domain (in a mail "
    "program: "
    "show the message's source); then: dkimprobe check DOMAIN SELECTOR. Or name your selectors in a settings "
    "file: --config.file FILE";

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

Result<config::Role> read_role(const std::string& text) {
  if (const auto role = config::parse_role(text)) return *role;
  return mistake("--role", fmt::format("`{}` cannot be used: it must be pending, active, standby or retired",
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

/// The texts of the flags that commands with reports have in common.
struct OutputTexts {
  bool json = false;
  std::string color{};
  bool help = false;
};

/// The texts that the flags of `check` bring, before they are understood.
struct CheckTexts {
  std::vector<std::string> positionals{};
  std::vector<std::string> nameservers{};
  std::vector<std::string> networks{};
  std::string root_hints{};
  std::string settings_file{};
  std::string role{};
  std::string save{};
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

void declare_role(CLI::App& app, std::string& role, const char* group) {
  app.add_option("--role", role,
                 "what the selectors are for: pending, active (the default), standby or retired")
      ->option_text("ROLE")
      ->group(group);
}

void declare_flags(CLI::App& app, CheckTexts& texts) {
  app.add_option("DOMAIN SELECTOR", texts.positionals)->group("");
  declare_output(app, texts.output, "one JSON object on standard output");
  app.add_option("--save", texts.save, "store what the servers said, for `dkimprobe judge`")
      ->option_text("FILE")
      ->group(output_group);
  declare_role(app, texts.role, servers_group);
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
  app.add_flag("-4", texts.only_ipv4, "ask over IPv4 alone")->group(servers_group);
  app.add_flag("-6", texts.only_ipv6, "ask over IPv6 alone")->group(servers_group);
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

Result<Command> read_check(std::span<const std::string> arguments) {
  CLI::App app;
  CheckTexts texts;
  declare_flags(app, texts);
  if (auto parsed = parse_flags(app, "check", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.output.help) return Command{TextWanted{flags_help(check_help_start, app)}};

  CheckCommand command;
  Mistakes mistakes;
  if (!app.get_option("--config.file")->empty()) {
    command.settings_file = texts.settings_file;
    if (texts.settings_file.empty()) mistakes.push_back({"--config.file", "a file name must follow it"});
  }
  command.only_check_settings = texts.only_check_settings;
  if (command.only_check_settings && !command.settings_file) {
    mistakes.push_back({"--config.check", "no settings file is given; add --config.file FILE"});
  } else {
    read_names(texts.positionals, command, mistakes);
  }
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
  if (!app.get_option("--role")->empty()) take(read_role(texts.role), command.role.emplace(), mistakes);
  read_output(app, texts.output, command.output, mistakes);
  read_file_name(app, "--save", texts.save, command.save, mistakes);
  for (const auto& text : texts.nameservers) {
    take(config::read_named_server(text, "--nameserver"), command.settings.pinned_servers.emplace_back(),
         mistakes);
  }
  for (const auto& text : texts.networks) {
    take(config::Network::parse(text), command.settings.allowed_networks.emplace_back(), mistakes,
         "--allow-net");
  }
  read_file_name(app, "--root-hints", texts.root_hints, command.root_hints, mistakes);
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
  OutputTexts output;
  app.add_option("FILE", positionals)->group("");
  declare_output(app, output, "one JSON object on standard output");
  declare_role(app, role, settings_group);
  app.add_option("--config.file", settings_file, "settings (YAML): roles, expected keys, policy")
      ->option_text("FILE")
      ->group(settings_group);
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
  read_output(app, output, command.output, mistakes);
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

}  // namespace

Result<Command> read_command_line(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    return mistake(
        "", "no command given; the usage is: dkimprobe check DOMAIN SELECTOR... (more: dkimprobe --help)");
  }
  const std::string& word = arguments.front();
  if (word == "--help" || word == "-h" || word == "help") return Command{TextWanted{std::string(help_text)}};
  if (word == "--version" || word == "version") return Command{TextWanted{std::string(version_text)}};
  if (word == "check") return read_check(arguments.subspan(1));
  if (word == "lint") return read_lint(arguments.subspan(1));
  if (word == "judge") return read_judge(arguments.subspan(1));
  if (word == "explain") return read_explain(arguments.subspan(1));
  const std::string shown = escape_text(word, 80);
  if (word.starts_with('-')) {
    return mistake(shown, "flags come after the command: dkimprobe check DOMAIN SELECTOR... [FLAGS]");
  }
  const std::vector<std::string> commands = {"check", "lint", "judge", "explain", "help", "version"};
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
