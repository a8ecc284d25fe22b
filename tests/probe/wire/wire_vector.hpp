// Wire vectors: each file has one message in a readable form, and everything that must be read from it. Also
// the text form of what was read, for exact comparison.
//
//   # why this message is here
//   ask: NAME TYPE           the question that was sent, with id 1234 (hexadecimal); optional
//   message:                 until `match:`; a token is hexadecimal octets, "raw text", 'a character-string',
//     1234 8400 ...          name:example.com, or rdata{ ... } (its length, then the tokens up to the brace);
//     00*65500               a token followed by *N is repeated N times
//   match: ok                or the reason of `mismatch`
//   scan: ok                 or the fault and its offset
//   and one line for each fact that is read
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"
#include "probe/wire/message_scan.hpp"

namespace dkimprobe::tests {

struct WireVector {
  std::string name{};
  config::DomainName question_name{};
  probe::RecordType question_type = probe::RecordType::txt;
  std::vector<std::uint8_t> message{};
  std::string match{};
  std::string scan{};
  std::vector<std::string> facts{};
};

/// All vectors of the folder, by name. Throws std::runtime_error with file and line for an invalid one.
[[nodiscard]] std::vector<WireVector> load_wire_vectors();

/// The query that `message` answers.
[[nodiscard]] std::vector<std::uint8_t> query_of(const WireVector& vector);

/// A copy that ends at the end of its allocation, so that AddressSanitizer detects a read beyond it.
class ExactBytes {
 public:
  explicit ExactBytes(std::span<const std::uint8_t> bytes);
  [[nodiscard]] std::span<const std::uint8_t> span() const { return {octets_.get(), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> octets_;
  std::size_t size_;
};

[[nodiscard]] std::string to_string(probe::IgnoreReason reason);

/// One line for each fact of the scan and the response that differs from its default.
[[nodiscard]] std::vector<std::string> facts_of(const probe::ScannedMessage& message,
                                                const probe::Response& response);

}  // namespace dkimprobe::tests
