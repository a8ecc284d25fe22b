// The canonical form of names and records, over which signatures and hashes are computed (RFC 4034 section
// 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/dnssec/record_set.hpp"

namespace dkimprobe::checks::dnssec {

/// Reads numbers and names from foreign rdata; whatever goes beyond the end makes it fail for good.
class RdataReader {
 public:
  explicit RdataReader(std::string_view rdata) : rest_(rdata) {}

  [[nodiscard]] std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  [[nodiscard]] std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  [[nodiscard]] std::uint32_t u32() { return number(4); }
  [[nodiscard]] std::string_view octets(std::size_t count);
  /// An uncompressed name; the root after a failure.
  [[nodiscard]] config::DomainName name();
  [[nodiscard]] std::string_view rest() { return octets(rest_.size()); }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  [[nodiscard]] std::uint32_t number(std::size_t octet_count);

  std::string_view rest_{};
  bool failed_ = false;
};

/// A number in network byte order.
void append_u16(std::string& bytes, std::uint16_t number);
void append_u32(std::string& bytes, std::uint32_t number);

/// Wire form with ASCII letters in lower case.
[[nodiscard]] std::string canonical_name(const config::DomainName& name);

/// The labels that a signature counts: without the root, and without a `*` in front (RFC 4034 section 3.1.3).
[[nodiscard]] std::size_t signed_labels(const config::DomainName& owner);

/// The rdata of a set in canonical form and order, without duplicates (RFC 4034 sections 6.2 and 6.3; names
/// in NSEC records keep their case, RFC 6840 section 5.1). Empty if the type is not known here or a record is
/// malformed.
[[nodiscard]] std::optional<std::vector<std::string>> canonical_rdata(const RecordSet& set);

}  // namespace dkimprobe::checks::dnssec
