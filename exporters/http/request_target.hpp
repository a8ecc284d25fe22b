// Selects the part of a request target that is passed on to the web server. It decodes nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::exporters {

/// The path and query of a request target in origin or absolute form (RFC 9112 section 3.2); no value when
/// the target is invalid.
[[nodiscard]] std::optional<std::string> clean_target(std::string_view target);

}  // namespace dkimprobe::exporters
