#include "exporters/terminal/signature_table.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "exporters/terminal/text_page.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

/// All faults of a field that names no key.
std::string faults_text(const checks::SignatureField& field) {
  std::string text;
  for (const auto& fault : field.faults) text += (text.empty() ? "" : "; ") + fault.detail.str();
  return text;
}

std::string named_key_text(const checks::SignatureField& field) {
  std::string text = fmt::format("{} at {}", field.selector->to_string(), field.domain->to_string());
  if (!field.key_type.empty()) text += fmt::format(", {}-{}", field.key_type, field.hash);
  if (field.signed_at_seconds)
    text += fmt::format(", signed {}", checks::time_text(*field.signed_at_seconds));
  if (field.expires_at_seconds)
    text += fmt::format(", expires {}", checks::time_text(*field.expires_at_seconds));
  return text;
}

}  // namespace

std::string signature_table(std::span<const checks::SignatureField> fields, const config::EscapedText& source,
                            const TableStyle& style) {
  const std::size_t columns = std::max(style.columns, narrowest_page);
  std::string text = hanging_text(
      "", 0,
      fmt::format("{} in {}. No signature is verified: neither bh= nor b= is computed, only the keys are "
                  "checked.",
                  counted(fields.size(), "DKIM-Signature field"), source),
      columns);
  text += '\n';
  for (const auto& field : fields) {
    const std::string number = fmt::format("{:>4}  ", field.number);
    if (field.names_key()) {
      text += hanging_text(number, number.size(), named_key_text(field), columns);
      continue;
    }
    const std::string_view symbol = style.unicode ? "✗" : "X";
    const std::string painted =
        style.color ? fmt::format("\x1b[1;31m{}\x1b[0m ", symbol) : fmt::format("{} ", symbol);
    text += hanging_text(number + painted, number.size() + 2,
                         fmt::format("line {}: no key can be looked up: {}", field.line, faults_text(field)),
                         columns);
  }
  return text;
}

}  // namespace dkimprobe::exporters
