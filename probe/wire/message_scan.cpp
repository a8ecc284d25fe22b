#include "probe/wire/message_scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "probe/wire/octets.hpp"

namespace dkimprobe::probe {
namespace {

template <class T>
using Scanned = tl::expected<T, MessageFault>;

constexpr std::size_t longest_name = config::DomainName::longest_wire;
constexpr std::uint8_t truncated_flag = 0x02;

tl::unexpected<MessageFault> fault(FaultKind kind, std::size_t at) {
  return tl::unexpected<MessageFault>(MessageFault{kind, static_cast<std::uint32_t>(at)});
}

bool is_pointer(std::uint8_t octet) {
  return (octet & 0xc0U) == 0xc0U;
}

std::size_t pointer_target(Bytes message, std::size_t at) {
  return u16(message, at) & 0x3fffU;
}

/// Where the run of labels at `at` stops: at the octet of the root, or at a pointer. `octets` counts the
/// octets of the whole name. The labels must lie before `limit`, or the fault is `runs_out`.
Scanned<std::size_t> run_end(Bytes message, std::size_t at, std::size_t limit, FaultKind runs_out,
                             std::size_t& octets) {
  while (true) {
    if (at >= limit) return fault(runs_out, at);
    const std::uint8_t length = message[at];
    if (length == 0 || is_pointer(length)) return at;
    if (length > config::DomainName::longest_label) return fault(FaultKind::label_type, at);
    octets += 1U + length;
    if (octets > longest_name) return fault(FaultKind::name_too_long, at);
    at += 1U + length;
  }
}

/// The end of the name at `start`, without following pointers. Its octets must lie before `limit`, or the
/// fault is `runs_out`. A pointer must point before the run of labels that it ends, to labels that also end
/// before that run: a prior occurrence (RFC 1035 section 4.1.4). So the scan of every name terminates,
/// whatever its octets.
Scanned<std::size_t> name_end(Bytes message, std::size_t start, std::size_t limit, FaultKind runs_out) {
  std::size_t octets = 1;  // of the root
  std::size_t end = 0;
  for (std::size_t pointers = 0;; ++pointers) {
    const auto stop = run_end(message, start, limit, runs_out, octets);
    if (!stop) return stop;
    const std::size_t at = *stop;
    if (message[at] == 0) return pointers == 0 ? at + 1 : end;
    if (at + 2 > limit) return fault(runs_out, at);
    if (pointers == 0) end = at + 2;
    const std::size_t target = pointer_target(message, at);
    if (target < header_bytes) return fault(FaultKind::pointer_into_header, at);
    if (target >= start) return fault(FaultKind::pointer_not_backwards, at);
    if (pointers == most_pointers) return fault(FaultKind::too_many_pointers, at);
    limit = start;
    runs_out = FaultKind::pointer_not_backwards;
    start = target;
  }
}

/// Reads a message from start to end.
class Pass {
 public:
  Pass(Bytes message, std::vector<ScannedRecord>& records) : message_(message), records_(records) {}

  Scanned<ScannedMessage> run() {
    if (message_.size() < header_bytes) return fault(FaultKind::header_cut_off, message_.size());
    if (message_.size() > longest_message) return fault(FaultKind::message_too_long, longest_message);
    if (const auto read = questions_and_records(); !read) {
      const bool truncated = (message_[2] & truncated_flag) != 0;
      if (!truncated || read.error().kind != FaultKind::message_ends_early)
        return tl::unexpected(read.error());
      result_.cut_short = true;
    }
    result_.bytes = message_;
    result_.records = records_;
    if (opt_index_) result_.opt = &records_[*opt_index_];
    if (!result_.cut_short) result_.trailing_bytes = static_cast<std::uint32_t>(message_.size() - at_);
    return result_;
  }

 private:
  Scanned<void> questions_and_records() {
    const std::uint16_t questions = u16(message_, 4);
    if (questions > 1) return fault(FaultKind::several_questions, 4);
    const std::array<std::size_t, 3> counts = {u16(message_, 6), u16(message_, 8), u16(message_, 10)};
    if (counts[0] + counts[1] + counts[2] > most_records) return fault(FaultKind::too_many_records, 6);
    if (questions == 1) {
      const auto end = name_end(message_, at_, message_.size(), FaultKind::message_ends_early);
      if (!end) return tl::unexpected(end.error());
      if (message_.size() - *end < 4) return fault(FaultKind::message_ends_early, *end);
      result_.questions = 1;
      result_.question_name_end = static_cast<std::uint16_t>(*end);
      at_ = *end + 4;
    }
    for (const Section section : {Section::answer, Section::authority, Section::additional}) {
      for (std::size_t i = 0; i < counts[static_cast<std::size_t>(section)]; ++i) {
        if (const auto read = record(section); !read) return read;
      }
    }
    return {};
  }

