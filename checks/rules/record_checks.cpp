#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::size_t shown_tag_bytes = 24;

/// For what is legal and merely untidy: a provider that publishes so does it for all its customers, who can
/// mend nothing (most that leave out v= have done it since before RFC 4871).
template <RecordFault fault>
void find_in_own_texts(const Evidence& evidence, Verdict& verdict) {
  for (const auto& text : evidence.texts) {
    if (text.record.has(fault) && stands_elsewhere(evidence, text)) return;
  }
  find_text_fault(evidence, verdict, fault);
}

/// RFC 6376 section 3.6.1: with the flag s the domain of i= must be that of d=, and no subdomain of it.
void find_strict_with_subdomains(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.expectation.subdomain_identities || !has_key_record(evidence)) return verdict.not_evaluated();
  for (const auto& text : evidence.texts) {
    const Tag* const flags = text.record.list.find("t");
    if (!text.record.is_key_record() || flags == nullptr) continue;
    const auto each = colon_separated(flags->value);
    if (std::ranges::find(each, "s") == each.end()) continue;
    const std::string shown = config::escape_text(flags->value, shown_tag_bytes);
    Finding finding;
    finding.servers = servers_of(evidence, text);
    finding.offset = flags->value_offset;
    finding.detail =
        fmt::format("t= is \"{}\", and the settings say that i= of signatures is at subdomains", shown);
    finding.remedy = fmt::format(
        "At {}: {}, or sign with i= at the domain of d= itself and say so in the settings "
        "(subdomain_identities).",
        published_at(text),
        each.size() == 1 ? std::string("delete `t=s`") : fmt::format("take s out of `t={}`", shown));
    verdict.found(std::move(finding));
  }
}

// ---- How a text is cut into strings ----

/// Where one string of a record ends and the next begins, with the white space around it.
struct StringBoundary {
  std::size_t string = 0;  ///< of the string before it, counted from 1
  std::size_t offset = 0;  ///< in the joined text
  std::size_t space_begin = 0;
  std::size_t space_end = 0;
  bool filled = false;  ///< the string before it has 255 octets: any tool cuts there

  [[nodiscard]] bool has_space() const { return space_begin < space_end; }
};

std::vector<StringBoundary> boundaries_of(const PublishedText& published) {
  std::vector<StringBoundary> boundaries;
  const std::string& text = published.text;
  std::size_t offset = 0;
  for (std::size_t i = 0; i + 1 < published.strings.size(); ++i) {
    offset += published.strings[i].size();
    StringBoundary boundary{i + 1, offset, offset, offset,
                            published.strings[i].size() == probe::longest_string};
    while (boundary.space_begin > 0 && config::is_space(text[boundary.space_begin - 1]))
      --boundary.space_begin;
    while (boundary.space_end < text.size() && config::is_space(text[boundary.space_end]))
      ++boundary.space_end;
    boundaries.push_back(boundary);
  }
  return boundaries;
}

/// v=, h=, k=, s= and t= hold words, in which white space breaks something; p= and others do not.
bool holds_words(const Tag& tag) {
  return tag.name.size() == 1 && std::string_view("vhkst").find(tag.name[0]) != std::string_view::npos;
}

std::string strings_text(const StringBoundary& boundary) {
  return fmt::format("where string {} ends and string {} begins", boundary.string, boundary.string + 1);
}

struct BoundaryFault {
  std::string detail{};
  std::string remedy{};
};

