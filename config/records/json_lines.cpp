#include "config/records/json_lines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/records/text_lines.hpp"

namespace dkimprobe::config {
namespace {

FileItem read_object(FilePlace place, std::string_view line) {
  FileRecord record{.place = std::move(place), .is_meant = true};
  const auto wrong = [&](std::string detail, FileFaultKind kind = FileFaultKind::syntax) {
    return FileFault{std::move(record.place), kind, std::move(detail)};
  };
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
  if (const auto name = json.find("name"); name != json.end() && !name->is_null()) {
    if (!name->is_string()) return wrong("`name` must be a string");
    auto read = read_record_name(name->get_ref<const std::string&>());
    if (!read) return wrong(std::move(read.error()), FileFaultKind::name);
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

}  // namespace

Result<void> read_json_lines(LineReader& input, const ReadingRules&, const FileSink& sink) {
  const auto read = read_lines(input, sink, [&](const InputLine& line) {
    return line.is_lost || sink(read_object({input.file(), line.number}, line.text));
  });
  if (!read) return tl::unexpected(read.error());
  return {};
}

}  // namespace dkimprobe::config
