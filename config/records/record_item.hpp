// What readers of files with records find: TXT records, and faults of the file itself, each with its place.
// What a record is worth is judged elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/names/domain_name.hpp"

namespace dkimprobe::config {

/// The data of a record, length octets included (RFC 1035 section 3.2.1).
inline constexpr std::size_t longest_record_data = 65'535;
/// Of a TXT record (RFC 1035 section 3.3).
inline constexpr std::size_t longest_txt_string = 255;
/// Lines of text formats, and entries over several lines, in octets.
inline constexpr std::size_t longest_record_line = 128U << 10U;

struct FilePlace {
  std::filesystem::path file{};  ///< as it was named; `-` is standard input
  std::size_t line = 0;          ///< from 1

  friend bool operator==(const FilePlace&, const FilePlace&) = default;
};

/// A TXT record.
struct FileRecord {
  FilePlace place{};
  DomainName name{};                   ///< the root if the file does not say it
  std::vector<std::string> strings{};  ///< at least one, each of at most 255 octets
  bool name_is_relative = false;       ///< the end of the name is not known
  bool is_meant = false;  ///< the file lists records to be judged; else it holds others of a zone too
};

/// What is wrong with a file and not with a record in it, and how servers differ from it.
enum class FileFaultKind : std::uint8_t {
  encoding,
  line_too_long,
  syntax,
  parenthesis,
  quote,
  semicolon,
  unescaped_semicolon,
  string_too_long,
  record_too_long,
  name,
  origin,
  directive,
  include,
  no_text,
  no_answer,
  private_key,
  server_differs,
  server_unknown,
};

enum class FaultWeight : std::uint8_t {
  note,  ///< the record was read all the same
  warning,
  unknown,  ///< a record was not read, or a server gave no answer
};

struct FileFaultRow {
  std::string_view id{};       ///< API, as the names of the checks are
  std::string_view summary{};  ///< a clause
  std::string_view remedy{};
  FaultWeight weight = FaultWeight::unknown;
  bool is_of_server = false;
};

[[nodiscard]] const FileFaultRow& row_of(FileFaultKind kind);
/// One row for each kind, in their order.
[[nodiscard]] std::span<const FileFaultRow> file_fault_rows();

struct FileFault {
  FilePlace place{};
  FileFaultKind kind = FileFaultKind::syntax;
  std::string detail{};  ///< one clause, escaped
};

/// A record of another type, or one that is incomplete on purpose: counted, not shown.
struct OtherRecord {};

using FileItem = std::variant<FileRecord, FileFault, OtherRecord>;
/// Takes what a reader found; false ends the reading.
using FileSink = std::function<bool(FileItem)>;

struct ReadingRules {
  std::optional<DomainName> origin{};  ///< of relative names; a file may set its own
  bool allow_include = false;          ///< zone files may name others to be read with $INCLUDE
};

/// The text in pieces of 255 octets, the last one shorter; at least one.
void add_strings(std::string_view text, std::vector<std::string>& strings);

/// Whether the data fits into a record; else a fault.
[[nodiscard]] FileItem checked(FileRecord record);

/// Notes once a file that a name of DKIM in it is relative.
class OriginNote {
 public:
  /// Returns false to end the reading.
  [[nodiscard]] bool give(const FileRecord& record, const FileSink& sink);

 private:
  bool is_given_ = false;
};

/// Whether a text without a name below `_domainkey` is a key record all the same.
[[nodiscard]] bool looks_like_key(std::string_view text);

}  // namespace dkimprobe::config
