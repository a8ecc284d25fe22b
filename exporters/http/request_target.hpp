// What of a request's target is passed on to the web server. It decodes nothing and knows no page.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::exporters {

/// The path and query of a request's target, which may be of the form for proxies; nothing when it has none
/// that can be passed on.
[[nodiscard]] std::optional<std::string> clean_target(std::string_view target);

}  // namespace dkimprobe::exporters
