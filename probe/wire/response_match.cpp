#include "probe/wire/response_match.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "probe/wire/octets.hpp"

namespace dkimprobe::probe {
namespace {

constexpr std::size_t type_and_class_bytes = 4;

/// The end of the question's name; nothing if it is not an uncompressed name. A pointer there could only
/// point into the header.
std::optional<std::size_t> question_name_end(Bytes message) {
  std::size_t at = header_bytes;
  while (at < message.size()) {
    const std::size_t length = message[at];
    if (length > 63) return std::nullopt;
    at += 1 + length;
    if (at - header_bytes > config::DomainName::longest_wire) return std::nullopt;
    if (length == 0) return at;
  }
  return std::nullopt;
}

/// Whether a message without a question has an error code and nothing else.
bool is_bare_error(Bytes response) {
  if (u16(response, 6) != 0 || u16(response, 8) != 0) return false;
  unsigned rcode = response[3] & 0x0fU;
  const std::uint16_t additional = u16(response, 10);
  if (additional == 0) {
    if (response.size() != header_bytes) return false;
  } else {
    // Root name, type, payload size, upper bits of the rcode, version, flags, length, options.
    constexpr std::size_t opt_bytes = 11;
    if (additional != 1 || response.size() < header_bytes + opt_bytes) return false;
    const Bytes opt = response.subspan(header_bytes);
    if (opt[0] != 0 || u16(opt, 1) != static_cast<std::uint16_t>(RecordType::opt)) return false;
    if (opt.size() != opt_bytes + u16(opt, 9)) return false;
    rcode |= static_cast<unsigned>(opt[5]) << 4;
  }
  switch (rcode) {
    case static_cast<unsigned>(Rcode::formerr):
    case static_cast<unsigned>(Rcode::servfail):
    case static_cast<unsigned>(Rcode::notimp):
    case static_cast<unsigned>(Rcode::refused):
    case static_cast<unsigned>(Rcode::badvers):
      return true;
    default:  // a number from the wire, not an enum
      return false;
  }
}

/// Compares the questions of two messages that have one each.
std::optional<IgnoreReason> question_mismatch(Bytes response, Bytes query) {
  const std::optional<std::size_t> query_name_end = question_name_end(query);
  if (!query_name_end || query.size() < *query_name_end + type_and_class_bytes)
    return IgnoreReason::malformed;
  // Nearly every response repeats the question unchanged.
  const std::size_t question_bytes = *query_name_end + type_and_class_bytes - header_bytes;
  if (response.size() >= header_bytes + question_bytes &&
      std::memcmp(response.data() + header_bytes, query.data() + header_bytes, question_bytes) == 0) {
    return std::nullopt;
  }

  const std::optional<std::size_t> name_end = question_name_end(response);
  if (!name_end || response.size() < *name_end + type_and_class_bytes) return IgnoreReason::malformed;
  // Length octets are at most 63, below the letters, so all octets of a name can be compared alike.
  const auto name_in = [&](Bytes message) { return message.subspan(header_bytes, *name_end - header_bytes); };
  if (name_end != query_name_end ||
      !std::ranges::equal(name_in(response), name_in(query), {}, to_lower, to_lower) ||
      u16(response, *name_end) != u16(query, *name_end))
    return IgnoreReason::wrong_question;
  if (u16(response, *name_end + 2) != u16(query, *name_end + 2)) return IgnoreReason::wrong_class;
  return std::nullopt;
}

}  // namespace

std::optional<IgnoreReason> mismatch(Bytes response, Bytes query) {
  if (response.size() < header_bytes) return IgnoreReason::malformed;
  if (response[0] != query[0] || response[1] != query[1]) return IgnoreReason::wrong_id;
  if ((response[2] & 0x80U) == 0) return IgnoreReason::not_a_response;
  if ((response[2] & 0x78U) != 0) return IgnoreReason::wrong_opcode;
  switch (u16(response, 4)) {
    case 0:
      return is_bare_error(response) ? std::nullopt : std::optional{IgnoreReason::no_question};
    case 1:
      return question_mismatch(response, query);
    default:  // a number from the wire, not an enum
      return IgnoreReason::wrong_question;
  }
}

}  // namespace dkimprobe::probe
