// A domain name: a validated sequence of labels in wire form, compared without regard to ASCII case. For IDN
// see config/names/internationalized_name.hpp.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

class DomainName {
 public:
  /// Octets of a complete name with its length octets and the root (RFC 1035 section 2.3.4).
  static constexpr std::size_t longest_wire = 255;
  static constexpr std::size_t longest_label = 63;

  /// The root.
  DomainName() : wire_(1, '\0') {}

  /// Parses presentation form with the escapes `\X` and `\DDD` (RFC 1035 section 5.1); a trailing dot is
  /// allowed. The error says which label is invalid and why; its `where` is the escaped text.
  [[nodiscard]] static Result<DomainName> parse(std::string_view text);

  /// Parses an uncompressed name that fills `bytes` exactly; empty if it is invalid.
  [[nodiscard]] static std::optional<DomainName> from_wire(std::span<const std::uint8_t> bytes);

  /// Presentation form without the trailing dot ("." for the root); every octet that is not a letter, digit,
  /// `-` or `_` is escaped, so that the text is safe in any output.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] std::span<const std::uint8_t> wire() const {
    return {reinterpret_cast<const std::uint8_t*>(wire_.data()), wire_.size()};
  }
  [[nodiscard]] std::size_t wire_size() const { return wire_.size(); }
  [[nodiscard]] bool is_root() const { return wire_.size() == 1; }
  /// Labels without the root: 2 for `example.com`.
  [[nodiscard]] std::size_t label_count() const;
  /// The raw octets of the leftmost label; empty for the root.
  [[nodiscard]] std::string_view first_label() const;

  /// The name without its leftmost label; the root's parent is the root.
  [[nodiscard]] DomainName parent() const;
  /// The rightmost `labels` labels: `example.com` for 2 of `s1._domainkey.example.com`.
  [[nodiscard]] DomainName suffix(std::size_t labels) const;
  /// The name with `label` prepended; empty if the label is empty or too long, or the result too long.
  [[nodiscard]] std::optional<DomainName> child(std::string_view label) const;
  /// This name's labels prepended to `zone`; empty if the result would be too long.
  [[nodiscard]] std::optional<DomainName> below(const DomainName& zone) const;

  [[nodiscard]] bool is_at_or_below(const DomainName& ancestor) const;
  /// Whether any label is `_domainkey`; such names are never sent to a recursive resolver.
  [[nodiscard]] bool has_domainkey_label() const;

  /// The name with ASCII letters in lower case.
  [[nodiscard]] DomainName lower_case() const;
  /// Case-sensitive comparison, to check whether a server kept the case of a query.
  [[nodiscard]] bool same_octets(const DomainName& other) const { return wire_ == other.wire_; }

  friend bool operator==(const DomainName& a, const DomainName& b);
  /// Canonical order (RFC 4034 section 6.1).
  friend std::weak_ordering operator<=>(const DomainName& a, const DomainName& b);

 private:
  explicit DomainName(std::string wire) : wire_(std::move(wire)) {}
  std::string wire_;
};

}  // namespace dkimprobe::config

template <>
struct std::hash<dkimprobe::config::DomainName> {
  std::size_t operator()(const dkimprobe::config::DomainName& name) const noexcept;
};
