#include "cli/commands/commands.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/io/output.hpp"
#include "cli/io/terminal.hpp"
#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"
#include "exporters/json/history_json.hpp"
#include "exporters/store/history_store.hpp"
#include "exporters/terminal/history_text.hpp"

namespace dkimprobe::cli {
namespace {

using config::Result;
using exporters::HistoryStore;
using exporters::SelectorRecord;

/// What is stored of one selector, with the other names at which its keys were published.
Result<SelectorRecord> read_selector(HistoryStore& store, const config::DomainName& domain,
                                     const config::Selector& selector) {
  auto history = store.load(domain, selector);
  if (!history) return tl::unexpected(std::move(history.error()));
  SelectorRecord record{std::move(*history), {}};
  record.keys = exporters::key_periods(record.history);
  for (auto& key : record.keys) {
    auto uses = store.names_with_key(key.sha256);
    if (!uses) return tl::unexpected(std::move(uses.error()));
    std::erase_if(*uses, [&](const exporters::KeyUse& use) {
      return use.domain == domain && use.selector == selector;
    });
    key.elsewhere = std::move(*uses);
  }
  return record;
}

/// A suggestion, as the end of a sentence.
std::string suggestion(const std::string& given, const std::vector<std::string>& known) {
  const std::string nearest = config::nearest_word(given, known);
  return nearest.empty() ? std::string{} : fmt::format("; did you mean {}?", nearest);
}

/// Why nothing can be shown.
Result<std::string> nothing_stored(HistoryStore& store, const HistoryCommand& command,
                                   const std::vector<config::Selector>& selectors) {
  if (!selectors.empty()) {
    std::vector<std::string> known;
    for (const auto& selector : selectors) known.push_back(selector.to_string());
    const std::string given = command.selector->to_string();
    return fmt::format("{}: nothing is stored for this selector of {}{}", given, command.domain.to_string(),
                       suggestion(given, known));
  }
  const auto domains = store.domains();
  if (!domains) return tl::unexpected(domains.error());
  if (domains->empty()) {
    return fmt::format(
        "{}: nothing is stored yet; `dkimprobe check DOMAIN SELECTOR --storage.path DIR` stores its probes",
        config::escape_text(command.storage.string(), 200));
  }
  std::vector<std::string> known;
  for (const auto& domain : *domains) known.push_back(domain.to_string());
  const std::string given = command.domain.to_string();
  return fmt::format("{}: nothing is stored for this domain{}", given, suggestion(given, known));
}

}  // namespace

CommandResult run(const HistoryCommand& command) {
  auto store = HistoryStore::open(command.storage, exporters::HistoryAccess::read);
  if (!store) return tl::unexpected(std::move(store.error()));
  auto selectors = store->selectors(command.domain);
  if (!selectors) return tl::unexpected(std::move(selectors.error()));
  // The signing practices come after the keys.
  if (const auto adsp = std::ranges::find(*selectors, exporters::adsp_selector()); adsp != selectors->end())
    std::rotate(adsp, adsp + 1, selectors->end());

  std::vector<SelectorRecord> records;
  for (const auto& selector : *selectors) {
    if (command.selector && selector != *command.selector) continue;
    auto record = read_selector(*store, command.domain, selector);
    if (!record) return tl::unexpected(std::move(record.error()));
    records.push_back(std::move(*record));
  }
  if (command.output.json) {
    write_output(exporters::history_json(command.domain, records));
  } else {
    const auto style = output_style(command.output.color);
    for (std::size_t i = 0; i < records.size(); ++i)
      write_output((i == 0 ? "" : "\n") + exporters::history_text(records[i], style));
  }
  if (!records.empty()) return ExitCode::ok;
  const auto why = nothing_stored(*store, command, *selectors);
  if (!why) return tl::unexpected(why.error());
  print_message(*why);
  return ExitCode::unknown;
}

}  // namespace dkimprobe::cli
