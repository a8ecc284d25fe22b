#include <string>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "exporters/status/page_parts.hpp"
#include "exporters/status/status_pages.hpp"
#include "exporters/terminal/check_guide.hpp"

namespace dkimprobe::exporters {
namespace {

void write_check(HtmlWriter& html, const checks::Check& check) {
  {
    const auto head = html.open("h3", {{"id", std::string(check.name)}});
    html.leaf("code", check.name);
  }
  html.leaf("p", guide_summary(check));
  const auto facts = html.open("dl", {{"class", "facts"}});
  for (const auto& entry : guide_entries(check)) {
    if (!entry.is_code) {
      write_fact(html, entry.label, entry.text);
      continue;
    }
    html.leaf("dt", entry.label);
    const auto value = html.open("dd");
    html.leaf("code", entry.text);
  }
}

}  // namespace

std::string checks_page(const StatusOverview& overview) {
  const PageHead head{"Checks", StatusView::checks, {}, {}};
  return framed(overview, head, [&](HtmlWriter& html) {
    html.leaf("h1", "Checks");
    html.leaf("p", {{"class", "quiet"}},
              "Every fault that dkimprobe finds, its effect on mail and how to fix it.");
    for (const auto scope : guide_scopes()) {
      const std::string id = fmt::format("scope-{}", checks::to_string(scope));
      const auto section = html.open("section", {{"aria-labelledby", id}});
      html.leaf("h2", {{"id", id}}, guide_heading(scope));
      for (const auto& check : checks::catalogue()) {
        if (check.scope == scope) write_check(html, check);
      }
    }
  });
}

}  // namespace dkimprobe::exporters
