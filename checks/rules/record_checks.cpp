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
  if (!evidence.expectation.subdomain_identities || !has_key_record(evidence)) return verdict.not_judged();
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
struct Seam {
  std::size_t string = 0;  ///< of the string before it, counted from 1
  std::size_t offset = 0;  ///< in the joined text
  std::size_t space_begin = 0;
  std::size_t space_end = 0;
  bool filled = false;  ///< the string before it has 255 octets: any tool cuts there

  [[nodiscard]] bool has_space() const { return space_begin < space_end; }
};

std::vector<Seam> seams_of(const PublishedText& published) {
  std::vector<Seam> seams;
  const std::string& text = published.text;
  std::size_t offset = 0;
  for (std::size_t i = 0; i + 1 < published.strings.size(); ++i) {
    offset += published.strings[i].size();
    Seam seam{i + 1, offset, offset, offset, published.strings[i].size() == probe::longest_string};
    while (seam.space_begin > 0 && config::is_space(text[seam.space_begin - 1])) --seam.space_begin;
    while (seam.space_end < text.size() && config::is_space(text[seam.space_end])) ++seam.space_end;
    seams.push_back(seam);
  }
  return seams;
}

/// v=, h=, k=, s= and t= hold words, in which white space breaks something; p= and others do not.
bool holds_words(const Tag& tag) {
  return tag.name.size() == 1 && std::string_view("vhkst").find(tag.name[0]) != std::string_view::npos;
}

std::string strings_text(const Seam& seam) {
  return fmt::format("where string {} ends and string {} begins", seam.string, seam.string + 1);
}

struct SeamFault {
  std::string detail{};
  std::string remedy{};
};

/// What was lost, added or left over at a seam, so that the joined text is not what was meant.
std::optional<SeamFault> damage_at(const Seam& seam, const ReadText& read) {
  const std::string& text = read.published->text;
  for (const auto& fault : read.record.faults) {
    if (fault.fault != RecordFault::tag_missing_semicolon || !fault.offset) continue;
    if (*fault.offset < seam.space_begin || *fault.offset > seam.space_end) continue;
    return SeamFault{fmt::format("{}, no semicolon separates the two tags", strings_text(seam)),
                     fmt::format("end string {} with `; `", seam.string)};
  }
  for (const auto& tag : read.record.list.tags) {
    const std::size_t end = std::min(tag.value_offset + tag.value.size(), text.size());
    if (seam.space_begin <= tag.value_offset || seam.space_end >= end) continue;
    const char before = text[seam.space_begin - 1];
    const char behind = text[seam.space_end];
    if (holds_words(tag) && seam.has_space() && before != ':' && behind != ':') {
      return SeamFault{
          fmt::format("{}, white space breaks the value \"{}\" of {}=", strings_text(seam),
                      config::escape_text(tag.value, shown_tag_bytes),
                      config::escape_text(tag.name, shown_tag_bytes)),
          fmt::format("delete the white space at the end of string {} and at the beginning of string {}",
                      seam.string, seam.string + 1)};
    }
    if (tag.name == "p" && before == '=' && behind != '=') {
      return SeamFault{
          fmt::format("{}, `=` stands inside p=: each string was encoded by itself", strings_text(seam)),
          "encode the whole key at once, then cut the text into strings"};
    }
  }
  return std::nullopt;
}

/// Asks `judge` about each key record that is published in several strings.
template <class Judge>
void for_each_split_key(const Evidence& evidence, Verdict& verdict, Judge judge) {
  if (!has_key_record(evidence)) return verdict.not_judged();
  for (const auto& text : evidence.texts) {
    if (!text.record.is_key_record() || text.record.has(RecordFault::key_private_leaked) ||
        text.published->strings.size() < 2)
      continue;
    std::optional<SeamFault> fault = judge(text);
    if (!fault) continue;
    Finding finding;
    finding.servers = servers_of(evidence, text);
    finding.detail = std::move(fault->detail);
    finding.remedy = fmt::format("At {}: {}.", published_at(text), fault->remedy);
    verdict.found(std::move(finding));
  }
}

void find_seam_damage(const Evidence& evidence, Verdict& verdict) {
  for_each_split_key(evidence, verdict, [](const ReadText& text) -> std::optional<SeamFault> {
    for (const Seam& seam : seams_of(*text.published)) {
      if (auto fault = damage_at(seam, text)) return fault;
    }
    return std::nullopt;
  });
}