/// What was lost, added or left over at a seam, so that the joined text is not what was meant.
std::optional<BoundaryFault> damage_at(const StringBoundary& boundary, const ReadText& read) {
  const std::string& text = read.published->text;
  for (const auto& fault : read.record.faults) {
    if (fault.fault != RecordFault::tag_missing_semicolon || !fault.offset) continue;
    if (*fault.offset < boundary.space_begin || *fault.offset > boundary.space_end) continue;
    return BoundaryFault{fmt::format("{}, no semicolon separates the two tags", strings_text(boundary)),
                         fmt::format("end string {} with `; `", boundary.string)};
  }
  for (const auto& tag : read.record.list.tags) {
    const std::size_t end = std::min(tag.value_offset + tag.value.size(), text.size());
    if (boundary.space_begin <= tag.value_offset || boundary.space_end >= end) continue;
    const char before = text[boundary.space_begin - 1];
    const char behind = text[boundary.space_end];
    if (holds_words(tag) && boundary.has_space() && before != ':' && behind != ':') {
      return BoundaryFault{
          fmt::format("{}, white space breaks the value \"{}\" of {}=", strings_text(boundary),
                      config::escape_text(tag.value, shown_tag_bytes),
                      config::escape_text(tag.name, shown_tag_bytes)),
          fmt::format("delete the white space at the end of string {} and at the beginning of string {}",
                      boundary.string, boundary.string + 1)};
    }
    if (tag.name == "p" && before == '=' && behind != '=') {
      return BoundaryFault{
          fmt::format("{}, `=` stands inside p=: each string was encoded by itself", strings_text(boundary)),
          "encode the whole key at once, then cut the text into strings"};
    }
  }
  return std::nullopt;
}

/// Asks `judge` about each key record that is published in several strings.
template <class Judge>
void for_each_split_key(const Evidence& evidence, Verdict& verdict, Judge judge) {
  if (!has_key_record(evidence)) return verdict.not_evaluated();
  for (const auto& text : evidence.texts) {
    if (!text.record.is_key_record() || text.record.has(RecordFault::key_private_leaked) ||
        text.published->strings.size() < 2)
      continue;
    std::optional<BoundaryFault> fault = judge(text);
    if (!fault) continue;
    Finding finding;
    finding.servers = servers_of(evidence, text);
    finding.detail = std::move(fault->detail);
    finding.remedy = fmt::format("At {}: {}.", published_at(text), fault->remedy);
    verdict.found(std::move(finding));
  }
}

void find_boundary_damage(const Evidence& evidence, Verdict& verdict) {
  for_each_split_key(evidence, verdict, [](const ReadText& text) -> std::optional<BoundaryFault> {
    for (const StringBoundary& boundary : boundaries_of(*text.published)) {
      if (auto fault = damage_at(boundary, text)) return fault;
    }
    return std::nullopt;
  });
}

/// Legal, but the work of a hand or of a tool that did not mean it: whoever joins the strings with a space in
/// between, as some tools do against the RFC, breaks the record.
void find_odd_split(const Evidence& evidence, Verdict& verdict) {
  for_each_split_key(evidence, verdict, [&](const ReadText& read) -> std::optional<BoundaryFault> {
    if (stands_elsewhere(evidence, read)) return std::nullopt;
    const PublishedText& published = *read.published;
    const std::size_t count = published.strings.size();
    const std::size_t needed =
        std::max<std::size_t>((published.text.size() + probe::longest_string - 1) / probe::longest_string, 1);
    const std::string remedy = fmt::format(
        "enter the record as one text of {} bytes and let the software cut it, or cut it after "
        "a semicolon or inside p=",
        published.text.size());
    if (std::ranges::find(published.strings, std::string()) != published.strings.end())
      return BoundaryFault{fmt::format("one of the {} strings is empty", count), remedy};
    for (const StringBoundary& boundary : boundaries_of(published)) {
      if (boundary.filled || damage_at(boundary, read)) continue;
      for (const auto& tag : read.record.list.tags) {
        const std::size_t end = tag.value_offset + (holds_words(tag) ? tag.value.size() : 0);
        if (boundary.offset <= tag.offset || boundary.offset >= end) continue;
        return BoundaryFault{
            fmt::format("the tag {}= is cut in two {}", config::escape_text(tag.name, shown_tag_bytes),
                        strings_text(boundary)),
            remedy};
      }
    }
    if (count > 2 * needed + 1)
      return BoundaryFault{fmt::format("{} bytes are cut into {} strings where {} would do",
                                       published.text.size(), count, needed),
                           remedy};
    return std::nullopt;
  });
}

