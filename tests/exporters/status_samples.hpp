// A sample fleet for the tests of the status page: a domain whose servers differ, healthy domains, a domain
// that was never probed, and one whose every text is hostile; and all pages that are linked from its
// overview.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "exporters/status/status_answer.hpp"
#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::tests {

[[nodiscard]] exporters::StatusOverview sample_overview();

/// What must never be in a page as markup, and always as text.
inline constexpr std::string_view hostile_script = "<script>document.title='owned'</script>";

/// The route and the answer of a request target, decoded as the web server does it.
[[nodiscard]] std::optional<exporters::StatusRoute> route_of(const std::string& target);
[[nodiscard]] exporters::StatusAnswer answer_target(const exporters::StatusOverview& overview,
                                                    const std::string& target);

/// From the first page on, whatever its links name on this host; by the target of the request.
[[nodiscard]] std::map<std::string, exporters::StatusAnswer> linked_pages(
    const exporters::StatusOverview& overview);

}  // namespace dkimprobe::tests
