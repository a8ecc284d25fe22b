#include "cli/command_line/commands.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "cli/command_line/ask_flags.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"
#include "config/options.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::Result;

constexpr std::string_view serve_help_start = R"(Examples
  dkimprobe serve --config.file settings.yaml
  dkimprobe serve --config.file settings.yaml --storage.path /var/lib/dkimprobe
  dkimprobe serve --config.file settings.yaml --web.listen-address [::]:9815 \
      --web.config.file web.yaml

Usage
  dkimprobe serve --config.file FILE [FLAGS]

  Probes every domain of the settings file at intervals, and serves the results:
  a status page at /, the same as JSON under /api/v1/, /metrics for Prometheus,
  /probe?target=DOMAIN for an on-demand probe, /-/healthy and /-/ready.
  SIGHUP and POST /-/reload read the settings file again; if it has errors, the
  old settings stay in use. SIGTERM stops the daemon.

Exit codes
  0 stopped   64 usage error   70 internal error   78 settings error
)";

/// The path of the URL, without a trailing slash.
Result<std::string> prefix_of(std::string_view url) {
  constexpr const char* flag = "--web.external-url";
  auto path = url;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    path.remove_prefix(std::min(path.find('/', scheme.size()), path.size()));
    if (path.empty()) path = "/";
  }
  const bool plain = std::ranges::all_of(path, [](char c) {
    return config::is_letter_or_digit(c) || c == '/' || c == '-' || c == '.' || c == '_' || c == '~';
  });
  if (!path.starts_with('/') || !plain) {
    return config::failure(
        flag, fmt::format("`{}` cannot be used: it must be a URL such as https://monitor.example.com/dkim/, "
                          "whose path has only letters, digits, `-`, `.`, `_` and `~`",
                          config::escape_text(url, 80)));
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

std::optional<std::chrono::milliseconds> offset_of(std::string_view text) {
  const auto offset = config::parse_duration(text);
  return offset && *offset <= std::chrono::minutes{1} ? offset : std::nullopt;
}

struct ServeTexts {
  AskTexts ask{};
  bool help = false;
  std::vector<std::string> listen{};
  std::string web_config{};
  std::string external_url{};
  std::string timeout_offset{};
  std::string log_format{};
  std::string log_level{};
};

void declare_serve(Flags& flags, ServeTexts& texts, ServeCommand& command) {
  constexpr const char* web_group = "The web server";
  flags.values("--web.listen-address", texts.listen, "ADDRESS:PORT",
               fmt::format("where to listen: [::]:PORT or :PORT for all IPv6 and IPv4 addresses, "
                           "0.0.0.0:PORT for all IPv4 addresses; repeat for more ({})",
                           command.listen.front()),
               web_group);
  flags.value("--web.config.file", texts.web_config, "FILE",
              "TLS, client certificates and users, in the format of Prometheus", web_group);
  flags.toggle("--web.systemd-socket", command.systemd_sockets, "listen on the sockets that systemd passes",
               web_group, FlagUse::rare);
  flags.value("--web.external-url", texts.external_url, "URL",
              "URL at which clients reach it, if a proxy serves it under a path", web_group, FlagUse::rare);
  flags.value("--timeout-offset", texts.timeout_offset, "TIME",
              "how much earlier than the scraper's timeout /probe answers (500ms)", web_group, FlagUse::rare);
  flags.value("--log.format", texts.log_format, "FORMAT", "logfmt (the default) or json", output_group,
              FlagUse::rare);
  flags.value("--log.level", texts.log_level, "LEVEL",
              "lowest level that is logged: debug, info (the default), warn or error", output_group,
              FlagUse::rare);
  declare_help(flags, texts.help);
  declare_ask(flags, texts.ask);
  declare_storage(flags, texts.ask.storage, "directory in which the history is kept");
  declare_config_check(flags, command.only_check_settings);
}

}  // namespace

Result<Command> read_serve(std::span<const std::string> arguments) {
  Flags flags;
  ServeTexts texts;
  ServeCommand command;
  declare_serve(flags, texts, command);
  if (auto parsed = flags.read("serve", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.help) return TextWanted{flags.help(serve_help_start)};

  Errors errors;
  read_file_name(flags, "--config.file", texts.ask.settings_file, command.ask.settings_file, errors);
  if (!command.ask.settings_file)
    errors.push_back({"--config.file", "it is required: the settings file lists the domains to watch"});
  read_ask(flags, texts.ask, command.ask, errors);
  read_file_name(flags, "--web.config.file", texts.web_config, command.web_config, errors);
  if (!texts.listen.empty()) command.listen = std::move(texts.listen);
  if (flags.given("--web.external-url")) take(prefix_of(texts.external_url), command.path_prefix, errors);
  const auto word = [&](const char* flag, const std::string& text, const auto& value, auto& target,
                        std::string_view allowed) {
    if (!flags.given(flag)) return;
    if (value) {
      target = *value;
    } else {
      errors.push_back(
          {flag, fmt::format("`{}` cannot be used: it must be {}", config::escape_text(text, 80), allowed)});
    }
  };
  word("--log.format", texts.log_format, parse_log_format(texts.log_format), command.log_format,
       "logfmt or json");
  word("--log.level", texts.log_level, parse_log_level(texts.log_level), command.log_level,
       "debug, info, warn or error");
  word("--timeout-offset", texts.timeout_offset, offset_of(texts.timeout_offset), command.timeout_offset,
       "a duration from 0ms to 1m with a unit");
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