  Scanned<void> record(Section section) {
    constexpr std::size_t fixed_bytes = 10;  // type, class, TTL, length
    ScannedRecord record;
    record.section = section;
    record.owner_at = static_cast<std::uint16_t>(at_);
    const auto owner_end = name_end(message_, at_, message_.size(), FaultKind::message_ends_early);
    if (!owner_end) return tl::unexpected(owner_end.error());
    const std::size_t fixed = *owner_end;
    if (message_.size() - fixed < fixed_bytes) return fault(FaultKind::message_ends_early, fixed);
    record.type = u16(message_, fixed);
    record.record_class = u16(message_, fixed + 2);
    record.ttl_seconds = u32(message_, fixed + 4);
    record.rdata_bytes = u16(message_, fixed + 8);
    const std::size_t rdata_at = fixed + fixed_bytes;
    if (message_.size() - rdata_at < record.rdata_bytes)
      return fault(FaultKind::message_ends_early, fixed + 8);
    // At most the size of the message, 65,535; equal to it when the message ends with empty rdata.
    record.rdata_at = static_cast<std::uint16_t>(rdata_at);
    if (const auto read = rdata(record); !read) return read;
    records_.push_back(record);
    at_ = rdata_at + record.rdata_bytes;
    return {};
  }

  Scanned<void> rdata(const ScannedRecord& record) {
    const std::size_t at = record.rdata_at;
    const std::size_t end = at + record.rdata_bytes;
    switch (static_cast<RecordType>(record.type)) {
      case RecordType::txt:
        return strings(at, end);
      case RecordType::a:
        return address(record, 4);
      case RecordType::aaaa:
        return address(record, 16);
      case RecordType::ns:
      case RecordType::cname:
      case RecordType::dname:
        return names_then(at, end, 1, 0);
      case RecordType::soa:
        return names_then(at, end, 2, 20);
      case RecordType::rrsig: {
        // RFC 4034 section 3.1: 18 octets, the signer's name, the signature.
        constexpr std::size_t before_signer = 18;
        if (record.rdata_bytes < before_signer) return fault(FaultKind::rdata_length, at);
        const auto signer = name_end(message_, at + before_signer, end, FaultKind::rdata_length);
        if (!signer) return tl::unexpected(signer.error());
        if (*signer == end) return fault(FaultKind::rdata_length, end);
        return {};
      }
      case RecordType::opt:
        return opt(record);
      case RecordType::ds:
      case RecordType::nsec:
      case RecordType::dnskey:
      case RecordType::nsec3:
        break;
    }
    result_.every_type_read = false;
    return {};
  }

  Scanned<void> strings(std::size_t at, std::size_t end) {
    while (at < end) {
      if (++strings_ > most_strings) return fault(FaultKind::too_many_strings, at);
      const std::size_t length = message_[at];
      if (length > end - at - 1) return fault(FaultKind::string_overrun, at);
      at += 1 + length;
    }
    return {};
  }

  /// In other classes, address records have another format (RFC 1034 section 3.6).
  Scanned<void> address(const ScannedRecord& record, std::size_t wanted_bytes) {
    if (record.record_class != class_in) {
      result_.every_type_read = false;
    } else if (record.rdata_bytes != wanted_bytes) {
      return fault(FaultKind::rdata_length, record.rdata_at);
    }
    return {};
  }

  Scanned<void> names_then(std::size_t at, std::size_t end, int names, std::size_t bytes_after) {
    for (int i = 0; i < names; ++i) {
      const auto name = name_end(message_, at, end, FaultKind::rdata_length);
      if (!name) return tl::unexpected(name.error());
      at = *name;
    }
    if (end - at != bytes_after) return fault(FaultKind::rdata_length, at);
    return {};
  }

  /// The response reader parses the options: a malformed one does not invalidate the answer.
  Scanned<void> opt(const ScannedRecord& record) {
    if (opt_index_) return fault(FaultKind::second_opt, record.owner_at);
    if (record.section != Section::additional || message_[record.owner_at] != 0) {
      return fault(FaultKind::misplaced_opt, record.owner_at);
    }
    opt_index_ = records_.size();
    return {};
  }

