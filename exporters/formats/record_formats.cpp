#include "exporters/formats/record_formats.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/basics/ascii.hpp"

namespace dkimprobe::exporters {
namespace {

// The longest string that `Add-DnsServerResourceRecord` accepts. Its documentation shows a text of two
// strings on two lines, which the command rejects (github.com/MicrosoftDocs/windows-powershell-docs, issues
// 2423, 3745).
constexpr std::size_t longest_descriptive_text = 254;

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// A string in quotation marks; other octets are written by `escaped`.
template <class Escape>
std::string quoted(std::string_view string, Escape escaped) {
  std::string text = "\"";
  for (const char c : string) text += is_plain(c) ? std::string(1, c) : escaped(c);
  return text + '"';
}

/// RFC 1035 section 5.1: `\X` for special characters, `\DDD` in decimal for other octets.
std::string zone_quoted(std::string_view string) {
  return quoted(string, [](char c) {
    return c == '"' || c == '\\' ? fmt::format("\\{}", c)
                                 : fmt::format("\\{:03}", static_cast<unsigned char>(c));
  });
}

/// The same for Route 53, whose codes are octal.
std::string route53_quoted(std::string_view string) {
  return quoted(string, [](char c) {
    return c == '"' || c == '\\' ? fmt::format("\\{}", c)
                                 : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
  });
}

/// Route 53 uses octal codes in names too.
std::string route53_name(const config::DomainName& name) {
  std::string text;
  for (auto rest = name; !rest.is_root(); rest = rest.parent()) {
    for (const char c : rest.first_label()) {
      const bool plain = config::is_letter_or_digit(c) || c == '-' || c == '_';
      text += plain ? std::string(1, c) : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
    text += '.';
  }
  return text;
}

std::string zone_strings(const PlannedRecord& record, std::string_view separator) {
  std::string text;
  for (const auto& string : record.strings) {
    if (!text.empty()) text += separator;
    text += zone_quoted(string);
  }
  return text;
}

std::string zone_line(const PlannedRecord& record) {
  const std::string start = fmt::format("{}. {} IN TXT ", record.name.to_string(), record.ttl_seconds);
  if (record.strings.size() == 1) return start + zone_strings(record, "") + '\n';
  return fmt::format("{}(\n    {} )\n", start, zone_strings(record, "\n    "));
}

std::string nsupdate_script(const PlannedRecord& record) {
  const std::string name = record.name.to_string();
  return fmt::format(
      "zone {}{}\n"
      "update delete {}. TXT\n"
      "update add {}. {} TXT {}\n"
      "send\n",
      record.zone.to_string(), record.zone.is_root() ? "" : ".", name, name, record.ttl_seconds,
      zone_strings(record, " "));
}

std::string route53_batch(const PlannedRecord& record) {
  std::string value;
  for (const auto& string : record.strings) value += (value.empty() ? "" : " ") + route53_quoted(string);
  using Json = nlohmann::ordered_json;
  const Json set = {{"Name", route53_name(record.name)},
                    {"Type", "TXT"},
                    {"TTL", record.ttl_seconds},
                    {"ResourceRecords", Json::array({{{"Value", value}}})}};
  const Json batch = {{"Changes", Json::array({{{"Action", "UPSERT"}, {"ResourceRecordSet", set}}})}};
  return batch.dump(2) + '\n';
}

/// A PowerShell string in which only the quote itself is special.
std::string powershell_quoted(std::string_view text) {
  std::string quote = "'";
  for (const char c : text) quote += c == '\'' ? std::string("''") : std::string(1, c);
  return quote + '\'';
}

/// The name relative to its zone, as Windows wants it.
std::string relative_name(const PlannedRecord& record) {
  if (record.name == record.zone) return "@";
  std::string name = record.name.to_string();
  if (!record.zone.is_root()) name.resize(name.size() - record.zone.to_string().size() - 1);
  return name;
}

std::string powershell_command(const PlannedRecord& record) {
  const std::string zone = powershell_quoted(record.zone.to_string());
  const std::string name = powershell_quoted(relative_name(record));
  if (needs_dnscmd(record)) {
    std::string command = fmt::format("dnscmd.exe /RecordAdd {} {} {} TXT", zone, name, record.ttl_seconds);
    for (const auto& string : record.strings) command += ' ' + powershell_quoted(string);
    return command + '\n';
  }
  const std::uint32_t seconds = record.ttl_seconds;
  const std::uint32_t days = seconds / 86'400;
  return fmt::format(
      "Add-DnsServerResourceRecord -ZoneName {} -Name {} -Txt -TimeToLive {}{:02}:{:02}:{:02} "
      "-DescriptiveText {}\n",
      zone, name, days == 0 ? "" : fmt::format("{}.", days), seconds / 3'600 % 24, seconds / 60 % 60,
      seconds % 60, powershell_quoted(record.strings.front()));
}

}  // namespace

bool needs_dnscmd(const PlannedRecord& record) {
  return record.strings.size() > 1 || record.strings.front().size() > longest_descriptive_text;
}

std::string format_record(const PlannedRecord& record, PublishFormat format) {
  switch (format) {
    case PublishFormat::text:
      return fmt::format("{}\n", fmt::join(record.strings, ""));
    case PublishFormat::zone:
      return zone_line(record);
    case PublishFormat::nsupdate:
      return nsupdate_script(record);
    case PublishFormat::route53:
      return route53_batch(record);
    case PublishFormat::powershell:
      return powershell_command(record);
  }
  return {};
}

}  // namespace dkimprobe::exporters
