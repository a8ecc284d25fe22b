#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::size_t shown_tag_bytes = 24;

/// For what is legal but untidy. A provider that publishes such a record does so for all its customers, and
/// they cannot change it (most that omit v= have done so since before RFC 4871).
template <RecordFault fault>
void find_in_own_texts(const Evidence& evidence, Verdict& verdict) {
  for (const auto& text : evidence.texts) {
    if (text.record.has(fault) && stands_elsewhere(evidence, text)) return;
  }
  find_text_fault(evidence, verdict, fault);
}

/// RFC 6376 section 3.6.1: with the flag s, the domain of i= must be exactly that of d=.
void find_strict_with_subdomains(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.expectation.subdomain_identities || !has_key_record(evidence)) return verdict.not_evaluated();
  for (const auto& text : evidence.texts) {
    const Tag* const flags = text.record.list.find("t");
    if (!text.record.is_key_record() || flags == nullptr) continue;
    const auto each = colon_separated(flags->value);
    if (std::ranges::find(each, "s") == each.end()) continue;
    const std::string shown = config::escape_text(flags->value, shown_tag_bytes);
    verdict.found(finding_in(
        evidence, text,
        fmt::format("t= is \"{}\", but the settings say that signatures use subdomains in i=", shown),
        fmt::format(
            "{}, or sign with the domain of d= in i= and set subdomain_identities to no in the settings",
            each.size() == 1 ? std::string("delete `t=s`") : fmt::format("remove s from `t={}`", shown)),
        flags->value_offset));
  }
}

/// As intended where the settings say that the key signs DKIM2 alone, critical where it signs DKIM1.
void find_dkim2_only(const Evidence& evidence, Verdict& verdict) {
  const config::Signs signs = evidence.expectation.signs;
  if (signs == config::Signs::dkim2) return;
  find_in_texts<RecordFault::keytype_dkim2_only>(evidence, verdict);
  if (signs == config::Signs::not_stated) return;
  for (Finding& finding : verdict.findings()) finding.severity = Severity::critical;
}

/// Of keys that sign DKIM2 alone: to DKIM1, these tags mean something.
void find_retired_tags(const Evidence& evidence, Verdict& verdict) {
  if (!has_key_record(evidence)) return verdict.not_evaluated();
  for (const auto& text : evidence.texts) {
    if (evidence.expectation.signs != config::Signs::dkim2 &&
        !text.record.has(RecordFault::keytype_dkim2_only))
      continue;
    std::vector<std::string> names;
    std::optional<std::size_t> first;
    for (const Tag& tag : text.record.list.tags) {
      if (tag.name != "h" && tag.name != "n" && tag.name != "s") continue;
      names.push_back(tag.name + "=");
      if (!first) first = tag.offset;
    }
    if (names.empty()) continue;
    const std::string tags = join_some(names);
    verdict.found(finding_in(evidence, text, fmt::format("DKIM2 does not read {}: {}", tags, dkim2_draft),
                             fmt::format("delete {}", tags), first));
  }
}

// ---- How a text is split into strings ----

