#include "config/names/domain_name.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::config {
namespace {

std::size_t octet(const std::string& wire, std::size_t at) {
  return static_cast<unsigned char>(wire[at]);
}

/// Takes one octet of label number `label` off its presentation form: a character, `\X` or `\DDD` (RFC 1035
/// section 5.1).
tl::expected<char, std::string> take_octet(std::string_view& text, std::size_t label) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first != '\\') {
    if (first <= ' ' || first >= 0x7f) {
      return tl::make_unexpected(fmt::format(
          "the character \\x{:02x} in label {} is not allowed in a domain name unless it is escaped", first,
          label));
    }
    text.remove_prefix(1);
    return static_cast<char>(first);
  }
  const std::string_view escaped = text.substr(1, 3);
  if (escaped.size() == 3 && std::ranges::all_of(escaped, is_digit)) {
    const int value = (escaped[0] - '0') * 100 + (escaped[1] - '0') * 10 + (escaped[2] - '0');
    if (value > 255) return tl::make_unexpected(fmt::format("the escape \\{} is above \\255", escaped));
    text.remove_prefix(4);
    return static_cast<char>(value);
  }
  if (escaped.empty() || is_digit(escaped.front()))
    return tl::make_unexpected("a backslash must be followed by three digits or by one other character");
  text.remove_prefix(2);
  return escaped.front();
}

}  // namespace

Result<DomainName> DomainName::parse(std::string_view text) {
  const auto wrong = [&](std::string message) { return failure(escape_text(text, 80), std::move(message)); };
  if (text.empty()) return wrong("a domain name was expected, but this is empty");
  if (text == ".") return DomainName{};
  if (text.size() > 4 * longest_wire) return wrong("a domain name has at most 255 octets");

  std::string wire;
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::string label;
    while (!rest.empty() && rest.front() != '.') {
      const auto octet = take_octet(rest, number);
      if (!octet) return wrong(octet.error());
      label.push_back(*octet);
    }
    if (label.empty())
      return wrong(fmt::format("label {} is empty (two dots in a row, or a dot at the start)", number));
    if (label.size() > longest_label) {
      return wrong(fmt::format("label {} has {} octets, at most 63 are allowed (RFC 1035 section 2.3.4)",
                               number, label.size()));
    }
    wire.push_back(static_cast<char>(label.size()));
    wire += label;
    if (!rest.empty()) rest.remove_prefix(1);
  }
  wire.push_back('\0');
  if (wire.size() > longest_wire) {
    return wrong(fmt::format(
        "the name has {} octets on the wire, at most 255 are allowed (RFC 1035 section 2.3.4)", wire.size()));
  }
  return DomainName{std::move(wire)};
}

std::optional<DomainName> DomainName::from_wire(std::span<const std::uint8_t> bytes) {
  if (bytes.empty() || bytes.size() > longest_wire) return std::nullopt;
  std::size_t at = 0;
  while (at < bytes.size() && bytes[at] != 0) {
    if (bytes[at] > longest_label) return std::nullopt;
    at += 1U + bytes[at];
  }
  if (at + 1 != bytes.size()) return std::nullopt;
  return DomainName{std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())};
}

std::string DomainName::to_string() const {
  if (is_root()) return ".";
  std::string text;
  text.reserve(wire_.size());
  for (std::size_t at = 0; octet(wire_, at) != 0;) {
    const std::size_t end = at + 1 + octet(wire_, at);
    if (at != 0) text.push_back('.');
    for (++at; at < end; ++at) {
      const auto c = static_cast<unsigned char>(wire_[at]);
      if (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '*') {
        text.push_back(static_cast<char>(c));
      } else if (c > ' ' && c < 0x7f) {
        text.push_back('\\');
        text.push_back(static_cast<char>(c));
      } else {
        fmt::format_to(std::back_inserter(text), "\\{:03}", c);
      }
    }
  }
  return text;
}

std::size_t DomainName::label_count() const {
  std::size_t count = 0;
  for (std::size_t at = 0; octet(wire_, at) != 0; at += 1 + octet(wire_, at)) ++count;
  return count;
}

std::string_view DomainName::first_label() const {
  return std::string_view(wire_).substr(is_root() ? 0 : 1, octet(wire_, 0));
}

DomainName DomainName::parent() const {
  return is_root() ? *this : DomainName{wire_.substr(1 + octet(wire_, 0))};
}

DomainName DomainName::suffix(std::size_t labels) const {
  std::size_t at = 0;
  for (std::size_t count = label_count(); count > labels; --count) at += 1 + octet(wire_, at);
  return DomainName{wire_.substr(at)};
}

std::optional<DomainName> DomainName::child(std::string_view label) const {
  if (label.empty() || label.size() > longest_label || wire_.size() + label.size() + 1 > longest_wire) {
    return std::nullopt;
  }
  std::string wire(1, static_cast<char>(label.size()));
  wire += label;
  wire += wire_;
  return DomainName{std::move(wire)};
}

std::optional<DomainName> DomainName::below(const DomainName& zone) const {
  if (wire_.size() - 1 + zone.wire_.size() > longest_wire) return std::nullopt;
  return DomainName{wire_.substr(0, wire_.size() - 1) + zone.wire_};
}

bool DomainName::is_at_or_below(const DomainName& ancestor) const {
  if (ancestor.wire_.size() > wire_.size()) return false;
  const std::size_t start = wire_.size() - ancestor.wire_.size();
  std::size_t at = 0;
  while (at < start) at += 1 + octet(wire_, at);
  return at == start && equal_ignoring_case(std::string_view(wire_).substr(start), ancestor.wire_);
}

bool DomainName::has_domainkey_label() const {
  constexpr std::string_view domainkey = "_domainkey";
  for (std::size_t at = 0; octet(wire_, at) != 0; at += 1 + octet(wire_, at)) {
    if (equal_ignoring_case(std::string_view(wire_).substr(at + 1, octet(wire_, at)), domainkey)) return true;
  }
  return false;
}

DomainName DomainName::lower_case() const {
  std::string wire = wire_;
  // Length octets are at most 63, below the range of letters.
  std::transform(wire.begin(), wire.end(), wire.begin(), to_lower);
  return DomainName{std::move(wire)};
}

bool operator==(const DomainName& a, const DomainName& b) {
  return equal_ignoring_case(a.wire_, b.wire_);
}

std::weak_ordering operator<=>(const DomainName& a, const DomainName& b) {
  const std::size_t labels_a = a.label_count();
  const std::size_t labels_b = b.label_count();
  for (std::size_t depth = 1; depth <= std::min(labels_a, labels_b); ++depth) {
    const DomainName suffix_a = a.suffix(depth);
    const DomainName suffix_b = b.suffix(depth);
    const std::string_view label_a = suffix_a.first_label();
    const std::string_view label_b = suffix_b.first_label();
    const auto order = std::lexicographical_compare_three_way(
        label_a.begin(), label_a.end(), label_b.begin(), label_b.end(), [](char x, char y) {
          return static_cast<unsigned char>(to_lower(x)) <=> static_cast<unsigned char>(to_lower(y));
        });
    if (order != 0) return order;
  }
  return labels_a <=> labels_b;
}

}  // namespace dkimprobe::config

std::size_t std::hash<dkimprobe::config::DomainName>::operator()(
    const dkimprobe::config::DomainName& name) const noexcept {
  std::size_t value = 14695981039346656037ULL;
  for (const std::uint8_t octet : name.wire()) {
    value = (value ^ static_cast<unsigned char>(dkimprobe::config::to_lower(static_cast<char>(octet)))) *
            1099511628211ULL;
  }
  return value;
}
