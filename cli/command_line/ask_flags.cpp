#include "cli/command_line/ask_flags.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/names/named_server.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;

/// Most people need no other option of how servers are asked.
constexpr std::string_view common_option = "probe-timeout";

void read_families(const AskTexts& texts, AskOptions& ask, Errors& errors) {
  auto& settings = ask.probe;
  if (texts.only_ipv4 && texts.only_ipv6) {
    errors.push_back({"-4 -6", "they exclude each other; leave both out to ask over IPv4 and IPv6"});
    return;
  }
  if (texts.only_ipv4) {
    settings.use_ipv6 = false;
    ask.given_options.push_back(probe_option("ipv6"));
  }
  if (texts.only_ipv6) {
    settings.use_ipv4 = false;
    ask.given_options.push_back(probe_option("ipv4"));
  }
  if (!settings.use_ipv4 && !settings.use_ipv6) {
    errors.push_back({"--ipv4 --ipv6", "at least one of them must be `yes`"});
  }
}

void declare_options(Flags& flags, std::span<const config::Option> table, AskTexts& texts) {
  for (const auto& option : table) {
    auto& [row, text] = texts.options.emplace_back(&option, std::string{});
    declare_option(flags, option, text, option.key == common_option ? FlagUse::common : FlagUse::rare);
  }
}

/// The flags as they were given, for commands that are printed.
checks::ProgramCall call_of(const Flags& flags, const AskTexts& texts) {
  checks::ProgramCall call;
  const auto add = [&](const std::string& flag, const std::string& text) {
    if (flags.given(flag)) call.flags.insert(call.flags.end(), {flag, text});
  };
  add("--config.file", texts.settings_file);
  add("--blocklist", texts.key_lists.blocklist);
  add("--known-moduli", texts.key_lists.known_moduli);
  call.settings_flags = call.flags;
  add("--storage.path", texts.storage);
  for (const auto& text : texts.nameservers) call.flags.insert(call.flags.end(), {"--nameserver", text});
  add("--root-hints", texts.root_hints);
  add("--trust-anchor", texts.trust_anchor);
  for (const auto& text : texts.networks) call.flags.insert(call.flags.end(), {"--allow-net", text});
  if (texts.only_ipv4) call.flags.emplace_back("-4");
  if (texts.only_ipv6) call.flags.emplace_back("-6");
  for (const auto& [option, text] : texts.options) add(fmt::format("--{}", option->key), text);
  return call;
}

}  // namespace

const config::Option* probe_option(std::string_view key) {
  const auto options = config::probe_options();
  return &*std::ranges::find(options, key, &config::Option::key);
}

void declare_servers(Flags& flags, AskTexts& texts) {
  flags.values("--nameserver", texts.nameservers, "NAME=ADDRESS[:PORT]",
               "ask only this server; repeat for more", servers_group);
  flags.value("--root-hints", texts.root_hints, "FILE",
              "file of the servers at which discovery starts, in place of the built-in root servers",
              servers_group, FlagUse::rare);
  flags.value(
      "--trust-anchor", texts.trust_anchor, "FILE",
      "file with the DS or DNSKEY records of the root that DNSSEC validation starts with; with --root-hints, "
      "nothing is validated without it",
      servers_group, FlagUse::rare);
  flags.values("--allow-net", texts.networks, "CIDR",
               "also ask servers in this private or loopback network; repeat for more", servers_group,
               FlagUse::rare);
  flags.toggle(
      "-4", texts.only_ipv4,
      "ask only over IPv4; the IPv6 address of a nameserver is left out if it also has an IPv4 address",
      servers_group, FlagUse::rare);
  flags.toggle("-6", texts.only_ipv6, "likewise, only over IPv6", servers_group, FlagUse::rare);
  declare_options(flags, config::probe_options(), texts);
}

void declare_ask(Flags& flags, AskTexts& texts) {
  declare_servers(flags, texts);
  declare_options(flags, config::policy_options(), texts);
  declare_key_lists(flags, texts.key_lists);
  flags.value("--config.file", texts.settings_file, "FILE",
              "settings file (YAML), explained in config/example.yaml; flags override it", settings_group);
}

void read_servers(const Flags& flags, const AskTexts& texts, AskOptions& ask, Errors& errors) {
  config::Settings settings;
  for (const auto& [option, text] : texts.options) {
    const std::string flag = fmt::format("--{}", option->key);
    if (!flags.given(flag)) continue;
    ask.given_options.push_back(option);
    if (auto set = config::set_option(*option, text, flag, settings); !set) add(errors, set.error());
  }
  ask.probe = std::move(settings.probe);
  ask.policy = std::move(settings.policy);
  read_families(texts, ask, errors);
  for (const auto& text : texts.nameservers) {
    take(config::read_named_server(text, "--nameserver"), ask.probe.pinned_servers.emplace_back(), errors);
  }
  for (const auto& text : texts.networks) {
    take(config::Network::parse(text), ask.probe.allowed_networks.emplace_back(), errors, "--allow-net");
  }
  read_file_name(flags, "--root-hints", texts.root_hints, ask.root_hints, errors);
  read_file_name(flags, "--trust-anchor", texts.trust_anchor, ask.trust_anchor, errors);
}

void read_ask(const Flags& flags, const AskTexts& texts, AskOptions& ask, Errors& errors) {
  read_file_name(flags, "--storage.path", texts.storage, ask.storage, errors);
  ask.call = call_of(flags, texts);
  read_servers(flags, texts, ask, errors);
  read_key_lists(flags, texts.key_lists, ask.key_lists, errors);
  if (ask.storage && !texts.nameservers.empty()) {
    errors.push_back({"--nameserver --storage.path",
                      "they cannot be combined: the history records what the public sees, and a server given "
                      "by hand may answer differently; leave one of them out"});
  }
}

}  // namespace dkimprobe::cli
