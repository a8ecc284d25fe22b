#include "config/yaml/yaml_edit.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t npos = std::string_view::npos;

/// Whether the text means the same in YAML with and without quotation marks, in block and in flow style.
bool is_plain(std::string_view text) {
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) || std::string_view("._/+-:").find(c) != npos;
  };
  return !text.empty() && is_letter_or_digit(text.front()) && text.back() != ':' &&
         std::ranges::all_of(text, allowed) && !equal_ignoring_case(text, "null");
}

bool is_flow_indicator(char c) {
  return c != '\0' && std::string_view(",[]{}").find(c) != npos;
}

}  // namespace

std::string yaml_word(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      quoted += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string yaml_entry(std::string_view key, const YamlNode& value, std::size_t indent,
                       std::string_view line_end) {
  if (value.kind == YamlNode::Kind::text) return fmt::format("{}: {}", key, yaml_word(value.text));
  std::string lines = fmt::format("{}:", key);
  for (const auto& [inner, held] : value.entries)
    lines += fmt::format("{}{:{}}{}: {}", line_end, "", indent, inner.text, yaml_word(held.text));
  return lines;
}

YamlText::YamlText(std::string_view text) : text_(text) {
  lines_.push_back(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
  for (std::size_t i = text.find('\n'); i != npos; i = text.find('\n', i + 1)) lines_.push_back(i + 1);
  if (lines_.size() > 1 && lines_[1] >= 2 && text[lines_[1] - 2] == '\r') line_end_ = "\r\n";
}

// ---- Lines ----

std::size_t YamlText::offset(const YamlPlace& place) const {
  return place.line > lines_.size() ? text_.size() : lines_[place.line - 1] + place.column - 1;
}

std::size_t YamlText::line_begin(std::size_t offset) const {
  return *std::prev(std::ranges::upper_bound(lines_, offset));
}

std::size_t YamlText::line_stop(std::size_t offset) const {
  std::size_t stop = std::min(text_.find('\n', offset), text_.size());
  if (stop > offset && text_[stop - 1] == '\r') --stop;
  return stop;
}

std::size_t YamlText::next_line(std::size_t offset) const {
  return std::min(std::min(text_.find('\n', offset), text_.size() - 1) + 1, text_.size());
}

std::size_t YamlText::indent_of(std::size_t line) const {
  const std::size_t token = text_.find_first_not_of(' ', line);
  return token >= line_stop(line) ? npos : token - line;
}

std::size_t YamlText::next_token(std::size_t offset) const {
  while (offset < text_.size()) {
    if (text_[offset] == '#') {
      offset = line_stop(offset);
    } else if (is_space(text_[offset]) || text_[offset] == ',') {
      ++offset;
    } else {
      break;
    }
  }
  return offset;
}

// ---- Where a node ends ----

bool YamlText::is_flow(const YamlNode& node) const {
  const char first = at(offset(node.place));
  return (node.kind == YamlNode::Kind::list && first == '[') ||
         (node.kind == YamlNode::Kind::map && first == '{');
}

YamlText::Context YamlText::inside(const YamlNode& node) const {
  return {is_flow(node), node.place.column - 1};
}

std::optional<std::size_t> YamlText::end_of(const YamlNode& node, const Context& context) const {
  const std::size_t begin = offset(node.place);
  switch (node.kind) {
    case YamlNode::Kind::nothing:
      return std::nullopt;
    case YamlNode::Kind::text:
      if (at(begin) == '"' || at(begin) == '\'') return end_of_quoted(begin);
      if (!context.flow && (at(begin) == '|' || at(begin) == '>'))
        return end_of_literal(begin, context.indent);
      return end_of_plain(begin, context);
    case YamlNode::Kind::list:
    case YamlNode::Kind::map:
      break;
  }
  const bool is_list = node.kind == YamlNode::Kind::list;
  const bool empty = is_list ? node.items.empty() : node.entries.empty();
  if (empty && !is_flow(node)) return std::nullopt;
  const auto last = empty ? std::optional(begin + 1)
                          : end_of(is_list ? node.items.back() : node.entries.back().value, inside(node));
  if (!last || !is_flow(node)) return last;
  const std::size_t close = next_token(*last);
  if (at(close) != (is_list ? ']' : '}')) return std::nullopt;
  return close + 1;
}

std::optional<std::size_t> YamlText::end_of_quoted(std::size_t begin) const {
  const char quote = text_[begin];
  for (std::size_t i = begin + 1; i < text_.size(); ++i) {
    if (quote == '"' && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (quote == '"' || at(i + 1) != quote) return i + 1;
      ++i;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> YamlText::end_of_literal(std::size_t begin, std::size_t indent) const {
  std::size_t end = line_stop(begin);
  // A comment or an explicit indentation is not supported.
  if (text_.substr(begin, end - begin).find_first_not_of("|>+- \t") != npos) return std::nullopt;
  std::size_t of_content = indent + 1;
  bool is_first = true;
  for (std::size_t line = next_line(begin); line < text_.size(); line = next_line(line)) {
    const std::size_t found = indent_of(line);
    if (found == npos) continue;
    if (found < of_content) break;
    if (is_first) of_content = found;
    is_first = false;
    end = line_stop(line);
  }
  return end;
}

bool YamlText::goes_on(std::size_t line, const Context& context) const {
  while (line < text_.size() && indent_of(line) == npos) line = next_line(line);
  if (line >= text_.size()) return false;
  const std::size_t indent = indent_of(line);
  const char first = at(line + indent);
  if (first == '#') return false;
  return context.flow ? !is_flow_indicator(first) && first != ':' : indent > context.indent;
}

std::size_t YamlText::end_of_plain(std::size_t begin, const Context& context) const {
  std::size_t end = begin;
  for (std::size_t i = begin; i < text_.size(); ++i) {
    const char c = text_[i];
    const char next = at(i + 1);
    const bool ends_key =
        c == ':' && (next == '\0' || is_space(next) || (context.flow && is_flow_indicator(next)));
    const bool begins_comment = c == '#' && i > begin && is_space(text_[i - 1]);
    if (ends_key || begins_comment || (context.flow && is_flow_indicator(c))) break;
    if (c == '\n' && !goes_on(i + 1, context)) break;
    if (!is_space(c)) end = i + 1;
  }
  return end;
}

std::optional<std::size_t> YamlText::last_line(const YamlNode& parent, const YamlNode& node) const {
  const auto end = end_of(node, inside(parent));
  if (!end) return std::nullopt;
  return static_cast<std::size_t>(std::ranges::upper_bound(lines_, *end) - lines_.begin());
}

// ---- Edits ----

std::string YamlText::with(const Range& range, std::string_view replacement) const {
  std::string edited(text_.substr(0, range.begin));
  edited += replacement;
  edited += text_.substr(range.end);
  return edited;
}

std::size_t YamlText::step_of(const YamlNode& map) const {
  const std::size_t key = offset(map.place);
  const std::size_t begin = line_begin(key);
  const std::size_t dash = text_.substr(0, key).find_last_not_of(' ');
  return dash != npos && dash >= begin && text_[dash] == '-' ? key - dash : 2;
}

std::optional<std::string> YamlText::append(const YamlNode& list, std::string_view item) const {
  if (list.items.empty()) return std::nullopt;
  const YamlNode& last = list.items.back();
  const auto end = end_of(last, inside(list));
  if (!end) return std::nullopt;
  if (is_flow(list)) return with({*end, *end}, fmt::format(", {}", yaml_word(item)));
  if (at(offset(list.place)) != '-') return std::nullopt;
  const std::size_t stop = line_stop(*end);
  const std::size_t indent = list.place.column - 1;
  const std::size_t dash = line_begin(offset(last.place)) + indent;
  const std::size_t step = at(dash) == '-' ? last.place.column - list.place.column : 2;
  return with({stop, stop},
              fmt::format("{}{:{}}{:<{}}{}", line_end_, "", indent, "-", step, yaml_word(item)));
}

std::optional<std::string> YamlText::wrap(const YamlNode& list, const YamlNode& item,
                                          std::string_view key) const {
  const auto end = end_of(item, inside(list));
  if (!end) return std::nullopt;
  const std::size_t begin = offset(item.place);
  if (!is_flow(list)) return with({begin, begin}, fmt::format("{}: ", key));
  return with({begin, *end}, fmt::format("{{{}: {}}}", key, text_.substr(begin, *end - begin)));
}

std::optional<std::string> YamlText::insert_after(const YamlNode& map, const YamlEntry& entry,
                                                  std::string_view key, const YamlNode& value) const {
  const auto end = end_of(entry.value, inside(map));
  if (!end) return std::nullopt;
  if (is_flow(map)) {
    if (value.kind == YamlNode::Kind::text)
      return with({*end, *end}, fmt::format(", {}: {}", key, yaml_word(value.text)));
    std::string inner;
    for (const auto& [name, held] : value.entries)
      inner += fmt::format("{}{}: {}", inner.empty() ? "" : ", ", name.text, yaml_word(held.text));
    return with({*end, *end}, fmt::format(", {}: {{{}}}", key, inner));
  }
  const std::size_t stop = line_stop(*end);
  const std::size_t indent = map.place.column - 1;
  return with({stop, stop}, fmt::format("{}{:{}}{}", line_end_, "", indent,
                                        yaml_entry(key, value, indent + step_of(map), line_end_)));
}

std::optional<std::string> YamlText::replace(const YamlNode& map, const YamlEntry& entry,
                                             std::string_view key, std::string_view value) const {
  const Context context = inside(map);
  const auto end = end_of(entry.value, context);
  const auto key_end = end_of(entry.key, context);
  if (!end || !key_end) return std::nullopt;
  const std::size_t begin = offset(entry.value.place);
  if (entry.key.text == key) return with({begin, *end}, yaml_word(value));
  // A comment between the key and the value would be lost.
  if (text_.substr(*key_end, begin - *key_end).find('#') != npos) return std::nullopt;
  return with({offset(entry.key.place), *end}, fmt::format("{}: {}", key, yaml_word(value)));
}

std::optional<std::string> YamlText::remove(const YamlNode& map, std::size_t index) const {
  if (map.entries.size() < 2) return std::nullopt;
  if (!is_flow(map)) return remove_lines(map, index);
  const Context context = inside(map);
  const auto begin = index == 0 ? std::optional(offset(map.entries.front().key.place))
                                : end_of(map.entries[index - 1].value, context);
  const auto end = index == 0 ? std::optional(offset(map.entries[1].key.place))
                              : end_of(map.entries[index].value, context);
  return without_flow(begin, end);
}

std::optional<std::string> YamlText::remove_item(const YamlNode& list, std::size_t index) const {
  if (list.items.size() < 2) return std::nullopt;
  const Context context = inside(list);
  const YamlNode& item = list.items[index];
  const auto end = end_of(item, context);
  if (!end) return std::nullopt;
  if (is_flow(list)) {
    return index == 0 ? without_flow(offset(item.place), offset(list.items[1].place))
                      : without_flow(end_of(list.items[index - 1], context), end);
  }
  // The dash may stand alone, above blank lines and comments.
  auto line = std::prev(std::ranges::upper_bound(lines_, offset(item.place)));
  const auto has_dash = [&] {
    return indent_of(*line) == context.indent && at(*line + context.indent) == '-';
  };
  while (!has_dash() && line != lines_.begin()) {
    --line;
    if (next_token(*line) < offset(item.place) && !has_dash()) return std::nullopt;
  }
  return has_dash() ? std::optional(without_lines(*line, *end)) : std::nullopt;
}

std::optional<std::string> YamlText::without_flow(std::optional<std::size_t> begin,
                                                  std::optional<std::size_t> end) const {
  if (!begin || !end) return std::nullopt;
  const std::string_view removed = text_.substr(*begin, *end - *begin);
  if (removed.find('\n') != npos && removed.find('#') != npos) return std::nullopt;
  return with({*begin, *end}, "");
}

std::string YamlText::without_lines(std::size_t begin, std::size_t end) const {
  const std::size_t stop = line_stop(end);
  if (stop < text_.size() || begin == lines_.front()) return with({begin, next_line(end)}, "");
  const auto line = static_cast<std::size_t>(std::ranges::lower_bound(lines_, begin) - lines_.begin());
  return with({line_stop(lines_[line - 1]), stop}, "");
}

bool YamlText::find_texts(const YamlNode& node, const Context& context, std::vector<Range>& texts) const {
  const Context held = inside(node);
  if (node.kind == YamlNode::Kind::text) {
    const auto end = end_of(node, context);
    if (end) texts.push_back({offset(node.place), *end});
    return end.has_value();
  }
  return std::ranges::all_of(node.items,
                             [&](const YamlNode& item) { return find_texts(item, held, texts); }) &&
         std::ranges::all_of(node.entries, [&](const YamlEntry& entry) {
           return find_texts(entry.key, held, texts) && find_texts(entry.value, held, texts);
         });
}

std::optional<std::vector<std::string>> YamlText::comments_of(const YamlEntry& entry,
                                                              const Context& context) const {
  std::vector<Range> texts;
  const auto end = end_of(entry.value, context);
  if (!end || !find_texts(entry.key, context, texts) || !find_texts(entry.value, context, texts))
    return std::nullopt;
  const std::size_t stop = line_stop(*end);
  texts.push_back({stop, stop});
  std::vector<std::string> comments;
  for (std::size_t i = 0; i + 1 < texts.size(); ++i) {
    for (std::size_t at = texts[i].end; at < texts[i + 1].begin; at = next_line(at)) {
      const std::size_t line = line_stop(at);
      const std::size_t comment = text_.find('#', at);
      if (comment < std::min(line, texts[i + 1].begin))
        comments.emplace_back(text_.substr(comment, line - comment));
    }
  }
  return comments;
}

std::optional<std::string> YamlText::remove_lines(const YamlNode& map, std::size_t index) const {
  const YamlEntry& entry = map.entries[index];
  const Context context = inside(map);
  const auto comments = comments_of(entry, context);
  const auto end = end_of(entry.value, context);
  if (!comments || !end) return std::nullopt;
  const std::size_t key = offset(entry.key.place);
  const std::size_t begin = line_begin(key);
  const std::size_t stop = line_stop(*end);
  const std::string_view before = text_.substr(begin, key - begin);
  const std::string next = fmt::format("{}{:{}}", line_end_, "", context.indent);
  if (!comments->empty()) return with({key, stop}, fmt::format("{}", fmt::join(*comments, next)));
  if (before.find_first_not_of(' ') == npos) return without_lines(begin, *end);
  // The entry stands after the dash of a list.
  if (before.find_first_not_of(" -") != npos || index != 0) return std::nullopt;
  const std::size_t following = offset(map.entries[1].key.place);
  if (text_.substr(stop, following - stop).find('#') == npos) return with({key, following}, "");
  return with({begin + before.find_last_not_of(' ') + 1, stop}, "");
}

}  // namespace dkimprobe::config
