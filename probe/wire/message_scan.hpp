// The bounded scan of a whole message: every count, name, record and the rdata of the types we read are held
// against the message's end and against fixed bounds before any other code, ldns included, sees a byte of it.
// It allocates nothing, throws nothing, takes time linear in the message, and judges nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

inline constexpr std::size_t most_records = 2000;      ///< of a message
inline constexpr std::size_t most_strings = 1024;      ///< of all TXT records of a message
inline constexpr std::size_t most_pointers = 126;      ///< of one name
inline constexpr std::size_t longest_message = 65535;  ///< which bounds the TXT of a message, too

enum class FaultKind : std::uint8_t {
  header_cut_off,      ///< shorter than 12 octets
  message_too_long,    ///< longer than a length of TCP can say
  message_ends_early,  ///< inside a question or record that the counts promise
  several_questions,
  too_many_records,       ///< the counts promise more than `most_records`
  label_type,             ///< the obsolete types 0x40 and 0x80
  name_too_long,          ///< over 255 octets
  pointer_not_backwards,  ///< forward, to itself, round a loop, or to what does not end before its own run
  pointer_into_header,
  too_many_pointers,
  rdata_length,    ///< not the length that the type's form has
  string_overrun,  ///< a character-string longer than what is left of its record
  too_many_strings,
  second_opt,
  misplaced_opt,  ///< outside the additional section, or owned by another name than the root
};

[[nodiscard]] std::string_view to_string(FaultKind kind);

/// The first thing that is wrong with a message, and the octet at which it shows.
struct MessageFault {
  FaultKind kind = FaultKind::header_cut_off;
  std::uint32_t offset = 0;

  friend bool operator==(const MessageFault&, const MessageFault&) = default;
};

enum class Section : std::uint8_t { answer, authority, additional };

/// A record as a place in its message. Type and record class are raw: a server sends what it likes.
struct ScannedRecord {
  std::uint16_t owner_at = 0;
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
  std::uint16_t rdata_at = 0;
  std::uint16_t rdata_bytes = 0;
  Section section = Section::answer;
  std::uint32_t ttl_seconds = 0;

  [[nodiscard]] bool is(RecordType wanted) const { return type == static_cast<std::uint16_t>(wanted); }
};

/// A message that passed. A view: it lives as long as the message's bytes and until its scanner's next scan.
struct ScannedMessage {
  std::span<const std::uint8_t> bytes{};
  std::span<const ScannedRecord> records{};  ///< in the order of the message, OPT and TSIG among them
  const ScannedRecord* opt = nullptr;
  std::uint16_t questions = 0;          ///< 0 or 1
  std::uint16_t question_name_end = 0;  ///< type and class follow; 0 without a question
  /// Octets after the last record. No fault: BIND, Unbound and ldns read such messages too, so what they hold
  /// is what verifiers see.
  std::uint32_t trailing_bytes = 0;
  /// The message has TC=1 and ends inside a record. No fault: `records` has those before, and TC=1 sends the
  /// reader to TCP anyway (RFC 2181 section 9).
  bool cut_short = false;
  /// Every record has a type whose rdata was read here. Only such a message may be given to ldns, which makes
  /// any number of parts out of other types (SPF, HIP, APL) and leaks TSIG.
  bool every_type_read = true;
};

/// Scans message after message with one storage, made once.
class MessageScanner {
 public:
  MessageScanner() { records_.reserve(most_records); }
  MessageScanner(const MessageScanner&) = delete;  // a copy would not have the storage
  MessageScanner& operator=(const MessageScanner&) = delete;

  [[nodiscard]] tl::expected<ScannedMessage, MessageFault> scan(
      std::span<const std::uint8_t> message) noexcept;

 private:
  std::vector<ScannedRecord> records_{};
};

/// Whether the record stands at the name of the message's own question (without case); false without one.
[[nodiscard]] bool owner_is_question(const ScannedMessage& message, const ScannedRecord& record) noexcept;

/// The strings of a TXT record joined (RFC 6376 section 3.6.2.2). A single string is shown where it lies in
/// the message; several are written to `buffer`, and nothing is returned if it is too small (rdata's size is
/// always enough).
[[nodiscard]] std::optional<std::string_view> joined_txt(const ScannedMessage& message,
                                                         const ScannedRecord& record,
                                                         std::span<char> buffer) noexcept;

/// The name at `at`, which must be a place where the scan read a name (an owner, or a name of rdata).
[[nodiscard]] config::DomainName name_at(const ScannedMessage& message, std::size_t at);

}  // namespace dkimprobe::probe
