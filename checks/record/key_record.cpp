#include "checks/record/key_record.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/record/fault_table.hpp"
#include "checks/record/key_tags.hpp"
#include "checks/record/leaked_key.hpp"
#include "checks/record/other_text.hpp"
#include "checks/record/text_advice.hpp"
#include "checks/record/text_damage.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::uint32_t fewest_rsa_bits = 1024;  // RFC 8301 section 3.2

/// Whether verifiers compute with numbers of this size.
bool is_usable_size(const PublicKey& key) {
  return key.bits <= largest_usable_bits && (key.bits <= free_exponent_bits || !has_long_exponent(key));
}

/// Whether the key has at least the size that RFC 8301 section 3.2 requires, and modulus and exponent are as
/// RFC 8017 section 3.1 requires. Otherwise some verifiers refuse the key, or anyone can forge signatures.
bool is_strong_rsa(const PublicKey& key) {
  return key.bits >= fewest_rsa_bits && (static_cast<unsigned char>(key.modulus.back()) & 1U) != 0 &&
         is_valid_exponent(key) && !has_long_exponent(key);
}

/// Of properties that are not faults of the text.
Impact impact_of(const KeyTags& tags) {
  const auto& allowed = tags.allowed;
  if (allowed && !allowed->sha1 && !allowed->sha256) return Impact::scope;
  if (tags.key_value) {
    const PublicKey& key = tags.key_value->key;
    if (key.form == KeyForm::private_key) return Impact::key;
    if (key.is_rsa() && !is_usable_size(key)) return Impact::numbers;
    if (key.is_rsa() && !is_strong_rsa(key)) return Impact::strength;
  }
  return allowed && !allowed->sha256 ? Impact::strength : Impact::none;
}

RecordClass class_of(Impact gravest) {
  switch (gravest) {
    case Impact::syntax:
    case Impact::structure:
    case Impact::key:
      return RecordClass::syntax_error;
    case Impact::version:
    case Impact::key_type:
    case Impact::scope:
    case Impact::numbers:
      return RecordClass::unsupported;
    case Impact::revoked:
      return RecordClass::revoked;
    case Impact::dkim2_only:
      return RecordClass::dkim2_only;
    case Impact::strength:
      return RecordClass::weak;
    case Impact::none:
      return RecordClass::valid;
  }
  return RecordClass::valid;
}

/// Offsets are those of the text as published.
std::vector<TextFault> find_faults(const CleanText& clean, const KeyTags& tags) {
  std::vector<TextFault> faults = advise_on_damage(clean);
  for (auto& found : {advise_on_syntax(tags.list), find_tag_faults(tags)}) {
    for (TextFault fault : found) {
      if (fault.offset) fault.offset = clean.origin(*fault.offset);
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

void judge_tags(KeyRecord& record, const CleanText& clean, config::Service service) {
  KeyTags tags(record.list, service);
  tags.has_broken_lines = clean.has(DamageKind::control_char) || clean.has(DamageKind::line_break_in_key) ||
                          clean.has(DamageKind::bad_folding);
  record.faults = find_faults(clean, tags);
  Impact gravest = impact_of(tags);
  for (const TextFault& fault : record.faults) gravest = std::min(gravest, fault.impact);
  record.record_class = class_of(gravest);
  if (tags.key_value) record.key = std::move(tags.key_value->key);
}

}  // namespace

bool KeyRecord::has(RecordFault fault) const {
  return std::ranges::find(faults, fault, &TextFault::fault) != faults.end();
}

void report_leak(KeyRecord& record, PublicKey private_key) {
  const std::string& cause = private_key.fault;
  // Other faults are left out: to fix them would publish the private key in a better form.
  record.faults = {
      {.fault = RecordFault::key_private_leaked,
       .detail = fmt::format("the record contains a private key ({}){}{}", private_key.algorithm,
                             cause.empty() ? "" : ": ", cause),
       .remedy =
           "replace this key at once: generate a key pair, publish its public key at a new selector and "
           "sign with it, then replace this record with `v=DKIM1; p=`"}};
  if (record.record_class == RecordClass::valid || record.record_class == RecordClass::weak)
    record.record_class = RecordClass::syntax_error;
  record.list = {};
  record.key = std::move(private_key);
}

KeyRecord read_key_record(std::string_view text, config::Service service) {
  const CleanText clean = clean_text(text);
  KeyRecord record;
  record.list = parse_tag_list(clean.text, known_tags);
  auto leaked = find_leaked_key(clean.text, record.list);
  if (!leaked) record.other_kind = other_kind(clean.text, record.list);
  if (record.is_key_record()) {
    judge_tags(record, clean, service);
  } else {
    record.faults.push_back(other_text_fault(text, record.other_kind));
  }
  if (leaked) report_leak(record, *std::move(leaked));
  for (Tag& tag : record.list.tags) {
    tag.offset = clean.origin(tag.offset);
    tag.value_offset = clean.origin(tag.value_offset);
  }
  return record;
}

std::string describe(const KeyRecord& record) {
  if (!record.is_key_record()) return record.other_kind;
  if (record.has(RecordFault::key_revoked)) return "revoked";
  if (!record.key) return "no key";
  switch (record.key->form) {
    case KeyForm::rsa_spki:
    case KeyForm::rsa_pkcs1:
      return fmt::format("RSA {}", record.key->bits);
    case KeyForm::ed25519_raw:
    case KeyForm::ed25519_spki:
      return "Ed25519";
    case KeyForm::mldsa44_raw:
    case KeyForm::mldsa44_spki:
      return "ML-DSA-44";
    case KeyForm::private_key:
      return "private key";
    case KeyForm::other:
      return record.key->algorithm;
    case KeyForm::truncated:
      return "truncated key";
    case KeyForm::invalid:
      return "invalid key";
  }
  return {};
}

}  // namespace dkimprobe::checks
