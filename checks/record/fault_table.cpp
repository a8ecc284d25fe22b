#include "checks/record/fault_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "checks/record/ed25519_point.hpp"
#include "checks/record/other_text.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

using enum RecordFault;
using Padding = Base64Text::Padding;

constexpr std::size_t long_notes_bytes = 100;
constexpr std::size_t listed_unknown_tags = 4;
// A wrapped Ed25519 key (RFC 8410 section 4) has 44 octets, 60 base64 digits. The first 12 octets, 16 digits,
// are the wrapping.
constexpr std::size_t wrapped_ed25519_digits = 60;
constexpr std::size_t wrapping_digits = 16;
// Of a 2048-bit RSA key without its wrapping, whose 24 octets are whole base64 digits.
constexpr std::size_t bare_rsa2048_octets = 270;

/// Where a fault was found, and the words for its sentences, escaped.
struct Place {
  std::optional<std::size_t> offset{};
  std::array<std::string, 3> words{};
};

using Places = std::vector<Place>;

/// At the value of `tag`; the first word is that value.
Places at_value(const Tag* tag, std::string_view second = {}, std::string_view third = {}) {
  return {{tag->value_offset, {shown(tag->value), std::string(second), std::string(third)}}};
}

/// At the name of `tag`; the first word is its value.
Places at_name(const Tag* tag) {
  return {{tag->offset, {shown(tag->value)}}};
}

/// A fault of the record as a whole.
Places anywhere() {
  return Places(1);
}

bool has_value(const Tag* tag, std::string_view value) {
  return tag != nullptr && tag->value == value;
}

/// The value of p=, or null if none is left to judge: one change explains all its faults.
const KeyValue* judged_key(const KeyTags& tags) {
  return tags.key_value && !tags.key_value->change ? &*tags.key_value : nullptr;
}

template <const Tag* KeyTags::* tag>
Places empty_value(const KeyTags& tags) {
  return has_value(tags.*tag, "") ? at_value(tags.*tag) : Places{};
}

// ---- v= and k= ----

Places version_behind_other_tag(const KeyTags& tags) {
  if (tags.version == nullptr || tags.version == tags.list.tags.data()) return {};
  return {{tags.version->offset, {shown(tags.list.tags.front().name)}}};
}

template <bool differs_in_case>
Places bad_version(const KeyTags& tags) {
  if (tags.version == nullptr || tags.version->value == "DKIM1") return {};
  const bool only_case = config::equal_ignoring_case(tags.version->value, "DKIM1");
  return only_case == differs_in_case ? at_value(tags.version) : Places{};
}

KeyType type_of(const PublicKey& key) {
  return key.is_rsa()       ? KeyType::rsa
         : key.is_ed25519() ? KeyType::ed25519
         : key.is_mldsa44() ? KeyType::mldsa44
                            : KeyType::other;
}

/// Whether p= has a key of another type than k= names.
bool has_key_of_other_type(const KeyTags& tags) {
  const KeyValue* const value = judged_key(tags);
  if (value == nullptr || tags.key_type == KeyType::other) return false;
  const KeyType found = type_of(value->key);
  return found != KeyType::other && found != tags.key_type;
}

/// Whether p= holds only the octets of the key, so that a fault of their number is one of their length.
bool is_raw_type(KeyType type) {
  return type == KeyType::ed25519 || type == KeyType::mldsa44;
}

/// Values are case-sensitive (RFC 6376 section 3.2).
template <bool has_other_key>
Places type_in_other_case(const KeyTags& tags) {
  const std::string_view name = to_string(tags.key_type);
  const bool found =
      tags.type != nullptr && tags.type->value != name && config::equal_ignoring_case(tags.type->value, name);
  return found && has_key_of_other_type(tags) == has_other_key ? at_value(tags.type, name) : Places{};
}

// ---- h=, s= and t= ----

