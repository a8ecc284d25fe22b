#include "checks/record/tag_list.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::ptrdiff_t listed_of_a_kind = 8;

bool is_name_char(char c) {
  return config::is_letter_or_digit(c) || c == '_';
}

/// A tag that begins inside the value of another.
struct InnerTag {
  std::size_t value_end = 0;  ///< of the value before it
  std::size_t separator = 0;  ///< where the tag begins, or its wrong separator
  std::size_t name = 0;
  std::size_t equals = 0;
  std::string_view sign{};  ///< the wrong separator; empty if there is none
};

/// What people write between tags instead of a semicolon, with white space around it. In p=, some of these
/// characters are base64.
constexpr std::string_view white_space = " \t\r\n";
constexpr std::string_view wrong_separators = " \t\r\n,:|.&/+\\";
constexpr std::string_view wrong_separators_behind_key = " \t\r\n,:|.&";

class TagListReader {
 public:
  TagListReader(std::string_view text, std::string_view known) : text_(text), known_(known) {}

  TagList read() {
    has_own_p_ = std::ranges::any_of(separated(text_, ';'),
                                     [](std::string_view tag) { return tag_name_of(tag) == "p"; });
    std::size_t begin = 0;
    while (true) {
      const std::size_t semicolon = text_.find(';', begin);
      const bool last = semicolon == std::string_view::npos;
      const std::size_t end = last ? text_.size() : semicolon;
      read_segment(begin, end, last);
      if (last) break;
      begin = semicolon + 1;
    }
    return std::move(list_);
  }

 private:
  void fault(TagFaultKind kind, std::size_t offset, std::string_view words, std::string_view separator = {},
             bool is_inner = false) {
    if (std::ranges::count(list_.faults, kind, &TagFault::kind) < listed_of_a_kind)
      list_.faults.push_back({kind, offset, std::string(words), is_inner, std::string(separator)});
  }