/// Legal, but the work of a hand or of a tool that did not mean it: whoever joins the strings with a space in
/// between, as some tools do against the RFC, breaks the record.
void find_odd_split(const Evidence& evidence, Verdict& verdict) {
  for_each_split_key(evidence, verdict, [&](const ReadText& read) -> std::optional<SeamFault> {
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
      return SeamFault{fmt::format("one of the {} strings is empty", count), remedy};
    for (const Seam& seam : seams_of(published)) {
      if (seam.filled || damage_at(seam, read)) continue;
      for (const auto& tag : read.record.list.tags) {
        const std::size_t end = tag.value_offset + (holds_words(tag) ? tag.value.size() : 0);
        if (seam.offset <= tag.offset || seam.offset >= end) continue;
        return SeamFault{fmt::format("the tag {}= is cut in two {}",
                                     config::escape_text(tag.name, shown_tag_bytes), strings_text(seam)),
                         remedy};
      }
    }
    if (count > 2 * needed + 1)
      return SeamFault{fmt::format("{} bytes are cut into {} strings where {} would do",
                                   published.text.size(), count, needed),
                       remedy};
    return std::nullopt;
  });
}

// Most rows have the name of a fault that the reader of key records lists: see checks/record/key_record.cpp.

}  // namespace

std::span<const Check> record_checks() {
  static constexpr auto rows = std::to_array<Check>({
      {"txt_escaped_semicolon", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "semicolons are escaped with a backslash",
       "each backslash is part of the value before it, and verifiers discard `v=DKIM1\\`",
       "Enter `;` in place of each `\\;`: the backslash belongs to zone files alone.",
       find_in_texts<RecordFault::txt_escaped_semicolon>},
      {"txt_embedded_quotes", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "quotation marks are part of the record",
       "the first tag has no valid name, and most verifiers reject the record",
       "Enter the record without quotation marks.", find_in_texts<RecordFault::txt_embedded_quotes>},
      {"txt_seam_quotes", Scope::record, Severity::warning, "RFC 6376 section 3.2",
       "quotation marks of a split record are part of its data", "some verifiers reject the key",
       "Enter the record as one text, or as two strings without quotation marks inside.",
       find_in_texts<RecordFault::txt_seam_quotes>},
      {"txt_html_entity", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "the record holds HTML entities or elements", "the tags and the key are not what was meant",
       "Enter the characters themselves in place of entities such as `&quot;` and `&amp;`, and nothing in "
       "place of "
       "elements such as `<br>`.",
       find_in_texts<RecordFault::txt_html_entity>},
      {"txt_escape_sequence", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "the record holds escapes of a language or a URL", "the tags and the key are not what was meant",
       "Enter the characters themselves in place of escapes such as `%2B` and `\\/`, and nothing in place of "
       "`\\n`.",
       find_in_texts<RecordFault::txt_escape_sequence>},
      {"txt_smart_punctuation", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "the record holds typographic characters", "tags or the key cannot be read",
       "Enter the record as plain ASCII, without typographic quotes, dashes and spaces.",
       find_in_texts<RecordFault::txt_smart_punctuation>},
      {"txt_zonefile_leak", Scope::record, Severity::critical, "RFC 6376 section 3.6.1",
       "a piece of a zone file is part of the record", "verifiers find no tag that they know",
       "Enter only the text between the quotation marks.", find_in_texts<RecordFault::txt_zonefile_leak>},
      {"txt_non_ascii", Scope::record, Severity::warning, "RFC 6376 section 3.2",
       "the record holds characters outside ASCII", "some verifiers reject the record",
       "Take out what is not ASCII, or write it in n= as quoted-printable.",
       find_in_texts<RecordFault::txt_non_ascii>},
      {"txt_control_char", Scope::record, Severity::warning, "RFC 6376 section 3.2",
       "the record holds control characters",
       "the record breaks the syntax, and some verifiers reject it; decoders of base64 pass over line breaks",
       "Enter the record as one line.", find_in_texts<RecordFault::txt_control_char>},
      {"version_bad", Scope::record, Severity::critical, "RFC 6376 section 3.6.1", "v= is not DKIM1",
       "verifiers must discard the record", "Write `v=DKIM1`.", find_in_texts<RecordFault::version_bad>},
      {"version_bad_case", Scope::record, Severity::critical, "RFC 6376 section 3.6.1",
       "v= is not in capitals", "verifiers must discard the record", "Write `v=DKIM1`.",
       find_in_texts<RecordFault::version_bad_case>},
      {"version_not_first", Scope::record, Severity::warning, "RFC 6376 section 3.6.1",
       "v= is not the first tag", "some verifiers reject the record", "Move `v=DKIM1` to the beginning.",
       find_in_texts<RecordFault::version_not_first>},
      {"version_missing", Scope::record, Severity::notice, "RFC 6376 section 3.6.1",
       "the record has no v=", "none; v= is recommended", "Begin the record with `v=DKIM1; `.",
       find_in_own_texts<RecordFault::version_missing>},
      {"tag_duplicate", Scope::record, Severity::critical, "RFC 6376 section 3.2", "a tag is there twice",
       "the whole record is invalid", "Keep one of the two and delete the other.",
       find_in_texts<RecordFault::tag_duplicate>},
      {"tag_missing_semicolon", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "a semicolon is missing between two tags", "the second tag is read as a part of the first",
       "Put a semicolon between the tags.", find_in_texts<RecordFault::tag_missing_semicolon>},
      {"tag_comma_separator", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "a comma separates two tags", "the second tag is read as a part of the first",
       "Replace the comma by a semicolon.", find_in_texts<RecordFault::tag_comma_separator>},
      {"tag_stray_token", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "words stand where a tag should", "the whole record is invalid",
       "Delete the words, or put them into n=.", find_in_texts<RecordFault::tag_stray_token>},
      {"tag_name_bad", Scope::record, Severity::critical, "RFC 6376 section 3.2",
       "the name of a tag is wrong", "the tag is not found, or the whole record is invalid",
       "Write the name in lower case and without other characters: `p=`, not `P=` or `_p=`.",
       find_in_texts<RecordFault::tag_name_bad>},
      {"tag_double_semicolon", Scope::record, Severity::warning, "RFC 6376 section 3.2",
       "nothing stands between two semicolons", "some verifiers reject the record",
       "Delete one of the two semicolons.", find_in_texts<RecordFault::tag_double_semicolon>},
      {"tag_syntax_error", Scope::record, Severity::warning, "RFC 6376 section 3.2",
       "the record breaks the syntax of tags or of the words in them", "some verifiers reject the record",
       "Enter the record as one line, with `;` between tags and `:` between the words of h=, s= and t=.",
       find_in_texts<RecordFault::tag_syntax_error>},
      {"tag_unknown", Scope::record, Severity::notice, "RFC 6376 section 3.2", "a tag means nothing to DKIM",
       "none; verifiers pass over it", "Delete the tag.", find_in_texts<RecordFault::tag_unknown>},
      {"txt_outer_space", Scope::record, Severity::notice, "RFC 6376 section 3.2",
       "white space stands around the record", "none for most verifiers", "Enter the record without it.",
       find_in_texts<RecordFault::txt_outer_space>},
      {"txt_trailing_semicolon_space", Scope::record, Severity::notice, "RFC 6376 section 3.2",
       "white space follows the last semicolon", "a strict verifier may reject the record",
       "Delete the white space at the end.", find_in_texts<RecordFault::txt_trailing_semicolon_space>},
      {"keytype_unknown", Scope::record, Severity::critical, "RFC 6376 section 3.6.1",
       "k= names no key type of DKIM", "verifiers must ignore the key", "Write `k=rsa` or `k=ed25519`.",
       find_in_texts<RecordFault::keytype_unknown>},
      {"keytype_mismatch", Scope::record, Severity::critical, "RFC 6376 section 6.1.2",
       "k= says one type, the key is of another", "verifiers cannot use the key",
       "Write `k=rsa` or `k=ed25519`, whichever the key is.", find_in_texts<RecordFault::keytype_mismatch>},
      {"keytype_case", Scope::record, Severity::warning, "RFC 6376 section 3.2", "k= is in the wrong case",
       "some verifiers do not know the key type", "Write `k=rsa` or `k=ed25519`, in lower case.",
       find_in_texts<RecordFault::keytype_case>},
      {"keytype_empty", Scope::record, Severity::warning, "RFC 6376 section 3.6.1", "k= is empty",
       "some verifiers do not know the key type", "Write `k=rsa` or `k=ed25519`, whichever the key is.",
       find_in_texts<RecordFault::keytype_empty>},
      {"hash_excludes_sha256", Scope::record, Severity::critical, "RFC 8301 section 3.1",
       "h= leaves out sha256", "verifiers reject signatures with sha256, the only hash that is allowed",
       "Write `h=sha256`, or delete h=.", find_in_texts<RecordFault::hash_excludes_sha256>},
      {"hash_case", Scope::record, Severity::warning, "RFC 6376 section 3.2", "h= is in the wrong case",
       "some verifiers do not know the hash", "Write `h=sha256`, or delete h=.",
       find_in_texts<RecordFault::hash_case>},
      {"hash_empty", Scope::record, Severity::warning, "RFC 6376 section 3.6.1", "h= is empty",
       "some verifiers allow no hash at all", "Write `h=sha256`, or delete h=.",
       find_in_texts<RecordFault::hash_empty>},
      {"hash_allows_sha1", Scope::record, Severity::notice, "RFC 8301 section 3.1", "h= still allows sha1",
       "none; verifiers may not accept sha1", "Write `h=sha256`, or delete h=.",
       find_in_texts<RecordFault::hash_allows_sha1>},
      {"service_excludes", Scope::record, Severity::critical, "RFC 6376 section 3.6.1",
       "s= leaves out the service", "verifiers may not use the key for it", "Write `s=email`, or delete s=.",
       find_in_texts<RecordFault::service_excludes>},
      {"service_empty", Scope::record, Severity::warning, "RFC 6376 section 3.6.1", "s= is empty",
       "some verifiers do not use the key for mail", "Write `s=email`, or delete s=.",
       find_in_texts<RecordFault::service_empty>},
      {"service_case", Scope::record, Severity::warning, "RFC 6376 section 3.2", "s= is in the wrong case",
       "some verifiers do not use the key for mail", "Write `s=email`, or delete s=.",
       find_in_texts<RecordFault::service_case>},
      {"service_list", Scope::record, Severity::notice, "RFC 6376 section 3.6.1", "s= is a list",
       "none by the RFC; a verifier is known that rejects it", "Write `s=*`, or delete s=.",
       find_in_texts<RecordFault::service_list>},
      {"flag_testing", Scope::record, Severity::warning, "RFC 6376 section 3.6.1",
       "t=y says that the domain tests DKIM", "verifiers must treat signed mail like unsigned mail",
       "Take `y` out of t= once signing works; delete `t=y` where it stands alone.",
       find_in_texts<RecordFault::flag_testing>},
      {"flag_strict_with_subdomains", Scope::record, Severity::warning, "RFC 6376 section 3.6.1",
       "t=s forbids the subdomains for which mail is signed",
       "verifiers reject signatures whose i= is at a subdomain of d=",
       "Take `s` out of t=; delete `t=s` where it stands alone.", find_strict_with_subdomains},
      {"flags_empty", Scope::record, Severity::warning, "RFC 6376 section 3.6.1", "t= has an empty flag",
       "a strict verifier rejects the record", "Delete t=, or the colon that separates nothing.",
       find_in_texts<RecordFault::flags_empty>},
      {"flag_unknown", Scope::record, Severity::notice, "RFC 6376 section 3.6.1",
       "t= holds a flag without meaning", "none; verifiers pass over it", "Delete the flag.",
       find_in_texts<RecordFault::flag_unknown>},
      {"granularity_restrictive", Scope::record, Severity::warning, "RFC 4871 section 3.6.1",
       "g= restricts the key for old verifiers", "old verifiers reject mail from other local parts",
       "Delete g=.", find_in_texts<RecordFault::granularity_restrictive>},
      {"granularity_legacy", Scope::record, Severity::notice, "RFC 6376 appendix C.2",
       "g=* is a leftover of RFC 4871", "none", "Delete g=.", find_in_texts<RecordFault::granularity_legacy>},
      {"domainkeys_legacy_key", Scope::record, Severity::warning, "RFC 6376 appendix C.1",
       "the record was written for DomainKeys, the forerunner of DKIM",
       "verifiers of RFC 4871 take the empty g= for \"no address at all\" and reject the mail",
       "Begin the record with `v=DKIM1; ` and delete g=.", find_in_texts<RecordFault::domainkeys_legacy_key>},
      {"notes_bad_qp", Scope::record, Severity::notice, "RFC 6376 section 3.6.1",
       "the notes in n= are not encoded as they should be", "none for most verifiers, which pass over n=",
       "Write `=3D` for each `=` in n=, or delete n=.", find_in_own_texts<RecordFault::notes_bad_qp>},
      {"notes_oversize", Scope::record, Severity::notice, "RFC 6376 section 3.6.1",
       "the notes in n= are long", "none, but each answer carries them for nobody",
       "Delete n= or shorten it.", find_in_own_texts<RecordFault::notes_oversize>},
      {"txt_seam_damage", Scope::record, Severity::warning, "RFC 6376 section 3.6.2.2",
       "a character was lost or added where two strings of the record meet",
       "verifiers join the strings as they are, and do not read what was meant",
       "Enter the record as one text and let the software cut it.", find_seam_damage},
      {"txt_odd_split", Scope::record, Severity::notice, "RFC 6376 section 3.6.2.2",
       "the record is cut into strings in an unusual way",
       "none by the RFC; tools that join strings with a space break the record",
       "Enter the record as one text and let the software cut it.", find_odd_split},
  });
  return rows;
}

}  // namespace dkimprobe::checks
