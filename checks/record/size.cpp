#include "checks/record/size.hpp"

#include <algorithm>

namespace dkimprobe::checks {

namespace {

constexpr std::uint32_t header_bytes = 12;
constexpr std::uint32_t question_bytes = 4;  // after the owner: type and class
constexpr std::uint32_t record_bytes = 12;   // a compressed owner, type, class, TTL, length of the data

bool is_redundant(const Tag& tag) {
  if (tag.name == "n") return true;
  if (tag.name == "h") return tag.value.find("sha256") != std::string::npos;
  if (tag.name == "s") return tag.value == "email" || tag.value == "*";
  return tag.name == "k" && tag.value == "rsa";
}

}  // namespace

std::uint32_t txt_rdata_bytes(std::span<const std::string> strings) {
  std::size_t bytes = std::max<std::size_t>(strings.size(), 1);
  for (const auto& string : strings) bytes += string.size();
  return static_cast<std::uint32_t>(bytes);
}

std::uint32_t answer_bytes(const config::DomainName& owner, std::span<const std::uint32_t> rdata,
                           std::span<const config::DomainName> alias_targets) {
  std::size_t bytes = header_bytes + owner.wire_size() + question_bytes;
  for (const auto& target : alias_targets) bytes += record_bytes + target.wire_size();
  for (const std::uint32_t data : rdata) bytes += record_bytes + data;
  return static_cast<std::uint32_t>(bytes);
}

std::vector<DroppableTag> droppable_tags(std::span<const Tag> tags) {
  std::vector<DroppableTag> droppable;
  for (const std::string_view name : {"n", "h", "s", "k"}) {
    const auto tag = std::ranges::find(tags, name, &Tag::name);
    if (tag == tags.end() || !is_redundant(*tag)) continue;
    // Includes the separator after the tag; for the last tag, the separator before it.
    const std::size_t end = tag->value_offset + tag->value.size();
    std::size_t from = tag->offset;
    std::size_t until = end;
    if (tag + 1 != tags.end()) {
      until = (tag + 1)->offset;
    } else if (tag != tags.begin()) {
      from = (tag - 1)->value_offset + (tag - 1)->value.size();
    }
    droppable.push_back({tag->name, tag->name + "=" + tag->value,
                         static_cast<std::uint32_t>(until > from ? until - from : 0)});
  }
  return droppable;
}

}  // namespace dkimprobe::checks
