// Any text as a key record and as signing practices, and any octets as a key: none may fail, point outside
// the text or say what is not safe to print.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "checks/adsp_record.hpp"
#include "checks/ed25519_point.hpp"
#include "checks/key_record.hpp"
#include "checks/public_key.hpp"
#include "checks/size.hpp"

namespace checks = dkimprobe::checks;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void demand_printable(const std::string& text) {
  for (const char c : text) demand(c >= ' ' && c < 0x7f);
}

/// The octets themselves: what stands in `p=` once base64 is taken off, which no change of letters reaches.
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
    demand(key.point.size() == 32);
    (void)checks::judge_point(key.point);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto record = checks::read_key_record(text);
  for (const auto& fault : record.faults) {
    demand(!fault.offset || *fault.offset <= size);
    demand_printable(fault.detail);
    demand_printable(fault.remedy);
  }
  for (const auto& tag : record.list.tags) demand(tag.offset <= size && tag.value_offset <= size);
  demand_printable(checks::describe(record));
  demand(!record.usable() || (record.key && (record.key->is_rsa() || record.key->is_ed25519())));
  for (const auto& tag : checks::droppable_tags(record.list.tags)) demand(tag.bytes <= size);

  const auto practices = checks::read_adsp_record(text);
  for (const auto& fault : practices.faults) {
    demand(fault.offset <= size);
    demand_printable(fault.detail);
  }
  demand_key(text);
  return 0;
}