/// Each element of a list must be a word; `flags_empty` reports an empty one in t=. Verifiers ignore unknown
/// words (RFC 6376 section 3.6.1), so the rest of the list counts.
std::optional<std::string_view> first_bad_word(const Tag* tag) {
  if (tag == nullptr || tag->value.empty()) return std::nullopt;
  const auto words = colon_separated(tag->value);
  const auto bad = std::ranges::find_if(words, [&](std::string_view word) {
    return word.empty() ? tag->name != "t" : !is_hyphenated_word(word) && (tag->name != "s" || word != "*");
  });
  return bad == words.end() ? std::nullopt : std::optional(*bad);
}

enum class BadWord : std::uint8_t { empty, spaced, other };

BadWord kind_of(std::string_view word) {
  if (word.empty()) return BadWord::empty;
  return std::ranges::any_of(word, config::is_space) ? BadWord::spaced : BadWord::other;
}

/// The first bad word of each list, if it is of this kind; then the name of the tag and its value.
template <BadWord kind>
Places bad_words(const KeyTags& tags) {
  Places places;
  for (const Tag* const tag : {tags.hashes, tags.services, tags.flags}) {
    const auto word = first_bad_word(tag);
    if (!word || kind_of(*word) != kind) continue;
    const auto offset = tag->value_offset + static_cast<std::size_t>(word->data() - tag->value.data());
    places.push_back({offset, {shown(*word), tag->name, shown(tag->value)}});
  }
  return places;
}

template <bool differs_in_case>
Places other_service(const KeyTags& tags) {
  if (tags.services == nullptr || tags.services->value.empty() || tags.serves()) return {};
  const bool only_case = std::ranges::any_of(
      colon_separated(tags.services->value),
      [&](std::string_view element) { return config::equal_ignoring_case(element, tags.service); });
  return only_case == differs_in_case ? at_value(tags.services) : Places{};
}

bool has_flag(const KeyTags& tags, std::string_view flag) {
  if (tags.flags == nullptr) return false;
  const auto flags = colon_separated(tags.flags->value);
  return std::ranges::find(flags, flag) != flags.end();
}

Places unknown_flag(const KeyTags& tags) {
  if (tags.flags == nullptr) return {};
  const auto flags = colon_separated(tags.flags->value);
  const auto unknown = std::ranges::find_if(
      flags, [](std::string_view flag) { return flag != "y" && flag != "s" && is_hyphenated_word(flag); });
  return unknown == flags.end() ? Places{} : at_value(tags.flags, shown(*unknown));
}

// ---- n= and tags that DKIM does not define ----

Places long_notes(const KeyTags& tags) {
  if (tags.notes == nullptr || tags.notes->value.size() <= long_notes_bytes) return {};
  return {{tags.notes->offset, {fmt::to_string(tags.notes->value.size()), fmt::to_string(long_notes_bytes)}}};
}

/// RFC 2045 section 6.7 (1): two hexadecimal digits in upper case follow `=`.
Places bad_quoted_printable(const KeyTags& tags) {
  if (tags.notes == nullptr) return {};
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  const std::string_view text = tags.notes->value;
  for (std::size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    const std::string_view code = text.substr(at, 3);
    if (code.size() == 3 && is_digit(code[1]) && is_digit(code[2])) continue;
    return {{tags.notes->value_offset + at, {shown(code)}}};
  }
  return {};
}

bool is_key_in_upper_case(const KeyTags& tags, const Tag& tag) {
  return tag.name == "P" && tags.list.find("p") == nullptr;
}

Places keys_in_upper_case(const KeyTags& tags) {
  Places places;
  for (const Tag& tag : tags.list.tags) {
    if (is_key_in_upper_case(tags, tag)) places.push_back({tag.offset});
  }
  return places;
}