  void read_segment(std::size_t begin, std::size_t end, bool last) {
    const std::string_view content = config::without_outer_space(text_.substr(begin, end - begin));
    if (content.empty()) {
      if (!last) {
        fault(begin == 0 ? TagFaultKind::leading_semicolon : TagFaultKind::double_semicolon, end, ";");
      } else if (begin > 0 && end > begin) {
        fault(TagFaultKind::trailing_semicolon_space, begin, text_.substr(begin));
      }
      return;
    }
    const auto first = static_cast<std::size_t>(content.data() - text_.data());
    if (begin == 0 && first > 0) fault(TagFaultKind::outer_space, 0, text_.substr(0, first));
    if (last && first + content.size() < end) {
      fault(TagFaultKind::outer_space, first + content.size(), text_.substr(first + content.size()));
    }
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos) return read_words(first, content);
    read_name(first, first + equals, first + content.size());
  }

  void read_words(std::size_t begin, std::string_view words) {
    const bool is_tag =
        words.size() > 2 && words[1] == ':' && known_.find(words[0]) != std::string_view::npos;
    fault(is_tag ? TagFaultKind::colon_for_equals : TagFaultKind::stray_token, begin, words);
    if (is_tag) add(words.substr(0, 1), begin, begin + 2, begin + words.size(), false);
  }

  /// The name ends at `equals` and the value at `end`.
  void read_name(std::size_t begin, std::size_t equals, std::size_t end) {
    const std::string_view name = config::without_outer_space(text_.substr(begin, equals - begin));
    if (is_tag_name(name)) {
      read_value(name, begin, equals + 1, end);
      return;
    }
    // Words before a valid name: without them the tag is good.
    std::size_t word = name.size();
    while (word > 0 && is_name_char(name[word - 1])) --word;
    const std::string_view last_word = name.substr(word);
    if (word > 0 && config::is_space(name[word - 1]) && is_tag_name(last_word)) {
      fault(TagFaultKind::stray_token, begin, config::without_outer_space(name.substr(0, word)));
      read_value(last_word, begin + word, equals + 1, end);
      return;
    }
    fault(TagFaultKind::bad_name, begin, name);
    const std::size_t letter = static_cast<std::size_t>(
        std::find_if(last_word.begin(), last_word.end(), config::is_letter) - last_word.begin());
    const std::string_view recovered = last_word.substr(letter);
    if (is_tag_name(recovered)) read_value(recovered, begin + word + letter, equals + 1, end);
  }

  void read_value(std::string_view name, std::size_t name_offset, std::size_t begin, std::size_t end) {
    begin = behind_repeated_name(name, name_offset, begin, end);
    bool is_inner = false;
    while (true) {
      const auto inner = find_inner_tag(name, begin, end);
      add(name, name_offset, begin, inner ? inner->value_end : end, is_inner);
      if (!inner) return;
      is_inner = true;
      const std::string_view inner_name =
          config::without_outer_space(text_.substr(inner->name, inner->equals - inner->name));
      // For a second tag with the same name, `duplicate` is the better fault.
      if (!seen_.contains(inner_name)) {
        fault(inner->sign == "," ? TagFaultKind::comma_separator : TagFaultKind::missing_semicolon,
              inner->separator, inner_name, inner->sign);
      }
      name = inner_name;
      name_offset = inner->name;
      begin = inner->equals + 1;
    }
  }

  /// Where the value begins if the name or its `=` is repeated, as in `p=p=` and `p==`.
  std::size_t behind_repeated_name(std::string_view name, std::size_t name_offset, std::size_t begin,
                                   std::size_t end) {
    if (name.size() != 1 || known_.find(name[0]) == std::string_view::npos || name == "n") return begin;
    const std::string_view value = config::without_outer_space(text_.substr(begin, end - begin));
    const std::size_t repeated = value.starts_with('=')                                       ? 1
                                 : value.size() > 1 && value[0] == name[0] && value[1] == '=' ? 2
                                                                                              : 0;
    if (repeated == 0 || value.size() == repeated) return begin;
    const auto value_begin = static_cast<std::size_t>(value.data() - text_.data()) + repeated;
    fault(TagFaultKind::repeated_name, name_offset, text_.substr(name_offset, value_begin - name_offset));
    return value_begin;
  }

  void add(std::string_view name, std::size_t name_offset, std::size_t begin, std::size_t end,
           bool is_inner) {
    const std::string_view value = config::without_outer_space(text_.substr(begin, end - begin));
    if (!seen_.insert(name).second) fault(TagFaultKind::duplicate, name_offset, name, {}, is_inner);
    const std::size_t value_offset =
        value.empty() ? begin : static_cast<std::size_t>(value.data() - text_.data());
    list_.tags.push_back({std::string(name), std::string(value), name_offset, value_offset});
  }

  /// Base64 has `=` only at its end. If whole groups of four digits precede a letter and its `=`, these do
  /// not belong to the base64, and a tag begins there.
  [[nodiscard]] bool is_behind_whole_key(std::size_t begin, std::size_t letter, std::size_t equals,
                                         std::size_t end) const {
    // Longer than any key; the limit avoids counting the digits again and again.
    if (letter - begin > 4'096) return false;
    const std::string_view before = text_.substr(begin, letter - begin);
    const auto digits =
        before.size() - static_cast<std::size_t>(std::ranges::count_if(before, config::is_space));
    return digits > 0 && digits % 4 == 0 && equals == letter + 1 && equals + 1 < end &&
           text_[equals + 1] != '=';
  }

  /// Where the text between `begin` and `end` ends without any of `characters`.
  [[nodiscard]] std::size_t end_without(std::string_view characters, std::size_t begin,
                                        std::size_t end) const {
    const std::size_t last = text_.substr(begin, end - begin).find_last_not_of(characters);
    return last == std::string_view::npos ? begin : begin + last + 1;
  }

  /// The tag with this `=`, if one begins there inside the value of `name`.
  ///
  /// The values of v=, h=, k=, s= and t= are words, so an `=` in them begins a tag. Values of p= and g= may
  /// contain `=`: a tag begins there only after white space or a wrong separator, and never where base64 may
  /// be padded. Notes and unknown tags are free text, in which only `p=` counts, and only if there is no
  /// other p=.
  [[nodiscard]] std::optional<InnerTag> inner_tag_at(std::size_t equals, std::string_view name,
                                                     std::size_t begin, std::size_t end) const {
    const std::size_t name_end = end_without(white_space, begin, equals);
    if (name_end == begin) return std::nullopt;
    const std::size_t letter = name_end - 1;
    const bool words = name.size() == 1 && std::string_view("vhkst").find(name[0]) != std::string_view::npos;
    const bool is_free_text = !words && name != "p" && name != "g";
    if (known_.find(text_[letter]) == std::string_view::npos) return std::nullopt;
    if (is_free_text && (text_[letter] != 'p' || has_own_p_)) return std::nullopt;

    const std::string_view signs = name == "p" ? wrong_separators_behind_key : wrong_separators;
    const std::size_t value_end = end_without(signs, begin, letter);
    const std::size_t content_end = end_without(white_space, begin, letter);
    const bool has_sign = value_end < content_end;
    const bool is_apart =
        has_sign || content_end < letter || (name == "p" && is_behind_whole_key(begin, letter, equals, end));
    const std::size_t behind = text_.find_first_not_of(white_space, equals + 1);
    const bool has_value = behind < end && text_[behind] != '=';
    if (!words && !(is_apart && has_value)) return std::nullopt;
    const std::size_t separator = has_sign ? content_end - 1 : letter;
    return InnerTag{value_end, separator, letter, equals, text_.substr(separator, has_sign ? 1 : 0)};
  }

  [[nodiscard]] std::optional<InnerTag> find_inner_tag(std::string_view name, std::size_t begin,
                                                       std::size_t end) const {
    for (std::size_t equals = text_.find('=', begin); equals < end; equals = text_.find('=', equals + 1)) {
      if (const auto inner = inner_tag_at(equals, name, begin, end)) return inner;
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::string_view known_;
  bool has_own_p_ = false;  ///< as the grammar requires: at the beginning, or after a semicolon
  TagList list_{};
  std::unordered_set<std::string_view> seen_{};
};

}  // namespace

const Tag* TagList::find(std::string_view name) const {
  const auto found = std::ranges::find(tags, name, &Tag::name);
  return found == tags.end() ? nullptr : &*found;
}

TagList parse_tag_list(std::string_view text, std::string_view known) {
  return TagListReader(text, known).read();
}

bool is_tag_name(std::string_view name) {
  return !name.empty() && config::is_letter(name.front()) && std::ranges::all_of(name, is_name_char);
}

bool is_hyphenated_word(std::string_view text) {
  return !text.empty() && config::is_letter(text.front()) && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return config::is_letter_or_digit(c) || c == '-'; });
}

std::string shown(std::string_view value) {
  return config::escape_text(value, 48);
}

std::vector<std::string_view> separated(std::string_view value, char separator) {
  std::vector<std::string_view> elements;
  while (true) {
    const std::size_t end = value.find(separator);
    elements.push_back(config::without_outer_space(value.substr(0, end)));
    if (end == std::string_view::npos) return elements;
    value.remove_prefix(end + 1);
  }
}

std::string_view tag_name_of(std::string_view tag) {
  const std::size_t equals = tag.find('=');
  return config::without_outer_space(tag.substr(0, equals == std::string_view::npos ? 0 : equals));
}

}  // namespace dkimprobe::checks
