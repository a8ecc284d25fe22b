// The DKIM-Signature fields of a message for people: which key each of them names, or why it names none. What
// is wrong with those that name one stands in the report of the key.
#pragma once

#include <span>
#include <string>

#include "checks/message/signature_field.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// `source` names the message; escaped.
[[nodiscard]] std::string signature_table(std::span<const checks::SignatureField> fields,
                                          const std::string& source, const TableStyle& style);

}  // namespace dkimprobe::exporters
