#include "checks/catalogue/record_pieces.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dkimprobe::checks {

namespace {

// Every order of the pieces is parsed, so both are limited. The longest record with a key of 16,384 bits has
// 2.8 kB.
constexpr std::size_t most_pieces = 4;
constexpr std::size_t most_octets = 4'096;

/// Whether the text is a record with a usable key.
bool has_key(const KeyRecord& record) {
  return record.can_verify() && record.key.has_value();
}

/// The text without what panels and people leave around a piece: white space, quotes and parentheses of a
/// zone file, semicolons.
std::string without_wrapping(std::string_view text) {
  constexpr std::string_view wrapping = " \t\r\n\"();\\";
  const std::size_t begin = text.find_first_not_of(wrapping);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(wrapping) + 1 - begin));
}

/// Joins all of `pieces` in one order or another. Without `needs_version`, cut pieces of a record without v=
/// make a record too.
std::optional<JoinedRecord> join_all(std::vector<std::string> pieces, bool needs_version,
                                     config::Service service) {
  std::optional<JoinedRecord> found;
  std::ranges::sort(pieces);
  do {
    const bool has_version = pieces.front().starts_with("v=");
    for (const std::string_view separator : {"", "; "}) {
      if (!has_version && (needs_version || !separator.empty())) continue;
      const std::string text = fmt::format("{}", fmt::join(pieces, separator));
      if (!has_key(read_key_record(text, service))) continue;
      if (found && !separator.empty()) continue;
      if (found) {
        found->is_order_known = false;
      } else {
        found = JoinedRecord{.pieces = pieces, .needs_semicolon = !separator.empty()};
      }
    }
  } while (std::ranges::next_permutation(pieces).found);
  return found;
}

/// The texts whose bits are set.
std::vector<std::string> chosen_texts(const AnswerGroup& group, unsigned chosen) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < group.texts.size(); ++i) {
    if ((chosen >> i & 1U) != 0) texts.push_back(group.texts[i].text);
  }
  return texts;
}

}  // namespace

std::optional<JoinedRecord> join_pieces(const AnswerGroup& group, config::Service service) {
  if (group.texts.size() < 2 || group.texts.size() > most_pieces) return std::nullopt;
  std::size_t octets = 0;
  bool has_usable = false;
  for (const auto& text : group.texts) {
    octets += text.text.size();
    const KeyRecord record = read_key_record(text.text, service);
    if (has_key(record) && record.list.find("v") != nullptr) return std::nullopt;
    has_usable = has_usable || has_key(record);
  }
  if (octets > most_octets) return std::nullopt;
  // Other texts may be published beside the pieces.
  for (std::size_t count = group.texts.size(); count >= 2; --count) {
    for (unsigned chosen = 0; chosen < 1U << group.texts.size(); ++chosen) {
      if (static_cast<std::size_t>(std::popcount(chosen)) != count) continue;
      std::vector<std::string> texts = chosen_texts(group, chosen);
      std::vector<std::string> pieces;
      std::ranges::transform(texts, std::back_inserter(pieces), without_wrapping);
      if (auto joined = join_all(std::move(pieces), has_usable, service)) {
        joined->published = std::move(texts);
        return joined;
      }
    }
  }
  return std::nullopt;
}

void clear_pieces(const ChainAnswers& answers, config::Service service, std::vector<ReadText>& texts) {
  for (const auto& group : answers.published) {
    const auto joined = join_pieces(group, service);
    if (!joined) continue;
    for (auto& text : texts) {
      if (std::ranges::find(joined->published, text.published->text) != joined->published.end())
        text.record.faults.clear();
    }
  }
}

}  // namespace dkimprobe::checks
