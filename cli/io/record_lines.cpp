#include "cli/io/record_lines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/basics/escape.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {
namespace {

using config::escape_text;

constexpr std::size_t longest_data = 65'535;  // RFC 1035 section 3.2.1, length octets included
constexpr std::size_t shown_bytes = 80;

tl::unexpected<std::string> wrong(std::string message) {
  return tl::unexpected<std::string>(std::move(message));
}

void add_strings(std::string_view text, std::vector<std::string>& strings) {
  do {
    strings.emplace_back(text.substr(0, probe::longest_string));
    text.remove_prefix(std::min(probe::longest_string, text.size()));
  } while (!text.empty());
}

RecordLineResult checked(RecordLine record) {
  std::size_t bytes = record.strings.size();
  for (const auto& string : record.strings) bytes += string.size();
  if (bytes > longest_data)
    return wrong(fmt::format("a TXT record has at most {} octets, this would have {}", longest_data, bytes));
  return record;
}

tl::expected<config::DomainName, std::string> read_name(std::string_view text) {
  const auto name = config::DomainName::parse(text);
  if (!name) {
    return wrong(fmt::format("`{}` is not a record name: {}", escape_text(text, shown_bytes),
                             name.error().front().message));
  }
  if (name->is_root()) return wrong("the root is not a record name");
  return *name;
}

}  // namespace

RecordLineResult read_text_line(std::string_view line) {
  RecordLine record;
  // A name has none of these octets; a record with a tab has one of them before the tab.
  if (const std::size_t tab = line.find('\t');
      tab != std::string_view::npos && tab > 0 &&
      line.substr(0, tab).find_first_of("=; \"") == std::string_view::npos) {
    auto name = read_name(line.substr(0, tab));
    if (!name) return wrong(std::move(name.error()));
    record.name = std::move(*name);
    line.remove_prefix(tab + 1);
  }
  add_strings(line, record.strings);
  return checked(std::move(record));
}

RecordLineResult read_json_line(std::string_view line) {
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(line);
  } catch (const nlohmann::json::parse_error& error) {
    return wrong(error.byte > line.size() ? std::string("the JSON is incomplete")
                                          : fmt::format("this is not JSON: error at byte {}", error.byte));
  } catch (const nlohmann::json::exception&) {
    return wrong("the JSON has a number that is too large");
  }
  if (!json.is_object()) return wrong("it must be a JSON object with the member `txt`");
  RecordLine record;
  if (const auto name = json.find("name"); name != json.end() && !name->is_null()) {
    if (!name->is_string()) return wrong("`name` must be a string");
    auto read = read_name(name->get_ref<const std::string&>());
    if (!read) return wrong(std::move(read.error()));
    record.name = std::move(*read);
  }
  const auto txt = json.find("txt");
  if (txt == json.end()) return wrong("`txt` is missing: it must be a list of strings");
  if (txt->is_string()) {
    add_strings(txt->get_ref<const std::string&>(), record.strings);
  } else if (txt->is_array() && !txt->empty() &&
             std::all_of(txt->begin(), txt->end(), [](const auto& part) { return part.is_string(); })) {
    for (const auto& part : *txt) add_strings(part.get_ref<const std::string&>(), record.strings);
  } else {
    return wrong("`txt` must be a list of at least one string");
  }
  return checked(std::move(record));
}

}  // namespace dkimprobe::cli
