#include "cli/commands/commands.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/io/output.hpp"
#include "cli/io/terminal.hpp"
#include "exporters/json/catalogue_json.hpp"
#include "exporters/terminal/check_guide.hpp"

namespace dkimprobe::cli {
namespace {

/// The pages of everything that has the name; empty if no name was given.
std::string pages(const ExplainCommand& command, std::size_t columns) {
  std::vector<std::string> pages;
  if (command.check != nullptr) pages.push_back(exporters::explain_check(*command.check, columns));
  if (command.fault != nullptr) pages.push_back(exporters::explain_fault(*command.fault, columns));
  if (command.reason != nullptr) pages.push_back(exporters::explain_reason(*command.reason, columns));
  if (command.caveats) pages.push_back(exporters::explain_caveats(columns));
  return fmt::format("{}", fmt::join(pages, "\n"));
}

}  // namespace

CommandResult run(const ExplainCommand& command) {
  const std::size_t columns = output_style(ColorChoice::never).columns;
  if (command.json) {
    write_output(exporters::catalogue_json());
  } else if (command.markdown) {
    write_output(exporters::catalogue_markdown());
  } else {
    const std::string text = pages(command, columns);
    write_output(text.empty() ? exporters::list_names(columns) : text);
  }
  return ExitCode::ok;
}

}  // namespace dkimprobe::cli
