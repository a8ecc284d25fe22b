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

  Looks at every domain of the settings again and again, and serves what it
  finds: a status page at /, the same as JSON under /api/v1/, /metrics for
  Prometheus, /probe?target=DOMAIN for one look now, /-/healthy and /-/ready.
  SIGHUP and POST /-/reload read the settings again; with mistakes in them the
  old ones stay. SIGTERM ends it.
)";

/// The path of the URL, without a slash at its end.
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
    return config::failure(flag, fmt::format("`{}` cannot be used: it must be a URL such as "
                                             "https://monitor.example.com/dkim/, of plain letters",
                                             config::escape_text(url, 80)));
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

std::optional<std::chrono::milliseconds> offset_of(std::string_view text) {
  const auto offset = config::parse_duration(text);
  return offset && *offset <= std::chrono::minutes{1} ? offset : std::nullopt;
}

}  // namespace

Result<Command> read_serve(std::span<const std::string> arguments) {
  Flags flags;
  AskTexts ask;
  bool help = false;
  ServeCommand command;
  std::vector<std::string> listen;
  std::string web_config;
  std::string external_url;
  std::string timeout_offset;
  std::string log_format;
  std::string log_level;
  constexpr const char* web_group = "The web server";
  flags.values("--web.listen-address", listen, "ADDRESS:PORT",
               fmt::format("where it listens: [::]:PORT and :PORT are all addresses of IPv6 and IPv4, "
                           "0.0.0.0:PORT those of IPv4; repeat it for more [{}]",
                           command.listen.front()),
               web_group);
  flags.value("--web.config.file", web_config, "FILE",
              "TLS, client certificates and users, as Prometheus has them", web_group);
  flags.toggle("--web.systemd-socket", command.systemd_sockets, "listen on the sockets that systemd opened",
               web_group);
  flags.value("--web.external-url", external_url, "URL",
              "how it is reached, when a proxy serves it below a path", web_group);
  flags.value("--timeout-offset", timeout_offset, "TIME",
              "what the time that a scraper gives /probe is shortened by [500ms]", web_group);
  flags.value("--log.format", log_format, "FORMAT", "logfmt or json [logfmt]", output_group);
  flags.value("--log.level", log_level, "LEVEL", "the least that is logged: debug, info, warn, error [info]",
              output_group);
  declare_help(flags, help);
  declare_ask(flags, ask);
  declare_storage(flags, ask.storage, "keep the history of what was seen in this directory");
  if (auto parsed = flags.read("serve", arguments); !parsed) return tl::unexpected(parsed.error());
  if (help) return TextWanted{flags.help(serve_help_start)};

  Errors errors;
  read_file_name(flags, "--config.file", ask.settings_file, command.asked.settings_file, errors);
  if (!command.asked.settings_file)
    errors.push_back({"--config.file", "it is missing: the settings name the domains to watch"});
  command.asked.every_domain = true;
  read_ask(flags, ask, command.asked, errors);
  read_file_name(flags, "--web.config.file", web_config, command.web_config, errors);
  if (!listen.empty()) command.listen = std::move(listen);
  if (flags.given("--web.external-url")) take(prefix_of(external_url), command.path_prefix, errors);
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
  word("--log.format", log_format, parse_log_format(log_format), command.log_format, "logfmt or json");
  word("--log.level", log_level, parse_log_level(log_level), command.log_level, "debug, info, warn or error");
  word("--timeout-offset", timeout_offset, offset_of(timeout_offset), command.timeout_offset,
       "a time from 0ms to 1m, with its unit");
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
