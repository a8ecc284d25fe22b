#include "config/yaml/yaml_reader.hpp"

#include <algorithm>
#include <iterator>

#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"

namespace dkimprobe::config {
namespace {

std::string_view describe(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::nothing:
      return "there is nothing";
    case YamlNode::Kind::text:
      return "this is a single value";
    case YamlNode::Kind::list:
      return "this is a list";
    case YamlNode::Kind::map:
      return "this is a map";
  }
  return {};
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 80;
  return escape_text(text, longest);
}

// ---- Errors ----

std::string YamlReader::where(const YamlValue& value) const {
  const std::string place = fmt::format("{}:{}:{}", name_, value.place.line, value.place.column);
  return value.key.empty() ? place : fmt::format("{}: {}", place, value.key);
}

void YamlReader::wrong(const YamlValue& value, std::string message) {
  ++error_count_;
  wrong_values_.insert(value.node);
  errors_.emplace(std::pair(value.place.line, value.place.column), Error{where(value), std::move(message)});
  if (errors_.size() > most_errors) errors_.erase(std::prev(errors_.end()));
}

void YamlReader::warn(const YamlValue& value, std::string message) {
  warnings_.push_back({where(value), std::move(message)});
}

void YamlReader::wrong(const YamlValue& value, const Errors& errors) {
  for (const auto& each : errors) {
    wrong(value, each.where.empty() ? each.message : fmt::format("`{}`: {}", each.where, each.message));
  }
}

void YamlReader::missing(const YamlValue& map, std::string_view key, std::string message) {
  if (!unclear_keys_.contains({map.node, std::string(key)})) wrong(map, std::move(message));
}

bool YamlReader::is_read(const YamlValue& map, std::string_view key) const {
  if (map.node->kind != YamlNode::Kind::map || unclear_keys_.contains({map.node, std::string(key)}))
    return false;
  return std::ranges::none_of(map.node->entries, [&](const YamlEntry& entry) {
    return entry.key.text == key && wrong_values_.contains(&entry.value);
  });
}

void YamlReader::wrong_kind(const YamlValue& value, std::string_view wanted) {
  wrong(value, fmt::format("{} was expected, but {}", wanted, describe(value.node->kind)));
}

Errors YamlReader::take_errors() {
  Errors errors;
  for (auto& [place, error] : errors_) errors.push_back(std::move(error));
  if (error_count_ > most_errors) {
    errors.push_back({name_, fmt::format("and {} more errors", error_count_ - most_errors)});
  }
  errors_.clear();
  return errors;
}

// ---- Shapes ----

std::string YamlReader::nearest(std::string_view word, std::span<const std::string> known) const {
  // The search takes time, so after many errors there are no more suggestions.
  return error_count_ < most_errors ? nearest_word(word, known) : std::string{};
}

std::string YamlReader::suggestion(std::string_view word, std::span<const std::string> known) const {
  constexpr std::size_t longest_list = 30;
  const std::string meant = nearest(word, known);
  if (!meant.empty()) return fmt::format("; did you mean {}?", meant);
  if (known.empty() || known.size() > longest_list) return {};
  return fmt::format("; use one of: {}", fmt::join(known, ", "));
}

YamlValues YamlReader::map_of(const YamlValue& value, std::optional<std::span<const std::string>> known,
                              std::string_view unknown_message) {
  YamlValues values;
  if (value.node->kind != YamlNode::Kind::map) {
    wrong_kind(value, "a map (lines of `key: value`)");
    return values;
  }
  for (const auto& [key, held] : value.node->entries) {
    const std::string path = value.key.empty() ? "" : value.key + '.';
    YamlValue entry{&held, held.kind == YamlNode::Kind::nothing ? key.place : held.place,
                    path + shown(key.text), key.place};
    const YamlValue key_itself{&key, key.place, entry.key, key.place};
    if (key.kind != YamlNode::Kind::text) {
      wrong({&key, key.place, value.key, key.place},
            fmt::format("a key was expected, but {}", describe(key.kind)));
    } else if (known && std::find(known->begin(), known->end(), key.text) == known->end()) {
      unclear_keys_.emplace(value.node, nearest(key.text, *known));
      wrong(key_itself, std::string(unknown_message) + suggestion(key.text, *known));
    } else if (const auto before = values.find(key.text); before != values.end()) {
      unclear_keys_.emplace(value.node, key.text);
      wrong(key_itself, fmt::format("the key is already given at line {}", before->second.key_place.line));
    } else {
      values.emplace(key.text, std::move(entry));
    }
  }
  return values;
}

const YamlValue* YamlReader::find(const YamlValues& values, std::string_view key) {
  const auto found = values.find(key);
  return found == values.end() ? nullptr : &found->second;
}

std::vector<YamlValue> YamlReader::list_of(const YamlValue& value) {
  std::vector<YamlValue> values;
  if (value.node->kind != YamlNode::Kind::list) {
    wrong_kind(value, "a list (lines that begin with `- `)");
    return values;
  }
  for (const auto& item : value.node->items) values.push_back({&item, item.place, value.key, item.place});
  return values;
}

std::optional<std::string_view> YamlReader::text_of(const YamlValue& value) {
  if (value.node->kind == YamlNode::Kind::text) return value.node->text;
  if (value.node->kind == YamlNode::Kind::nothing) {
    wrong(value, "a value was expected, but there is nothing (the words null and ~ need quotation marks)");
  } else {
    wrong_kind(value, "a single value");
  }
  return std::nullopt;
}

std::optional<std::filesystem::path> YamlReader::path_of(const YamlValue& value) {
  const auto text = text_of(value);
  if (!text) return std::nullopt;
  if (text->empty() || text->find('\0') != std::string_view::npos) {
    wrong(value, "a file name was expected");
    return std::nullopt;
  }
  return folder_ / std::filesystem::path(*text);
}

}  // namespace dkimprobe::config
