// Any octets as a file of records; the first one chooses the reader. Reading ends, nothing is thrown, each
// record could be published, and each fault has a line and is safe to print.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/records/dig_output.hpp"
#include "config/records/json_lines.hpp"
#include "config/records/octodns_yaml.hpp"
#include "config/records/terraform_json.hpp"
#include "config/records/text_lines.hpp"
#include "config/records/zone_file.hpp"

namespace config = dkimprobe::config;

namespace {

using Reader = config::Result<void> (*)(config::LineReader&, const config::ReadingRules&,
                                        const config::FileSink&);

constexpr auto readers =
    std::to_array<Reader>({config::read_text_lines, config::read_json_lines, config::read_zone_file,
                           config::read_dig_output, config::read_octodns_yaml, config::read_terraform_json});

void demand(bool holds) {
  if (!holds) std::abort();
}

void take(const config::FileRecord& record) {
  demand(record.place.line > 0 && !record.strings.empty());
  std::size_t bytes = record.strings.size();
  for (const auto& string : record.strings) {
    demand(string.size() <= config::longest_txt_string);
    bytes += string.size();
  }
  demand(bytes <= config::longest_record_data);
}

void take(const config::FileFault& fault) {
  demand(fault.place.line > 0 && !fault.detail.empty());
  for (const char c : fault.detail) demand(c >= ' ' && c < 0x7f);
}

void take(const config::OtherRecord&) {}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const bool has_origin : {false, true}) {
    config::ReadingRules rules;
    if (has_origin) rules.origin = *config::DomainName::parse("example.com");
    std::size_t items = 0;
    bool is_ended = false;
    const config::FileSink sink = [&](config::FileItem item) {
      demand(!is_ended);
      std::visit([](const auto& each) { take(each); }, item);
      // Some readings are ended early.
      is_ended = has_origin && ++items > 3;
      return !is_ended;
    };
    auto input = config::LineReader::of_text(text, "zones/example.net.yaml", config::longest_record_line);
    demand(readers[data[0] % readers.size()](input, rules, sink).has_value());
  }
  return 0;
}
