// Reads records in the form of zone files (RFC 1035 section 5.1), which dig and host print too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "cli/io/record_lines.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::cli {

/// Whether the line has the form of a zone file: a type of records, a quoted string, a comment or a
/// directive.
[[nodiscard]] bool is_zone_line(std::string_view line);

/// What an entry of a zone file holds.
struct ZoneEntry {
  std::optional<RecordLine> record{};  ///< a TXT record that may be one of DKIM
  bool is_other_record = false;
};

/// Puts lines together to entries, which parentheses continue over several lines.
class ZoneReader {
 public:
  /// Adds a line. Empty if the entry continues on the next line; an error ends the entry.
  [[nodiscard]] std::optional<tl::expected<ZoneEntry, std::string>> add(std::string_view line);
  /// Whether an entry has begun and not ended yet.
  [[nodiscard]] bool is_inside() const { return depth_ > 0; }

 private:
  struct Word {
    std::string text{};
    bool is_quoted = false;
  };

  /// Splits the line into words; the result is an error, or empty.
  [[nodiscard]] std::string split(std::string_view line);
  /// Reads the word at `at`, which moves behind it; false if its quotation mark is not closed.
  [[nodiscard]] bool take_word(std::string_view line, std::size_t& at);
  [[nodiscard]] tl::expected<ZoneEntry, std::string> finish();
  [[nodiscard]] tl::expected<ZoneEntry, std::string> read_text(std::size_t first);
  void read_owner(const std::string& text);
  /// The index of the first word after owner, TTL and class.
  [[nodiscard]] std::size_t skip_front();

  std::vector<Word> words_{};
  std::size_t bytes_ = 0;   ///< of the words
  bool cut_word_ = false;   ///< whether a comment follows a word directly
  int depth_ = 0;           ///< of parentheses
  bool has_owner_ = false;  ///< whether the entry begins with its owner
  config::DomainName origin_{};
  bool origin_known_ = false;
  RecordLine owner_{};  ///< only the name: that of the entry, or of the last entry that had one
};

}  // namespace dkimprobe::cli
