#include "config/records/record_item.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace dkimprobe::config {
namespace {

constexpr auto fault_rows = std::to_array<FileFaultRow>({
    {"file_encoding", "the text is not in an encoding that holds records",
     "Save the file as ASCII or UTF-8, without NUL octets."},
    {"file_line_too_long", "a line is longer than any record",
     "Find out what wrote the line; a record has at most 65535 octets."},
    {"file_syntax", "the file does not have the form of its format",
     "Correct the place that is named, or name the format with --format."},
    {"file_parenthesis", "parentheses are not in pairs",
     "Close each parenthesis of a record that goes over several lines, and open none within another."},
    {"file_quote", "a quoted string does not end on its line",
     "End the string with a quotation mark. A long text is divided into several strings."},
    {"file_semicolon", "a text without quotation marks is cut at its first semicolon",
     "Put the text into quotation marks: without them, a semicolon begins a comment."},
    {"file_unescaped_semicolon", "octoDNS refuses the text for a semicolon without one backslash before it",
     "Write \\; for each semicolon of the text."},
    {"file_string_too_long", "a string has more than 255 octets",
     "Divide the text into strings of at most 255 octets, each in quotation marks, with nothing added "
     "between them."},
    {"file_record_too_long", "a record has more data than DNS can carry",
     "Find out what the record should be; its data has at most 65535 octets."},
    {"file_name", "a name is not a domain name", "Correct the name."},
    {"file_origin", "a name is relative, and the file does not say to what",
     "Give the zone with --origin, or put $ORIGIN before the record.", FaultWeight::note},
    {"file_directive", "a line that begins with $ is not understood",
     "Write out what the directive stands for: its records are not read."},
    {"file_include", "a file that is included was not read",
     "Check the included file as well, or allow with --allow-include that it is read."},
    {"file_no_text", "a TXT record has no text that can be read",
     "Give the record its text. What is known only after it has been applied can only be checked then."},
    {"file_no_answer", "a server gave no record", "Find out why with: dkimprobe check DOMAIN SELECTOR"},
    {"file_private_key", "the file holds a private key",
     "Move the private key to a file that only the signer can read. If others could read this one, make a "
     "new key."},
    {"server_differs", "a server publishes something else than the file says",
     "Publish what the file says on every server, or correct the file.", FaultWeight::warning, true},
    {"server_unknown", "a server gave no answer that can be compared with the file",
     "Find out why with: dkimprobe check DOMAIN SELECTOR", FaultWeight::unknown, true},
});

}  // namespace

const FileFaultRow& row_of(FileFaultKind kind) {
  return fault_rows[static_cast<std::size_t>(kind)];
}

std::span<const FileFaultRow> file_fault_rows() {
  return fault_rows;
}

void add_strings(std::string_view text, std::vector<std::string>& strings) {
  do {
    strings.emplace_back(text.substr(0, longest_txt_string));
    text.remove_prefix(std::min(longest_txt_string, text.size()));
  } while (!text.empty());
}

FileItem checked(FileRecord record) {
  std::size_t bytes = record.strings.size();
  for (const auto& string : record.strings) bytes += string.size();
  if (bytes <= longest_record_data) return record;
  return FileFault{
      std::move(record.place), FileFaultKind::record_too_long,
      fmt::format("a TXT record has at most {} octets, this would have {}", longest_record_data, bytes)};
}

bool OriginNote::give(const FileRecord& record, const FileSink& sink) {
  if (!record.name_is_relative || !record.name.has_domainkey_label() || std::exchange(is_given_, true))
    return true;
  return sink(FileFault{
      record.place, FileFaultKind::origin,
      fmt::format("{} is relative to a zone that the file does not name", record.name.to_string())});
}

bool looks_like_key(std::string_view text) {
  return text.find("DKIM1") != std::string_view::npos || text.starts_with("p=") || text.starts_with("k=");
}

}  // namespace dkimprobe::config
