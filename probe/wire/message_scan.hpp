// The bounded scan of a whole message: checks every count, name and record, and the rdata of the types that
// we read, against the message's end and fixed bounds before any other code, including ldns, sees a byte of
// it. It allocates nothing, throws nothing, takes time linear in the message, and judges nothing.
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

inline constexpr std::size_t most_records = 2000;      ///< in a message
inline constexpr std::size_t most_strings = 1024;      ///< in all TXT records of a message
inline constexpr std::size_t most_pointers = 126;      ///< in one name
inline constexpr std::size_t longest_message = 65535;  ///< also bounds the TXT of a message

enum class FaultKind : std::uint8_t {
  header_cut_off,      ///< shorter than 12 octets
  message_too_long,    ///< longer than the length field of TCP permits
  message_ends_early,  ///< inside a question or record that the counts announce
  several_questions,
  too_many_records,       ///< the counts announce more than `most_records`
  label_type,             ///< the obsolete types 0x40 and 0x80
  name_too_long,          ///< over 255 octets
  pointer_not_backwards,  ///< forward, to itself, in a loop, or to labels that do not end before its own run
  pointer_into_header,
  too_many_pointers,
  rdata_length,    ///< a length that the type does not permit
  string_overrun,  ///< a character-string longer than the rest of its record
  too_many_strings,
  second_opt,
  misplaced_opt,  ///< outside the additional section, or not owned by the root
};

[[nodiscard]] std::string_view to_string(FaultKind kind);

/// The first fault of a message, and the offset of its octet.
struct MessageFault {
  FaultKind kind = FaultKind::header_cut_off;
  std::uint32_t offset = 0;

  friend bool operator==(const MessageFault&, const MessageFault&) = default;
};

enum class Section : std::uint8_t { answer, authority, additional };

/// A record as offsets in its message. Type and class are raw numbers: a server may send anything.
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

/// A message that passed. A view: valid while the message's bytes exist and until the scanner's next scan.
struct ScannedMessage {
  std::span<const std::uint8_t> bytes{};
  std::span<const ScannedRecord> records{};  ///< in the order of the message, including OPT and TSIG
  const ScannedRecord* opt = nullptr;
  std::uint16_t questions = 0;          ///< 0 or 1
  std::uint16_t question_name_end = 0;  ///< offset after the question's name; 0 without a question
  /// Octets after the last record. Not a fault: BIND, Unbound and ldns accept such messages too, so verifiers
  /// see their content.
  std::uint32_t trailing_bytes = 0;
  /// The message has TC=1 and ends inside a record. Not a fault: `records` has those before, and TC=1 leads
  /// to TCP anyway (RFC 2181 section 9).
  bool cut_short = false;
  /// Every record has a type whose rdata was checked here. Only such a message may be given to ldns, which
  /// splits other types (SPF, HIP, APL) into any number of parts and leaks TSIG.
  bool every_type_read = true;
};

/// Scans messages one after another with storage that is allocated once.
class MessageScanner {
 public:
  MessageScanner() { records_.reserve(most_records); }
  MessageScanner(const MessageScanner&) = delete;  // a copy would not own the storage
  MessageScanner& operator=(const MessageScanner&) = delete;

  [[nodiscard]] tl::expected<ScannedMessage, MessageFault> scan(
      std::span<const std::uint8_t> message) noexcept;

 private:
  std::vector<ScannedRecord> records_{};
};

/// Whether the record's owner is the name in the message's question (case-insensitive); false without a
/// question.
[[nodiscard]] bool owner_is_question(const ScannedMessage& message, const ScannedRecord& record) noexcept;

/// The joined strings of a TXT record (RFC 6376 section 3.6.2.2). A single string is a view into the message;
/// several are written to `buffer`. Returns nothing if the buffer is too small (the size of the rdata always
/// suffices).
[[nodiscard]] std::optional<std::string_view> joined_txt(const ScannedMessage& message,
                                                         const ScannedRecord& record,
                                                         std::span<char> buffer) noexcept;

/// The name at offset `at`, where the scan must have read a name (an owner, or a name in rdata).
[[nodiscard]] config::DomainName name_at(const ScannedMessage& message, std::size_t at);

}  // namespace dkimprobe::probe
