// Zone files (RFC 1035 section 5, RFC 3597 section 5): the TXT records in them. The reader of ldns is not
// used: it wants every record of every type to be correct, stops at the first error, and does not tell in
// which line an entry began or whether the file or the record is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"
#include "config/records/line_reader.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

[[nodiscard]] Result<void> read_zone_file(LineReader& input, const ReadingRules& rules, const FileSink& sink);

/// Whether the line has the form of a zone file: a type of records, a quoted string, a comment or a
/// directive.
[[nodiscard]] bool is_zone_line(std::string_view line);

/// Whether a private key begins here, which key generators print before the record.
[[nodiscard]] bool is_private_key_line(std::string_view line);

/// Puts lines together to entries, which parentheses continue over several lines.
class ZoneReader {
 public:
  /// With `is_printed`, also what dig, host and nslookup print; lines without a type are then no fault.
  ZoneReader(std::filesystem::path file, const ReadingRules& rules, const FileSink& sink, bool is_printed);

  /// False ends the reading.
  [[nodiscard]] bool add(const InputLine& line);
  /// The end of the file.
  [[nodiscard]] bool finish();

 private:
  struct Word {
    std::string text{};  ///< with its escapes
    bool is_quoted = false;
  };
  /// A name, or the end of one.
  struct PartName {
    DomainName name{};
    bool is_relative = true;
  };
  /// What files that include each other share.
  struct Included {
    std::size_t depth = 0;
    std::size_t* files = nullptr;
  };

  bool fault(FileFaultKind kind, std::string detail, std::size_t line);
  bool fault(FileFaultKind kind, std::string detail) { return fault(kind, std::move(detail), entry_line_); }
  /// Forgets the entry, and what follows of it.
  void drop_entry();
  /// Ends an entry that cannot be read.
  bool give_up(FileFaultKind kind, std::string detail);
  /// Splits the line into words; false if the entry was given up, with the sink's answer in `goes_on_`.
  [[nodiscard]] bool split(std::string_view line);
  /// Reads the word at `at`, which moves behind it; false if its quotation mark is not closed.
  [[nodiscard]] bool take_word(std::string_view line, std::size_t& at);
  [[nodiscard]] bool end_entry();
  [[nodiscard]] bool end_directive();
  [[nodiscard]] bool include();
  [[nodiscard]] bool end_text(std::size_t first);
  /// The strings of the words from `first` on; a fault is reported, and gives none.
  [[nodiscard]] std::vector<std::string> strings_of(std::size_t first);
  [[nodiscard]] std::vector<std::string> generic_strings(std::size_t first);
  [[nodiscard]] std::optional<PartName> whole_name(const std::string& text);
  [[nodiscard]] bool is_word(std::size_t at, std::string_view text) const;
  /// The index of the first word after owner, TTL and class.
  [[nodiscard]] std::size_t skip_front();

  std::filesystem::path file_;
  const ReadingRules& rules_;
  const FileSink& sink_;
  bool is_printed_;
  Included included_{};
  std::size_t own_files_ = 0;
  bool goes_on_ = true;
  std::vector<Word> words_{};
  std::size_t entry_line_ = 0;  ///< where the entry begins
  std::size_t bytes_ = 0;       ///< of the words
  bool cut_word_ = false;       ///< whether a comment follows a word directly
  bool has_owner_ = false;      ///< whether the entry begins with its owner
  bool skips_rest_ = false;     ///< of an entry over several lines that was given up
  bool in_private_key_ = false;
  OriginNote origin_note_{};
  std::size_t depth_ = 0;  ///< of parentheses
  PartName origin_{};
  PartName owner_{};  ///< of the entry, or of the last entry that had one
  std::string owner_error_{};
};

}  // namespace dkimprobe::config