Places unknown_tags(const KeyTags& tags) {
  std::string names;
  std::size_t count = 0;
  std::optional<std::size_t> first;
  for (const Tag& tag : tags.list.tags) {
    const bool is_known = tag.name.size() == 1 && known_tags.find(tag.name[0]) != std::string_view::npos;
    if (is_known || is_key_in_upper_case(tags, tag)) continue;
    if (!first) first = tag.offset;
    if (++count <= listed_unknown_tags)
      names += fmt::format("{}{}=", names.empty() ? "" : ", ", shown(tag.name));
  }
  if (!first) return {};
  if (count > listed_unknown_tags) names += fmt::format(" and {} more", count - listed_unknown_tags);
  return {{first, {names}}};
}

// ---- A record without a key ----

/// The words that are the key without its `p=`.
Places nameless_key(const KeyTags& tags) {
  if (tags.key != nullptr) return {};
  const auto words = std::ranges::find_if(tags.list.faults, [](const TagFault& slip) {
    return slip.kind == TagFaultKind::stray_token && is_bare_key(slip.text);
  });
  if (words == tags.list.faults.end()) return {};
  return {{words->offset, {shown(words->text)}}};
}

template <bool ends_behind_version>
Places missing_key(const KeyTags& tags) {
  if (tags.key != nullptr || !nameless_key(tags).empty()) return {};
  const bool has_version_alone = tags.list.tags.size() == 1 && tags.version != nullptr;
  return has_version_alone == ends_behind_version ? anywhere() : Places{};
}

// ---- The key ----

template <bool is_file>
Places encoded_twice(const KeyTags& tags) {
  if (!tags.key_value || !tags.key_value->encoded_twice) return {};
  const EncodedTwice& twice = *tags.key_value->encoded_twice;
  return twice.is_file == is_file ? at_value(tags.key, shown(twice.head)) : Places{};
}

/// A value that was changed as a whole, and may still be base64. The words are the sentences.
template <bool is_base64>
Places changed_value(const KeyTags& tags) {
  if (!tags.key_value || !tags.key_value->change) return {};
  const Base64Text& base64 = tags.key_value->base64;
  const bool is_whole = base64.padding == Padding::right || base64.padding == Padding::missing;
  if ((is_whole && !base64.first_junk && !base64.first_url_safe) != is_base64) return {};
  return at_value(tags.key, tags.key_value->change->detail, tags.key_value->change->remedy);
}

/// Whether p= has this form. Of an unknown type, the form is not judged.
bool has_form(const KeyTags& tags, KeyForm form) {
  const KeyValue* const value = judged_key(tags);
  return value != nullptr && tags.key_type != KeyType::other && value->key.form == form;
}

template <bool has_usual_size>
Places pkcs1_key(const KeyTags& tags) {
  if (!has_form(tags, KeyForm::rsa_pkcs1) || is_raw_type(tags.key_type)) return {};
  const Base64Text& base64 = tags.key_value->base64;
  const bool is_usual = base64.strict() && tags.key_value->key.trailing_bytes == 0 &&
                        base64.bytes.size() == bare_rsa2048_octets;
  return is_usual == has_usual_size ? at_value(tags.key) : Places{};
}

template <bool is_plain>
Places wrapped_ed25519(const KeyTags& tags) {
  if (!has_form(tags, KeyForm::ed25519_spki) || tags.key_type == KeyType::mldsa44) return {};
  const std::string_view digits = tags.key->value;
  if ((digits.size() == wrapped_ed25519_digits && tags.key_value->base64.strict()) != is_plain) return {};
  return at_value(tags.key, is_plain ? digits.substr(wrapping_digits) : std::string_view());
}

/// What the key must be according to k=.
std::string stated_type(const KeyTags& tags) {
  return tags.type == nullptr ? "without k= the key must be RSA"
                              : fmt::format("k= is \"{}\"", shown(tags.type->value));
}

