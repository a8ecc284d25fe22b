#include "checks/record/text_damage.hpp"

#include <algorithm>
#include <array>

#include "checks/record/escape_sequence.hpp"
#include "checks/record/zone_fragment.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// One character of UTF-8 and its length; for an octet that is not UTF-8, the octet itself and length 1.
struct Character {
  std::uint32_t code = 0;
  std::size_t size = 1;
  bool utf8 = false;
};

Character take_character(std::string_view text) {
  const auto octet = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = octet(0);
  const std::size_t size = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {first, 1, false};
  std::uint32_t code = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0U) != 0x80U) return {first, 1, false};
    code = (code << 6U) | (octet(i) & 0x3fU);
  }
  return {code, size, true};
}

struct Replacement {
  std::uint32_t code = 0;
  std::string_view text{};
};

// Characters that word processors and web pages use instead of plain ones.
constexpr auto smart_characters = std::to_array<Replacement>({
    {0x00a0, " "}, {0x00ab, ""},  {0x00ad, ""},  {0x00bb, ""},  {0x2002, " "}, {0x2003, " "},
    {0x2009, " "}, {0x200b, ""},  {0x200c, ""},  {0x200d, ""},  {0x200e, ""},  {0x2010, "-"},
    {0x2011, "-"}, {0x2012, "-"}, {0x2013, "-"}, {0x2014, "-"}, {0x2018, ""},  {0x2019, ""},
    {0x201a, ""},  {0x201c, ""},  {0x201d, ""},  {0x201e, ""},  {0x2026, "."}, {0x202f, " "},
    {0x2060, ""},  {0x3000, " "}, {0xfeff, ""},  {0xff1b, ";"}, {0xff1d, "="},
});

struct Entity {
  std::string_view name{};
  std::string_view text{};
};

constexpr auto entities = std::to_array<Entity>({
    {"&quot;", ""},    {"&#34;", ""},   {"&#39;", ""},   {"&apos;", ""}, {"&amp;", "&"},  {"&lt;", "<"},
    {"&gt;", ">"},     {"&nbsp;", " "}, {"&#160;", " "}, {"&#59;", ";"}, {"&semi;", ";"}, {"&#61;", "="},
    {"&equals;", "="}, {"&#43;", "+"},  {"&plus;", "+"}, {"&#47;", "/"}, {"&sol;", "/"},  {"&#x2b;", "+"},
    {"&#x2f;", "/"},   {"&#x3d;", "="}, {"&#x27;", ""},
});

constexpr std::size_t listed_rewrites = 6;

/// Windows may save text as UTF-16, where every second octet of ASCII text is NUL.
bool is_utf16(std::string_view text) {
  const auto nuls = static_cast<std::size_t>(std::ranges::count(text, '\0'));
  return nuls >= 4 && nuls * 5 >= text.size() * 2;
}

CleanText narrow(std::string_view published) {
  CleanText result;
  result.damage.push_back({DamageKind::utf16, 0, 1, std::string(published.substr(0, 8)), {}, false});
  for (std::size_t i = 0; i < published.size(); ++i) {
    if (static_cast<unsigned char>(published[i]) - 1U >= 0x7eU) continue;
    result.text.push_back(published[i]);
    result.origins.push_back(i);
  }
  return result;
}

class Cleaner {
 public:
  explicit Cleaner(std::string_view text) : text_(text) {
    const std::string_view content = config::without_outer_space(text_);
    for (const char sign : {'\'', '`'}) {
      if (content.starts_with(sign) && content.rfind(sign) > 0) outer_quote_ = sign;
    }
    const std::string closing = std::string(" \t\r\n\";\\") + outer_quote_;
    last_content_ = text_.find_last_not_of(closing) + 1;
    is_quoted_printable_ =
        text_.find("v=3DDKIM1") != std::string_view::npos || text_.find("p=3DM") != std::string_view::npos;
  }

