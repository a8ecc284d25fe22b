// Any text as a key record and as signing practices: none may fail, point outside the text or say what is not
// safe to print. Each verifier's model reads it too, and every one accepts the rewrite.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "checks/record/adsp_record.hpp"
#include "checks/record/key_record.hpp"
#include "checks/record/size.hpp"
#include "checks/verifiers/rewrite.hpp"
#include "checks/verifiers/verifier.hpp"

namespace checks = dkimprobe::checks;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

checks::Compatibility compatibility_of(std::string_view text, checks::SignatureAlgorithm algorithm) {
  return {.verdicts = checks::judge_compatibility({&text, 1}, algorithm)};
}

void demand_printable(const std::string& text) {
  for (const char c : text) demand(c >= ' ' && c < 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto record = checks::read_key_record(text);
  for (const auto& fault : record.faults) {
    demand(!fault.offset || *fault.offset <= size);
  }
  for (const auto& tag : record.list.tags) demand(tag.offset <= size && tag.value_offset <= size);
  demand_printable(checks::describe(record));
  demand(!record.usable() || (record.key && (record.key->is_rsa() || record.key->is_ed25519())));
  demand(record.record_class != checks::RecordClass::dkim2_only || (record.key && record.key->is_mldsa44()));
  for (const auto& tag : checks::droppable_tags(record.list.tags)) demand(tag.bytes <= size);

  for (const auto& verdict : compatibility_of(text, checks::algorithm_of(record)).verdicts)
    demand(verdict.reason.empty() == (verdict.acceptance == checks::Acceptance::accepted));
  const std::string rewrite = checks::rewrite_for_all(record);
  demand(rewrite.empty() || all_accept(compatibility_of(rewrite, checks::algorithm_of(record))));

  const auto practices = checks::read_adsp_record(text);
  for (const auto& fault : practices.faults) {
    demand(fault.offset <= size);
  }
  return 0;
}
