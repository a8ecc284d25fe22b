// The DKIM-Signature fields of the message that the command line names.
#pragma once

#include <filesystem>
#include <vector>

#include "checks/message/signature_field.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Returns at least one field. Only the header of the message is kept; `-` is standard input.
[[nodiscard]] config::Result<std::vector<checks::SignatureField>> read_message(
    const std::filesystem::path& file);

/// Whether a field names no key, so that no report can show its faults.
[[nodiscard]] bool any_names_no_key(const std::vector<checks::SignatureField>& fields);

}  // namespace dkimprobe::cli
