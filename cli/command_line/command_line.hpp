// What the operator asked for, read from the command line: values that were checked, or all mistakes at once.
// It opens no file and asks no server.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "checks/catalogue/catalogue.hpp"
#include "checks/record/record_composer.hpp"
#include "cli/io/log.hpp"
#include "cli/io/terminal.hpp"
#include "config/basics/result.hpp"
#include "config/basics/timestamp.hpp"
#include "config/keys/passphrase.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/options.hpp"
#include "config/settings.hpp"
#include "exporters/formats/record_formats.hpp"

namespace dkimprobe::cli {

struct OutputChoice {
  bool json = false;
  ColorChoice color = ColorChoice::automatic;
};

struct CheckCommand {
  config::DomainName domain{};  ///< the root when `every_domain`
  /// Each of them once; empty for those that the settings file names, which is then given.
  std::vector<config::Selector> selectors{};
  bool every_domain = false;           ///< no domain was given: all of the settings file
  std::optional<config::Role> role{};  ///< of all selectors; without it as the settings file says
  config::ProbeSettings settings{};    ///< root servers still missing: see `root_hints`
  config::Policy policy{};
  /// The options that the command line sets, whose values in `settings` and `policy` win over the file.
  std::vector<const config::Option*> given_options{};
  /// Its DKIM-Signature fields name the domains and selectors; no other is given then. `-` is standard input.
  std::optional<std::filesystem::path> message{};
  std::optional<std::filesystem::path> root_hints{};
  std::optional<std::filesystem::path> settings_file{};
  bool only_check_settings = false;  ///< read the settings file, say what is wrong with it, ask nobody
  std::optional<std::filesystem::path> save{};      ///< where the observations are stored
  std::optional<std::filesystem::path> storage{};   ///< the directory of the history
  bool plugin = false;                              ///< speak as a plugin of Nagios and Icinga
  std::optional<std::filesystem::path> textfile{};  ///< for node_exporter, in place of all other output
  OutputChoice output{};
};

/// A key that the command line names, and how it is opened.
struct KeyChoice {
  std::filesystem::path file{};  ///< `-` is standard input
  config::PassphraseSource passphrase = config::PassphrasePrompt{};
};

struct PreflightCommand {
  CheckCommand check{};               ///< the domain, its one selector, and how the servers are asked
  std::optional<KeyChoice> key{};     ///< without it that of the settings file, if it has one
  bool never_used = false;            ///< nobody can have asked a resolver for the selector
  std::chrono::milliseconds wait{0};  ///< how long it looks again and again
  std::vector<config::ServerAddress> resolvers{};  ///< the operator's own
  bool ask_resolvers = false;                      ///< as the public asks, once the key may be signed with
};

/// A selector with the role that the command line gives it.
struct SelectorRole {
  config::Selector selector{};
  std::optional<config::Role> role{};  ///< without it as the settings file says, or active
};

/// When a selector signed last.
struct LastSignature {
  config::Selector selector{};
  config::Timestamp time{};
};

struct RotationCommand {
  /// Which domain, and how it is asked. Its selectors and role stay empty; no domain is all of the settings.
  CheckCommand asked{};
  std::vector<SelectorRole> selectors{};          ///< each of them once, beside those of the settings
  std::vector<LastSignature> last_signatures{};   ///< each selector once
  bool only_plan = false;                         ///< the next change as commands; nobody is asked
  std::optional<config::Selector> next{};         ///< of `only_plan`: where the next change leads
  std::optional<config::Selector> compromised{};  ///< somebody else has its key
  std::optional<std::chrono::milliseconds>
      wait{};  ///< of `compromised`: look again until every server let go
};

struct ServeCommand {
  /// How servers are asked; it names a settings file, whose domains are watched.
  CheckCommand asked{};
  std::vector<std::string> listen{"127.0.0.1:9815"};
  std::optional<std::filesystem::path> web_config{};
  bool systemd_sockets = false;  ///< listens on those, not on `listen`
  std::string path_prefix{};     ///< of the URL under which it is reached, without a slash at its end
  std::chrono::milliseconds timeout_offset{500};  ///< what the time of a scraper is shortened by
  LogFormat log_format = LogFormat::logfmt;
  LogLevel log_level = LogLevel::info;
};

struct JudgeCommand {
  std::filesystem::path file{};        ///< `-` is standard input
  std::optional<config::Role> role{};  ///< of all selectors; without it as the settings file says
  std::optional<std::filesystem::path> settings_file{};
  std::optional<std::filesystem::path> message{};  ///< whose signatures are judged too; `-` likewise
  std::optional<std::filesystem::path> storage{};  ///< the directory of the history
  OutputChoice output{};
};

enum class RecordFormat : std::uint8_t { text, jsonl };

struct LintCommand {
  std::filesystem::path file{"-"};  ///< `-` is standard input
  RecordFormat format = RecordFormat::text;
  config::Role role = config::Role::active;
  OutputChoice output{};
};

struct RecordCommand {
  config::DomainName domain{};
  config::Selector selector{};                    ///< unless there are `practices`
  KeyChoice key{};                                ///< unless there are `practices`, or `revoke`
  bool revoke = false;                            ///< the record that says so, in place of the key's
  std::optional<checks::AdspPolicy> practices{};  ///< the record of signing practices, of no key
  checks::KeyRecordTags tags{};
  std::uint32_t ttl_seconds = 3'600;
  std::optional<config::DomainName> via{};  ///< the target of an alias, where the record is to stand
  config::DomainName zone{};                ///< that holds the record
  exporters::PublishFormat format = exporters::PublishFormat::text;
  bool json = false;
};

struct HistoryCommand {
  config::DomainName domain{};
  std::optional<config::Selector> selector{};  ///< all that are stored, without
  std::filesystem::path storage{};             ///< the directory of the history
  OutputChoice output{};
};

struct ExplainCommand {
  const checks::Check* check = nullptr;  ///< null: list all
  bool markdown = false;                 ///< all of checks/README.md
  bool json = false;                     ///< all of exporters/mixin/catalogue.json
};

/// A text that was asked for, such as the help.
struct TextWanted {
  std::string text{};
};

using Command = std::variant<CheckCommand, PreflightCommand, RotationCommand, ServeCommand, JudgeCommand,
                             LintCommand, RecordCommand, HistoryCommand, ExplainCommand, TextWanted>;

inline constexpr const char* plugin_flag = "--plugin";

[[nodiscard]] std::string_view program_version();

/// Whether the flag --plugin is given, however wrong the rest of the command line may be.
[[nodiscard]] bool asks_for_plugin(std::span<const std::string> arguments);

/// `arguments` without the program's own name.
[[nodiscard]] config::Result<Command> read_command_line(std::span<const std::string> arguments);

}  // namespace dkimprobe::cli
