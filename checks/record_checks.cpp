#include <array>

#include <fmt/format.h>

#include "checks/check_groups.hpp"
#include "checks/evidence.hpp"

namespace dkimprobe::checks {

namespace {

/// A provider that publishes without v= does so for all its customers, who can mend nothing; most have done
/// it since before RFC 4871.
void find_version_missing(const Evidence& evidence, Verdict& verdict) {
  for (const auto& text : evidence.texts) {
    if (text.record.has(RecordFault::version_missing) && stands_elsewhere(evidence, text)) return;
  }
  find_text_fault(evidence, verdict, RecordFault::version_missing);
}

// Most rows have the name of a fault that the reader of key records lists: see checks/key_record.cpp.
constexpr auto rows = std::to_array<Check>({
    {"txt_escaped_semicolon", Scope::record, Severity::critical, "RFC 6376 section 3.2",
     "semicolons are escaped with a backslash",
     "each backslash is part of the value before it, and verifiers discard `v=DKIM1\\`",
     "Enter plain semicolons.", find_in_texts<RecordFault::txt_escaped_semicolon>},
    {"txt_embedded_quotes", Scope::record, Severity::critical, "RFC 6376 section 3.2",
     "quotation marks are part of the record",
     "the first tag has no valid name, and most verifiers reject the record",
     "Enter the record without quotation marks.", find_in_texts<RecordFault::txt_embedded_quotes>},
    {"txt_seam_quotes", Scope::record, Severity::warning, "RFC 6376 section 3.2",
     "quotation marks of a split record are part of its data", "some verifiers reject the key",
     "Enter two strings, or one long text.", find_in_texts<RecordFault::txt_seam_quotes>},
    {"txt_html_entity", Scope::record, Severity::critical, "RFC 6376 section 3.2",
     "the record holds HTML entities", "the tags and the key are not what was meant",
     "Enter the record as plain text.", find_in_texts<RecordFault::txt_html_entity>},
    {"txt_smart_punctuation", Scope::record, Severity::critical, "RFC 6376 section 3.2",
     "the record holds typographic characters", "tags or the key cannot be read",
     "Enter the record as plain ASCII.", find_in_texts<RecordFault::txt_smart_punctuation>},
    {"txt_zonefile_leak", Scope::record, Severity::critical, "RFC 6376 section 3.6.1",
     "a piece of a zone file is part of the record", "verifiers find no tag that they know",
     "Enter only the text between the quotation marks.", find_in_texts<RecordFault::txt_zonefile_leak>},
    {"txt_non_ascii", Scope::record, Severity::warning, "RFC 6376 section 3.2",
     "the record holds characters outside ASCII", "some verifiers reject the record",
     "Take out what is not ASCII.", find_in_texts<RecordFault::txt_non_ascii>},
    {"txt_control_char", Scope::record, Severity::warning, "RFC 6376 section 3.2",
     "the record holds control characters", "some verifiers reject the record",
     "Enter the record as one line.", find_in_texts<RecordFault::txt_control_char>},
    {"version_bad", Scope::record, Severity::critical, "RFC 6376 section 3.6.1", "v= is not DKIM1",
     "verifiers must discard the record", "Write `v=DKIM1`.", find_in_texts<RecordFault::version_bad>},
    {"version_bad_case", Scope::record, Severity::critical, "RFC 6376 section 3.6.1", "v= is not in capitals",
     "verifiers must discard the record", "Write `v=DKIM1`.", find_in_texts<RecordFault::version_bad_case>},
    {"version_not_first", Scope::record, Severity::warning, "RFC 6376 section 3.6.1",
     "v= is not the first tag", "some verifiers reject the record", "Move `v=DKIM1` to the beginning.",
     find_in_texts<RecordFault::version_not_first>},
    {"version_missing", Scope::record, Severity::notice, "RFC 6376 section 3.6.1", "the record has no v=",
     "none; v= is recommended", "Begin the record with `v=DKIM1; `.", find_version_missing},
    {"tag_duplicate", Scope::record, Severity::critical, "RFC 6376 section 3.2", "a tag is there twice",
     "the whole record is invalid", "Keep one of the two.", find_in_texts<RecordFault::tag_duplicate>},
    {"tag_missing_semicolon", Scope::record, Severity::critical, "RFC 6376 section 3.2",
     "a semicolon is missing between two tags", "the second tag is read as a part of the first",
     "Put a semicolon between the tags.", find_in_texts<RecordFault::tag_missing_semicolon>},
    {"tag_comma_separator", Scope::record, Severity::critical, "RFC 6376 section 3.2",
     "a comma separates two tags", "the second tag is read as a part of the first",
     "Put a semicolon for the comma.", find_in_texts<RecordFault::tag_comma_separator>},
    {"tag_stray_token", Scope::record, Severity::critical, "RFC 6376 section 3.2",
     "words stand where a tag should", "the whole record is invalid", "Delete the words.",
     find_in_texts<RecordFault::tag_stray_token>},
    {"tag_name_bad", Scope::record, Severity::critical, "RFC 6376 section 3.2", "the name of a tag is wrong",
     "the tag is not found, or the whole record is invalid", "Correct the name.",
     find_in_texts<RecordFault::tag_name_bad>},
    {"tag_double_semicolon", Scope::record, Severity::warning, "RFC 6376 section 3.2",
     "nothing stands between two semicolons", "some verifiers reject the record", "Delete one of the two.",
     find_in_texts<RecordFault::tag_double_semicolon>},
    {"tag_syntax_error", Scope::record, Severity::warning, "RFC 6376 section 3.2",
     "the list of tags breaks the syntax", "some verifiers reject the record",
     "Enter the record as one line of tags.", find_in_texts<RecordFault::tag_syntax_error>},
    {"tag_unknown", Scope::record, Severity::notice, "RFC 6376 section 3.2", "a tag means nothing to DKIM",
     "none; verifiers pass over it", "Delete the tag.", find_in_texts<RecordFault::tag_unknown>},
    {"txt_outer_space", Scope::record, Severity::notice, "RFC 6376 section 3.2",
     "white space stands around the record", "none for most verifiers", "Enter the record without it.",
     find_in_texts<RecordFault::txt_outer_space>},
    {"txt_trailing_semicolon_space", Scope::record, Severity::notice, "RFC 6376 section 3.2",
     "white space follows the last semicolon", "a strict verifier may reject the record",
     "Delete the white space at the end.", find_in_texts<RecordFault::txt_trailing_semicolon_space>},
    {"keytype_unknown", Scope::record, Severity::critical, "RFC 6376 section 3.6.1",
     "k= names no key type of DKIM", "verifiers must pass over the key", "Write `k=rsa` or `k=ed25519`.",
     find_in_texts<RecordFault::keytype_unknown>},
    {"keytype_mismatch", Scope::record, Severity::critical, "RFC 6376 section 6.1.2",
     "k= says one type, the key is of another", "verifiers cannot use the key", "Let k= say what the key is.",
     find_in_texts<RecordFault::keytype_mismatch>},
    {"keytype_case", Scope::record, Severity::warning, "RFC 6376 section 3.2", "k= is in the wrong case",
     "some verifiers do not know the key type", "Write k= in lower case.",
     find_in_texts<RecordFault::keytype_case>},
    {"keytype_empty", Scope::record, Severity::warning, "RFC 6376 section 3.6.1", "k= is empty",
     "some verifiers do not know the key type", "Write `k=rsa`, or delete k=.",
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
     "Delete `t=y`.", find_in_texts<RecordFault::flag_testing>},
    {"flags_empty", Scope::record, Severity::warning, "RFC 6376 section 3.6.1", "t= has an empty flag",
     "a strict verifier rejects the record", "Delete t=.", find_in_texts<RecordFault::flags_empty>},
    {"flag_unknown", Scope::record, Severity::notice, "RFC 6376 section 3.6.1",
     "t= holds a flag without meaning", "none; verifiers pass over it", "Delete the flag.",
     find_in_texts<RecordFault::flag_unknown>},
    {"granularity_restrictive", Scope::record, Severity::warning, "RFC 4871 section 3.6.1",
     "g= restricts the key for old verifiers", "old verifiers reject mail from other local parts",
     "Delete g=.", find_in_texts<RecordFault::granularity_restrictive>},
    {"granularity_legacy", Scope::record, Severity::notice, "RFC 4871 section 3.6.1",
     "g=* is a leftover of RFC 4871", "none", "Delete g=.", find_in_texts<RecordFault::granularity_legacy>},
});

}  // namespace

std::span<const Check> record_checks() {
  return rows;
}

}  // namespace dkimprobe::checks