template <KeyForm... forms>
Places mismatch(const KeyTags& tags) {
  if (!has_key_of_other_type(tags)) return {};
  const PublicKey& key = tags.key_value->key;
  if (((key.form != forms) && ...)) return {};
  Places places = at_value(tags.key, stated_type(tags), fmt::to_string(key.bits));
  places.front().words[0] = tags.key_type == KeyType::rsa       ? "RSA"
                            : tags.key_type == KeyType::ed25519 ? "Ed25519"
                                                                : "ML-DSA-44";
  return places;
}

template <PointState state>
Places bad_point(const KeyTags& tags) {
  const bool found = tags.key_type == KeyType::ed25519 && has_form(tags, KeyForm::ed25519_raw) &&
                     judge_point(tags.key_value->key.raw) == state;
  return found ? at_value(tags.key) : Places{};
}

/// Octets that are no key, or a part of one. The words are their number, and what is wrong or missing.
Places no_key(const KeyTags& tags, KeyForm form) {
  if (!has_form(tags, form)) return {};
  const Base64Text& base64 = tags.key_value->base64;
  const PublicKey& key = tags.key_value->key;
  // These are faults of base64.
  if (base64.padding == Padding::wrong || base64.first_junk) return {};
  if (form != KeyForm::truncated && base64.padding == Padding::cut) return {};
  return {{tags.key->value_offset,
           {fmt::to_string(base64.bytes.size()),
            form == KeyForm::truncated ? fmt::to_string(key.missing_bytes) : key.fault}}};
}

template <KeyType type>
Places key_of_bad_length(const KeyTags& tags) {
  if (tags.key_type != type) return {};
  return no_key(tags, has_form(tags, KeyForm::truncated) ? KeyForm::truncated : KeyForm::invalid);
}

Places trailing_bytes(const KeyTags& tags) {
  if (!tags.key_value || !has_form(tags, tags.key_value->key.form)) return {};
  const PublicKey& key = tags.key_value->key;
  const bool found = key.trailing_bytes > 0 && key.was_read() && key.form != KeyForm::private_key;
  return found ? at_value(tags.key, fmt::to_string(key.trailing_bytes)) : Places{};
}

// ---- Its base64 ----

/// At one character of p=; where lines were left out, at the value.
Places in_key(const KeyTags& tags, std::size_t offset, std::string first = {}, std::string second = {}) {
  return {{tags.key->value_offset + (tags.key_value->is_armored ? 0 : offset),
           {std::move(first), std::move(second)}}};
}

Places url_safe_digits(const KeyTags& tags) {
  const KeyValue* const value = judged_key(tags);
  if (value == nullptr || !value->base64.first_url_safe) return {};
  return in_key(tags, *value->base64.first_url_safe);
}

template <bool is_readable>
Places foreign_in_key(const KeyTags& tags) {
  const KeyValue* const value = judged_key(tags);
  if (value == nullptr || !value->base64.first_junk || value->key.was_read() != is_readable) return {};
  const std::size_t count = value->base64.junk_count;
  return in_key(tags, *value->base64.first_junk, fmt::format("{} character{}", count, count == 1 ? "" : "s"),
                foreign_characters(tags.key->value));
}

/// A truncated key explains digits that are missing. A private key is reported as such, whether truncated or
/// not.
Places bad_padding(const KeyTags& tags) {
  const KeyValue* const value = judged_key(tags);
  if (value == nullptr || value->base64.first_junk) return {};
  const bool is_explained = value->key.form == KeyForm::truncated || value->key.form == KeyForm::private_key;
  const bool found =
      value->base64.padding == Padding::wrong || (value->base64.padding == Padding::cut && !is_explained);
  return found ? at_value(tags.key, padding_fault(tags.key->value)) : Places{};
}

/// The grammar makes padding optional (RFC 6376 section 2.10); RFC 2045 section 6.8 and some verifiers
/// require it.
Places missing_padding(const KeyTags& tags) {
  const KeyValue* const value = judged_key(tags);
  if (value == nullptr || value->base64.padding != Padding::missing || value->base64.first_junk ||
      !value->key.was_read())
    return {};
  return {
      {tags.key->value_offset + tags.key->value.size(), {value->base64.bytes.size() % 3 == 1 ? "==" : "="}}};
}