// Most rows have the name of a fault that the reader of key records lists: see checks/record/key_record.cpp.

}  // namespace

std::span<const Check> record_checks() {
  static constexpr Check rows[] = {
      {.name = "txt_escaped_semicolon",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "semicolons are escaped with a backslash",
       .effect = "each backslash is part of the value before it, and verifiers discard `v=DKIM1\\`",
       .remedy = "Enter `;` in place of each `\\;`: the backslash belongs to zone files alone.",
       .example = {Example::record, R"(v=DKIM1\\; k=ed25519\\; p={key})"},
       .find = find_in_texts<RecordFault::txt_escaped_semicolon>},
      {.name = "txt_embedded_quotes",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "quotation marks are part of the record",
       .effect = "the first tag has no valid name, and most verifiers reject the record",
       .remedy = "Enter the record without quotation marks.",
       .example = {Example::record, R"("v=DKIM1; k=ed25519; p={key}")"},
       .find = find_in_texts<RecordFault::txt_embedded_quotes>},
      {.name = "txt_seam_quotes",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "quotation marks of a split record are part of its data",
       .effect = "some verifiers reject the key",
       .remedy = "Enter the record as one text, or as two strings without quotation marks inside.",
       .example = {Example::record, R"(v=DKIM1; k=ed25519; " "p={key})"},
       .find = find_in_texts<RecordFault::txt_seam_quotes>},
      {.name = "txt_html_entity",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "the record holds HTML entities or elements",
       .effect = "the tags and the key are not what was meant",
       .remedy = "Enter the characters themselves in place of entities such as `&quot;` and `&amp;`, and "
                 "nothing in place of elements such as `<br>`.",
       .example = {Example::record, "v=DKIM1; n=R&amp;D; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::txt_html_entity>},
      {.name = "txt_escape_sequence",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "the record holds escapes of a language or a URL",
       .effect = "the tags and the key are not what was meant",
       .remedy = "Enter the characters themselves in place of escapes such as `%2B` and `\\/`, and nothing "
                 "in place of `\\n`.",
       .example = {Example::record, R"(v=DKIM1;\\n k=ed25519; p={key})"},
       .find = find_in_texts<RecordFault::txt_escape_sequence>},
      {.name = "txt_smart_punctuation",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "the record holds typographic characters",
       .effect = "tags or the key cannot be read",
       .remedy = "Enter the record as plain ASCII, without typographic quotes, dashes and spaces.",
       .example = {Example::record, R"(\xe2\x80\x9cv=DKIM1; k=ed25519; p={key}\xe2\x80\x9d)"},
       .find = find_in_texts<RecordFault::txt_smart_punctuation>},
      {.name = "txt_zonefile_leak",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "a piece of a zone file is part of the record",
       .effect = "verifiers find no tag that they know",
       .remedy = "Enter only the text between the quotation marks.",
       .example = {Example::record, R"(s1._domainkey IN TXT "v=DKIM1; k=ed25519; p={key}")"},
       .find = find_in_texts<RecordFault::txt_zonefile_leak>},
      {.name = "txt_non_ascii",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "the record holds characters outside ASCII",
       .effect = "some verifiers reject the record",
       .remedy = "Take out what is not ASCII, or write it in n= as quoted-printable.",
       .example = {Example::record, R"(v=DKIM1; k=ed25519; n=Schl\xc3\xbcssel; p={key})"},
       .find = find_in_texts<RecordFault::txt_non_ascii>},
      {.name = "txt_control_char",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "the record holds control characters",
       .effect = "the record breaks the syntax, and some verifiers reject it; decoders of base64 pass over "
                 "line breaks",
       .remedy = "Enter the record as one line.",
       .example = {Example::record, R"(v=DKIM1; k=ed25519; n=a\x07; p={key})"},
       .find = find_in_texts<RecordFault::txt_control_char>},
      {.name = "version_bad",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "v= is not DKIM1",
       .effect = "verifiers must discard the record",
       .remedy = "Write `v=DKIM1`.",
       .example = {Example::record, "v=DKIM2; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::version_bad>},
      {.name = "version_bad_case",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "v= is not in capitals",
       .effect = "verifiers must discard the record",
       .remedy = "Write `v=DKIM1`.",
       .example = {Example::record, "v=dkim1; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::version_bad_case>},
      {.name = "version_not_first",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "v= is not the first tag",
       .effect = "some verifiers reject the record",
       .remedy = "Move `v=DKIM1` to the beginning.",
       .example = {Example::record, "k=ed25519; v=DKIM1; p={key}"},
       .find = find_in_texts<RecordFault::version_not_first>},
      {.name = "version_missing",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "the record has no v=",
       .effect = "none; v= is recommended",
       .remedy = "Begin the record with `v=DKIM1; `.",
       .example = {Example::record, "k=ed25519; p={key}"},
       .find = find_in_own_texts<RecordFault::version_missing>},
      {.name = "tag_duplicate",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "a tag is there twice",
       .effect = "the whole record is invalid",
       .remedy = "Keep one of the two and delete the other.",
       .example = {Example::record, "v=DKIM1; k=ed25519; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::tag_duplicate>},
      {.name = "tag_missing_semicolon",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "a semicolon is missing between two tags",
       .effect = "the second tag is read as a part of the first",
       .remedy = "Put a semicolon between the tags.",
       .example = {Example::record, "v=DKIM1; k=ed25519 p={key}"},
       .find = find_in_texts<RecordFault::tag_missing_semicolon>},
      {.name = "tag_comma_separator",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "a comma separates two tags",
       .effect = "the second tag is read as a part of the first",
       .remedy = "Replace the comma by a semicolon.",
       .example = {Example::record, "v=DKIM1; k=ed25519, p={key}"},
       .find = find_in_texts<RecordFault::tag_comma_separator>},
      {.name = "tag_stray_token",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "words stand where a tag should",
       .effect = "the whole record is invalid",
       .remedy = "Delete the words, or put them into n=.",
       .example = {Example::record, "v=DKIM1; k=ed25519; production; p={key}"},
       .find = find_in_texts<RecordFault::tag_stray_token>},
      {.name = "tag_name_bad",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.2",
       .summary = "the name of a tag is wrong",
       .effect = "the tag is not found, or the whole record is invalid",
       .remedy = "Write the name in lower case and without other characters: `p=`, not `P=` or `_p=`.",
       .example = {Example::record, "v=DKIM1; k=ed25519; P={key}"},
       .find = find_in_texts<RecordFault::tag_name_bad>},
      {.name = "tag_double_semicolon",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "nothing stands between two semicolons",
       .effect = "some verifiers reject the record",
       .remedy = "Delete one of the two semicolons.",
       .example = {Example::record, "v=DKIM1;; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::tag_double_semicolon>},
      {.name = "tag_syntax_error",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "the record breaks the syntax of tags or of the words in them",
       .effect = "some verifiers reject the record",
       .remedy =
           "Enter the record as one line, with `;` between tags and `:` between the words of h=, s= and t=.",
       .example = {Example::record, "; v=DKIM1; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::tag_syntax_error>},
      {.name = "tag_unknown",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.2",
       .summary = "a tag means nothing to DKIM",
       .effect = "none; verifiers pass over it",
       .remedy = "Delete the tag.",
       .example = {Example::record, "v=DKIM1; k=ed25519; c=relaxed; p={key}"},
       .find = find_in_texts<RecordFault::tag_unknown>},
      {.name = "txt_outer_space",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.2",
       .summary = "white space stands around the record",
       .effect = "none for most verifiers",
       .remedy = "Enter the record without it.",
       .example = {Example::record, " v=DKIM1; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::txt_outer_space>},
      {.name = "txt_trailing_semicolon_space",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.2",
       .summary = "white space follows the last semicolon",
       .effect = "a strict verifier may reject the record",
       .remedy = "Delete the white space at the end.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p={key}; "},
       .find = find_in_texts<RecordFault::txt_trailing_semicolon_space>},
      {.name = "keytype_unknown",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "k= names no key type of DKIM",
       .effect = "verifiers must ignore the key",
       .remedy = "Write `k=rsa` or `k=ed25519`.",
       .example = {Example::record, "v=DKIM1; k=ed448; p={key}"},
       .find = find_in_texts<RecordFault::keytype_unknown>},
      {.name = "keytype_mismatch",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 6.1.2",
       .summary = "k= says one type, the key is of another",
       .effect = "verifiers cannot use the key",
       .remedy = "Write `k=rsa` or `k=ed25519`, whichever the key is.",
       .example = {Example::record, "v=DKIM1; k=rsa; p={key}"},
       .find = find_in_texts<RecordFault::keytype_mismatch>},
      {.name = "keytype_case",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "k= is in the wrong case",
       .effect = "some verifiers do not know the key type",
       .remedy = "Write `k=rsa` or `k=ed25519`, in lower case.",
       .example = {Example::record, "v=DKIM1; k=Ed25519; p={key}"},
       .find = find_in_texts<RecordFault::keytype_case>},
      {.name = "keytype_empty",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "k= is empty",
       .effect = "some verifiers do not know the key type",
       .remedy = "Write `k=rsa` or `k=ed25519`, whichever the key is.",
       .example = {Example::record, "v=DKIM1; k=; p={key}"},
       .find = find_in_texts<RecordFault::keytype_empty>},
      {.name = "hash_excludes_sha256",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8301 section 3.1",
       .summary = "h= leaves out sha256",
       .effect = "verifiers reject signatures with sha256, the only hash that is allowed",
       .remedy = "Write `h=sha256`, or delete h=.",
       .example = {Example::record, "v=DKIM1; h=sha1; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::hash_excludes_sha256>},
      {.name = "hash_case",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "h= is in the wrong case",
       .effect = "some verifiers do not know the hash",
       .remedy = "Write `h=sha256`, or delete h=.",
       .example = {Example::record, "v=DKIM1; h=SHA256; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::hash_case>},
      {.name = "hash_empty",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "h= is empty",
       .effect = "some verifiers allow no hash at all",
       .remedy = "Write `h=sha256`, or delete h=.",
       .example = {Example::record, "v=DKIM1; h=; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::hash_empty>},
      {.name = "hash_allows_sha1",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 8301 section 3.1",
       .summary = "h= still allows sha1",
       .effect = "none; verifiers may not accept sha1",
       .remedy = "Write `h=sha256`, or delete h=.",
       .example = {Example::record, "v=DKIM1; h=sha1:sha256; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::hash_allows_sha1>},
      {.name = "service_excludes",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "s= leaves out the service",
       .effect = "verifiers may not use the key for it",
       .remedy = "Write `s=email`, or delete s=.",
       .example = {Example::record, "v=DKIM1; s=other; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::service_excludes>},
      {.name = "service_empty",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "s= is empty",
       .effect = "some verifiers do not use the key for mail",
       .remedy = "Write `s=email`, or delete s=.",
       .example = {Example::record, "v=DKIM1; s=; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::service_empty>},
      {.name = "service_case",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.2",
       .summary = "s= is in the wrong case",
       .effect = "some verifiers do not use the key for mail",
       .remedy = "Write `s=email`, or delete s=.",
       .example = {Example::record, "v=DKIM1; s=Email; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::service_case>},
      {.name = "service_list",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "s= is a list",
       .effect = "none by the RFC; a verifier is known that rejects it",
       .remedy = "Write `s=*`, or delete s=.",
       .example = {Example::record, "v=DKIM1; s=email:tlsrpt; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::service_list>},
      {.name = "flag_testing",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .roles = {.pending = RoleEffect::clear},
       .reference = "RFC 6376 section 3.6.1",
       .summary = "t=y says that the domain tests DKIM",
       .effect = "verifiers must treat signed mail like unsigned mail",
       .remedy = "Take `y` out of t= once signing works; delete `t=y` where it stands alone.",
       .example = {Example::record, "v=DKIM1; k=ed25519; t=y; p={key}"},
       .find = find_in_texts<RecordFault::flag_testing>},
      {.name = "flag_strict_with_subdomains",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "t=s forbids the subdomains for which mail is signed",
       .effect = "verifiers reject signatures whose i= is at a subdomain of d=",
       .remedy = "Take `s` out of t=; delete `t=s` where it stands alone.",
       .example = {Example::behaviour,
                   "The key says `t=s`, and mail is signed with `d=example.com; i=@news.example.com`."},
       .find = find_strict_with_subdomains},
      {.name = "flags_empty",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "t= has an empty flag",
       .effect = "a strict verifier rejects the record",
       .remedy = "Delete t=, or the colon that separates nothing.",
       .example = {Example::record, "v=DKIM1; k=ed25519; t=; p={key}"},
       .find = find_in_texts<RecordFault::flags_empty>},
      {.name = "flag_unknown",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "t= holds a flag without meaning",
       .effect = "none; verifiers pass over it",
       .remedy = "Delete the flag.",
       .example = {Example::record, "v=DKIM1; k=ed25519; t=x; p={key}"},
       .find = find_in_texts<RecordFault::flag_unknown>},
      {.name = "granularity_restrictive",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 4871 section 3.6.1",
       .summary = "g= restricts the key for old verifiers",
       .effect = "old verifiers reject mail from other local parts",
       .remedy = "Delete g=.",
       .example = {Example::record, "v=DKIM1; g=bob; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::granularity_restrictive>},
      {.name = "granularity_legacy",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 appendix C.2",
       .summary = "g=* is a leftover of RFC 4871",
       .effect = "none",
       .remedy = "Delete g=.",
       .example = {Example::record, "v=DKIM1; g=*; k=ed25519; p={key}"},
       .find = find_in_texts<RecordFault::granularity_legacy>},
      {.name = "domainkeys_legacy_key",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 appendix C.1",
       .summary = "the record was written for DomainKeys, the forerunner of DKIM",
       .effect = "verifiers of RFC 4871 take the empty g= for \"no address at all\" and reject the mail",
       .remedy = "Begin the record with `v=DKIM1; ` and delete g=.",
       .example = {Example::behaviour, "`g=; k=rsa; p=MIGf...` stands at the selector, without v=."},
       .find = find_in_texts<RecordFault::domainkeys_legacy_key>},
      {.name = "notes_bad_qp",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "the notes in n= are not encoded as they should be",
       .effect = "none for most verifiers, which pass over n=",
       .remedy = "Write `=3D` for each `=` in n=, or delete n=.",
       .example = {Example::behaviour, "`n=a=b` stands in the record where `n=a=3Db` is meant."},
       .find = find_in_own_texts<RecordFault::notes_bad_qp>},
      {.name = "notes_oversize",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "the notes in n= are long",
       .effect = "none, but each answer carries them for nobody",
       .remedy = "Delete n= or shorten it.",
       .example = {Example::behaviour, "n= holds a paragraph about who made the key and when."},
       .find = find_in_own_texts<RecordFault::notes_oversize>},
      {.name = "txt_seam_damage",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.2.2",
       .summary = "a character was lost or added where two strings of the record meet",
       .effect = "verifiers join the strings as they are, and do not read what was meant",
       .remedy = "Enter the record as one text and let the software cut it.",
       .example = {Example::behaviour,
                   "The strings are `v=DKIM1; k=rsa; p=MII` and ` BIjANBgkq...`: a space came in."},
       .find = find_boundary_damage},
      {.name = "txt_odd_split",
       .scope = Scope::record,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.6.2.2",
       .summary = "the record is cut into strings in an unusual way",
       .effect = "none by the RFC; tools that join strings with a space break the record",
       .remedy = "Enter the record as one text and let the software cut it.",
       .example = {Example::behaviour, "The text is cut into strings of 64 octets each."},
       .find = find_odd_split},
  };
  return rows;
}

}  // namespace dkimprobe::checks
