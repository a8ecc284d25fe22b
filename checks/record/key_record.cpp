#include "checks/record/key_record.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "checks/record/changed_value.hpp"
#include "checks/record/ed25519_point.hpp"
#include "checks/record/leaked_key.hpp"
#include "checks/record/placeholder.hpp"
#include "checks/record/text_advice.hpp"
#include "checks/record/text_damage.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::string_view known_tags = "vghknpst";
constexpr std::size_t long_notes_bytes = 100;
// A wrapped Ed25519 key (RFC 8410 section 4) has 44 octets, 60 base64 digits. The first 12 octets, 16 digits,
// are the wrapping.
constexpr std::size_t wrapped_ed25519_digits = 60;
constexpr std::size_t wrapping_digits = 16;

// ---- Other texts ----

struct KnownText {
  std::string_view prefix{};
  std::string_view kind{};
  bool moves = true;  ///< it belongs to another name
};

constexpr std::string_view bare_key = "a public key alone, without `v=` and `p=`";

constexpr auto known_texts = std::to_array<KnownText>({
    {"v=spf1", "an SPF record"},
    {"spf2.0/", "a Sender ID record"},
    {"v=dmarc1", "a DMARC record"},
    {"v=stsv1", "an MTA-STS record"},
    {"v=tlsrptv1", "a TLSRPT record"},
    {"v=bimi1", "a BIMI record"},
    {"dkim=", "an ADSP record"},
    {"o=", "a DomainKeys policy, which is obsolete", false},
    {"google-site-verification=", "a site verification"},
    {"ms=", "a site verification"},
    {"apple-domain", "a site verification"},
    {"facebook-domain-verification=", "a site verification"},
});

