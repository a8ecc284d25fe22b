// A DKIM selector and the domain names derived from it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::config {

/// The current use of a selector; it decides which facts are faults.
enum class Role : std::uint8_t { pending, active, standby, retired };

[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

/// What a selector's key signs (RFC 6376 section 3.6.1, `s=`; RFC 8460 section 3 for reports).
enum class Service : std::uint8_t { email, tlsrpt };

[[nodiscard]] std::string_view to_string(Service service);
[[nodiscard]] std::optional<Service> parse_service(std::string_view text);

/// The versions of DKIM that a selector's key signs with, as far as the settings say. DKIM2 is a draft.
enum class Signs : std::uint8_t { not_stated, dkim1, dkim2, both };

/// `dkim1`, `dkim2` or `both`.
[[nodiscard]] std::optional<Signs> parse_signs(std::string_view text);

/// One or more labels separated by dots (RFC 6376 section 3.1, `selector`).
class Selector {
 public:
  Selector() = default;
  [[nodiscard]] static Result<Selector> parse(std::string_view text);

  [[nodiscard]] std::string to_string() const { return labels_.to_string(); }
  /// `<selector>._domainkey.<domain>` (RFC 6376 section 3.6.2.1); an error if over 255 octets.
  [[nodiscard]] Result<DomainName> owner_name(const DomainName& domain) const;

  friend bool operator==(const Selector&, const Selector&) = default;
  friend std::weak_ordering operator<=>(const Selector&, const Selector&) = default;

 private:
  DomainName labels_{};
};

/// `_domainkey.<domain>`; an error if over 255 octets.
[[nodiscard]] Result<DomainName> domainkey_name(const DomainName& domain);
/// `_adsp._domainkey.<domain>` (RFC 5617 section 4.3); an error if over 255 octets.
[[nodiscard]] Result<DomainName> adsp_name(const DomainName& domain);

}  // namespace dkimprobe::config
