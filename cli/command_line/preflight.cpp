#include "cli/command_line/commands.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "cli/command_line/ask_flags.hpp"
#include "cli/command_line/key_flags.hpp"
#include "cli/command_line/names.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::Result;

constexpr std::string_view preflight_help_start = R"(Examples
  dkimprobe preflight example.com s2 --key s2.pem
  dkimprobe preflight example.com s2 --key s2.pem --never-used --signs-now s1
  dkimprobe preflight example.com s2 --key s2.pem --resolver 192.0.2.53
  dkimprobe preflight example.com s2 --key s2.pem --wait 2h && switch-to s2

Usage
  dkimprobe preflight DOMAIN SELECTOR [FLAGS]

  Asks every nameserver for the record of a new key, and shows whether you may
  sign mail with it now, from when on, or what prevents it. It asks no recursive
  resolver, unless you name one with --resolver.

Exit codes
  0 sign now
  1 every server has the key, but wait until the printed time
  2 not ready: a server has no key or another one, or the key has a fault
  3 unknown: a server could not be checked
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

/// Values of the flags of `preflight`, in addition to those of every command that asks servers.
struct PreflightTexts {
  AskTexts ask{};
  std::vector<std::string> positionals{};
  OutputTexts output{};
  KeyTexts key{};
  std::string wait{};
  std::vector<std::string> resolvers{};
  std::vector<std::string> signers{};
  StateTexts state{};
};

void declare_preflight(Flags& flags, PreflightTexts& texts, PreflightCommand& command) {
  constexpr const char* when_group = "When it is safe";
  flags.positionals(texts.positionals);
  declare_key(flags, texts.key);
  flags.toggle("--never-used", command.never_used,
               "nothing was ever signed with SELECTOR, and nobody knows its name: so no cache can hold an "
               "answer for it. What caches may hold about old nameservers of the zone still counts, and so "
               "does an earlier absence of `_domainkey`",
               when_group);
  flags.values(
      "--signs-now", texts.signers, "SELECTOR",
      "another selector that signs now: so `_domainkey` was not absent, and there is no wait for that. "
      "The roles in the settings file say the same; repeat for more",
      when_group);
  flags.value("--wait", texts.wait, "TIME",
              "probe again until it is safe to sign, for at most this long; without it, probe once",
              when_group);
  flags.values("--resolver", texts.resolvers, "ADDRESS[:PORT]",
               "a recursive resolver of yours: read its cache with non-recursive queries; repeat for more",
               when_group);
  flags.toggle("--ask-resolver", command.ask_resolvers,
               "once it is safe to sign, send each --resolver one recursive query, as the public does",
               when_group, FlagUse::rare);
  declare_output(flags, texts.output, "one JSON object on standard output");
  declare_ask(flags, texts.ask);
  declare_storage(flags, texts.ask.storage, "directory of the history: use earlier probes and add this one");
  declare_state(flags, texts.state);
}

/// The flags of preflight alone, but `--wait`, as they were given.
std::vector<std::string> own_flags(const Flags& flags, const PreflightTexts& texts, bool never_used,
                                   bool ask_resolvers) {
  std::vector<std::string> words;
  const auto add = [&](const char* flag, const std::string& text) {
    if (flags.given(flag)) words.insert(words.end(), {flag, text});
  };
  add("--key", texts.key.file);
  add("--passphrase-file", texts.key.passphrase_file);
  add("--passphrase-fd", texts.key.passphrase_fd);
  if (never_used) words.emplace_back("--never-used");
  for (const auto& text : texts.signers) words.insert(words.end(), {"--signs-now", text});
  for (const auto& text : texts.resolvers) words.insert(words.end(), {"--resolver", text});
  if (ask_resolvers) words.emplace_back("--ask-resolver");
  add("--state", texts.state.directory);
  if (texts.state.off) words.emplace_back("--no-state");
  return words;
}

void read_signers(const std::vector<std::string>& texts, PreflightCommand& command, Errors& errors) {
  for (const auto& text : texts) {
    const std::size_t before = errors.size();
    config::Selector signer;
    take(config::Selector::parse(text), signer, errors, "--signs-now");
    if (errors.size() != before) continue;
    if (signer == command.selector) {
      errors.push_back(
          {"--signs-now", fmt::format("{} is the selector of the new key; name the one that signs "
                                      "until then",
                                      signer.to_string())});
    }
    command.signers.push_back(std::move(signer));
  }
}

void read_preflight_names(const Flags& flags, const std::vector<std::string>& positionals,
                          PreflightCommand& command, Errors& errors) {
  if (positionals.size() < 2) {
    errors.push_back({"", fmt::format("no {} given; usage: dkimprobe preflight DOMAIN SELECTOR",
                                      positionals.empty() ? "domain" : "selector")});
    return;
  }
  if (positionals.size() > 2) {
    errors.push_back({escape_text(positionals[2], 80), command.never_used
                                                           ? "preflight takes one selector, which "
                                                             "--never-used is about: that flag takes no value"
                                                           : "preflight takes one selector"});
    return;
  }
  TargetChoice targets;
  read_names(flags, positionals, targets, errors);
  if (!errors.empty()) return;
  command.domain = std::move(*targets.domain);
  command.selector = std::move(targets.selectors.front());
}

}  // namespace

Result<Command> read_preflight(std::span<const std::string> arguments) {
  Flags flags;
  PreflightTexts texts;
  PreflightCommand command;
  declare_preflight(flags, texts, command);
  if (auto parsed = flags.read("preflight", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.output.help) return TextWanted{flags.help(preflight_help_start)};
  Errors errors;
  read_preflight_names(flags, texts.positionals, command, errors);
  read_file_name(flags, "--config.file", texts.ask.settings_file, command.ask.settings_file, errors);
  if (flags.given("--key")) {
    read_key(flags, texts.key, command.key.emplace(), errors);
  } else {
    for (const char* flag : {"--passphrase-file", "--passphrase-fd"}) {
      if (flags.given(flag)) errors.push_back({flag, "it needs --key FILE, which is not given"});
    }
  }
  read_wait(flags, texts.wait, command.wait, errors);
  read_signers(texts.signers, command, errors);
  for (const auto& text : texts.resolvers) {
    config::ServerAddress resolver;
    take(config::read_server_address(text, "--resolver"), resolver, errors);
    if (std::ranges::find(command.resolvers, resolver) == command.resolvers.end())
      command.resolvers.push_back(resolver);
  }
  if (command.ask_resolvers && texts.resolvers.empty()) {
    errors.push_back({"--ask-resolver", "no resolver given; add --resolver ADDRESS"});
  }
  read_ask(flags, texts.ask, command.ask, errors);
  read_state(flags, texts.state, command.ask.storage.has_value(), command.state, errors);
  command.flags = own_flags(flags, texts, command.never_used, command.ask_resolvers);
  read_output(flags, texts.output, command.output, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
