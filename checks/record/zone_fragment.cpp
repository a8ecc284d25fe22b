#include "checks/record/zone_fragment.hpp"

#include <algorithm>

#include "checks/record/tag_list.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_wrapping(char c) {
  return config::is_space(c) || c == '"' || c == '(';
}

/// The offset of `word` in `text`, with no letter or digit on either side; letters in any case.
std::size_t find_word(std::string_view text, std::string_view word) {
  for (std::size_t i = 0; i + word.size() <= text.size(); ++i) {
    if (!config::starts_with_ignoring_case(text.substr(i), word)) continue;
    const bool begins = i == 0 || !config::is_letter_or_digit(text[i - 1]);
    const std::size_t end = i + word.size();
    if (begins && (end == text.size() || !config::is_letter_or_digit(text[end]))) return i;
  }
  return npos;
}

/// Whether a tag of a key record begins in `text`; then what follows is not a separate record.
bool holds_tag(std::string_view text) {
  return std::ranges::any_of(separated(text, ';'),
                             [](std::string_view tag) { return tag_name_of(tag).size() == 1; });
}

/// Where the record begins: at its v=, otherwise at a first tag right after the type.
std::optional<std::size_t> find_record(std::string_view text) {
  if (const std::size_t version = find_word(text, "v=DKIM1"); version != npos) return version;
  std::size_t begin = find_word(text, "TXT");
  if (begin == npos) {
    begin = 0;
    if (text.find('(') == npos) return std::nullopt;
  } else {
    begin += 3;
  }
  while (begin < text.size() && is_wrapping(text[begin])) ++begin;
  const std::string_view record = text.substr(begin);
  if (begin == 0 || !(record.starts_with("k=") || record.starts_with("p="))) return std::nullopt;
  return begin;
}

/// Whether the words before a record come from a zone file, or from a program that prints records.
bool is_of_zone_file(std::string_view front) {
  if (holds_tag(front)) return false;
  for (const std::string_view word : {"TXT", "_domainkey", "IN", "descriptive text", "text ="}) {
    if (find_word(front, word) != npos) return true;
  }
  // Only a parenthesis, as the first or last character.
  const std::string_view content = config::without_outer_space(front);
  return content.starts_with('(') || content.ends_with('(') || content.find("(\"") != npos ||
         content.find("( \"") != npos;
}

/// Where the record ends, without what closes it before `end`.
std::size_t end_of_record(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t last = text.substr(begin, end - begin).find_last_not_of(" \t\r\n)\"");
  return last == npos ? begin : begin + last + 1;
}

/// Whether what follows the last quotation mark closes the record: a parenthesis, a comment or nothing.
bool closes_record(std::string_view behind_quote, bool has_front) {
  const std::string_view behind = config::without_outer_space(behind_quote);
  if (has_front && (behind.empty() || behind.front() == ')')) return true;
  return behind.size() > 1 && behind.front() == ';' && !holds_tag(behind.substr(1));
}

/// Whether `record` ends with a parenthesis that opens before it.
bool ends_with_parenthesis(std::string_view record) {
  const std::size_t last = record.find_last_not_of(" \t\r\n\"");
  return last != npos && record[last] == ')' &&
         std::ranges::count(record, '(') < std::ranges::count(record, ')');
}

/// Where a parenthesis or a comment that closes a record in a zone file begins.
std::optional<std::size_t> find_closing(std::string_view text, std::size_t begin, bool has_front) {
  // opendkim-genkey writes `; ----- DKIM key s1 for example.com`.
  for (const std::string_view comment : {"; -----", ";-----", "----- DKIM key"}) {
    if (const std::size_t at = text.find(comment, begin); at != npos) return end_of_record(text, begin, at);
  }
  const std::size_t quote = text.rfind('"');
  if (quote != npos && quote > begin && closes_record(text.substr(quote + 1), has_front))
    return end_of_record(text, begin, quote);
  if (!ends_with_parenthesis(text.substr(begin))) return std::nullopt;
  return end_of_record(text, begin, text.size());
}

}  // namespace

std::optional<ZoneFragment> find_zone_fragment(std::string_view text) {
  const auto begin = find_record(text);
  if (!begin) return std::nullopt;
  std::size_t first = *begin;
  while (first > 0 && (config::is_space(text[first - 1]) || text[first - 1] == '"')) --first;
  const bool has_front = first > 0 && is_of_zone_file(text.substr(0, *begin));
  if (first > 0 && !has_front) return std::nullopt;
  const auto end = find_closing(text, *begin, has_front);
  if (!has_front && !end) return std::nullopt;
  ZoneFragment fragment;
  fragment.record_begin = *begin;
  fragment.record_end = end.value_or(text.size());
  fragment.offset = has_front ? 0 : fragment.record_end;
  fragment.piece = has_front ? text.substr(0, *begin) : text.substr(fragment.record_end);
  while (fragment.piece.size() > 1 &&
         (fragment.piece.front() == '"' || config::is_space(fragment.piece.front()))) {
    fragment.piece.remove_prefix(1);
    ++fragment.offset;
  }
  return fragment;
}

}  // namespace dkimprobe::checks
