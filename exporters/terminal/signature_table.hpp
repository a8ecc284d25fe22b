// The DKIM-Signature fields of a message as terminal text: the key that each field names, or why it names
// none. Other faults of a field are in the report of its key.
#pragma once

#include <span>
#include <string>

#include "checks/message/signature_field.hpp"
#include "config/basics/escape.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// `source` names the message.
[[nodiscard]] std::string signature_table(std::span<const checks::SignatureField> fields,
                                          const config::EscapedText& source, const TableStyle& style);

}  // namespace dkimprobe::exporters
