#include "config/names/selector.hpp"

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {
namespace {

Result<DomainName> put_below(const DomainName& left, const DomainName& right) {
  if (auto name = left.below(right)) return *name;
  return failure(
      left.to_string(),
      fmt::format("the name {}.{} would have {} octets, at most 255 are allowed (RFC 1035 section 2.3.4)",
                  left.to_string(), right.to_string(), left.wire_size() - 1 + right.wire_size()));
}

const DomainName& domainkey_label() {
  static const DomainName name = DomainName::parse("_domainkey").value();
  return name;
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::pending:
      return "pending";
    case Role::active:
      return "active";
    case Role::standby:
      return "standby";
    case Role::retired:
      return "retired";
  }
  return "";
}

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::pending, Role::active, Role::standby, Role::retired}) {
    if (text == to_string(role)) return role;
  }
  return std::nullopt;
}

std::string_view to_string(Service service) {
  switch (service) {
    case Service::email:
      return "email";
    case Service::tlsrpt:
      return "tlsrpt";
  }
  return "";
}

std::optional<Service> parse_service(std::string_view text) {
  for (const Service service : {Service::email, Service::tlsrpt}) {
    if (text == to_string(service)) return service;
  }
  return std::nullopt;
}

std::optional<Signs> parse_signs(std::string_view text) {
  if (text == "dkim1") return Signs::dkim1;
  if (text == "dkim2") return Signs::dkim2;
  return text == "both" ? std::optional(Signs::both) : std::nullopt;
}

Result<Selector> Selector::parse(std::string_view text) {
  if (text.empty()) return failure("selector", "it is empty; give the value of s= of a DKIM-Signature");
  auto labels = DomainName::parse(text);
  if (!labels) return tl::unexpected(labels.error());
  if (labels->is_root()) return failure(escape_text(text), "a selector has at least one label");
  if (labels->has_domainkey_label()) {
    return failure(
        escape_text(text, 80),
        "give the selector alone, without `._domainkey` and the domain: the value of s= of a DKIM-Signature");
  }
  Selector selector;
  selector.labels_ = *labels;
  return selector;
}

Result<DomainName> Selector::owner_name(const DomainName& domain) const {
  return domainkey_name(domain).and_then([&](const DomainName& name) { return put_below(labels_, name); });
}

Result<DomainName> domainkey_name(const DomainName& domain) {
  return put_below(domainkey_label(), domain);
}

Result<DomainName> adsp_name(const DomainName& domain) {
  static const DomainName adsp = DomainName::parse("_adsp").value();
  return domainkey_name(domain).and_then([&](const DomainName& name) { return put_below(adsp, name); });
}

}  // namespace dkimprobe::config
