#include "config/records/text_lines.hpp"

#include <utility>

#include <fmt/format.h>

#include "config/yaml/yaml_reader.hpp"

namespace dkimprobe::config {
namespace {

FileItem read_text_line(FilePlace place, std::string_view line) {
  FileRecord record{.place = std::move(place), .is_meant = true};
  // A name has none of these octets; a record with a tab has one of them before the tab.
  if (const std::size_t tab = line.find('\t');
      tab != std::string_view::npos && tab > 0 &&
      line.substr(0, tab).find_first_of("=; \"") == std::string_view::npos) {
    auto name = read_record_name(line.substr(0, tab));
    if (!name) return FileFault{std::move(record.place), FileFaultKind::name, std::move(name.error())};
    record.name = std::move(*name);
    line.remove_prefix(tab + 1);
  }
  add_strings(line, record.strings);
  return checked(std::move(record));
}

}  // namespace

tl::expected<DomainName, std::string> read_record_name(std::string_view text) {
  const auto name = DomainName::parse(text);
  if (!name) {
    return tl::unexpected(
        fmt::format("`{}` is not a record name: {}", shown(text), name.error().front().message));
  }
  if (name->is_root()) return tl::unexpected(std::string("the root is not a record name"));
  return *name;
}

Result<void> read_text_lines(LineReader& input, const ReadingRules&, const FileSink& sink) {
  const auto read = read_lines(input, sink, [&](const InputLine& line) {
    return line.is_lost || sink(read_text_line({input.file(), line.number}, line.text));
  });
  if (!read) return tl::unexpected(read.error());
  return {};
}

}  // namespace dkimprobe::config
