// Request targets: selects the part that is passed on to the web server, decodes a query, and encodes texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkimprobe::exporters {

/// The path and query of a request target in origin or absolute form (RFC 9112 section 3.2); no value when
/// the target is invalid.
[[nodiscard]] std::optional<std::string> clean_target(std::string_view target);

/// The parameters of a query, decoded, in order; `+` is a space. A text with an invalid escape stays as it
/// is.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parameters(std::string_view query);

/// Encodes all characters except the unreserved ones of RFC 3986 section 2.3.
[[nodiscard]] std::string percent_encoded(std::string_view bytes);

}  // namespace dkimprobe::exporters
