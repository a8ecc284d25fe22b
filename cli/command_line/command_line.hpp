// What the operator asked for, read from the command line: validated values, or all errors at once. Nothing
// here opens a file or asks a server.
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
#include "checks/report/reasons.hpp"
#include "checks/rotation/rotation_faults.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "cli/io/log.hpp"
#include "cli/io/terminal.hpp"
#include "config/basics/result.hpp"
#include "config/basics/timestamp.hpp"
#include "config/keys/passphrase.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/options.hpp"
#include "config/records/record_file.hpp"
#include "config/settings.hpp"
#include "exporters/formats/record_formats.hpp"

namespace dkimprobe::cli {

struct OutputChoice {
  bool json = false;
  ColorChoice color = ColorChoice::automatic;
};

/// Files of keys that others can break.
struct KeyLists {
  std::optional<std::filesystem::path> blocklist{};
  std::optional<std::filesystem::path> known_moduli{};
};

/// How servers are asked and what the verdicts rest on: the flags of every command that asks servers.
struct AskOptions {
  config::ProbeSettings probe{};  ///< without root servers: see `root_hints`
  config::Policy policy{};
  /// The options set on the command line; their values in `probe` and `policy` override the file.
  std::vector<const config::Option*> given_options{};
  std::optional<std::filesystem::path> root_hints{};
  std::optional<std::filesystem::path> trust_anchor{};
  KeyLists key_lists{};  ///< instead of those of the settings file
  std::optional<std::filesystem::path> settings_file{};
  std::optional<std::filesystem::path> storage{};  ///< the directory of the history
  checks::ProgramCall call{};                      ///< these flags, for commands that are printed
};

/// Where a command that is run again and again remembers what it saw, without `AskOptions::storage`.
struct StateChoice {
  std::optional<std::filesystem::path> directory{};  ///< without it, the default one
  bool off = false;
};

/// What is asked for. Whatever is not named here, the settings file names.
struct TargetChoice {
  std::optional<config::DomainName> domain{};  ///< without it, all domains of the settings file
  std::vector<config::Selector> selectors{};   ///< without duplicates; empty: those of the settings file
  std::optional<config::Role> role{};  ///< of all selectors; without it, the roles of the settings file
};

struct CheckCommand {
  TargetChoice targets{};
  AskOptions ask{};
  /// Its DKIM-Signature fields name the domains and selectors; `targets` names none then. `-` is standard
  /// input.
  std::optional<std::filesystem::path> message{};
  bool only_check_settings = false;             ///< read the settings file, print its errors, ask no server
  std::optional<std::filesystem::path> save{};  ///< where the observations are stored
  bool plugin = false;                          ///< output for Nagios and Icinga
  std::optional<std::filesystem::path> textfile{};  ///< for node_exporter; replaces all other output
  OutputChoice output{};
};

/// A key file named on the command line, and the source of its passphrase.
struct KeyChoice {
  std::filesystem::path file{};  ///< `-` is standard input
  config::PassphraseSource passphrase = config::PassphrasePrompt{};
};

struct PreflightCommand {
  config::DomainName domain{};
  config::Selector selector{};
  AskOptions ask{};
  std::optional<KeyChoice> key{};           ///< without it, the expected key of the settings file, if any
  bool never_used = false;                  ///< no resolver can have been asked for the selector
  std::vector<config::Selector> signers{};  ///< they sign now
  std::chrono::milliseconds wait{0};        ///< how long to probe repeatedly
  std::vector<config::ServerAddress> resolvers{};  ///< the operator's own
  bool ask_resolvers = false;                      ///< with recursion, once it is safe to sign
  StateChoice state{};
  std::vector<std::string>
      flags{};  ///< those of this command alone but `--wait`, for commands that are printed
  OutputChoice output{};
};

/// A selector and its role on the command line.
struct SelectorRole {
  config::Selector selector{};
  std::optional<config::Role> role{};  ///< without it, that of the settings file, or active
};

/// When a selector last signed.
struct LastSignature {
  config::Selector selector{};
  config::Timestamp time{};
};

struct RotationCommand {
  std::optional<config::DomainName> domain{};  ///< without it, all domains of the settings file
  AskOptions ask{};
  std::vector<SelectorRole> selectors{};          ///< without duplicates, added to those of the settings
  std::vector<LastSignature> last_signatures{};   ///< each selector once
  std::vector<config::Selector> never_used{};     ///< nobody can have queried them
  bool only_plan = false;                         ///< print the next rotation as commands; ask no server
  std::optional<checks::RotationStep> apply{};    ///< write what this step changes in the settings
  bool agreed = false;                            ///< with `apply`: the operator need not be asked
  std::optional<config::Selector> compromised{};  ///< somebody else has its key
  std::chrono::milliseconds wait{0};              ///< with `compromised`: how long to probe repeatedly
  StateChoice state{};
  OutputChoice output{};
};

struct ServeCommand {
  AskOptions ask{};                  ///< with a settings file, which names the domains to watch
  bool only_check_settings = false;  ///< read the settings and the web configuration, print their errors, end
  std::vector<std::string> listen{"127.0.0.1:9815"};
  std::optional<std::filesystem::path> web_config{};
  bool systemd_sockets = false;                   ///< listen on these instead of `listen`
  std::string path_prefix{};                      ///< path of the external URL, without a trailing slash
  std::chrono::milliseconds timeout_offset{500};  ///< subtracted from a scraper's timeout
  LogFormat log_format = LogFormat::logfmt;
  LogLevel log_level = LogLevel::info;
};

struct JudgeCommand {
  std::filesystem::path file{};        ///< `-` is standard input
  std::optional<config::Role> role{};  ///< of all selectors; without it, the roles of the settings file
  std::optional<std::filesystem::path> settings_file{};
  std::optional<std::filesystem::path> trust_anchor{};
  std::optional<std::filesystem::path> message{};  ///< its signatures are judged too; `-` likewise
  std::optional<std::filesystem::path> storage{};  ///< the directory of the history
  OutputChoice output{};
};

enum class LintForm : std::uint8_t { text, json, sarif, junit };

struct LintCommand {
  std::vector<std::filesystem::path> files{"-"};  ///< `-` is standard input
  std::optional<config::FileFormat> format{};     ///< without it, the files show it
  config::ReadingRules rules{};
  config::Role role = config::Role::active;
  config::Policy policy{};  ///< without the key lists
  KeyLists key_lists{};
  LintForm form = LintForm::text;
  std::optional<AskOptions> against{};  ///< ask servers too, without its policy
  OutputChoice output{};
};

struct RecordCommand {
  config::DomainName domain{};
  config::Selector selector{};  ///< unless there are `practices`
  /// Of `--key`. Without it, and without `practices` and `revoke`, the settings file has the key.
  std::optional<KeyChoice> key{};
  std::optional<std::filesystem::path> settings_file{};
  bool revoke = false;                            ///< print the record of a revoked key
  std::optional<checks::AdspPolicy> practices{};  ///< print the ADSP record, not a key record
  checks::KeyRecordTags tags{};
  std::uint32_t ttl_seconds = 3'600;
  std::optional<config::DomainName> via{};  ///< CNAME target at which the record is published
  config::DomainName zone{};                ///< that holds the record
  exporters::PublishFormat format = exporters::PublishFormat::text;
  bool json = false;
};

struct HistoryCommand {
  config::DomainName domain{};
  std::optional<config::Selector> selector{};  ///< without it, all that are stored
  std::filesystem::path storage{};             ///< the directory of the history
  OutputChoice output{};
};

/// What to explain; nothing: list all names. A check and a fault of a rotation may share a name.
struct ExplainCommand {
  const checks::Check* check = nullptr;
  const checks::RotationFaultRow* fault = nullptr;
  const checks::ReasonRow* reason = nullptr;
  bool caveats = false;
  bool markdown = false;  ///< all of checks/README.md
  bool json = false;      ///< all of exporters/mixin/catalogue.json
};

/// A text to print, such as the help.
struct TextWanted {
  std::string text{};
};

using Command = std::variant<CheckCommand, PreflightCommand, RotationCommand, ServeCommand, JudgeCommand,
                             LintCommand, RecordCommand, HistoryCommand, ExplainCommand, TextWanted>;

inline constexpr const char* plugin_flag = "--plugin";

[[nodiscard]] std::string_view program_version();

/// Whether --plugin is given, even if the rest of the command line is invalid.
[[nodiscard]] bool asks_for_plugin(std::span<const std::string> arguments);

/// `arguments` does not include the program name.
[[nodiscard]] config::Result<Command> read_command_line(std::span<const std::string> arguments);

}  // namespace dkimprobe::cli