Places space_in_key(const KeyTags& tags) {
  const KeyValue* const value = judged_key(tags);
  if (value == nullptr || !value->base64.first_space || !value->base64.strict() || !value->key.was_read() ||
      value->is_armored || tags.has_broken_lines)
    return {};
  return in_key(tags, *value->base64.first_space);
}

// ---- The table ----

struct FaultRow {
  RecordFault fault = txt_not_dkim;
  Impact impact = Impact::none;
  std::string_view
      detail{};  ///< `{0}` to `{2}` are the words of the place, `{3}` is the service, `{4}` the draft
  std::string_view remedy{};  ///< likewise
  Places (*find)(const KeyTags&) = nullptr;
};

constexpr FaultRow fault_rows[] = {
    // `domainkeys_legacy_key` reports the missing v= together with g=.
    {version_missing, Impact::none, "the record has no v=", "begin the record with `v=DKIM1; `",
     [](const KeyTags& tags) {
       return tags.version == nullptr && !tags.is_domainkeys() ? anywhere() : Places{};
     }},
    {version_not_first, Impact::structure, "{0}= comes before v=", "move `v=DKIM1; ` to the beginning",
     version_behind_other_tag},
    {version_bad, Impact::version, "v= is \"{0}\" instead of \"DKIM1\"", "write `v=DKIM1`",
     bad_version<false>},
    {version_bad_case, Impact::version, "v= is \"{0}\" instead of \"DKIM1\"", "write `v=DKIM1`",
     bad_version<true>},
    {keytype_case, Impact::key_type, "k= is \"{0}\" instead of \"{1}\": key types are case-sensitive",
     "replace `k={0}` with `k={1}`", type_in_other_case<false>},
    {keytype_case, Impact::key_type, "k= is \"{0}\" instead of \"{1}\": key types are case-sensitive",
     "write `k=rsa` or `k=ed25519`, whichever matches the key, in lower case", type_in_other_case<true>},
    {keytype_empty, Impact::key_type, "k= is empty",
     "write `k=rsa` or `k=ed25519`, whichever matches the key", empty_value<&KeyTags::type>},
    {keytype_unknown, Impact::key_type, "k= is \"{0}\", which is neither rsa nor ed25519",
     "replace `k={0}` with `k=rsa` or `k=ed25519`",
     [](const KeyTags& tags) { return tags.key_type == KeyType::other ? at_value(tags.type) : Places{}; }},
    {keytype_dkim2_only, Impact::dkim2_only,
     "k= is \"{0}\": with this key, only DKIM2 signatures can be verified, and DKIM2 is a draft, {4}",
     "publish an RSA key at another selector, and sign with it too as long as receivers verify DKIM1",
     [](const KeyTags& tags) { return tags.key_type == KeyType::mldsa44 ? at_value(tags.type) : Places{}; }},
    {tag_syntax_error, Impact::none, "{1}= is \"{2}\", with an empty element", "delete the extra colon",
     bad_words<BadWord::empty>},
    {tag_syntax_error, Impact::none, "\"{0}\" in {1}= is not a word of letters, digits and hyphens",
     "put a colon into \"{0}\" if these are two words, otherwise delete the white space",
     bad_words<BadWord::spaced>},
    {tag_syntax_error, Impact::none, "\"{0}\" in {1}= is not a word of letters, digits and hyphens",
     "separate the words of {1}= with colons", bad_words<BadWord::other>},
    {hash_empty, Impact::scope, "h= is empty", "delete h=, or write `h=sha256`",
     empty_value<&KeyTags::hashes>},
    {hash_case, Impact::none, "h= contains \"{1}\", but hash names are lower case",
     "write `h=sha256`, or delete h=",
     [](const KeyTags& tags) {
       const bool found = tags.allowed && !tags.allowed->in_other_case.empty();
       return found ? at_value(tags.hashes, shown(tags.allowed->in_other_case)) : Places{};
     }},
    {hash_excludes_sha256, Impact::none, "h= is \"{0}\", which does not include sha256",
     "replace `h={0}` with `h=sha256`, or delete it",
     [](const KeyTags& tags) {
       return tags.allowed && !tags.allowed->lists_sha256() ? at_value(tags.hashes) : Places{};
     }},
    {hash_allows_sha1, Impact::none, "h= is \"{0}\", but verifiers must not accept sha1",
     "replace `h={0}` with `h=sha256`, or delete it",
     [](const KeyTags& tags) {
       const bool found = tags.allowed && tags.allowed->sha1 && tags.allowed->lists_sha256();
       return found ? at_value(tags.hashes) : Places{};
     }},
    {service_empty, Impact::scope, "s= is empty", "delete s=, or write `s={3}`",
     empty_value<&KeyTags::services>},
    {service_list, Impact::none, "s= is the list \"{0}\"", "replace `s={0}` with `s=*`, or delete it",
     [](const KeyTags& tags) {
       const bool is_list = tags.services != nullptr && tags.services->value.find(':') != std::string::npos;
       return is_list && tags.serves() ? at_value(tags.services) : Places{};
     }},
    {service_excludes, Impact::scope, "s= is \"{0}\" instead of \"{3}\" or \"*\"",
     "replace `s={0}` with `s={3}`, or delete it", other_service<false>},
    {service_case, Impact::scope, "s= is \"{0}\" instead of \"{3}\" or \"*\"",
     "replace `s={0}` with `s={3}`, or delete it", other_service<true>},
    {flag_testing, Impact::none, "t= is \"{0}\": the domain is testing DKIM",
     "delete `t=y` once signing works",
     [](const KeyTags& tags) { return has_value(tags.flags, "y") ? at_value(tags.flags) : Places{}; }},
    {flag_testing, Impact::none, "t= is \"{0}\": the domain is testing DKIM",
     "remove y from `t={0}` once signing works",
     [](const KeyTags& tags) {
       return has_flag(tags, "y") && tags.flags->value != "y" ? at_value(tags.flags) : Places{};
     }},
    {flags_empty, Impact::none, "t= is empty", "delete t=", empty_value<&KeyTags::flags>},
    {flags_empty, Impact::none, "t= is \"{0}\", with an empty flag", "delete the extra colon",
     [](const KeyTags& tags) {
       return has_flag(tags, "") && !tags.flags->value.empty() ? at_value(tags.flags) : Places{};
     }},
    {flag_unknown, Impact::none, "t= has the flag \"{1}\", which DKIM does not define",
     "delete \"{1}\" from t=", unknown_flag},
    {domainkeys_legacy_key, Impact::none,
     "the record has an empty g= and no v=, as in DomainKeys, the predecessor of DKIM",
     "begin the record with `v=DKIM1; ` and delete `g=`",
     [](const KeyTags& tags) { return tags.is_domainkeys() ? at_name(tags.granularity) : Places{}; }},
    {granularity_legacy, Impact::none, "g=* is from RFC 4871 and no longer part of DKIM", "delete `g=*`",
     [](const KeyTags& tags) {
       return has_value(tags.granularity, "*") ? at_name(tags.granularity) : Places{};
     }},
    {granularity_restrictive, Impact::none, "g= is \"{0}\", which old verifiers read as a restriction",
     "delete `g={0}`",
     [](const KeyTags& tags) {
       const bool is_other = tags.granularity == nullptr || tags.granularity->value == "*";
       return is_other || tags.is_domainkeys() ? Places{} : at_name(tags.granularity);
     }},
    {notes_oversize, Impact::none, "n= has {0} bytes, which no program reads",
     "delete n=, or shorten it to {1} bytes", long_notes},
    {notes_bad_qp, Impact::none, "\"{0}\" in n= is not quoted-printable, where `=` begins a code such as =3B",
     "write `=3D` for each `=` in n=, or delete n=", bad_quoted_printable},
    {tag_name_bad, Impact::syntax, "\"P\" is not \"p\": the names of these tags are lower case",
     "write `p=` instead of `P=`", keys_in_upper_case},
    {tag_unknown, Impact::none, "DKIM does not define {0}", "delete {0} unless other software reads it",
     unknown_tags},
    {key_missing_p, Impact::syntax, "the key \"{0}\" has no `p=` before it", "write `p=` before the key",
     nameless_key},
    {key_missing_p, Impact::structure, "the record has no p=, the key itself", "add `p=` with the public key",
     missing_key<false>},
    {key_missing_p, Impact::structure,
     "the record ends after v= and has no p=, the key itself: software that reads `;` as a comment cuts it "
     "there",
     "enter the whole record; in a zone file, put it in quotation marks", missing_key<true>},
    {key_revoked, Impact::revoked, "p= is empty: the key is revoked",
     "publish the key again, or stop signing with this selector",
     [](const KeyTags& tags) { return has_value(tags.key, "") ? at_name(tags.key) : Places{}; }},
    {key_pem_armor, Impact::key, "p= contains the lines of a PEM file (`-----BEGIN`)",
     "enter only the base64 between the BEGIN and END lines",
     [](const KeyTags& tags) {
       return tags.key_value && tags.key_value->is_armored ? at_value(tags.key) : Places{};
     }},
    {key_double_base64, Impact::key,
     "p= is base64 of text that is already base64: decoded once, it reads \"{1}...\"",
     "enter what p= decodes to, beginning with `{1}`", encoded_twice<false>},
    {key_double_base64, Impact::key, "p= is base64 of a whole PEM file: decoded once, it reads \"{1}...\"",
     "enter what p= decodes to, without the BEGIN and END lines and on one line, beginning with `{1}`",
     encoded_twice<true>},
    {key_der_invalid, Impact::key, "{1}", "{2}", changed_value<true>},
    {key_base64_invalid, Impact::key, "{1}", "{2}", changed_value<false>},
    {key_not_supported, Impact::key, "p= contains another kind of key: {1}",
     "publish an RSA key, or an Ed25519 key with `k=ed25519`",
     [](const KeyTags& tags) {
       return has_form(tags, KeyForm::other) ? at_value(tags.key, tags.key_value->key.algorithm) : Places{};
     }},
    {keytype_mismatch, Impact::key, "{1}, but the key is RSA with {2} bits",
     "write `k=rsa`, or publish the {0} key", mismatch<KeyForm::rsa_spki, KeyForm::rsa_pkcs1>},
    {keytype_mismatch, Impact::key, "{1}, but p= has 32 octets, like an Ed25519 key",
     "write `k=ed25519`, or publish the {0} key", mismatch<KeyForm::ed25519_raw>},
    {keytype_mismatch, Impact::key, "{1}, but p= contains an Ed25519 key",
     "write `k=ed25519`, or publish the {0} key", mismatch<KeyForm::ed25519_spki>},
    {keytype_mismatch, Impact::key, "{1}, but p= has 1312 octets, like an ML-DSA-44 key of DKIM2",
     "write `k=mldsa44`, or publish the {0} key", mismatch<KeyForm::mldsa44_raw>},
    {keytype_mismatch, Impact::key, "{1}, but p= contains an ML-DSA-44 key of DKIM2", "publish the {0} key",
     mismatch<KeyForm::mldsa44_spki>},
    {key_pkcs1_encoding, Impact::none, "p= contains a bare RSAPublicKey (PKCS#1)",
     "insert `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A` directly after `p=`", pkcs1_key<true>},
    {key_pkcs1_encoding, Impact::none, "p= contains a bare RSAPublicKey (PKCS#1)",
     "publish the key as SubjectPublicKeyInfo, as `openssl rsa -pubout` prints it", pkcs1_key<false>},
    {key_ed25519_bad_point, Impact::key,
     "the 32 octets are not a point of the curve, so they cannot be an Ed25519 key",
     "enter the 32 octets of the public key, in base64", bad_point<PointState::not_on_curve>},
    {key_ed25519_bad_point, Impact::strength,
     "the 32 octets are one of the few points for which anyone can make signatures",
     "generate an Ed25519 key pair and publish its public key at a new selector",
     bad_point<PointState::small_order>},
    {key_ed25519_spki, Impact::key, "p= contains a wrapped Ed25519 key (SubjectPublicKeyInfo, 44 octets)",
     "write `p={1}`, its last 32 octets", wrapped_ed25519<true>},
    {key_ed25519_spki, Impact::key, "p= contains a wrapped Ed25519 key (SubjectPublicKeyInfo, 44 octets)",
     "publish only its last 32 octets, in base64", wrapped_ed25519<false>},
    {key_ed25519_bad_length, Impact::key, "the Ed25519 key has {0} octets instead of 32",
     "enter the 32 octets of the public key, in base64", key_of_bad_length<KeyType::ed25519>},
    {key_mldsa44_bad_length, Impact::key, "the ML-DSA-44 key has {0} octets instead of 1312",
     "enter the 1312 octets of the public key, in base64", key_of_bad_length<KeyType::mldsa44>},
    {key_mldsa44_bad_length, Impact::key,
     "p= contains a wrapped ML-DSA-44 key (SubjectPublicKeyInfo, 1334 octets)",
     "publish only its last 1312 octets, in base64",
     [](const KeyTags& tags) {
       return tags.key_type == KeyType::mldsa44 && has_form(tags, KeyForm::mldsa44_spki) ? at_value(tags.key)
                                                                                         : Places{};
     }},
    {key_truncated, Impact::key, "the key is truncated: it has {0} octets, at least {1} are missing",
     "enter the whole key; if a field takes only 255 characters, use two strings",
     [](const KeyTags& tags) {
       return is_raw_type(tags.key_type) ? Places{} : no_key(tags, KeyForm::truncated);
     }},
    {key_der_invalid, Impact::key, "p= is base64, but not a key: {1}", key_anew,
     [](const KeyTags& tags) {
       return is_raw_type(tags.key_type) ? Places{} : no_key(tags, KeyForm::invalid);
     }},
    {key_der_trailing_bytes, Impact::key, "{1} octets follow the end of the key",
     "enter the key again, without anything after its end", trailing_bytes},
    {key_base64_urlsafe, Impact::key, "p= is in URL-safe base64, with `-` and `_`",
     "write the key in plain base64: `+` instead of `-` and `/` instead of `_`", url_safe_digits},
    {key_base64_junk, Impact::key, "p= contains {0} outside base64: {1}",
     "delete each {1} in p=", foreign_in_key<true>},
    {key_base64_invalid, Impact::key, "p= contains {0} outside base64: {1}", key_anew, foreign_in_key<false>},
    {key_base64_invalid, Impact::key, "{1}", key_anew, bad_padding},
    {key_base64_unpadded, Impact::none, "p= has no padding (`=`) at its end",
     "write `{0}` at the end of p=", missing_padding},
    {key_base64_whitespace, Impact::none, "p= contains white space", "enter p= without white space inside",
     space_in_key},
};

}  // namespace

std::vector<TextFault> find_tag_faults(const KeyTags& tags) {
  std::vector<TextFault> faults;
  for (const FaultRow& row : fault_rows) {
    for (const auto& [offset, words] : row.find(tags)) {
      const auto sentence = [&](std::string_view text) {
        return fmt::format(fmt::runtime(text), words[0], words[1], words[2], tags.service, dkim2_draft);
      };
      faults.push_back({row.fault, offset, sentence(row.detail), sentence(row.remedy), row.impact, {}});
    }
  }
  return faults;
}

}  // namespace dkimprobe::checks
