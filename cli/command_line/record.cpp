#include "cli/command_line/commands.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "cli/command_line/common_flags.hpp"
#include "cli/command_line/key_flags.hpp"
#include "cli/command_line/names.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"
#include "config/options.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::failure;
using config::Result;

constexpr std::string_view record_help_start = R"(Examples
  dkimprobe record example.com s1 --key s1.pem
  dkimprobe record example.com s1 --key s1.pem --format nsupdate | nsupdate -l
  dkimprobe record example.com s1 --revoke --format zone

Usage
  dkimprobe record DOMAIN SELECTOR --key FILE [FLAGS]
  dkimprobe record DOMAIN SELECTOR --config.file FILE [FLAGS]
  dkimprobe record DOMAIN SELECTOR --revoke [FLAGS]
  dkimprobe record DOMAIN --adsp unknown|all|discardable [FLAGS]

  FILE is a private key (RSA or Ed25519, PEM or DER, PKCS#8 or PKCS#1, encrypted
  or not), a public key or a key record; `-` is standard input. The private part
  is wiped from memory at once. The record goes to standard output; its size and
  any findings go to standard error.

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

/// The elements of a tag's value (RFC 6376 section 3.6.1): `hyphenated-word`, or `*` alone.
std::vector<std::string> read_words(const char* flag, const std::string& text, Errors& errors) {
  std::vector<std::string> words;
  std::string_view rest = text;
  while (true) {
    const std::string_view word = rest.substr(0, rest.find(':'));
    const bool good =
        word == "*" ||
        (!word.empty() && config::is_letter(word.front()) && config::is_letter_or_digit(word.back()) &&
         std::ranges::all_of(word, [&](char c) { return c == '-' || config::is_letter_or_digit(c); }));
    if (!good) {
      errors.push_back(
          {flag,
           fmt::format("`{}` cannot be used: it must be words of letters, digits and `-`, separated by `:`",
                       escape_text(text, 80))});
      return {};
    }
    words.emplace_back(word);
    if (word.size() == rest.size()) return words;
    rest.remove_prefix(word.size() + 1);
  }
}

