#include "probe/wire/query_message.hpp"

#include <cstddef>

#include "probe/wire/octets.hpp"

namespace dkimprobe::probe {
namespace {

// ldns can build these bytes too, but needs the name in its own form, 20 calls and 2.5 µs, and sets resolver
// defaults (RD=1) that must be undone. The name is already in wire form, so only a few numbers remain; the
// tests compare every octet with ldns.
constexpr std::uint16_t dnssec_ok_flag = 0x8000;

class Writer {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8));
    u8(static_cast<std::uint8_t>(value & 0xff));
  }
  template <class Octets>
  void octets(const Octets& octets) {
    bytes_.insert(bytes_.end(), octets.begin(), octets.end());
  }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(bytes_); }
  explicit Writer(std::size_t expected_bytes) { bytes_.reserve(expected_bytes); }

 private:
  std::vector<std::uint8_t> bytes_{};
};

void write_opt(Writer& out, const QueryOptions& options) {
  const std::size_t cookie_bytes =
      options.client_cookie ? options.client_cookie->size() + options.server_cookie.size() : 0;
  out.u8(0);  // the root
  out.u16(static_cast<std::uint16_t>(RecordType::opt));
  out.u16(options.payload_bytes);
  out.u16(0);  // extended rcode and version
  out.u16(options.dnssec_ok ? dnssec_ok_flag : std::uint16_t{0});
  out.u16(
      static_cast<std::uint16_t>((options.nsid ? 4 : 0) + (options.client_cookie ? 4 + cookie_bytes : 0)));
  if (options.nsid) {
    out.u16(nsid_option);
    out.u16(0);
  }
  if (options.client_cookie) {
    out.u16(cookie_option);
    out.u16(static_cast<std::uint16_t>(cookie_bytes));
    out.octets(*options.client_cookie);
    out.octets(options.server_cookie);
  }
}

}  // namespace

std::vector<std::uint8_t> build_query(const config::DomainName& name, RecordType type,
                                      const QueryOptions& options) {
  Writer out{header_bytes + name.wire_size() + 4 + 64};
  out.u16(0);  // id
  out.u16(0);  // QR, opcode, AA, TC, RD, RA, Z, AD, CD, rcode
  out.u16(1);  // questions
  out.u16(0);
  out.u16(0);
  out.u16(options.edns ? 1 : 0);
  out.octets(name.wire());
  out.u16(static_cast<std::uint16_t>(type));
  out.u16(class_in);
  if (options.edns) write_opt(out, options);
  return out.take();
}

void set_query_id(std::span<std::uint8_t> query, std::uint16_t id) {
  query[0] = static_cast<std::uint8_t>(id >> 8);
  query[1] = static_cast<std::uint8_t>(id & 0xff);
}

void mix_case(std::span<std::uint8_t> query, const CaseBits& random_bits) {
  constexpr std::uint8_t case_bit = 0x20;
  std::size_t letters = 0;
  std::size_t at = header_bytes;
  while (at < query.size() && query[at] != 0) {
    const std::size_t end = at + 1 + query[at];
    for (++at; at < end && at < query.size(); ++at) {
      const auto lower = static_cast<std::uint8_t>(query[at] | case_bit);
      if (lower < 'a' || lower > 'z') continue;
      const bool upper = ((random_bits[letters / 64] >> (letters % 64)) & 1U) != 0;
      query[at] = upper ? static_cast<std::uint8_t>(lower & ~case_bit) : lower;
      letters = (letters + 1) % 256;
    }
  }
}

}  // namespace dkimprobe::probe
