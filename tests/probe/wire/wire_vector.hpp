// Test vectors of the wire: a file holds one message, written down so that a person can follow it, and all
// that must be found in it. Also the text form of what was found, for exact comparison.
//
//   # why this message is here
//   ask: NAME TYPE           the question sent, with id 1234 (hexadecimal); optional
//   message:                 until `match:`; a token is hexadecimal octets, "raw text", 'a character-string',
//     1234 8400 ...          name:example.com, or rdata{ ... } (its length, then the tokens up to the brace);
//     00*65500               a token followed by *N stands N times
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

/// All vectors of the folder, by name. Throws std::runtime_error with file and line for one that cannot be
/// read.
[[nodiscard]] std::vector<WireVector> load_wire_vectors();

/// The query that `message` answers.
[[nodiscard]] std::vector<std::uint8_t> query_of(const WireVector& vector);

/// A copy that ends where its allocation ends, so that AddressSanitizer sees a read of one octet too many.
class ExactBytes {
 public:
  explicit ExactBytes(std::span<const std::uint8_t> bytes);
  [[nodiscard]] std::span<const std::uint8_t> span() const { return {octets_.get(), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> octets_;
  std::size_t size_;
};

[[nodiscard]] std::string to_string(probe::IgnoreReason reason);

/// A line for each fact of the scan and the response that is not its default.
[[nodiscard]] std::vector<std::string> facts_of(const probe::ScannedMessage& message,
                                                const probe::Response& response);

}  // namespace dkimprobe::tests
