#include "checks/record/other_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "checks/record/leaked_key.hpp"
#include "checks/record/placeholder.hpp"
#include "checks/record/public_key.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

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

/// Whether any tag has one of the one-letter `names`, in upper or lower case.
bool has_any_tag(const TagList& list, std::string_view names) {
  return std::ranges::any_of(list.tags, [&](const Tag& tag) {
    return tag.name.size() == 1 && names.find(config::to_lower(tag.name[0])) != std::string_view::npos;
  });
}

}  // namespace

std::string_view other_kind(std::string_view text, const TagList& list) {
  const std::string_view content = config::without_outer_space(text);
  if (content.empty()) return "an empty text";
  for (const auto& known : known_texts) {
    if (config::starts_with_ignoring_case(content, known.prefix)) return known.kind;
  }
  if (is_domainkeys_policy(list)) return "a DomainKeys policy, which is obsolete";
  const Tag* const version = list.find("v");
  if (version != nullptr && !has_any_tag(list, "p") && !version->value.empty() &&
      !config::starts_with_ignoring_case(version->value, "dkim")) {
    return "a record of another kind";
  }
  if (has_any_tag(list, known_tags)) return {};
  if (is_bare_key(content)) return bare_key;
  if (is_placeholder(content)) return "a placeholder from a program that had no key";
  if (is_host_name(content)) return "a host name, perhaps a CNAME target published as TXT";
  if (is_site_verification(content)) return "a site verification";
  return "free text";
}

TextFault other_text_fault(std::string_view text, std::string_view kind) {
  const auto* const known = std::ranges::find(known_texts, kind, &KnownText::kind);
  const std::string_view remedy =
      kind == bare_key ? "write `v=DKIM1; p=` before it, and `k=ed25519; ` before `p=` for an Ed25519 key"
      : known != known_texts.end() && known->moves
          ? "publish the key record here, and move this text where it belongs"
          : "replace this text with the key record";
  return {.fault = RecordFault::txt_not_dkim,
          .detail = fmt::format("the text is {}: \"{}\"", kind, shown(text)),
          .remedy = std::string(remedy)};
}

bool is_bare_key(std::string_view text) {
  std::string value(text);
  take_off_armor(value);
  const Base64Text base64 = decode_base64(value);
  if (!base64.strict()) return false;
  const PublicKey key = read_public_key(base64.bytes);
  return key.is_rsa() || key.is_ed25519();
}

bool has_policy_tags_alone(const TagList& list) {
  return !list.tags.empty() && std::ranges::all_of(list.tags, [](const Tag& tag) {
    return tag.name.size() == 1 && std::string_view("nort").find(tag.name[0]) != std::string_view::npos;
  });
}

bool is_domainkeys_policy(const TagList& list) {
  return list.find("o") != nullptr && has_policy_tags_alone(list);
}

}  // namespace dkimprobe::checks