/// Reads a number of seconds, or a duration.
void read_ttl(const std::string& text, std::uint32_t& seconds, Errors& errors) {
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
    errors.push_back(
        {"--ttl",
         fmt::format(
             "`{}` cannot be used: it must be a number of seconds from 0 to {}, or a duration such as 1h",
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
  return failure("--format",
                 fmt::format("`{}` cannot be used: it must be text, zone, nsupdate, route53 or powershell",
                             escape_text(text, 80)));
}

Result<checks::AdspPolicy> read_practices(const std::string& text) {
  for (const auto policy :
       {checks::AdspPolicy::unknown, checks::AdspPolicy::all, checks::AdspPolicy::discardable}) {
    if (text == checks::to_string(policy)) return policy;
  }
  return failure("--adsp", fmt::format("`{}` cannot be used: it must be unknown, all or discardable",
                                       escape_text(text, 80)));
}

/// Values of the flags of `record`.
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
  std::string settings_file{};
  bool help = false;
};

void declare_record(Flags& flags, RecordTexts& texts, RecordCommand& command) {
  constexpr const char* record_group = "The record";
  flags.positionals(texts.positionals);
  declare_key(flags, texts.key);
  flags.value("--config.file", texts.settings_file, "FILE",
              "settings file that contains the expected key of the selector, in place of --key",
              settings_group);
  const auto add = [&](const char* flag, std::string& text, const char* meaning, const char* word,
                       const char* group,
                       FlagUse use = FlagUse::common) { flags.value(flag, text, word, meaning, group, use); };
  flags.toggle("--revoke", command.revoke, "the record of a revoked key, with an empty p=", record_group);
  add("--adsp", texts.practices,
      "the record of signing practices (RFC 5617, historic), and its equivalent today", "WORD", record_group,
      FlagUse::rare);
  add("--hash", texts.hashes, "h=: allowed hash algorithms, such as sha256; by default all", "WORDS",
      record_group, FlagUse::rare);
  add("--service", texts.services, "s=: what the key may sign, such as email or tlsrpt; by default all",
      "WORDS", record_group, FlagUse::rare);
  add("--flags", texts.flags, "t=: y for testing, s for no subdomains in i=, y:s for both", "WORDS",
      record_group, FlagUse::rare);
  add("--notes", command.tags.notes, "n=: notes for people; programs ignore them", "TEXT", record_group,
      FlagUse::rare);
  add("--ttl", texts.ttl, "how long caches may keep the record (1h)", "TIME", record_group);
  add("--via", texts.via, "publish the record at this name, with a CNAME to it at the selector's name",
      "NAME", record_group);
  add("--zone", texts.zone, "zone that contains the record, for nsupdate and powershell (DOMAIN)", "NAME",
      record_group);
  add("--format", texts.format, "text (the default), zone, nsupdate, route53 or powershell", "FORMAT",
      output_group);
  flags.toggle("--json", command.json, "one JSON object on standard output", output_group);
  declare_help(flags, texts.help);
}

/// Refuses flags of keys and selectors, which do not apply to signing practices.
void refuse_beside_practices(const Flags& flags, const RecordTexts& texts, Errors& errors) {
  for (const char* flag : {"--key", "--config.file", "--passphrase-file", "--passphrase-fd", "--revoke",
                           "--hash", "--service", "--flags", "--notes", "--via"}) {
    if (flags.given(flag))
      errors.push_back({flag, "--adsp makes the record of a domain, not of a key; leave this flag out"});
  }
  if (texts.positionals.size() > 1) {
    errors.push_back({escape_text(texts.positionals[1], 80),
                      "--adsp makes the record of a domain; leave the selector out"});
  }
}

/// Reads domain, selector and key.
void read_record_names(const Flags& flags, const RecordTexts& texts, RecordCommand& command, Errors& errors) {
  if (texts.positionals.empty()) {
    errors.push_back(
        {"", fmt::format("no domain given; usage: dkimprobe record {}",
                         flags.given("--adsp") ? "DOMAIN --adsp WORD" : "DOMAIN SELECTOR --key FILE")});
    return;
  }
  const bool is_practices = flags.given("--adsp");
  const std::span<const std::string> names = texts.positionals;
  TargetChoice targets;
  read_names(flags, names.first(std::min<std::size_t>(names.size(), is_practices ? 1 : 2)), targets, errors);
  if (targets.domain) command.domain = std::move(*targets.domain);
  if (is_practices) {
    take(read_practices(texts.practices), command.practices.emplace(), errors);
    return refuse_beside_practices(flags, texts, errors);
  }
  if (names.size() < 2)
    errors.push_back({"", "no selector given; usage: dkimprobe record DOMAIN SELECTOR --key FILE"});
  if (!targets.selectors.empty()) command.selector = std::move(targets.selectors.front());
  if (names.size() > 2) errors.push_back({escape_text(names[2], 80), "record takes one selector"});
  read_file_name(flags, "--config.file", texts.settings_file, command.settings_file, errors);
  const bool has_key = flags.given("--key");
  if (command.settings_file && (has_key || command.revoke)) {
    errors.push_back(
        {"--config.file", fmt::format("the key comes from the settings file; leave out either this flag "
                                      "or {}",
                                      has_key ? "--key" : "--revoke")});
  }
  if (has_key && command.revoke) {
    errors.push_back(
        {"--key",
         "the record of a revoked key does not contain the key; leave out either --key or --revoke"});
  } else if (has_key) {
    read_key(flags, texts.key, command.key.emplace(), errors);
  } else if (!command.revoke && !command.settings_file) {
    errors.push_back(
        {"",
         "no key given; add --key FILE, or --config.file FILE if the settings file contains it, or "
         "--revoke for the record of a revoked key"});
  }
}

/// Reads where the record is published, and checks that its zone contains it.
void read_record_place(const Flags& flags, const RecordTexts& texts, RecordCommand& command, Errors& errors) {
  const bool zone_given = flags.given("--zone");
  if (flags.given("--via"))
    take(config::DomainName::parse(texts.via), command.via.emplace(), errors, "--via");
  if (zone_given) take(config::DomainName::parse(texts.zone), command.zone, errors, "--zone");
  if (!errors.empty()) return;
  if (!zone_given) command.zone = command.domain;
  const auto holder = command.via         ? Result<config::DomainName>(*command.via)
                      : command.practices ? config::adsp_name(command.domain)
                                          : command.selector.owner_name(command.domain);
  if (!holder) return add(errors, holder.error());
  if (command.via && holder->is_root())
    errors.push_back({"--via", "a record cannot be published at the root"});
  const bool needs_zone = command.format == exporters::PublishFormat::nsupdate ||
                          command.format == exporters::PublishFormat::powershell;
  if ((zone_given || needs_zone) && !holder->is_at_or_below(command.zone)) {
    errors.push_back({"--zone", fmt::format("{} does not contain {}; name the zone that does",
                                            command.zone.to_string(), holder->to_string())});
  }
}

}  // namespace

Result<Command> read_record(std::span<const std::string> arguments) {
  Flags flags;
  RecordTexts texts;
  RecordCommand command;
  declare_record(flags, texts, command);
  if (auto parsed = flags.read("record", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.help) return TextWanted{flags.help(record_help_start)};
  Errors errors;
  read_record_names(flags, texts, command, errors);
  if (flags.given("--hash")) command.tags.hashes = read_words("--hash", texts.hashes, errors);
  if (flags.given("--service")) command.tags.services = read_words("--service", texts.services, errors);
  if (flags.given("--flags")) command.tags.flags = read_words("--flags", texts.flags, errors);
  if (flags.given("--ttl")) read_ttl(texts.ttl, command.ttl_seconds, errors);
  if (flags.given("--format")) {
    take(read_publish_format(texts.format), command.format, errors);
    if (command.json) errors.push_back({"--format --json", "they exclude each other; choose one"});
  }
  read_record_place(flags, texts, command, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