/// The point between two strings of a record, with the white space around it.
struct StringBoundary {
  std::size_t string = 0;  ///< the one before the boundary, counted from 1
  std::size_t offset = 0;  ///< in the joined text
  std::size_t space_begin = 0;
  std::size_t space_end = 0;
  bool filled = false;  ///< the string before it has 255 octets: any tool splits there

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

/// v=, h=, k=, s= and t= hold words, which white space breaks; p= and other tags do not.
bool holds_words(const Tag& tag) {
  return tag.name.size() == 1 && std::string_view("vhkst").find(tag.name[0]) != std::string_view::npos;
}

std::string strings_text(const StringBoundary& boundary) {
  return fmt::format("between strings {} and {}", boundary.string, boundary.string + 1);
}

struct BoundaryFault {
  std::string detail{};
  std::string remedy{};
};

/// A character that was lost or added at the boundary, so that the joined text is wrong.
std::optional<BoundaryFault> damage_at(const StringBoundary& boundary, const ReadText& read) {
  const std::string& text = read.published->text;
  for (const auto& fault : read.record.faults) {
    if (fault.fault != RecordFault::tag_missing_semicolon || !fault.offset) continue;
    if (*fault.offset < boundary.space_begin || *fault.offset > boundary.space_end) continue;
    return BoundaryFault{fmt::format("a semicolon is missing {}", strings_text(boundary)),
                         fmt::format("end string {} with `; `", boundary.string)};
  }
  for (const auto& tag : read.record.list.tags) {
    const std::size_t end = std::min(tag.value_offset + tag.value.size(), text.size());
    if (boundary.space_begin <= tag.value_offset || boundary.space_end >= end) continue;
    const char before = text[boundary.space_begin - 1];
    const char behind = text[boundary.space_end];
    if (holds_words(tag) && boundary.has_space() && before != ':' && behind != ':') {
      return BoundaryFault{
          fmt::format("white space {} breaks the value \"{}\" of {}=", strings_text(boundary),
                      config::escape_text(tag.value, shown_tag_bytes),
                      config::escape_text(tag.name, shown_tag_bytes)),
          fmt::format("delete the white space at the end of string {} and at the beginning of string {}",
                      boundary.string, boundary.string + 1)};
    }
    if (tag.name == "p" && before == '=' && behind != '=') {
      return BoundaryFault{
          fmt::format("p= contains `=` {}: each string was encoded separately", strings_text(boundary)),
          "encode the whole key at once, then split the text into strings"};
    }
  }
  return std::nullopt;
}

/// Calls `judge` for each key record that is published in several strings.
template <class Judge>
void for_each_split_key(const Evidence& evidence, Verdict& verdict, Judge judge) {
  if (!has_key_record(evidence)) return verdict.not_evaluated();
  for (const auto& text : evidence.texts) {
    if (!text.record.is_key_record() || text.record.has(RecordFault::key_private_leaked) ||
        text.published->strings.size() < 2)
      continue;
    if (std::optional<BoundaryFault> fault = judge(text))
      verdict.found(finding_in(evidence, text, std::move(fault->detail), fault->remedy));
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

/// The tag that is split at a boundary before its strings are full, where no character was lost or added.
struct SplitTag {
  const Tag* tag = nullptr;
  StringBoundary boundary{};
};

std::optional<SplitTag> split_tag(const ReadText& read) {
  for (const StringBoundary& boundary : boundaries_of(*read.published)) {
    if (boundary.filled || damage_at(boundary, read)) continue;
    const auto& tags = read.record.list.tags;
    const auto split = std::ranges::find_if(tags, [&](const Tag& tag) {
      const std::size_t end = tag.value_offset + (holds_words(tag) ? tag.value.size() : 0);
      return boundary.offset > tag.offset && boundary.offset < end;
    });
    if (split != tags.end()) return SplitTag{&*split, boundary};
  }
  return std::nullopt;
}

/// What is odd about how the record is split into strings; empty when nothing is.
std::string odd_split_text(const ReadText& read) {
  const auto& [text, strings, ttl] = *read.published;
  if (std::ranges::find(strings, std::string()) != strings.end())
    return fmt::format("one of the {} strings is empty", strings.size());
  if (const auto split = split_tag(read)) {
    return fmt::format("the tag {}= is split {}", config::escape_text(split->tag->name, shown_tag_bytes),
                       strings_text(split->boundary));
  }
  const std::size_t needed =
      std::max<std::size_t>((text.size() + probe::longest_string - 1) / probe::longest_string, 1);
  if (strings.size() <= 2 * needed + 1) return {};
  return fmt::format("{} bytes are split into {} strings; {} would be enough", text.size(), strings.size(),
                     needed);
}

/// Legal, but probably not intended. Some tools join the strings with a space, against the RFC, and then a
/// tag that is split breaks.
void find_odd_split(const Evidence& evidence, Verdict& verdict) {
  for_each_split_key(evidence, verdict, [&](const ReadText& read) -> std::optional<BoundaryFault> {
    if (stands_elsewhere(evidence, read)) return std::nullopt;
    std::string odd = odd_split_text(read);
    if (odd.empty()) return std::nullopt;
    return BoundaryFault{
        std::move(odd),
        fmt::format("enter the record as one text of {} bytes and let the software split it, or split it "
                    "after a semicolon or inside p=",
                    read.published->text.size())};
  });
}

// Most rows have the name of a fault that checks/record reports.

constexpr auto record_rows = rows_of(
    Scope::record, Needs::key_text,
    {{.name = "txt_escaped_semicolon",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "semicolons are escaped with a backslash",
      .effect = "each backslash becomes part of a value, and verifiers discard a record with `v=DKIM1\\`",
      .remedy = "Enter `;` instead of each `\\;`: only zone files need the backslash.",
      .example = {Example::record, R"(v=DKIM1\\; k=ed25519\\; p={key})"},
      .find = find_in_texts<RecordFault::txt_escaped_semicolon>},
     {.name = "txt_embedded_quotes",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "quotation marks are part of the record",
      .effect = "the first tag has no valid name, and most verifiers reject the record",
      .remedy = "Enter the record without quotation marks.",
      .example = {Example::record, R"("v=DKIM1; k=ed25519; p={key}")"},
      .find = find_in_texts<RecordFault::txt_embedded_quotes>},
     {.name = "txt_seam_quotes",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "quotation marks between two strings are part of the record",
      .effect = "some verifiers reject the key",
      .remedy = "Enter the record as one text, or as two strings without quotation marks inside.",
      .example = {Example::record, R"(v=DKIM1; k=ed25519; " "p={key})"},
      .find = find_in_texts<RecordFault::txt_seam_quotes>},
     {.name = "txt_html_entity",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record contains HTML entities or elements",
      .effect = "verifiers misread the tags or the key",
      .remedy = "Replace entities such as `&quot;` and `&amp;` with the characters that they stand for, and "
                "delete elements such as `<br>`.",
      .example = {Example::record, "v=DKIM1; n=R&amp;D; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::txt_html_entity>},
     {.name = "txt_escape_sequence",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record contains escapes of a programming language or a URL",
      .effect = "verifiers misread the tags or the key",
      .remedy = "Replace escapes such as `%2B` and `\\/` with the characters that they stand for, and "
                "delete each `\\n`.",
      .example = {Example::record, R"(v=DKIM1;\\n k=ed25519; p={key})"},
      .find = find_in_texts<RecordFault::txt_escape_sequence>},
     {.name = "txt_smart_punctuation",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record contains typographic characters",
      .effect = "verifiers cannot read the tags or the key",
      .remedy = "Enter the record as plain ASCII, without typographic quotes, dashes and spaces.",
      .example = {Example::record, R"(\xe2\x80\x9cv=DKIM1; k=ed25519; p={key}\xe2\x80\x9d)"},
      .find = find_in_texts<RecordFault::txt_smart_punctuation>},
     {.name = "txt_zonefile_leak",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "part of a zone file was entered with the record",
      .effect = "verifiers find no tag that they know",
      .remedy = "Enter only the text between the quotation marks.",
      .example = {Example::record, R"(s1._domainkey IN TXT "v=DKIM1; k=ed25519; p={key}")"},
      .find = find_in_texts<RecordFault::txt_zonefile_leak>},
     {.name = "txt_non_ascii",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record contains characters outside ASCII",
      .effect = "some verifiers reject the record",
      .remedy = "Remove all non-ASCII characters, or write them in n= as quoted-printable.",
      .example = {Example::record, R"(v=DKIM1; k=ed25519; n=Schl\xc3\xbcssel; p={key})"},
      .find = find_in_texts<RecordFault::txt_non_ascii>},
     {.name = "txt_control_char",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record contains control characters",
      .effect =
          "the record has a syntax error, and some verifiers reject it; base64 decoders ignore line breaks",
      .remedy = "Enter the record as one line.",
      .example = {Example::record, R"(v=DKIM1; k=ed25519; n=a\x07; p={key})"},
      .find = find_in_texts<RecordFault::txt_control_char>},
     {.name = "version_bad",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "v= is not DKIM1",
      .effect = "verifiers must discard the record",
      .remedy = "Write `v=DKIM1`.",
      .example = {Example::record, "v=DKIM2; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::version_bad>},
     {.name = "version_bad_case",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "v= is not in upper case",
      .effect = "verifiers must discard the record",
      .remedy = "Write `v=DKIM1`.",
      .example = {Example::record, "v=dkim1; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::version_bad_case>},
     {.name = "version_not_first",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "v= is not the first tag",
      .effect = "some verifiers reject the record",
      .remedy = "Move `v=DKIM1` to the beginning.",
      .example = {Example::record, "k=ed25519; v=DKIM1; p={key}"},
      .find = find_in_texts<RecordFault::version_not_first>},
     {.name = "version_missing",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the record has no v=",
      .effect = "none; v= is recommended",
      .remedy = "Begin the record with `v=DKIM1; `.",
      .example = {Example::record, "k=ed25519; p={key}"},
      .find = find_in_own_texts<RecordFault::version_missing>},
     {.name = "tag_duplicate",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "a tag occurs twice",
      .effect = "the whole record is invalid",
      .remedy = "Keep one of the two and delete the other.",
      .example = {Example::record, "v=DKIM1; k=ed25519; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::tag_duplicate>},
     {.name = "tag_missing_semicolon",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "a semicolon is missing between two tags",
      .effect = "verifiers read the second tag as part of the first",
      .remedy = "Put a semicolon between the tags.",
      .example = {Example::record, "v=DKIM1; k=ed25519 p={key}"},
      .find = find_in_texts<RecordFault::tag_missing_semicolon>},
     {.name = "tag_comma_separator",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "a comma separates two tags",
      .effect = "verifiers read the second tag as part of the first",
      .remedy = "Replace the comma with a semicolon.",
      .example = {Example::record, "v=DKIM1; k=ed25519, p={key}"},
      .find = find_in_texts<RecordFault::tag_comma_separator>},
     {.name = "tag_stray_token",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record contains words that are not a tag",
      .effect = "the whole record is invalid",
      .remedy = "Delete the words, or move them into n=.",
      .example = {Example::record, "v=DKIM1; k=ed25519; production; p={key}"},
      .find = find_in_texts<RecordFault::tag_stray_token>},
     {.name = "tag_name_bad",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "a tag name is invalid",
      .effect = "verifiers do not find the tag, or the whole record is invalid",
      .remedy = "Write the name in lower case, without extra characters: `p=`, not `P=` or `_p=`.",
      .example = {Example::record, "v=DKIM1; k=ed25519; P={key}"},
      .find = find_in_texts<RecordFault::tag_name_bad>},
     {.name = "tag_double_semicolon",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "there is no tag between two semicolons",
      .effect = "some verifiers reject the record",
      .remedy = "Delete one of the two semicolons.",
      .example = {Example::record, "v=DKIM1;; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::tag_double_semicolon>},
     {.name = "tag_syntax_error",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record has a syntax error in a tag or in its value",
      .effect = "some verifiers reject the record",
      .remedy =
          "Enter the record as one line, with `;` between tags and `:` between the words of h=, s= and t=.",
      .example = {Example::record, "; v=DKIM1; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::tag_syntax_error>},
     {.name = "tag_unknown",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.2",
      .summary = "DKIM does not define a tag of the record",
      .effect = "none; verifiers ignore it",
      .remedy = "Delete the tag.",
      .example = {Example::record, "v=DKIM1; k=ed25519; c=relaxed; p={key}"},
      .find = find_in_texts<RecordFault::tag_unknown>},
     {.name = "tag_retired_in_dkim2",
      .severity = Severity::notice,
      .reference = dkim2_draft,
      .summary = "DKIM2, which is a draft, does not read a tag of the record",
      .effect = "none; found only where the key signs DKIM2 alone",
      .remedy = "Delete h=, n= and s=.",
      .example = {Example::behaviour, "The record is `v=DKIM1; k=mldsa44; s=email; p=...`."},
      .find = find_retired_tags},
     {.name = "txt_outer_space",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.2",
      .summary = "the record begins or ends with white space",
      .effect = "none for most verifiers",
      .remedy = "Enter the record without white space around it.",
      .example = {Example::record, " v=DKIM1; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::txt_outer_space>},
     {.name = "txt_trailing_semicolon_space",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.2",
      .summary = "white space follows the last semicolon",
      .effect = "a strict verifier may reject the record",
      .remedy = "Delete the white space at the end.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p={key}; "},
      .find = find_in_texts<RecordFault::txt_trailing_semicolon_space>},
     {.name = "keytype_unknown",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "k= is not a key type of DKIM",
      .effect = "verifiers must ignore the key",
      .remedy = "Write `k=rsa` or `k=ed25519`.",
      .example = {Example::record, "v=DKIM1; k=ed448; p={key}"},
      .find = find_in_texts<RecordFault::keytype_unknown>},
     {.name = "keytype_dkim2_only",
      .severity = Severity::notice,
      .reference = dkim2_draft,
      .summary = "the key can sign DKIM2 only, which is a draft",
      .effect =
          "verifiers of DKIM1 cannot use the key; critical if `signs` of the selector's settings includes "
          "DKIM1, and no fault if it is `dkim2`",
      .remedy = "Sign DKIM1 with an RSA key at another selector.",
      .example = {Example::behaviour,
                  "The record is `v=DKIM1; k=mldsa44; p=...`, with an ML-DSA-44 key of 1312 octets."},
      .find = find_dkim2_only},
     {.name = "keytype_mismatch",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.2",
      .summary = "the key is not of the type that k= names",
      .effect = "verifiers cannot use the key",
      .remedy = "Write `k=rsa` or `k=ed25519`, whichever matches the key.",
      .example = {Example::record, "v=DKIM1; k=rsa; p={key}"},
      .find = find_in_texts<RecordFault::keytype_mismatch>},
     {.name = "keytype_case",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "k= is not in lower case",
      .effect = "some verifiers do not recognize the key type",
      .remedy = "Write `k=rsa` or `k=ed25519`, in lower case.",
      .example = {Example::record, "v=DKIM1; k=Ed25519; p={key}"},
      .find = find_in_texts<RecordFault::keytype_case>},
     {.name = "keytype_empty",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "k= is empty",
      .effect = "some verifiers do not recognize the key type",
      .remedy = "Write `k=rsa` or `k=ed25519`, whichever matches the key.",
      .example = {Example::record, "v=DKIM1; k=; p={key}"},
      .find = find_in_texts<RecordFault::keytype_empty>},
     {.name = "hash_excludes_sha256",
      .severity = Severity::critical,
      .reference = "RFC 8301 section 3.1",
      .summary = "h= does not include sha256",
      .effect = "verifiers reject signatures with sha256, the only hash that is allowed",
      .remedy = "Write `h=sha256`, or delete h=.",
      .example = {Example::record, "v=DKIM1; h=sha1; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::hash_excludes_sha256>},
     {.name = "hash_case",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "h= is not in lower case",
      .effect = "some verifiers do not recognize the hash",
      .remedy = "Write `h=sha256`, or delete h=.",
      .example = {Example::record, "v=DKIM1; h=SHA256; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::hash_case>},
     {.name = "hash_empty",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "h= is empty",
      .effect = "some verifiers allow no hash at all",
      .remedy = "Write `h=sha256`, or delete h=.",
      .example = {Example::record, "v=DKIM1; h=; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::hash_empty>},
     {.name = "hash_allows_sha1",
      .severity = Severity::notice,
      .reference = "RFC 8301 section 3.1",
      .summary = "h= still allows sha1",
      .effect = "none; verifiers must not accept sha1",
      .remedy = "Write `h=sha256`, or delete h=.",
      .example = {Example::record, "v=DKIM1; h=sha1:sha256; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::hash_allows_sha1>},
     {.name = "service_excludes",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "s= does not include the service",
      .effect = "verifiers must not use the key for this service",
      .remedy = "Write `s=email`, or delete s=.",
      .example = {Example::record, "v=DKIM1; s=other; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::service_excludes>},
     {.name = "service_empty",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "s= is empty",
      .effect = "some verifiers do not use the key for mail",
      .remedy = "Write `s=email`, or delete s=.",
      .example = {Example::record, "v=DKIM1; s=; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::service_empty>},
     {.name = "service_case",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.2",
      .summary = "s= is not in lower case",
      .effect = "some verifiers do not use the key for mail",
      .remedy = "Write `s=email`, or delete s=.",
      .example = {Example::record, "v=DKIM1; s=Email; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::service_case>},
     {.name = "service_list",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "s= is a list",
      .effect = "none by the RFC, but at least one verifier rejects the record",
      .remedy = "Write `s=*`, or delete s=.",
      .example = {Example::record, "v=DKIM1; s=email:tlsrpt; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::service_list>},
     {.name = "flag_testing",
      .severity = Severity::warning,
      .roles = {.pending = RoleEffect::clear},
      .reference = "RFC 6376 section 3.6.1",
      .summary = "t=y says that the domain is testing DKIM",
      .effect = "verifiers must treat signed mail like unsigned mail",
      .remedy = "Remove `y` from t= once signing works; delete t= if `y` is its only flag.",
      .example = {Example::record, "v=DKIM1; k=ed25519; t=y; p={key}"},
      .find = find_in_texts<RecordFault::flag_testing>},
     {.name = "flag_strict_with_subdomains",
      .severity = Severity::warning,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "t=s forbids the subdomains that signatures use in i=",
      .effect = "verifiers reject signatures whose i= is at a subdomain of d=",
      .remedy = "Remove `s` from t=; delete t= if `s` is its only flag.",
      .example = {Example::behaviour,
                  "The key has `t=s`, and mail is signed with `d=example.com; i=@news.example.com`."},
      .find = find_strict_with_subdomains},
     {.name = "flags_empty",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "t= has an empty flag",
      .effect = "a strict verifier rejects the record",
      .remedy = "Delete t=, or the extra colon.",
      .example = {Example::record, "v=DKIM1; k=ed25519; t=; p={key}"},
      .find = find_in_texts<RecordFault::flags_empty>},
     {.name = "flag_unknown",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "t= has a flag that DKIM does not define",
      .effect = "none; verifiers ignore it",
      .remedy = "Delete the flag.",
      .example = {Example::record, "v=DKIM1; k=ed25519; t=x; p={key}"},
      .find = find_in_texts<RecordFault::flag_unknown>},
     {.name = "granularity_restrictive",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 4871 section 3.6.1",
      .summary = "g= restricts the key for old verifiers",
      .effect = "old verifiers reject mail from other local parts",
      .remedy = "Delete g=.",
      .example = {Example::record, "v=DKIM1; g=bob; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::granularity_restrictive>},
     {.name = "granularity_legacy",
      .severity = Severity::notice,
      .reference = "RFC 6376 appendix C.2",
      .summary = "g=* is left over from RFC 4871",
      .effect = "none",
      .remedy = "Delete g=.",
      .example = {Example::record, "v=DKIM1; g=*; k=ed25519; p={key}"},
      .find = find_in_texts<RecordFault::granularity_legacy>},
     {.name = "domainkeys_legacy_key",
      .severity = Severity::warning,
      .reference = "RFC 6376 appendix C.1",
      .summary = "the record was written for DomainKeys, the predecessor of DKIM",
      .effect = "verifiers of RFC 4871 read the empty g= as \"no address\" and reject the mail",
      .remedy = "Begin the record with `v=DKIM1; ` and delete g=.",
      .example = {Example::behaviour, "The selector has `g=; k=rsa; p=MIGf...`, without v=."},
      .find = find_in_texts<RecordFault::domainkeys_legacy_key>},
     {.name = "notes_bad_qp",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the notes in n= are not valid quoted-printable",
      .effect = "none for most verifiers, which ignore n=",
      .remedy = "Write `=3D` for each `=` in n=, or delete n=.",
      .example = {Example::behaviour, "The record has `n=a=b` instead of `n=a=3Db`."},
      .find = find_in_own_texts<RecordFault::notes_bad_qp>},
     {.name = "notes_oversize",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the notes in n= are long",
      .effect = "none, but they make each answer larger",
      .remedy = "Delete n= or shorten it.",
      .example = {Example::behaviour, "n= is a paragraph about who made the key and when."},
      .find = find_in_own_texts<RecordFault::notes_oversize>},
     {.name = "txt_seam_damage",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.6.2.2",
      .summary = "a character was lost or added between two strings of the record",
      .effect = "verifiers join the strings as they are, and misread the record",
      .remedy = "Enter the record as one text and let the software split it.",
      .example = {Example::behaviour,
                  "The strings are `v=DKIM1; k=rsa; p=MII` and ` BIjANBgkq...`: a space was added."},
      .find = find_boundary_damage},
     {.name = "txt_odd_split",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.6.2.2",
      .summary = "the record is split into strings in an unusual way",
      .effect = "none by the RFC; tools that join strings with a space break the record",
      .remedy = "Enter the record as one text and let the software split it.",
      .example = {Example::behaviour, "The text is split into strings of 64 octets each."},
      .find = find_odd_split}});

}  // namespace

std::span<const Check> record_checks() {
  return record_rows;
}

}  // namespace dkimprobe::checks
