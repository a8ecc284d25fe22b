// Reads a text as a file of records and collects what the reader found.
#pragma once

#include <string>
#include <vector>

#include "config/records/line_reader.hpp"
#include "config/records/record_file.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::config::testing {

struct Read {
  std::vector<FileRecord> records{};
  std::vector<FileFault> faults{};
  std::size_t others = 0;

  /// `LINE NAME|string|string`, with `?` behind a relative name.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& record : records) {
      all.push_back(std::to_string(record.place.line) + ' ' + record.name.to_string() +
                    (record.name_is_relative ? "?" : ""));
      for (const auto& string : record.strings) all.back() += '|' + string;
    }
    return all;
  }
  /// `LINE ID: detail`
  [[nodiscard]] std::vector<std::string> fault_lines() const {
    std::vector<std::string> all;
    for (const auto& fault : faults)
      all.push_back(std::to_string(fault.place.line) + ' ' + std::string(row_of(fault.kind).id) + ": " +
                    fault.detail);
    return all;
  }
};

[[nodiscard]] inline FileSink into(Read& read) {
  return [&read](FileItem item) {
    if (auto* record = std::get_if<FileRecord>(&item)) {
      read.records.push_back(std::move(*record));
    } else if (auto* fault = std::get_if<FileFault>(&item)) {
      read.faults.push_back(std::move(*fault));
    } else {
      ++read.others;
    }
    return true;
  };
}

using Reader = Result<void> (*)(LineReader&, const ReadingRules&, const FileSink&);

[[nodiscard]] inline Read read_text(Reader reader, std::string text, const ReadingRules& rules = {},
                                    const std::string& file = "example.com.yaml") {
  Read read;
  auto input = LineReader::of_text(std::move(text), file, longest_record_line);
  REQUIRE(reader(input, rules, into(read)));
  return read;
}

}  // namespace dkimprobe::config::testing
