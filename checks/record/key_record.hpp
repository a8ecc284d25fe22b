// Reads one text as a DKIM key record (RFC 6376 section 3.6.1): its tags, its key, what else it might be, and
// every fault of the text with its offset. Damage from people and control panels (quotes, escapes, pieces of
// a zone file) is reported, then removed, so that the text behind it is read too. Any text gives a result.
// Servers, roles and policy play no part.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/record/public_key.hpp"
#include "checks/record/record_fault.hpp"
#include "checks/record/tag_list.hpp"
#include "checks/report/report.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

struct KeyRecord {
  RecordClass record_class = RecordClass::not_dkim;
  /// What the text is if it is not a key record: "an SPF record"; empty for a key record.
  std::string other_kind{};
  TagList list{};
  std::optional<PublicKey> key{};  ///< of a `p=` that is not empty
  std::vector<TextFault> faults{};

  [[nodiscard]] bool is_key_record() const { return other_kind.empty(); }
  [[nodiscard]] bool has(RecordFault fault) const;
  /// Whether it contains a private key. No part of the text may then be shown or recommended.
  [[nodiscard]] bool is_leak() const { return key && key->form == KeyForm::private_key; }
  /// Whether a verifier that follows the RFCs (DKIM1) can use the key for mail.
  [[nodiscard]] bool usable() const { return record_class == RecordClass::valid; }
  /// The same, or with a key that some verifiers refuse because it is weak.
  [[nodiscard]] bool can_verify() const { return usable() || record_class == RecordClass::weak; }
};

/// `service` is the service that the key is for (`s=`).
[[nodiscard]] KeyRecord read_key_record(std::string_view text,
                                        config::Service service = config::Service::email);

/// Makes it the record of a published private key: no other fault, no tags.
void report_leak(KeyRecord& record, PublicKey private_key);

/// Short, for people: "RSA 2048", "Ed25519", "revoked", "an SPF record", "invalid key".
[[nodiscard]] std::string describe(const KeyRecord& record);

}  // namespace dkimprobe::checks