  Bytes message_;
  std::vector<ScannedRecord>& records_;
  ScannedMessage result_{};
  std::optional<std::size_t> opt_index_{};
  std::size_t at_ = header_bytes;
  std::size_t strings_ = 0;
};

/// Steps through the labels of a name that has passed the scan.
class Labels {
 public:
  Labels(Bytes message, std::size_t at) : message_(message), at_(at) { follow(); }
  [[nodiscard]] std::uint8_t length() const { return message_[at_]; }
  [[nodiscard]] Bytes octets() const { return message_.subspan(at_ + 1, length()); }
  void next() {
    at_ += 1U + length();
    follow();
  }

 private:
  void follow() {
    while (is_pointer(message_[at_])) at_ = pointer_target(message_, at_);
  }
  Bytes message_;
  std::size_t at_;
};

}  // namespace

std::string_view to_string(FaultKind kind) {
  switch (kind) {
    case FaultKind::header_cut_off:
      return "header_cut_off";
    case FaultKind::message_too_long:
      return "message_too_long";
    case FaultKind::message_ends_early:
      return "message_ends_early";
    case FaultKind::several_questions:
      return "several_questions";
    case FaultKind::too_many_records:
      return "too_many_records";
    case FaultKind::label_type:
      return "label_type";
    case FaultKind::name_too_long:
      return "name_too_long";
    case FaultKind::pointer_not_backwards:
      return "pointer_not_backwards";
    case FaultKind::pointer_into_header:
      return "pointer_into_header";
    case FaultKind::too_many_pointers:
      return "too_many_pointers";
    case FaultKind::rdata_length:
      return "rdata_length";
    case FaultKind::string_overrun:
      return "string_overrun";
    case FaultKind::too_many_strings:
      return "too_many_strings";
    case FaultKind::second_opt:
      return "second_opt";
    case FaultKind::misplaced_opt:
      return "misplaced_opt";
  }
  return "unknown";
}

tl::expected<ScannedMessage, MessageFault> MessageScanner::scan(Bytes message) noexcept {
  records_.clear();
  return Pass{message, records_}.run();
}

bool owner_is_question(const ScannedMessage& message, const ScannedRecord& record) noexcept {
  if (message.questions == 0) return false;
  constexpr std::uint16_t pointer_to_question = 0xc000 | header_bytes;
  if (u16(message.bytes, record.owner_at) == pointer_to_question) return true;
  Labels owner{message.bytes, record.owner_at};
  Labels question{message.bytes, header_bytes};
  while (owner.length() == question.length()) {
    if (owner.length() == 0) return true;
    const Bytes a = owner.octets();
    const Bytes b = question.octets();
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (to_lower(a[i]) != to_lower(b[i])) return false;
    }
    owner.next();
    question.next();
  }
  return false;
}

std::optional<std::string_view> joined_txt(const ScannedMessage& message, const ScannedRecord& record,
                                           std::span<char> buffer) noexcept {
  const Bytes rdata = message.bytes.subspan(record.rdata_at, record.rdata_bytes);
  const auto* const octets = reinterpret_cast<const char*>(rdata.data());
  if (rdata.empty()) return std::string_view{};
  if (rdata[0] + std::size_t{1} == rdata.size()) return std::string_view{octets + 1, rdata[0]};
  std::size_t joined = 0;
  for (std::size_t at = 0; at < rdata.size(); at += 1U + rdata[at]) {
    const std::size_t length = rdata[at];
    if (buffer.size() - joined < length) return std::nullopt;
    std::copy_n(octets + at + 1, length, buffer.begin() + static_cast<std::ptrdiff_t>(joined));
    joined += length;
  }
  return std::string_view{buffer.data(), joined};
}

config::DomainName name_at(const ScannedMessage& message, std::size_t at) {
  std::array<std::uint8_t, longest_name> wire{};
  std::size_t size = 0;
  for (Labels labels{message.bytes, at}; labels.length() != 0; labels.next()) {
    const Bytes octets = labels.octets();
    wire[size] = labels.length();
    std::memcpy(wire.data() + size + 1, octets.data(), octets.size());
    size += 1 + octets.size();
  }
  wire[size++] = 0;
  return config::DomainName::from_wire({wire.data(), size}).value_or(config::DomainName{});
}

}  // namespace dkimprobe::probe