bool is_host_name(std::string_view text) {
  const bool shape = std::ranges::all_of(
      text, [](char c) { return config::is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
  return shape && std::ranges::count(text, '.') >= 2;
}

bool is_site_verification(std::string_view text) {
  const std::string_view name = text.substr(0, text.find('='));
  return name.size() < text.size() && name.size() < 64 &&
         (name.find("verification") != std::string_view::npos ||
          name.find("verify") != std::string_view::npos);
}

/// Whether any tag is one of a key record, in upper or lower case.
bool has_key_tag(const TagList& list) {
  return std::ranges::any_of(list.tags, [](const Tag& tag) {
    return tag.name.size() == 1 && known_tags.find(config::to_lower(tag.name[0])) != std::string_view::npos;
  });
}

/// Base64 of a public key, with or without the lines of PEM around it.
bool holds_bare_key(std::string_view text) {
  std::string value(text);
  take_off_armor(value);
  const Base64Text base64 = decode_base64(value);
  if (!base64.strict()) return false;
  const PublicKey key = read_public_key(base64.bytes);
  return key.is_rsa() || key.is_ed25519();
}

/// What `text` is if it is not a key record; empty for a key record.
std::string_view other_kind(std::string_view text, const TagList& list) {
  const std::string_view content = config::without_outer_space(text);
  if (content.empty()) return "an empty text";
  for (const auto& known : known_texts) {
    if (config::starts_with_ignoring_case(content, known.prefix)) return known.kind;
  }
  const bool has_p =
      std::ranges::any_of(list.tags, [](const Tag& tag) { return tag.name == "p" || tag.name == "P"; });
  if (is_domainkeys_policy(list)) return "a DomainKeys policy, which is obsolete";
  const Tag* const version = list.find("v");
  if (version != nullptr && !has_p && !version->value.empty() &&
      !config::starts_with_ignoring_case(version->value, "dkim")) {
    return "a record of another kind";
  }
  if (has_key_tag(list)) return {};
  if (holds_bare_key(content)) return bare_key;
  if (is_placeholder(content)) return "a placeholder from a program that had no key";
  if (is_host_name(content)) return "a host name, perhaps a CNAME target published as TXT";
  if (is_site_verification(content)) return "a site verification";
  return "free text";
}

// ---- The record ----

/// What RFC 8017 section 3.1 requires of modulus and exponent. Otherwise verifiers cannot use the key, or
/// anyone can forge signatures.
bool is_sound_rsa(const PublicKey& key) {
  return (static_cast<unsigned char>(key.modulus.back()) & 1U) != 0 && is_valid_exponent(key);
}

class KeyRecordReader {
 public:
  KeyRecordReader(std::string_view text, config::Service service)
      : published_(text), service_(config::to_string(service)), clean_(clean_text(text)), text_(clean_.text) {
    record_.list = parse_tag_list(text_, known_tags);
  }

  KeyRecord read() {
    auto leaked = find_leaked_key(text_, record_.list);
    if (!leaked) record_.other_kind = other_kind(text_, record_.list);
    if (!record_.is_key_record()) {
      judge_other_text();
    } else {
      judge_damage();
      judge_syntax();
      judge_version();
      judge_key_type();
      judge_hashes();
      judge_services();
      judge_flags();
      judge_granularity();
      judge_notes();
      judge_unknown_tags();
      judge_key();
      record_.record_class = record_class();
    }
    if (leaked) judge_leak(std::move(*leaked));
    for (auto& tag : record_.list.tags) {
      tag.offset = clean_.origin(tag.offset);
      tag.value_offset = clean_.origin(tag.value_offset);
    }
    return std::move(record_);
  }

 private:
  /// `offset` is one of the cleaned text.
  void fault(RecordFault which, std::optional<std::size_t> offset, std::string detail, std::string remedy) {
    if (offset) offset = clean_.origin(*offset);
    record_.faults.push_back({which, offset, std::move(detail), std::move(remedy), {}});
  }

  [[nodiscard]] RecordClass record_class() const {
    if (broken_syntax_) return RecordClass::syntax_error;
    if (bad_version_) return RecordClass::unsupported;
    if (version_not_first_ || record_.has(RecordFault::key_missing_p)) return RecordClass::syntax_error;
    if (type_ == KeyType::other || !type_exact_) return RecordClass::unsupported;
    if (record_.has(RecordFault::key_revoked)) return RecordClass::revoked;
    if (no_service_ || no_hash_) return RecordClass::unsupported;
    if (broken_key_) return RecordClass::syntax_error;
    if (weak_key_ || sha1_alone_) return RecordClass::weak;
    return RecordClass::valid;
  }

  void judge_other_text() {
    const auto found = std::ranges::find(known_texts, record_.other_kind, &KnownText::kind);
    const std::string_view remedy =
        record_.other_kind == bare_key
            ? "write `v=DKIM1; p=` before it, and `k=ed25519; ` before `p=` for an Ed25519 key"
        : found != known_texts.end() && found->moves
            ? "publish the key record here, and move this text where it belongs"
            : "replace this text with the key record";
    fault(RecordFault::txt_not_dkim, std::nullopt,
          fmt::format("the text is {}: \"{}\"", record_.other_kind, shown(published_)), std::string(remedy));
  }

  /// Replaces all other faults: fixing them would publish the private key in a better form.
  void judge_leak(PublicKey key) {
    record_.faults.clear();
    fault(RecordFault::key_private_leaked, std::nullopt,
          fmt::format("the record contains a private key ({})", key.algorithm),
          "replace this key at once: generate a key pair, publish its public key at a new selector and sign "
          "with it, then replace this record with `v=DKIM1; p=`");
    if (record_.record_class == RecordClass::not_dkim || record_.record_class == RecordClass::valid)
      record_.record_class = RecordClass::syntax_error;
    record_.key = std::move(key);
  }

  void judge_damage() {
    TextAdvice advice = advise_on_damage(clean_);
    broken_syntax_ = broken_syntax_ || advice.breaks_syntax;
    std::ranges::move(advice.faults, std::back_inserter(record_.faults));
  }

  void judge_syntax() {
    TextAdvice advice = advise_on_syntax(record_.list);
    broken_syntax_ = broken_syntax_ || advice.breaks_syntax;
    for (auto& seen : advice.faults) {
      if (seen.fault == RecordFault::tag_stray_token && is_nameless_key(seen.offset)) continue;
      if (seen.offset) seen.offset = clean_.origin(*seen.offset);
      record_.faults.push_back(std::move(seen));
    }
  }

  /// Whether the words at `offset` are the key without its `p=`, in a record that has no p=.
  [[nodiscard]] bool is_nameless_key(std::optional<std::size_t> offset) const {
    if (!offset || record_.list.find("p") != nullptr) return false;
    const auto words = std::ranges::find_if(record_.list.faults, [&](const TagFault& slip) {
      return slip.kind == TagFaultKind::stray_token && slip.offset == *offset;
    });
    return words != record_.list.faults.end() && holds_bare_key(words->text);
  }

  void judge_missing_key() {
    for (const auto& slip : record_.list.faults) {
      if (slip.kind != TagFaultKind::stray_token || !is_nameless_key(slip.offset)) continue;
      return fault(RecordFault::key_missing_p, slip.offset,
                   fmt::format("the key \"{}\" has no `p=` before it", shown(slip.text)),
                   "write `p=` before the key");
    }
    const bool ends_behind_version = record_.list.tags.size() == 1 && record_.list.find("v") != nullptr;
    fault(RecordFault::key_missing_p, std::nullopt,
          ends_behind_version ? "the record ends after v= and has no p=, the key itself: software that reads "
                                "`;` as a comment cuts it there"
                              : "the record has no p=, the key itself",
          ends_behind_version ? "enter the whole record; in a zone file, put it in quotation marks"
                              : "add `p=` with the public key");
  }

  void judge_version() {
    const Tag* const version = record_.list.find("v");
    if (version == nullptr) {
      if (is_domainkeys()) return;  // reported as one fault, with g=
      fault(RecordFault::version_missing, std::nullopt,
            "the record has no v=", "begin the record with `v=DKIM1; `");
      return;
    }
    if (version != record_.list.tags.data()) {
      version_not_first_ = true;
      fault(RecordFault::version_not_first, version->offset,
            fmt::format("{}= comes before v=", shown(record_.list.tags.front().name)),
            "move `v=DKIM1; ` to the beginning");
    }
    if (version->value == "DKIM1") return;
    bad_version_ = true;
    const bool only_case = config::equal_ignoring_case(version->value, "DKIM1");
    fault(only_case ? RecordFault::version_bad_case : RecordFault::version_bad, version->value_offset,
          fmt::format("v= is \"{}\" instead of \"DKIM1\"", shown(version->value)), "write `v=DKIM1`");
  }

  void judge_key_type() {
    const Tag* const type = record_.list.find("k");
    if (type == nullptr || type->value == "rsa") return;
    const auto replace = [&](std::string_view right) {
      return fmt::format("replace `k={}` with `k={}`", shown(type->value), right);
    };
    if (type->value == "ed25519") {
      type_ = KeyType::ed25519;
      return;
    }
    type_exact_ = false;
    for (const auto& [name, meant] :
         {std::pair{"rsa", KeyType::rsa}, std::pair{"ed25519", KeyType::ed25519}}) {
      if (config::equal_ignoring_case(type->value, name)) {
        type_ = meant;
        fault(RecordFault::keytype_case, type->value_offset,
              fmt::format("k= is \"{}\" instead of \"{}\"", shown(type->value), name), replace(name));
        return;
      }
    }
    if (type->value.empty()) {
      fault(RecordFault::keytype_empty, type->value_offset, "k= is empty",
            "write `k=rsa` or `k=ed25519`, whichever matches the key");
      return;
    }
    type_ = KeyType::other;
    fault(RecordFault::keytype_unknown, type->value_offset,
          fmt::format("k= is \"{}\", which is neither rsa nor ed25519", shown(type->value)),
          replace("rsa` or `k=ed25519"));
  }

  /// Each element of a list must be a word; `flags_empty` reports an empty one in t=. Verifiers ignore
  /// unknown words (RFC 6376 section 3.6.1), so the rest of the list counts.
  void judge_words(const Tag& tag) {
    for (const std::string_view element : colon_separated(tag.value)) {
      if (is_hyphenated_word(element) || (tag.name == "s" && element == "*")) continue;
      if (element.empty() && tag.name == "t") continue;
      const auto offset = tag.value_offset + static_cast<std::size_t>(element.data() - tag.value.data());
      if (element.empty()) {
        fault(RecordFault::tag_syntax_error, offset,
              fmt::format("{}= is \"{}\", with an empty element", tag.name, shown(tag.value)),
              "delete the extra colon");
      } else {
        fault(RecordFault::tag_syntax_error, offset,
              fmt::format("\"{}\" in {}= is not a word of letters, digits and hyphens", shown(element),
                          tag.name),
              element.find_first_of(" \t\r\n") == std::string_view::npos
                  ? fmt::format("separate the words of {}= with colons", tag.name)
                  : fmt::format(
                        "put a colon into \"{}\" if these are two words, otherwise delete the white space",
                        shown(element)));
      }
      return;
    }
  }

  void judge_hashes() {
    const Tag* const hashes = record_.list.find("h");
    if (hashes == nullptr) return;
    if (hashes->value.empty()) {
      no_hash_ = true;
      fault(RecordFault::hash_empty, hashes->value_offset, "h= is empty", "delete h=, or write `h=sha256`");
      return;
    }
    judge_words(*hashes);
    bool sha1 = false;
    bool sha256 = false;
    bool sha256_in_other_case = false;
    std::string_view wrong_case;
    for (const std::string_view hash : colon_separated(hashes->value)) {
      if (hash == "sha1") {
        sha1 = true;
      } else if (hash == "sha256") {
        sha256 = true;
      } else if (config::equal_ignoring_case(hash, "sha1") || config::equal_ignoring_case(hash, "sha256")) {
        wrong_case = hash;
        sha256_in_other_case = sha256_in_other_case || config::equal_ignoring_case(hash, "sha256");
      }
    }
    no_hash_ = !sha1 && !sha256;
    sha1_alone_ = sha1 && !sha256;
    if (!wrong_case.empty()) {
      fault(RecordFault::hash_case, hashes->value_offset,
            fmt::format("h= contains \"{}\", but hash names are lower case", shown(wrong_case)),
            "write `h=sha256`, or delete h=");
    }
    if (!sha256 && !sha256_in_other_case) {
      fault(RecordFault::hash_excludes_sha256, hashes->value_offset,
            fmt::format("h= is \"{}\", which does not include sha256", shown(hashes->value)),
            fmt::format("replace `h={}` with `h=sha256`, or delete it", shown(hashes->value)));
    } else if (sha1) {
      fault(RecordFault::hash_allows_sha1, hashes->value_offset,
            fmt::format("h= is \"{}\", but verifiers must not accept sha1", shown(hashes->value)),
            fmt::format("replace `h={}` with `h=sha256`, or delete it", shown(hashes->value)));
    }
  }

  void judge_services() {
    const Tag* const services = record_.list.find("s");
    if (services == nullptr) return;
    if (services->value.empty()) {
      no_service_ = true;
      fault(RecordFault::service_empty, services->value_offset, "s= is empty",
            fmt::format("delete s=, or write `s={}`", service_));
      return;
    }
    judge_words(*services);
    const auto elements = colon_separated(services->value);
    const auto names_it = [&](std::string_view element) { return element == "*" || element == service_; };
    if (std::ranges::any_of(elements, names_it)) {
      if (elements.size() > 1) {
        fault(RecordFault::service_list, services->value_offset,
              fmt::format("s= is the list \"{}\"", shown(services->value)),
              fmt::format("replace `s={}` with `s=*`, or delete it", shown(services->value)));
      }
      return;
    }
    no_service_ = true;
    const bool only_case = std::ranges::any_of(
        elements, [&](std::string_view element) { return config::equal_ignoring_case(element, service_); });
    fault(only_case ? RecordFault::service_case : RecordFault::service_excludes, services->value_offset,
          fmt::format("s= is \"{}\" instead of \"{}\" or \"*\"", shown(services->value), service_),
          fmt::format("replace `s={}` with `s={}`, or delete it", shown(services->value), service_));
  }

  void judge_flags() {
    const Tag* const flags = record_.list.find("t");
    if (flags == nullptr) return;
    judge_words(*flags);
    bool testing = false;
    bool empty = false;
    std::string_view unknown;
    for (const std::string_view flag : colon_separated(flags->value)) {
      if (flag == "y") {
        testing = true;
      } else if (flag.empty()) {
        empty = true;
      } else if (flag != "s" && unknown.empty() && is_hyphenated_word(flag)) {
        unknown = flag;
      }
    }
    if (testing) {
      fault(RecordFault::flag_testing, flags->value_offset,
            fmt::format("t= is \"{}\": the domain is testing DKIM", shown(flags->value)),
            flags->value == "y"
                ? std::string("delete `t=y` once signing works")
                : fmt::format("remove y from `t={}` once signing works", shown(flags->value)));
    }
    if (empty) {
      fault(RecordFault::flags_empty, flags->value_offset,
            flags->value.empty() ? std::string("t= is empty")
                                 : fmt::format("t= is \"{}\", with an empty flag", shown(flags->value)),
            flags->value.empty() ? "delete t=" : "delete the extra colon");
    }
    if (!unknown.empty()) {
      fault(RecordFault::flag_unknown, flags->value_offset,
            fmt::format("t= has the flag \"{}\", which DKIM does not define", shown(unknown)),
            fmt::format("delete \"{}\" from t=", shown(unknown)));
    }
  }

  /// An empty g= allows every address in DomainKeys and no address in RFC 4871. Only DKIM has v=.
  [[nodiscard]] bool is_domainkeys() const {
    const Tag* const granularity = record_.list.find("g");
    return granularity != nullptr && granularity->value.empty() && record_.list.find("v") == nullptr;
  }

  void judge_granularity() {
    const Tag* const granularity = record_.list.find("g");
    if (granularity == nullptr) return;
    if (is_domainkeys()) {
      fault(RecordFault::domainkeys_legacy_key, granularity->offset,
            "the record has an empty g= and no v=, as in DomainKeys, the predecessor of DKIM",
            "begin the record with `v=DKIM1; ` and delete `g=`");
      return;
    }
    const bool legacy = granularity->value == "*";
    fault(legacy ? RecordFault::granularity_legacy : RecordFault::granularity_restrictive,
          granularity->offset,
          legacy ? std::string("g=* is from RFC 4871 and no longer part of DKIM")
                 : fmt::format("g= is \"{}\", which old verifiers read as a restriction",
                               shown(granularity->value)),
          fmt::format("delete `g={}`", shown(granularity->value)));
  }

  void judge_notes() {
    const Tag* const notes = record_.list.find("n");
    if (notes == nullptr) return;
    const std::string_view text = notes->value;
    if (text.size() > long_notes_bytes) {
      fault(RecordFault::notes_oversize, notes->offset,
            fmt::format("n= has {} bytes, which no program reads", text.size()),
            fmt::format("delete n=, or shorten it to {} bytes", long_notes_bytes));
    }
    // RFC 2045 section 6.7 (1): two hexadecimal digits in upper case follow `=`.
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
    for (std::size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
      const std::string_view code = text.substr(at, 3);
      if (code.size() == 3 && is_digit(code[1]) && is_digit(code[2])) continue;
      fault(RecordFault::notes_bad_qp, notes->value_offset + at,
            fmt::format("\"{}\" in n= is not quoted-printable, where `=` begins a code such as =3B",
                        shown(code)),
            "write `=3D` for each `=` in n=, or delete n=");
      return;
    }
  }

  void judge_unknown_tags() {
    std::string names;
    std::size_t count = 0;
    const Tag* first = nullptr;
    for (const auto& tag : record_.list.tags) {
      if (tag.name.size() == 1 && known_tags.find(tag.name[0]) != std::string_view::npos) continue;
      if (tag.name == "P" && record_.list.find("p") == nullptr) {
        broken_syntax_ = true;
        fault(RecordFault::tag_name_bad, tag.offset,
              "\"P\" is not \"p\": the names of these tags are lower case", "write `p=` instead of `P=`");
        continue;
      }
      if (first == nullptr) first = &tag;
      if (++count <= 4) names += fmt::format("{}{}=", names.empty() ? "" : ", ", shown(tag.name));
    }
    if (first == nullptr) return;
    if (count > 4) names += fmt::format(" and {} more", count - 4);
    fault(RecordFault::tag_unknown, first->offset, fmt::format("DKIM does not define {}", names),
          fmt::format("delete {} unless other software reads it", names));
  }

  void judge_key() {
    const Tag* tag = record_.list.find("p");
    if (tag == nullptr) tag = record_.list.find("P");
    if (tag == nullptr) {
      judge_missing_key();
      return;
    }
    if (tag->value.empty()) {
      fault(RecordFault::key_revoked, tag->offset, "p= is empty: the key is revoked",
            "publish the key again, or stop signing with this selector");
      return;
    }
    std::string value = tag->value;
    const bool armored = take_off_armor(value);
    if (armored) {
      broken_key_ = true;
      fault(RecordFault::key_pem_armor, tag->value_offset,
            "p= contains the lines of a PEM file (`-----BEGIN`)",
            "enter only the base64 between the BEGIN and END lines");
    }
    const Base64Text base64 = decode_base64(value);
    PublicKey& key = record_.key.emplace(read_public_key(base64.bytes));
    judge_encoded_twice(*tag, base64, key);
    if (!was_read(key) && type_ != KeyType::other && judge_changed_value(*tag, base64, key)) return;
    judge_form(*tag, base64, key);
    judge_base64(*tag, base64, key, armored);
  }

  /// Looks for one cause that explains why the value as a whole is not a key; true when it reported one.
  bool judge_changed_value(const Tag& tag, const Base64Text& base64, PublicKey& key) {
    const auto change = explain_value(tag.value, base64, key);
    if (!change) return false;
    broken_key_ = true;
    const bool is_base64 = !base64.first_junk && !base64.first_url_safe &&
                           base64.padding != Base64Text::Padding::wrong &&
                           base64.padding != Base64Text::Padding::cut;
    fault(is_base64 ? RecordFault::key_der_invalid : RecordFault::key_base64_invalid, tag.value_offset,
          change->detail, change->remedy);
    if (change->meant) key = *change->meant;
    return true;
  }

  /// Puts the intended key into `key` if p= is base64 of base64, or of a whole PEM file.
  void judge_encoded_twice(const Tag& tag, const Base64Text& base64, PublicKey& key) {
    if (was_read(key)) return;
    std::string inside = base64.bytes;
    const bool file = take_off_armor(inside);
    const Base64Text again = decode_base64(inside);
    if (!again.strict()) return;
    PublicKey meant = read_public_key(again.bytes);
    if (!was_read(meant)) return;
    key = std::move(meant);
    broken_key_ = true;
    const std::string head = inside.substr(inside.find_first_not_of(" \t\r\n"), 24);
    fault(RecordFault::key_double_base64, tag.value_offset,
          fmt::format("p= is base64 of {}: decoded once, it reads \"{}...\"",
                      file ? "a whole PEM file" : "text that is already base64", shown(head)),
          fmt::format("enter what p= decodes to{}, beginning with `{}`",
                      file ? ", without the BEGIN and END lines and on one line" : "", shown(head)));
  }

  /// Whether the form already explains base64 digits that do not fit: a truncated key, or a private key,
  /// which is reported as such whether truncated or not.
  static bool is_cut_off(const PublicKey& key) {
    return key.form == KeyForm::truncated || key.form == KeyForm::private_key;
  }

  void judge_base64(const Tag& tag, const Base64Text& base64, const PublicKey& key, bool armored) {
    const auto at = [&](std::size_t offset) {
      return armored ? tag.value_offset : tag.value_offset + offset;
    };
    // The grammar makes padding optional (RFC 6376 section 2.10); RFC 2045 section 6.8 and some verifiers
    // require it.
    const bool whole = was_read(key) && base64.padding == Base64Text::Padding::missing &&
                       !base64.first_junk && !base64.first_url_safe;
    if (!base64.strict() && !whole) broken_key_ = true;
    if (base64.first_url_safe) {
      fault(RecordFault::key_base64_urlsafe, at(*base64.first_url_safe),
            "p= is in URL-safe base64, with `-` and `_`",
            "write the key in plain base64: `+` instead of `-` and `/` instead of `_`");
    }
    if (base64.first_junk) {
      const std::string what = foreign_characters(tag.value);
      fault(was_read(key) ? RecordFault::key_base64_junk : RecordFault::key_base64_invalid,
            at(*base64.first_junk),
            fmt::format("p= contains {} character{} outside base64: {}", base64.junk_count,
                        base64.junk_count == 1 ? "" : "s", what),
            was_read(key) ? fmt::format("delete each {} in p=", what) : std::string(key_anew));
    } else if (base64.padding == Base64Text::Padding::wrong ||
               (base64.padding == Base64Text::Padding::cut && !is_cut_off(key))) {
      fault(RecordFault::key_base64_invalid, tag.value_offset, padding_fault(tag.value),
            std::string(key_anew));
    } else if (base64.padding == Base64Text::Padding::missing && was_read(key)) {
      fault(RecordFault::key_base64_unpadded, tag.value_offset + tag.value.size(),
            "p= has no padding (`=`) at its end",
            fmt::format("write `{}` at the end of p=", base64.bytes.size() % 3 == 1 ? "==" : "="));
    }
    const bool broken_lines = clean_.has(DamageKind::control_char) ||
                              clean_.has(DamageKind::line_break_in_key) ||
                              clean_.has(DamageKind::bad_folding);  // reported already
    if (base64.first_space && base64.strict() && was_read(key) && !armored && !broken_lines) {
      fault(RecordFault::key_base64_whitespace, at(*base64.first_space), "p= contains white space",
            "enter p= without white space inside");
    }
  }

  void tell_key(RecordFault which, const Tag& tag, std::string detail, std::string remedy) {
    fault(which, tag.value_offset, std::move(detail), std::move(remedy));
  }

  void break_key(RecordFault which, const Tag& tag, std::string detail, std::string remedy) {
    broken_key_ = true;
    tell_key(which, tag, std::move(detail), std::move(remedy));
  }

  void judge_form(const Tag& tag, const Base64Text& base64, const PublicKey& key) {
    if (key.form == KeyForm::private_key) {
      broken_key_ = true;  // `judge_leak` reports it
      return;
    }
    if (type_ == KeyType::other) return;  // what its p= should be is unknown
    switch (key.form) {
      case KeyForm::private_key:
        break;
      case KeyForm::rsa_spki:
      case KeyForm::rsa_pkcs1:
        judge_rsa(tag, base64, key);
        break;
      case KeyForm::ed25519_raw:
        judge_raw_ed25519(tag, key);
        break;
      case KeyForm::ed25519_spki:
        judge_wrapped_ed25519(tag, base64);
        break;
      case KeyForm::other:
        break_key(RecordFault::key_not_supported, tag,
                  fmt::format("p= contains another kind of key: {}", key.algorithm),
                  "publish an RSA key, or an Ed25519 key with `k=ed25519`");
        break;
      case KeyForm::truncated:
      case KeyForm::invalid:
        judge_unreadable(tag, base64, key);
        break;
    }
    if (key.trailing_bytes > 0 && was_read(key)) {
      break_key(RecordFault::key_der_trailing_bytes, tag,
                fmt::format("{} octets follow the end of the key", key.trailing_bytes),
                "enter the key again, without anything after its end");
    }
  }

  void judge_rsa(const Tag& tag, const Base64Text& base64, const PublicKey& key) {
    if (type_ == KeyType::ed25519) {
      break_key(RecordFault::keytype_mismatch, tag,
                fmt::format("k= is ed25519, but the key is RSA with {} bits", key.bits),
                "write `k=rsa`, or publish the Ed25519 key");
      return;
    }
    weak_key_ = key.bits < 1024 || !is_sound_rsa(key);
    if (key.form == KeyForm::rsa_pkcs1) {
      tell_key(RecordFault::key_pkcs1_encoding, tag, "p= contains a bare RSAPublicKey (PKCS#1)",
               wrapping(base64, key));
    }
  }

  void judge_raw_ed25519(const Tag& tag, const PublicKey& key) {
    if (type_ == KeyType::ed25519) return judge_curve(tag, key);
    break_key(RecordFault::keytype_mismatch, tag,
              record_.list.find("k") == nullptr
                  ? "without k= the key must be RSA, but p= has 32 octets, like an Ed25519 key"
                  : "with this k= the key must be RSA, but p= has 32 octets, like an Ed25519 key",
              "write `k=ed25519`, or publish the RSA key");
  }

  void judge_wrapped_ed25519(const Tag& tag, const Base64Text& base64) {
    if (type_ != KeyType::ed25519) {
      break_key(RecordFault::keytype_mismatch, tag, "the key is Ed25519, but the record has no `k=ed25519`",
                "write `k=ed25519`, or publish the RSA key");
    }
    break_key(RecordFault::key_ed25519_spki, tag,
              "p= contains a wrapped Ed25519 key (SubjectPublicKeyInfo, 44 octets)",
              tag.value.size() == wrapped_ed25519_digits && base64.strict()
                  ? fmt::format("write `p={}`, its last 32 octets", tag.value.substr(wrapping_digits))
                  : std::string("publish only its last 32 octets, in base64"));
  }

  void judge_unreadable(const Tag& tag, const Base64Text& base64, const PublicKey& key) {
    broken_key_ = true;
    // Here base64 is the fault, and `judge_base64` reports it.
    if (base64.padding == Base64Text::Padding::wrong || base64.first_junk) return;
    const bool is_cut = key.form == KeyForm::truncated;
    if (!is_cut && base64.padding == Base64Text::Padding::cut) return;
    if (type_ == KeyType::ed25519) {
      wrong_length(tag, base64.bytes.size());
    } else if (is_cut) {
      tell_key(RecordFault::key_truncated, tag,
               fmt::format("the key is truncated: it has {} octets, at least {} are missing",
                           base64.bytes.size(), key.missing_bytes),
               "enter the whole key; if a field takes only 255 characters, use two strings");
    } else {
      tell_key(RecordFault::key_der_invalid, tag, fmt::format("p= is base64, but not a key: {}", key.fault),
               std::string(key_anew));
    }
  }

  static std::string wrapping(const Base64Text& base64, const PublicKey& key) {
    // The 270 octets of a 2048-bit RSA key follow 24 octets of wrapping, which are whole base64 digits.
    if (base64.strict() && key.trailing_bytes == 0 && base64.bytes.size() == 270)
      return "insert `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A` directly after `p=`";
    return "publish the key as SubjectPublicKeyInfo, as `openssl rsa -pubout` prints it";
  }

  void judge_curve(const Tag& tag, const PublicKey& key) {
    switch (judge_point(key.point)) {
      case PointState::good:
        return;
      case PointState::not_on_curve:
        broken_key_ = true;
        fault(RecordFault::key_ed25519_bad_point, tag.value_offset,
              "the 32 octets are not a point of the curve, so they cannot be an Ed25519 key",
              "enter the 32 octets of the public key, in base64");
        return;
      case PointState::small_order:
        weak_key_ = true;
        fault(RecordFault::key_ed25519_bad_point, tag.value_offset,
              "the 32 octets are one of the few points for which anyone can make signatures",
              "generate an Ed25519 key pair and publish its public key at a new selector");
        return;
    }
  }

  void wrong_length(const Tag& tag, std::size_t octets) {
    fault(RecordFault::key_ed25519_bad_length, tag.value_offset,
          fmt::format("the Ed25519 key has {} octets instead of 32", octets),
          "enter the 32 octets of the public key, in base64");
  }

  enum class KeyType : std::uint8_t { rsa, ed25519, other };

  std::string_view published_;  ///< as published in the zone
  std::string_view service_;    ///< that the key is for
  CleanText clean_;
  std::string_view text_;
  KeyRecord record_{};
  KeyType type_ = KeyType::rsa;
  bool type_exact_ = true;
  bool broken_syntax_ = false;
  bool bad_version_ = false;
  bool version_not_first_ = false;
  bool no_hash_ = false;
  bool sha1_alone_ = false;
  bool no_service_ = false;
  bool broken_key_ = false;
  bool weak_key_ = false;
};

}  // namespace

bool has_policy_tags_alone(const TagList& list) {
  return !list.tags.empty() && std::ranges::all_of(list.tags, [](const Tag& tag) {
    return tag.name.size() == 1 && std::string_view("nort").find(tag.name[0]) != std::string_view::npos;
  });
}

bool is_domainkeys_policy(const TagList& list) {
  return list.find("o") != nullptr && has_policy_tags_alone(list);
}

bool KeyRecord::has(RecordFault fault) const {
  return std::ranges::find(faults, fault, &TextFault::fault) != faults.end();
}

KeyRecord read_key_record(std::string_view text, config::Service service) {
  return KeyRecordReader(text, service).read();
}

std::string describe(const KeyRecord& record) {
  if (!record.is_key_record()) return record.other_kind;
  if (record.has(RecordFault::key_revoked)) return "revoked";
  if (!record.key) return "no key";
  switch (record.key->form) {
    case KeyForm::rsa_spki:
    case KeyForm::rsa_pkcs1:
      return fmt::format("RSA {}", record.key->bits);
    case KeyForm::ed25519_raw:
    case KeyForm::ed25519_spki:
      return "Ed25519";
    case KeyForm::private_key:
      return "private key";
    case KeyForm::other:
      return record.key->algorithm;
    case KeyForm::truncated:
      return "truncated key";
    case KeyForm::invalid:
      return "invalid key";
  }
  return {};
}

}  // namespace dkimprobe::checks
