#include "cli/command_line/commands.hpp"

#include <fmt/format.h>

#include "cli/command_line/ask_flags.hpp"

namespace dkimprobe::cli {
namespace {

using config::Mistakes;
using config::Result;

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

}  // namespace

Result<Command> read_serve(std::span<const std::string> arguments) {
  Flags flags;
  AskTexts ask;
  bool help = false;
  ServeCommand command;
  std::vector<std::string> listen;
  std::string web_config;
  constexpr const char* web_group = "The web server";
  flags.values("--web.listen-address", listen, "ADDRESS:PORT",
               fmt::format("where it listens; repeat it for more [{}]", command.listen.front()), web_group);
  flags.value("--web.config.file", web_config, "FILE",
              "TLS, client certificates and users, as Prometheus has them", web_group);
  flags.toggle("--web.systemd-socket", command.systemd_sockets, "listen on the sockets that systemd opened",
               web_group);
  declare_help(flags, help);
  declare_ask(flags, ask);
  declare_storage(flags, ask.storage, "keep the history of what was seen in this directory");
  if (auto parsed = flags.read("serve", arguments); !parsed) return tl::unexpected(parsed.error());
  if (help) return TextWanted{flags.help(serve_help_start)};

  Mistakes mistakes;
  read_file_name(flags, "--config.file", ask.settings_file, command.asked.settings_file, mistakes);
  if (!command.asked.settings_file)
    mistakes.push_back({"--config.file", "it is missing: the settings name the domains to watch"});
  command.asked.every_domain = true;
  read_ask(flags, ask, command.asked, mistakes);
  read_file_name(flags, "--web.config.file", web_config, command.web_config, mistakes);
  if (!listen.empty()) command.listen = std::move(listen);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return command;
}

}  // namespace dkimprobe::cli
