// Any octets as a key and as the base64 of one: none may fail, claim more than is there or say what is not
// safe to print, and a record that holds the octets in base64 is read for the same key. tests/fuzz/corpus/key
// holds the seeds; change of letters in a record's base64 hardly reaches the DER behind it, which is why this
// stands beside the record fuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "checks/record/ed25519_point.hpp"
#include "checks/record/key_record.hpp"
#include "checks/record/public_key.hpp"

namespace checks = dkimprobe::checks;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void demand_printable(const std::string& text) {
  for (const char c : text) demand(c >= ' ' && c < 0x7f);
}

std::string base64_of(std::string_view octets) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = octets.size() - i < 3 ? octets.size() - i : 3;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < count ? static_cast<unsigned char>(octets[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? digits[(group >> (18 - 6 * k)) & 63U] : '=';
  }
  return text;
}

void demand_base64(const std::string& text) {
  const auto base64 = checks::decode_base64(text);
  demand(4 * base64.bytes.size() <= 3 * text.size());
  for (const auto& offset : {base64.first_space, base64.first_url_safe, base64.first_junk})
    demand(!offset || *offset < text.size());
  demand(base64.first_junk.has_value() == (base64.junk_count > 0));
}

void demand_key(const std::string& octets) {
  const auto key = checks::read_public_key(octets);
  demand_printable(key.algorithm);
  demand_printable(key.fault);
  demand(key.sha256.empty() || key.sha256.size() == 64);
  demand(key.trailing_bytes <= octets.size());
  demand(key.form != checks::KeyForm::invalid || !key.fault.empty());
  if (key.is_rsa()) {
    demand(!key.modulus.empty() && key.modulus.front() != 0 && key.bits <= 8 * key.modulus.size());
    demand(key.exponent_octets.empty() || key.exponent_octets.front() != 0);
  }
  if (key.is_ed25519()) {
    demand(key.raw.size() == 32);
    static_cast<void>(checks::judge_point(key.raw));
  }
  if (key.is_mldsa44()) demand(key.raw.size() == 1'312);
  const std::string base64 = base64_of(octets);
  const auto decoded = checks::decode_base64(base64);
  demand(decoded.strict() && decoded.bytes == octets);
  for (const std::string_view type : {"rsa", "ed25519", "mldsa44"}) {
    const auto record = checks::read_key_record("v=DKIM1; k=" + std::string(type) + "; p=" + base64);
    demand(record.key.has_value() == !octets.empty());
    if (!record.key || record.has(checks::RecordFault::key_double_base64)) continue;
    if (record.has(checks::RecordFault::key_private_leaked)) {  // a private key in words, which is no DER
      demand(record.key->form == checks::KeyForm::private_key);
      continue;
    }
    demand(record.key->form == key.form && record.key->sha256 == key.sha256);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string octets(reinterpret_cast<const char*>(data), size);
  demand_base64(octets);
  demand_key(octets);
  if (size >= 32) static_cast<void>(checks::judge_point(octets.substr(0, 32)));
  return 0;
}
