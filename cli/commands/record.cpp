#include "cli/commands/commands.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/record/record_composer.hpp"
#include "checks/record/size.hpp"
#include "cli/io/output.hpp"
#include "cli/io/report_output.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/basics/escape.hpp"
#include "config/keys/expected_key.hpp"
#include "exporters/json/report_json.hpp"

namespace dkimprobe::cli {
namespace {

std::string room_left(std::uint32_t bytes, std::uint32_t limit) {
  return bytes <= limit ? fmt::format("{} left of {}", limit - bytes, limit)
                        : fmt::format("{} more than {}", bytes - limit, limit);
}

void print_size(const config::DomainName& name, std::uint32_t bytes, std::string_view with_alias) {
  print_message(fmt::format("{}: the answer{} has {} bytes: {} over plain UDP, {} with EDNS",
                            name.to_string(), with_alias, bytes, room_left(bytes, checks::udp_limit_bytes),
                            room_left(bytes + checks::edns_overhead_bytes, checks::edns_limit_bytes)));
}

void print_findings(const checks::Report& report) {
  for (const auto& finding : report.findings) {
    print_message(
        fmt::format("{}: {}: {}", checks::to_string(finding.severity), finding.check->name, finding.detail));
    print_message(fmt::format("fix: {}", finding.remedy));
  }
}

/// Notes for whoever publishes the record in this format.
std::vector<std::string> advice(const RecordCommand& command, const exporters::PlannedRecord& record) {
  std::vector<std::string> words;
  if (command.format == exporters::PublishFormat::nsupdate) {
    words.push_back(
        fmt::format("the script updates the zone {}; if another zone contains the name, give it with --zone. "
                    "A script without a zone would make nsupdate ask a resolver about the name itself, whose "
                    "cache would keep the answer",
                    command.zone.to_string()));
  }
  if (command.format == exporters::PublishFormat::powershell) {
    if (exporters::needs_dnscmd(record)) {
      words.push_back(
          "Add-DnsServerResourceRecord takes only one string of up to 254 characters; dnscmd, the older tool "
          "of the same server, takes several");
    }
    words.push_back("the command adds a record; remove any older TXT record at the same name");
  }
  return words;
}

exporters::PlannedRecord planned(const RecordCommand& command, config::DomainName name,
                                 std::string_view text) {
  return {std::move(name), command.zone, command.ttl_seconds, checks::strings_of(text)};
}

void publish(const RecordCommand& command, const exporters::RecordOutput& output) {
  write_output(command.json ? exporters::record_json(output)
                            : exporters::format_record(output.record, command.format));
}

/// Prints facts that are not findings: the size, the alias, notes on publishing.
void print_facts(const RecordCommand& command, const exporters::RecordOutput& output) {
  const config::DomainName& holder = output.record.name;
  const auto& size = output.report.size;
  if (size.direct) print_size(holder, *size.direct, "");
  if (output.alias && size.chain) {
    print_size(*output.alias, *size.chain, fmt::format(" through its alias to {}", holder.to_string()));
    if (*size.chain > checks::udp_limit_bytes && !size.drop_first.empty())
      print_message(fmt::format("to make it smaller, leave out what verifiers do not need: {}",
                                fmt::join(size.drop_first, ", ")));
    print_message(fmt::format("publish the alias as well: {}. {} IN CNAME {}.", output.alias->to_string(),
                              command.ttl_seconds, holder.to_string()));
  }
  for (const auto& words : advice(command, output.record)) print_message(words);
}

CommandResult publish_practices(const RecordCommand& command) {
  auto name = config::adsp_name(command.domain);
  // RFC 7489 section 6.1: a label below the domain.
  const auto dmarc_name = command.domain.child("_dmarc");
  if (!name) return tl::unexpected(name.error());
  exporters::RecordOutput output;
  output.record = planned(command, *name, checks::compose_practices(*command.practices));
  output.report = checks::judge_record(checks::place_of(*name), output.record.strings, {}, {});
  if (dmarc_name) {
    output.in_place = planned(command, *dmarc_name, checks::compose_dmarc_in_place_of(*command.practices));
  }
  publish(command, output);
  if (!command.json && output.in_place) {
    // This replaces the only finding, which says the same.
    print_message(
        "RFC 5617 (ADSP) has been historic since 2013: hardly any receiver reads this record. Today a DMARC "
        "record (RFC 7489) asks for the same, but lets mail pass by SPF as well:");
    print_text(exporters::format_record(*output.in_place, command.format));
  }
  return exit_code(output.report.status);
}

/// The expected key of the selector in the settings file.
config::Result<config::KeyFile> key_of_settings(const RecordCommand& command) {
  const auto settings = load_settings(*command.settings_file);
  if (!settings) return tl::unexpected(settings.error());
  const std::string domain = command.domain.to_string();
  const std::string selector = command.selector.to_string();
  const auto failure = [&](std::string message) {
    return config::failure(config::escape_text(command.settings_file->string()), std::move(message));
  };
  const auto listed = std::ranges::find(settings->domains, command.domain, &config::DomainSettings::domain);
  if (listed == settings->domains.end())
    return failure(fmt::format("it does not list the domain {}", domain));
  const auto known =
      std::ranges::find(listed->selectors, command.selector, &config::SelectorSettings::selector);
  if (known == listed->selectors.end())
    return failure(fmt::format("it does not list the selector {} of {}", selector, domain));
  if (!known->expected_key)
    return failure(fmt::format("it has no expected_key for {} of {}; give --key FILE", selector, domain));
  if (known->expected_key->spki.empty()) {
    return failure(fmt::format("it has only the SHA-256 of the key of {} of {}, not the key; give --key FILE",
                               selector, domain));
  }
  return config::KeyFile{.kind = config::KeyFile::Kind::public_key,
                         .identity = *known->expected_key,
                         .record = known->expected_record};
}

config::Result<config::KeyFile> key_of(const RecordCommand& command) {
  if (!command.key) return key_of_settings(command);
  auto key = config::read_key_file(command.key->file, command.key->passphrase);
  if (!key) return tl::unexpected(std::move(key.error()));
  for (const auto& warning : key->warnings) print_warning({"", warning});
  return key;
}

}  // namespace

CommandResult run(const RecordCommand& command) {
  if (command.practices) return publish_practices(command);
  const auto selector_name = command.selector.owner_name(command.domain);
  if (!selector_name) return tl::unexpected(selector_name.error());

  exporters::RecordOutput output;
  checks::Expectation expectation;
  expectation.role = command.revoke ? config::Role::retired : config::Role::pending;
  std::string text = checks::compose_revocation(command.tags);
  if (!command.revoke) {
    const auto key = key_of(command);
    if (!key) return tl::unexpected(key.error());
    expectation.key_sha256 = key->identity.sha256;
    // A record is published as the operator wrote it, unless flags give its tags.
    const bool is_written = !key->record.empty() && command.tags == checks::KeyRecordTags{};
    text = is_written ? key->record : checks::compose_key_record(key->identity, command.tags);
  }
  const config::DomainName& holder = command.via ? *command.via : *selector_name;
  output.record = planned(command, holder, text);
  output.report = checks::judge_record(checks::place_of(holder), output.record.strings, expectation, {});
  if (command.via) {
    const std::uint32_t data = checks::txt_rdata_bytes(output.record.strings);
    output.alias = *selector_name;
    output.report.size.chain = checks::answer_bytes(*selector_name, {&data, 1}, {&holder, 1});
  }
  publish(command, output);
  print_findings(output.report);
  if (!command.json) print_facts(command, output);
  return exit_code(output.report.status);
}

}  // namespace dkimprobe::cli
