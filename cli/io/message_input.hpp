// The DKIM-Signature fields of the message that the command line names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checks/message/signature_field.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

struct NamedMessage {
  std::string name{};                                ///< of its file, escaped; empty without a message
  std::vector<checks::SignatureField> signatures{};  ///< at least one of a message

  [[nodiscard]] bool is_given() const { return !name.empty(); }
};

/// Reads the header of the message; `-` is standard input. Without a file there is no message.
[[nodiscard]] config::Result<NamedMessage> read_message(const std::optional<std::filesystem::path>& file);

/// Whether a field names no key, so that no report can show its faults.
[[nodiscard]] bool any_names_no_key(const std::vector<checks::SignatureField>& fields);

}  // namespace dkimprobe::cli
