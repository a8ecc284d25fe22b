#include "config/names/internationalized_name.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/names/address.hpp"

namespace dkimprobe::config {
namespace {

struct FreeIdn2 {
  void operator()(char* text) const { idn2_free(text); }
};

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The host of a URL, or the part most like it.
std::string_view host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  return url.substr(0, url.find(':'));
}

/// How to give `s1._domainkey.example.com` correctly: domain and selector apart.
std::string advice_for_key_name(const DomainName& name) {
  std::string selector;
  DomainName domain = name;
  for (; domain.has_domainkey_label(); domain = domain.parent()) {
    if (!domain.parent().has_domainkey_label()) continue;  // this is the last `_domainkey`
    if (!selector.empty()) selector += '.';
    selector += DomainName{}.child(domain.first_label()).value().to_string();
  }
  if (domain.is_root()) return "give the domain alone, and the selector as the next argument";
  if (selector.empty()) return fmt::format("give the domain alone: {}", domain.to_string());
  return fmt::format("give the domain and the selector apart: {} {}", domain.to_string(), selector);
}

/// Why the text is not a domain; empty if it may be one.
std::optional<std::string> other_than_a_domain(std::string_view text) {
  if (text.find_first_of("/?#") != std::string_view::npos) {
    return fmt::format("this is a URL or a path; give the domain alone: {}", escape_text(host_of(text), 80));
  }
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    return fmt::format("this is an e-mail address; give its domain: {}",
                       escape_text(text.substr(at + 1), 80));
  }
  std::string_view bare = text;
  if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
  if (Address::parse(bare)) {
    return "this is an IP address; give the domain of the signature: d= of a DKIM-Signature";
  }
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    return fmt::format("a domain has no port; give it alone: {} (--port sets the port of the servers)",
                       escape_text(text.substr(0, colon), 80));
  }
  return std::nullopt;
}

Result<std::string> to_ascii(std::string_view text) {
  char* converted = nullptr;
  const int status =
      idn2_to_ascii_8z(std::string(text).c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  const std::unique_ptr<char, FreeIdn2> owner(converted);
  if (status != IDN2_OK) {
    return failure(escape_text(text, 80), fmt::format("this is not a valid internationalized domain name: {}",
                                                      idn2_strerror(status)));
  }
  return std::string(converted);
}

}  // namespace

Result<DomainName> read_domain(std::string_view text) {
  const auto wrong = [&](std::string message) { return failure(escape_text(text, 80), std::move(message)); };
  if (text.empty())
    return failure("DOMAIN", "it is empty; give the domain of the signature, such as example.com");
  if (text.size() > 4 * DomainName::longest_wire) return wrong("a domain name has at most 255 octets");
  if (text.find('\0') != std::string_view::npos) return wrong("a domain name cannot contain a NUL octet");
  if (const auto other = other_than_a_domain(text)) return wrong(*other);

  auto name =
      is_ascii(text)
          ? DomainName::parse(text)
          : to_ascii(text).and_then([](const std::string& ascii) { return DomainName::parse(ascii); });
  if (!name) return name;
  if (name->is_root()) return wrong("the root has no DKIM keys; give a domain such as example.com");
  if (name->has_domainkey_label()) {
    return wrong(fmt::format("this is the name of a key, not a domain; {}", advice_for_key_name(*name)));
  }
  return name->lower_case();
}

}  // namespace dkimprobe::config
