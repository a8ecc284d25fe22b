#include "checks/verifiers/rewrite.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "checks/record/record_composer.hpp"
#include "checks/verifiers/verifier.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::size_t most_tags_tried = 16;  ///< further ones are left out, so that the time is bounded

struct PlainTag {
  std::string name{};
  std::string value{};
};

std::string text_of(const std::vector<PlainTag>& tags) {
  std::string text;
  for (const PlainTag& tag : tags)
    text += fmt::format("{}{}={}", text.empty() ? "" : "; ", tag.name, tag.value);
  return text;
}

bool do_all_accept(const std::vector<PlainTag>& tags, SignatureAlgorithm algorithm) {
  const std::string text = text_of(tags);
  const std::string_view only = text;
  return all_accept({.verdicts = judge_compatibility({&only, 1}, algorithm)});
}

/// What all need: the version first, the type that the key has, the key in its usual form.
std::vector<PlainTag> needed_tags(const KeyRecord& record, SignatureAlgorithm algorithm) {
  std::vector<PlainTag> tags;
  if (record.list.find("v") != nullptr) tags.push_back({"v", "DKIM1"});
  if (algorithm == SignatureAlgorithm::ed25519 || record.list.find("k") != nullptr)
    tags.push_back({"k", std::string(to_string(algorithm))});
  tags.push_back({"p", compose_key_value({.algorithm = record.key->algorithm, .spki = record.key->spki})});
  return tags;
}

/// Whether all accept the needed tags and this one before p=.
bool is_harmless(const Tag& tag, std::vector<PlainTag> needed, SignatureAlgorithm algorithm) {
  needed.insert(needed.end() - 1, {tag.name, tag.value});
  return do_all_accept(needed, algorithm);
}

}  // namespace

std::string rewrite_for_all(const KeyRecord& record) {
  if (!record.key || record.key->spki.empty()) return {};
  if (record.record_class == RecordClass::weak) return {};
  const SignatureAlgorithm algorithm = algorithm_of(record);
  std::vector<PlainTag> needed = needed_tags(record, algorithm);
  if (!do_all_accept(needed, algorithm)) return {};
  std::vector<PlainTag> tags;
  if (needed.front().name == "v") tags.push_back(needed.front());
  std::size_t tried = 0;
  for (const Tag& tag : record.list.tags) {
    const std::string name = config::lower_case(tag.name);  // `P=` is a mistake for `p=`
    if (std::ranges::find(tags, name, &PlainTag::name) != tags.end()) continue;
    const auto plain = std::ranges::find(needed, name, &PlainTag::name);
    if (plain != needed.end()) {
      tags.push_back(*plain);
    } else if (++tried <= most_tags_tried && is_harmless(tag, needed, algorithm)) {
      tags.push_back({tag.name, tag.value});
    }
  }
  for (const PlainTag& tag : needed) {
    if (std::ranges::find(tags, tag.name, &PlainTag::name) == tags.end()) tags.push_back(tag);
  }
  return text_of(do_all_accept(tags, algorithm) ? tags : needed);
}

}  // namespace dkimprobe::checks
