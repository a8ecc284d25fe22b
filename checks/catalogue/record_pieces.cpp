#include "checks/catalogue/record_pieces.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dkimprobe::checks {

namespace {

// Every order of the pieces is parsed, so both are limited. The longest record with a key of 16,384 bits has
// 2.8 kB.
constexpr std::size_t most_pieces = 4;
constexpr std::size_t most_octets = 4'096;

/// Whether the text is a complete record with a usable key.
bool is_whole_record(const KeyRecord& record) {
  const bool usable = record.record_class == RecordClass::valid || record.record_class == RecordClass::weak;
  return usable && record.list.find("v") != nullptr && record.key.has_value();
}

}  // namespace

std::optional<JoinedRecord> join_pieces(const AnswerGroup& group, config::Service service) {
  const auto is_whole = [&](const std::string& text) {
    return is_whole_record(read_key_record(text, service));
  };
  if (group.texts.size() < 2 || group.texts.size() > most_pieces) return std::nullopt;
  std::vector<std::string> pieces;
  std::size_t octets = 0;
  for (const auto& text : group.texts) {
    pieces.push_back(text.text);
    octets += text.text.size();
  }
  if (octets > most_octets || std::ranges::any_of(pieces, is_whole)) return std::nullopt;
  std::ranges::sort(pieces);
  do {
    if (!pieces.front().starts_with("v=")) continue;
    for (const std::string_view separator : {"", "; "}) {
      if (is_whole(fmt::format("{}", fmt::join(pieces, separator))))
        return JoinedRecord{pieces, !separator.empty()};
    }
  } while (std::ranges::next_permutation(pieces).found);
  return std::nullopt;
}

void clear_pieces(const ChainAnswers& answers, config::Service service, std::vector<ReadText>& texts) {
  for (const auto& group : answers.published) {
    if (!join_pieces(group, service)) continue;
    for (auto& text : texts) {
      if (std::ranges::find(group.texts, text.published->text, &PublishedText::text) != group.texts.end())
        text.record.faults.clear();
    }
  }
}

}  // namespace dkimprobe::checks
