#include "exporters/json/sarif_json.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/record/digest.hpp"
#include "config/basics/ascii.hpp"
#include "exporters/json/json_parts.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Check;
using checks::Needs;

bool needs_text_alone(const Check& check) {
  return check.needs == Needs::key_text || check.needs == Needs::adsp_text ||
         check.needs == Needs::policy_text;
}

std::string_view level_of(checks::Severity severity) {
  switch (severity) {
    case checks::Severity::critical:
      return "error";
    case checks::Severity::warning:
      return "warning";
    case checks::Severity::notice:
      return "note";
  }
  return {};
}

std::string_view level_of(const config::FileFaultRow& row) {
  switch (row.weight) {
    case config::FaultWeight::note:
      return "note";
    case config::FaultWeight::warning:
      return "warning";
    case config::FaultWeight::unknown:
      return "error";
  }
  return {};
}

/// `key_revoked` as `KeyRevoked`
std::string pascal_case(std::string_view id) {
  std::string name;
  bool is_start = true;
  for (const char c : id) {
    if (c != '_') name += is_start && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    is_start = c == '_';
  }
  return name;
}

/// A clause as a sentence: it begins with a capital unless it begins with something that has none, such as a
/// tag.
std::string sentence(std::string_view clause) {
  std::string text(clause);
  const std::string_view word = clause.substr(0, clause.find(' '));
  if (std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; }) && !text.empty())
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text.ends_with('.') ? text : text + '.';
}

/// `RFC 6376 section 3.6.1` at the RFC Editor; null for another reference.
Json rfc_address(std::string_view reference) {
  constexpr std::string_view start = "RFC ";
  constexpr std::string_view section = " section ";
  if (!reference.starts_with(start)) return nullptr;
  reference.remove_prefix(start.size());
  const std::string_view number = reference.substr(0, reference.find(' '));
  std::string address = fmt::format("https://www.rfc-editor.org/rfc/rfc{}", number);
  if (reference.substr(number.size()).starts_with(section)) {
    const std::string_view rest = reference.substr(number.size() + section.size());
    address += fmt::format("#section-{}", rest.substr(0, rest.find_first_not_of("0123456789.")));
  }
  return address;
}

Json rule_json(std::string_view id, std::string_view summary, std::string_view effect,
               std::string_view remedy, std::string_view level) {
  const std::string full = sentence(effect.empty() ? summary : effect);
  return {
      {"id", id},
      {"name", pascal_case(id)},
      {"shortDescription", {{"text", sentence(summary)}}},
      {"fullDescription", {{"text", full}}},
      {"help", {{"text", effect.empty() ? sentence(remedy) : fmt::format("{} {}", full, sentence(remedy))}}},
      {"defaultConfiguration", {{"level", level}}}};
}

Json rules_json() {
  Json rules = Json::array();
  for (const auto& check : checks::catalogue()) {
    if (!needs_text_alone(check)) continue;
    rules.push_back(
        rule_json(check.name, check.summary, check.effect, check.remedy, level_of(check.severity)));
    if (auto address = rfc_address(check.reference); !address.is_null())
      rules.back()["helpUri"] = std::move(address);
  }
  for (const auto& row : config::file_fault_rows())
    rules.push_back(rule_json(row.id, row.summary, {}, row.remedy, level_of(row)));
  return rules;
}

/// The path as a URI: relative as it was named, else of the scheme `file`.
std::string uri_of(const std::filesystem::path& file) {
  std::string uri = file.is_absolute() ? "file://" : "";
  for (const char c : file.generic_string()) {
    const bool is_plain =
        config::is_letter_or_digit(c) || std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

/// The same fault of the same record has the same fingerprint after lines have moved.
Json result_json(std::string_view id, std::string_view level, std::string message,
                 const config::FilePlace& place, std::string_view subject) {
  return {
      {"ruleId", id},
      {"level", level},
      {"message", {{"text", std::move(message)}}},
      {"locations",
       {{{"physicalLocation",
          {{"artifactLocation", {{"uri", uri_of(place.file)}}}, {"region", {{"startLine", place.line}}}}}}}},
      {"partialFingerprints", {{"faultOfRecord/v1", checks::sha256_hex(fmt::format("{} {}", id, subject))}}}};
}

/// With the comma before it.
std::string in_list(const Json& result, bool& is_first) {
  const std::string text = json_text(result, -1);
  return std::exchange(is_first, false) ? text : ',' + text;
}

}  // namespace

std::string sarif_start(std::string_view program_version) {
  const Json driver{{"name", "dkimprobe"}, {"semanticVersion", program_version}, {"rules", rules_json()}};
  return fmt::format(
      R"({{"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",)"
      R"("version":"2.1.0","runs":[{{"tool":{{"driver":{}}},"results":[)",
      json_text(driver, -1));
}

std::string sarif_results(const checks::Report& report, const config::FilePlace& place, bool& is_first) {
  std::string subject = report.name.to_string();
  if (report.name.is_root()) {
    for (const auto& string : report.record.strings) subject += string;
  }
  std::string text;
  for (const auto& finding : report.findings) {
    std::string message = sentence(finding.detail) + ' ' + finding.remedy.str();
    if (!report.name.is_root()) message = fmt::format("{}: {}", report.name.to_string(), message);
    text += in_list(
        result_json(finding.check->name, level_of(finding.severity), std::move(message), place, subject),
        is_first);
  }
  return text;
}

std::string sarif_result(const config::FileFault& fault, bool& is_first) {
  const auto& row = config::row_of(fault.kind);
  return in_list(
      result_json(row.id, level_of(row), fmt::format("{} {}", sentence(fault.detail), sentence(row.remedy)),
                  fault.place, fault.detail),
      is_first);
}

std::string sarif_end() {
  return "]}]}\n";
}

}  // namespace dkimprobe::exporters