  CleanText clean() {
    std::size_t i = 0;
    std::size_t end = text_.size();
    if (const auto fragment = find_zone_fragment(text_)) {
      note(DamageKind::zonefile_leak, fragment->offset, fragment->piece, {});
      leaked_ = true;
      i = fragment->record_begin;
      end = fragment->record_end;
    }
    while (i < end) i += step(i);
    return std::move(result_);
  }

 private:
  void note(DamageKind kind, std::size_t offset, std::string_view what, std::string_view meant) {
    auto found = std::ranges::find(result_.damage, kind, &Damage::kind);
    if (found == result_.damage.end()) {
      result_.damage.push_back({kind, offset, 1, std::string(what), {}, false});
      found = result_.damage.end() - 1;
    } else {
      ++found->count;
    }
    found->is_in_names = found->is_in_names || !(in_tag_value_ && tag_ == "p");
    const bool known = std::ranges::find(found->rewrites, what, &Rewrite::from) != found->rewrites.end();
    if (!known && found->rewrites.size() < listed_rewrites)
      found->rewrites.push_back({std::string(what), std::string(meant)});
  }

  void keep(std::string_view what, std::size_t offset) {
    for (const char c : what) {
      if (c == ';') {
        tag_begin_ = result_.text.size() + 1;
        in_tag_value_ = false;
        tag_.clear();
      } else if (c == '=' && !in_tag_value_) {
        in_tag_value_ = true;
        tag_ = config::without_outer_space(std::string_view(result_.text).substr(tag_begin_));
      }
      anything_before_ = anything_before_ || !config::is_space(c);
      result_.text.push_back(c);
      result_.origins.push_back(offset);
    }
  }

