#include "cli/commands/commands.hpp"

#include "cli/io/output.hpp"
#include "cli/io/terminal.hpp"
#include "exporters/json/catalogue_json.hpp"
#include "exporters/terminal/check_guide.hpp"

namespace dkimprobe::cli {

CommandResult run(const ExplainCommand& command) {
  const std::size_t columns = output_style(ColorChoice::never).columns;
  if (command.json) {
    write_output(exporters::catalogue_json());
  } else if (command.markdown) {
    write_output(exporters::catalogue_markdown());
  } else if (command.check != nullptr) {
    write_output(exporters::explain_check(*command.check, columns));
  } else {
    write_output(exporters::list_checks(columns));
  }
  return ExitCode::ok;
}

}  // namespace dkimprobe::cli
