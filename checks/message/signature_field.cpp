#include "checks/message/signature_field.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/base64.hpp"
#include "config/basics/escape.hpp"
#include "config/basics/text_encoding.hpp"
#include "config/names/internationalized_name.hpp"

namespace dkimprobe::checks {

namespace {

using config::DomainName;

constexpr std::string_view field_name = "dkim-signature";
constexpr std::size_t shown_octets = 60;

std::string shown(const Tag& tag) {
  return fmt::format("`{}={}`", config::escape_text(tag.name, shown_octets),
                     config::escape_text(tag.value, shown_octets));
}

/// RFC 6376 section 3.5, `domain-name`, and section 3.1, `selector`: letters, digits and hyphens, and also
/// underscores, which are in use. DomainName alone would accept escapes and a dot at the end.
std::optional<DomainName> read_name(std::string_view text, std::size_t least_labels) {
  const bool plain = std::ranges::all_of(
      text, [](char c) { return config::is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
  if (!plain || text.empty() || text.ends_with('.')) return std::nullopt;
  auto name = DomainName::parse(text);
  if (!name || name->label_count() < least_labels) return std::nullopt;
  return *name;
}

/// The number of octets that base64 encodes, with white space anywhere; nothing if it is not base64.
std::optional<std::size_t> base64_octets(std::string_view text) {
  const config::Base64Reading base64 = config::read_base64(text, {});
  if (!base64.strict() || base64.size == 0) return std::nullopt;
  return base64.size;
}

/// A number that does not fit becomes the largest: RFC 6376 section 3.5 allows an infinite time.
std::optional<std::uint64_t> read_number(std::string_view text, std::size_t most_digits_kept) {
  if (text.empty() || text.size() > 76 || !std::ranges::all_of(text, config::is_digit)) return std::nullopt;
  if (text.size() > most_digits_kept) return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const char c : text) number = number * 10 + static_cast<std::uint64_t>(c - '0');
  return number;
}

struct Algorithm {
  std::string_view name{};
  std::string_view key_type{};
  std::string_view hash{};
};

/// RFC 6376 section 3.3, RFC 8463 section 3.
constexpr auto algorithms = std::to_array<Algorithm>({
    {"rsa-sha1", "rsa", "sha1"},
    {"rsa-sha256", "rsa", "sha256"},
    {"ed25519-sha256", "ed25519", "sha256"},
});

class FieldReader {
 public:
  FieldReader(SignatureField& field, std::string_view value) : value_(value), field_(field) {
    field_.list = parse_tag_list(value, {});
  }

  void read() {
    if (read_encoded_words()) return;
    // Faults that prevent the key query come first.
    read_key_name();
    read_syntax();
    // RFC 6376 section 6.1.1 names the tags that are required.
    for (const std::string_view name : {"d", "s", "v", "a", "b", "bh", "h"}) {
      if (field_.list.find(name) != nullptr) continue;
      add(SignatureFault::signature_tag_missing, fmt::format("{}= is missing", name),
          fmt::format("add {}= to the signature", name));
    }
    read_version();
    read_algorithm();
    read_digests();
    read_identity();
    read_signed_fields();
    read_canonicalization();
    read_query();
    read_length();
    read_times();
  }

 private:
  void add(SignatureFault fault, std::string detail, std::string remedy) {
    field_.faults.push_back({fault, std::move(detail), std::move(remedy), false});
  }
  void bad_value(const Tag& tag, std::string_view wanted) {
    add(SignatureFault::signature_value_bad, fmt::format("{} is not {}", shown(tag), wanted),
        fmt::format("write {} in {}=", wanted, config::escape_text(tag.name, shown_octets)));
  }

  void read_syntax() {
    for (const auto& fault : field_.list.faults) {
      const std::string words = config::escape_text(fault.text, shown_octets);
      const auto broken = [&](std::string detail, std::string remedy) {
        add(SignatureFault::signature_syntax_error, std::move(detail), std::move(remedy));
      };
      switch (fault.kind) {
        case TagFaultKind::duplicate:
        case TagFaultKind::repeated_name:
          broken(fmt::format("{}= occurs twice", words), fmt::format("write {}= once", words));
          break;
        case TagFaultKind::missing_semicolon:
        case TagFaultKind::comma_separator:
          broken(fmt::format("a semicolon is missing before {}=", words),
                 fmt::format("put a semicolon before {}=", words));
          break;
        case TagFaultKind::stray_token:
        case TagFaultKind::colon_for_equals:
          broken(fmt::format("`{}` is not a tag", words), fmt::format("delete `{}`", words));
          break;
        case TagFaultKind::bad_name:
          broken(fmt::format("`{}` is not a valid tag name", words),
                 fmt::format("correct the name `{}`", words));
          break;
        case TagFaultKind::double_semicolon:
        case TagFaultKind::leading_semicolon:
          broken("there is no tag before a semicolon", "write one semicolon between two tags");
          field_.faults.back().is_tolerated = true;
          break;
        case TagFaultKind::outer_space:
        case TagFaultKind::trailing_semicolon_space:
          break;  // may remain from folding
      }
    }
  }

  void read_version() {
    const Tag* const tag = field_.list.find("v");
    if (tag == nullptr || tag->value == "1") return;
    const bool is_draft = tag->value.starts_with("0.");
    add(SignatureFault::signature_version_bad,
        fmt::format("{} is {}, but DKIM has `v=1`", shown(*tag),
                    is_draft ? "from a draft before RFC 4871" : "not a version of DKIM"),
        is_draft ? "update the signing software: it must write v=1" : "write v=1");
  }

  void read_algorithm() {
    const Tag* const tag = field_.list.find("a");
    if (tag == nullptr) return;
    const auto* const known = std::ranges::find(algorithms, tag->value, &Algorithm::name);
    if (known == algorithms.end()) {
      add(SignatureFault::signature_algorithm_unknown,
          fmt::format("{} is not an algorithm of DKIM", shown(*tag)), "sign with a=rsa-sha256");
      return;
    }
    field_.key_type = known->key_type;
    field_.hash = known->hash;
    if (known->hash == "sha1") {
      add(SignatureFault::signature_algorithm_sha1, fmt::format("verifiers must not accept {}", shown(*tag)),
          "sign with a=rsa-sha256");
    }
  }

  void read_digests() {
    if (const Tag* const tag = field_.list.find("b")) {
      field_.signature_octets = base64_octets(tag->value);
      if (!field_.signature_octets) bad_value(*tag, "a signature in base64");
    }
    const Tag* const tag = field_.list.find("bh");
    if (tag == nullptr) return;
    const auto octets = base64_octets(tag->value);
    const std::size_t wanted = field_.hash == "sha1" ? 20 : 32;
    if (!octets) {
      bad_value(*tag, "a hash in base64");
    } else if (!field_.hash.empty() && *octets != wanted) {
      bad_value(*tag, fmt::format("a hash of {} octets ({})", wanted, field_.hash));
    }
  }

  /// RFC 2047 section 5: encoded-words are only for text that people read. All other faults would follow from
  /// this one.
  bool read_encoded_words() {
    const std::string_view value = config::without_outer_space(value_);
    const std::size_t end = value.find("?=");
    if (!value.starts_with("=?") || end == std::string_view::npos) return false;
    add(SignatureFault::signature_syntax_error,
        fmt::format("the field is written as encoded-words of RFC 2047, `{}`, so verifiers find no tag in it",
                    config::escape_text(value.substr(0, end + 2), shown_octets)),
        "configure software after the signer to leave the field as it is: DKIM-Signature is plain ASCII, "
        "without encoded-words");
    return true;
  }

  /// Reports a bad d= or s=; `meant` is the value to write if it can be guessed, otherwise empty.
  void wrong_name(const Tag& tag, std::string_view wanted, const std::string& meant) {
    if (meant.empty() || !read_name(meant, 1)) return bad_value(tag, wanted);
    add(SignatureFault::signature_value_bad, fmt::format("{} is not {}", shown(tag), wanted),
        fmt::format("write `{}={}`", tag.name, config::escape_text(meant, shown_octets)));
  }

  std::optional<DomainName> read_domain_tag(const Tag& tag) {
    if (auto name = read_name(tag.value, 2); name && !name->has_domainkey_label()) return name;
    const bool is_foreign =
        std::ranges::any_of(tag.value, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    // RFC 8616 section 5: internationalized mail may use U-labels; verifiers query the A-labels.
    if (is_foreign) {
      if (auto name = config::read_domain(tag.value)) return *name;
    }
    std::string meant = tag.value.substr(tag.value.rfind('@') + 1);
    constexpr std::string_view label = "_domainkey.";
    if (const std::size_t at = meant.rfind(label); at != std::string::npos) meant.erase(0, at + label.size());
    while (meant.ends_with('.')) meant.pop_back();
    wrong_name(tag, "a domain name such as example.com",
               meant != tag.value && read_name(meant, 2) ? meant : std::string());
    return std::nullopt;
  }

  std::optional<config::Selector> read_selector_tag(const Tag& tag) {
    if (read_name(tag.value, 1)) {
      if (const auto parsed = config::Selector::parse(tag.value)) return *parsed;
    }
    std::string meant = tag.value;
    if (const std::size_t at = config::lower_case(meant).find("._domainkey"); at != std::string::npos) {
      meant.resize(at);
      if (read_name(meant, 1)) {
        add(SignatureFault::signature_value_bad,
            fmt::format(
                "{} contains `._domainkey`, which verifiers add themselves: they query {}._domainkey.{}",
                shown(tag), config::escape_text(tag.value, shown_octets),
                field_.list.find("d") == nullptr
                    ? std::string("DOMAIN")
                    : config::escape_text(field_.list.find("d")->value, shown_octets)),
            fmt::format("write only the selector: `s={}`", config::escape_text(meant, shown_octets)));
        return std::nullopt;
      }
    }
    while (meant.ends_with('.')) meant.pop_back();
    wrong_name(tag, "a selector, which is one or more labels of a domain name",
               meant != tag.value ? meant : std::string());
    return std::nullopt;
  }

  void read_key_name() {
    const Tag* const domain_tag = field_.list.find("d");
    const Tag* const selector_tag = field_.list.find("s");
    std::optional<DomainName> domain;
    std::optional<config::Selector> selector;
    if (domain_tag != nullptr) domain = read_domain_tag(*domain_tag);
    if (selector_tag != nullptr) selector = read_selector_tag(*selector_tag);
    if (!domain || !selector) return;
    if (!selector->owner_name(*domain)) {
      add(SignatureFault::signature_value_bad,
          "the name of the key, s=._domainkey.d=, has more than 255 octets", "choose a shorter selector");
      return;
    }
    field_.domain = domain->lower_case();
    field_.selector = selector;
  }

  void read_identity() {
    const Tag* const tag = field_.list.find("i");
    if (tag == nullptr) {
      field_.identity = field_.domain;
      return;
    }
    const std::size_t at = tag->value.rfind('@');
    if (at != std::string::npos) {
      const std::string_view domain =
          config::without_outer_space(std::string_view(tag->value).substr(at + 1));
      field_.identity = read_name(domain, 2);
      const bool is_foreign =
          std::ranges::any_of(domain, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
      if (is_foreign) {
        if (const auto name = config::read_domain(domain)) field_.identity = *name;
      }
    }
    if (!field_.identity) {
      bad_value(*tag, "an address whose domain is d= or below it");
    } else if (field_.domain && !field_.identity->is_at_or_below(*field_.domain)) {
      add(SignatureFault::signature_identity_outside,
          fmt::format("{} is not at or below `d={}`", shown(*tag), field_.domain->to_string()),
          fmt::format("use a domain at or below {} in i=, or omit i=", field_.domain->to_string()));
    }
  }

  void read_signed_fields() {
    const Tag* const tag = field_.list.find("h");
    if (tag == nullptr) return;
    const auto names = colon_separated(tag->value);
    // RFC 5322 section 2.2, `field-name`.
    const bool are_names = std::ranges::all_of(names, [](std::string_view name) {
      return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
    });
    if (!are_names) bad_value(*tag, "a list of field names, separated by colons");
    const bool has_from = std::ranges::any_of(
        names, [](std::string_view name) { return config::equal_ignoring_case(name, "from"); });
    if (!has_from) {
      add(SignatureFault::signature_from_unsigned, fmt::format("{} does not include From", shown(*tag)),
          "add From to the list of signed fields, h=");
    }
  }

  void read_canonicalization() {
    const Tag* const tag = field_.list.find("c");
    if (tag == nullptr) return;
    const std::string_view value = tag->value;
    const std::size_t slash = value.find('/');
    const auto known = [](std::string_view name) { return name == "simple" || name == "relaxed"; };
    if (known(value.substr(0, slash)) && (slash == std::string_view::npos || known(value.substr(slash + 1))))
      return;
    add(SignatureFault::signature_canonicalization_unknown,
        fmt::format("{} is not a canonicalization of DKIM", shown(*tag)), "sign with c=relaxed/relaxed");
  }

  void read_query() {
    const Tag* const tag = field_.list.find("q");
    if (tag == nullptr) return;
    const auto methods = colon_separated(tag->value);
    if (std::ranges::find(methods, "dns/txt") != methods.end()) return;
    add(SignatureFault::signature_query_unsupported, fmt::format("{} does not include dns/txt", shown(*tag)),
        "write q=dns/txt, or omit q=");
  }

  void read_length() {
    const Tag* const tag = field_.list.find("l");
    if (tag == nullptr) return;
    if (!read_number(tag->value, 18)) return bad_value(*tag, "a number of octets");
    add(SignatureFault::signature_body_limited,
        fmt::format("{}: the body after these octets is not signed", shown(*tag)),
        "sign the whole body, without l=");
  }

  void read_times() {
    // A time in nanoseconds has 19 digits, the most that always fit into 64 bits.
    constexpr std::size_t digits_of_a_time = 19;
    for (const auto& [name, time] :
         {std::pair{"t", &field_.signed_at_seconds}, std::pair{"x", &field_.expires_at_seconds}}) {
      const Tag* const tag = field_.list.find(name);
      if (tag == nullptr) continue;
      *time = read_number(tag->value, digits_of_a_time);
      if (!*time) bad_value(*tag, "a time in seconds since 1970");
    }
    const auto& signed_at = field_.signed_at_seconds;
    const auto& expires_at = field_.expires_at_seconds;
    // `signature_time_future` reports a t= that is not in seconds; such a time cannot be compared.
    const bool is_comparable = signed_at && (!unit_of(*signed_at) || (expires_at && unit_of(*expires_at)));
    if (is_comparable && expires_at && *expires_at <= *signed_at) {
      add(SignatureFault::signature_expiry_before_time,
          fmt::format("x= is {}, not later than t=, {}", time_text(*expires_at), time_text(*signed_at)),
          "set x= later than t=, or omit x=");
    }
  }

  std::string_view value_;
  SignatureField& field_;
};

/// Unfolds the DKIM-Signature fields of a header from its lines, and reads them.
class SignatureCollector {
 public:
  /// `text` is a line that is not empty, without its line break.
  void add_line(std::string_view text, std::size_t line) {
    // RFC 5322 section 2.2.3: unfolding removes only the line break.
    if (text.front() == ' ' || text.front() == '\t') {
      if (begins_at_ != 0) value_ += text;
      return;
    }
    close();
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos ||
        !config::equal_ignoring_case(config::without_outer_space(text.substr(0, colon)), field_name))
      return;
    begins_at_ = line;
    value_ = text.substr(colon + 1);
  }

  [[nodiscard]] MessageSignatures finish() {
    close();
    return std::move(signatures_);
  }

 private:
  void close() {
    if (begins_at_ == 0) return;
    if (++signatures_.count <= most_signatures) {
      auto& field = signatures_.fields.emplace_back();
      field.number = signatures_.count;
      field.line = begins_at_;
      FieldReader(field, value_).read();
    }
    begins_at_ = 0;
    value_.clear();
  }

  MessageSignatures signatures_{};
  std::string value_{};
  std::size_t begins_at_ = 0;  ///< the line where the current field begins; 0 outside of one
};

}  // namespace

MessageSignatures read_signatures(std::string_view message) {
  SignatureCollector collector;
  std::string_view rest = config::without_utf8_mark(message.substr(0, longest_header_octets));
  bool begun = false;
  bool ended = false;
  for (std::size_t line = 1; !rest.empty() && !ended; ++line) {
    const std::size_t feed = rest.find('\n');
    std::string_view text = rest.substr(0, feed);
    rest.remove_prefix(feed == std::string_view::npos ? rest.size() : feed + 1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) {
      ended = begun;
    } else if (begun || !text.starts_with("From ")) {
      begun = true;
      collector.add_line(text, line);
    }
  }
  MessageSignatures signatures = collector.finish();
  signatures.header_too_long = !ended && message.size() > longest_header_octets;
  return signatures;
}

std::optional<TimeUnit> unit_of(std::uint64_t time) {
  // The years 2001 to 2286: any current time in seconds is among them.
  constexpr std::uint64_t earliest = 1'000'000'000;
  constexpr std::uint64_t latest = 9'999'999'999;
  for (const auto& unit : {TimeUnit{"milliseconds", 1'000}, TimeUnit{"microseconds", 1'000'000},
                           TimeUnit{"nanoseconds", 1'000'000'000}}) {
    const std::uint64_t seconds = time / unit.in_a_second;
    if (time > latest && seconds >= earliest && seconds <= latest) return unit;
  }
  return std::nullopt;
}

std::string time_text(std::uint64_t seconds_since_1970) {
  constexpr std::uint64_t end_of_year_9999 = 253'402'300'799;
  if (seconds_since_1970 > end_of_year_9999) return "beyond the year 9999";
  return time_text(probe::WallTime{std::chrono::seconds{seconds_since_1970}});
}

}  // namespace dkimprobe::checks