  void keep_octets(std::size_t i, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) keep(text_.substr(i + k, 1), i + k);
  }

  /// In n= and in tags that DKIM does not define, a backslash is an ordinary character.
  [[nodiscard]] bool in_free_text() const {
    const bool word = tag_.size() == 1 &&
                      std::string_view("vghkpst").find(config::to_lower(tag_[0])) != std::string_view::npos;
    return in_tag_value_ && !word;
  }

  /// Keeps or drops what begins at octet `i`, and returns its length.
  std::size_t step(std::size_t i) {
    const char c = text_[i];
    if (c == '"' || (c == outer_quote_ && is_outer(i))) return quote(i);
    switch (c) {
      case '\\':
        return backslash(i);
      case '%':
        return escape(i);
      case '&':
        return entity(i);
      case '<':
        return element(i);
      case '=':
        return equals(i);
      default:
        break;
    }
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x80) return foreign(i);
    return (octet < 0x20 && c != '\t') || octet == 0x7f ? control(i) : plain(i);
  }

  std::size_t plain(std::size_t i) {
    keep_octets(i, 1);
    return 1;
  }

  std::size_t backslash(std::size_t i) {
    const std::string_view next = text_.substr(i + 1, 1);
    if (next == ";" && !in_free_text()) {
      note(DamageKind::escaped_semicolon, i, text_.substr(i, 2), ";");
      return 1;
    }
    return next == "\"" ? 1 : escape(i);  // the quote comes next
  }

  std::size_t escape(std::size_t i) {
    const auto sequence = in_free_text() ? std::nullopt : read_escape(text_.substr(i));
    if (!sequence) return plain(i);
    note(DamageKind::escape_sequence, i, text_.substr(i, sequence->size), sequence->meant);
    const bool is_last = config::without_outer_space(text_.substr(i + sequence->size)).empty();
    // A line break between tags must keep words apart; in the key it is dropped.
    const bool is_in_key = in_tag_value_ && tag_ == "p";
    keep(sequence->is_break && !is_in_key && !is_last ? " " : sequence->meant, i);
    return sequence->size;
  }

  std::size_t element(std::size_t i) {
    const std::size_t size = in_free_text() ? 0 : html_element_size(text_.substr(i));
    if (size == 0) return plain(i);
    note(DamageKind::html, i, text_.substr(i, size), "");
    return size;
  }

  std::size_t equals(std::size_t i) {
    if (!is_quoted_printable_ || !text_.substr(i).starts_with("=3D")) return plain(i);
    note(DamageKind::escape_sequence, i, text_.substr(i, 3), "=");
    keep("=", i);
    return 3;
  }

  [[nodiscard]] bool is_outer(std::size_t i) const { return !anything_before_ || i >= last_content_; }

  std::size_t quote(std::size_t i) {
    std::size_t next = i + 1;
    while (next < text_.size() && (config::is_space(text_[next]) || text_[next] == '\\')) ++next;
    const bool is_boundary = next < text_.size() && text_[next] == '"';
    if (leaked_) return is_boundary ? next + 1 - i : 1;
    if (is_outer(i)) {
      note(DamageKind::embedded_quotes, i, text_.substr(i, 1), "");
      return 1;
    }
    if (is_boundary) {
      note(DamageKind::boundary_quotes, i, text_.substr(i, next + 1 - i), "");
      return next + 1 - i;
    }
    return plain(i);
  }

  std::size_t entity(std::size_t i) {
    for (const auto& known : entities) {
      if (config::starts_with_ignoring_case(text_.substr(i), known.name)) {
        note(DamageKind::html, i, text_.substr(i, known.name.size()), known.text);
        keep(known.text, i);
        return known.name.size();
      }
    }
    return plain(i);
  }

  std::size_t foreign(std::size_t i) {
    const Character character = take_character(text_.substr(i));
    const auto smart = std::ranges::find(smart_characters, character.code, &Replacement::code);
    if (character.utf8 && smart != smart_characters.end() && tag_ != "n") {
      note(DamageKind::smart_punctuation, i, text_.substr(i, character.size), smart->text);
      keep(smart->text, i);
    } else {
      note(DamageKind::non_ascii, i, text_.substr(i, character.size), "");
      keep_octets(i, character.size);
    }
    return character.size;
  }

  std::size_t control(std::size_t i) {
    const char c = text_[i];
    if (c == '\r' && i + 1 < text_.size() && text_[i + 1] == '\n') {
      if (i + 2 >= text_.size() || !is_blank(text_[i + 2])) {
        note(DamageKind::bad_folding, i, text_.substr(i, 2), "");
      }
      keep_octets(i, 2);
      return 2;
    }
    note(config::is_space(c) && tag_ == "p" ? DamageKind::line_break_in_key : DamageKind::control_char, i,
         text_.substr(i, 1), "");
    if (config::is_space(c)) keep_octets(i, 1);
    return 1;
  }

  std::string_view text_;
  bool leaked_ = false;
  bool is_quoted_printable_ = false;
  char outer_quote_ = '"';        ///< around the whole text
  std::size_t last_content_ = 0;  ///< only quotes, backslashes, semicolons and white space follow
  bool anything_before_ = false;
  std::size_t tag_begin_ = 0;
  bool in_tag_value_ = false;
  std::string tag_{};  ///< the tag whose value is being read
  CleanText result_{};
};

}  // namespace

bool CleanText::has(DamageKind kind) const {
  return std::ranges::find(damage, kind, &Damage::kind) != damage.end();
}

std::size_t CleanText::origin(std::size_t offset) const {
  if (origins.empty()) return offset;
  return offset < origins.size() ? origins[offset] : origins.back() + 1;
}

CleanText clean_text(std::string_view published) {
  const bool suspicious = std::ranges::any_of(published, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet >= 0x7f || std::string_view("\"'`\\&%<()").find(c) != std::string_view::npos;
  });
  const auto holds = [&](std::string_view word) { return published.find(word) != std::string_view::npos; };
  if (!suspicious && !holds("TXT") && !holds("txt") && !holds("_domainkey") && !holds("=3D") &&
      !holds("-----")) {
    return CleanText{std::string(published), {}, {}};
  }
  if (is_utf16(published)) return narrow(published);
  return Cleaner(published).clean();
}

}  // namespace dkimprobe::checks
