#include "checks/record/text_advice.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "checks/record/other_text.hpp"
#include "config/basics/text_encoding.hpp"

namespace dkimprobe::checks {

namespace {

/// Unescaped if printable: readers would take an added backslash for part of the text.
std::string as_it_stands(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f && c != '`'; });
  return printable && text.size() <= 48 ? std::string(text) : shown(text);
}

std::string times(std::size_t count) {
  return count == 1 ? std::string("once") : fmt::format("{} times", count);
}

/// "delete each `\n`, and write `+` for each `%2B`"
std::string rewriting(const Damage& damage) {
  std::string deleted;
  std::string written;
  for (const auto& rewrite : damage.rewrites) {
    if (rewrite.to.empty()) {
      deleted +=
          fmt::format("{}`{}`", deleted.empty() ? "delete each " : " and ", as_it_stands(rewrite.from));
    } else {
      const std::string to =
          rewrite.to == " " ? std::string("a plain space") : fmt::format("`{}`", rewrite.to);
      written += fmt::format("{}{} for each `{}`", written.empty() ? "write " : ", ", to,
                             as_it_stands(rewrite.from));
    }
  }
  if (deleted.empty()) return written;
  return written.empty() ? deleted : fmt::format("{}, and {}", deleted, written);
}

/// What is said about one kind of damage or one fault of the tag list. Where a kind has several rows, the
/// first that applies counts.
template <class Kind, class Seen>
struct Advice {
  Kind kind{};
  RecordFault fault = RecordFault::tag_syntax_error;
  std::string_view detail{};  ///< the names in braces are those of `sentence`
  std::string_view remedy{};
  Impact impact = Impact::syntax;
  bool (*applies)(const Seen&) = nullptr;
  std::optional<Severity> severity{};
};

constexpr auto damage_advice = std::to_array<Advice<DamageKind, Damage>>({
    {DamageKind::escaped_semicolon, RecordFault::txt_escaped_semicolon,
     "the data contains `\\;` {times}, where it should have `;`",
     "enter plain semicolons; only zone files need the backslash"},
    {DamageKind::embedded_quotes, RecordFault::txt_embedded_quotes, "quotation marks are part of the data",
     "enter the text without quotation marks, beginning with \"{begin}\""},
    {DamageKind::boundary_quotes, RecordFault::txt_seam_quotes,
     "the text contains `{escaped}` {times}, where it should be split into two strings; outside p= it "
     "becomes part of a tag, which verifiers then do not find",
     "enter two strings, or one long text without quotation marks inside", Impact::syntax,
     [](const Damage& damage) { return damage.is_in_names; }, Severity::critical},
    {DamageKind::boundary_quotes, RecordFault::txt_seam_quotes,
     "the text contains `{escaped}` {times}, where it should be split into two strings",
     "enter two strings, or one long text without quotation marks inside"},
    {DamageKind::html, RecordFault::txt_html_entity, "the text contains `{what}` of HTML", "{rewriting}"},
    {DamageKind::escape_sequence, RecordFault::txt_escape_sequence,
     "the data contains the escape `{what}` as plain text; DNS does not decode escapes, and the text has "
     "{count} in all",
     "{rewriting}"},
    {DamageKind::utf16, RecordFault::txt_control_char,
     "the text is UTF-16: each character has a NUL octet next to it",
     "save the text as ASCII or UTF-8 and enter it again", Impact::syntax, nullptr, Severity::critical},
    {DamageKind::smart_punctuation, RecordFault::txt_smart_punctuation,
     "an invisible byte order mark (BOM, `{escaped}`) precedes the text",
     "enter the record as plain ASCII: {rewriting}", Impact::syntax,
     [](const Damage& damage) { return damage.text == config::utf8_mark && damage.offset == 0; }},
    {DamageKind::smart_punctuation, RecordFault::txt_smart_punctuation,
     "the text contains the typographic character `{escaped}` {times}",
     "enter the record as plain ASCII: {rewriting}"},
    {DamageKind::zonefile_leak, RecordFault::txt_zonefile_leak,
     "`{what}` from a zone file is part of the data",
     "enter only the record, without quotation marks: it begins with \"{begin}\" and ends with \"{end}\""},
    // RFC 6376 section 3.2 advises verifiers not to preclude UTF-8.
    {DamageKind::non_ascii, RecordFault::txt_non_ascii, "the text contains `{what}` {times}",
     "remove `{what}`, or write it as quoted-printable in n=", Impact::none},
    {DamageKind::control_char, RecordFault::txt_control_char,
     "the text contains the control character `{what}` {times}",
     "enter the record as one line without `{what}`"},
    // Base64 decoders ignore line breaks (RFC 2045 section 6.8).
    {DamageKind::line_break_in_key, RecordFault::txt_control_char,
     "the control character `{what}` breaks the key into lines {times}", "enter the record as one line",
     Impact::none},
    {DamageKind::bad_folding, RecordFault::tag_syntax_error,
     "a line break (CRLF) has no white space after it", "enter the record as one line"},
});

std::string sentence(std::string_view text, const Damage& damage, std::string_view clean) {
  constexpr std::size_t shown_end = 12;
  return fmt::format(fmt::runtime(text), fmt::arg("what", as_it_stands(damage.text)),
                     fmt::arg("escaped", shown(damage.text)), fmt::arg("times", times(damage.count)),
                     fmt::arg("count", damage.count), fmt::arg("rewriting", rewriting(damage)),
                     fmt::arg("begin", shown(clean)),
                     fmt::arg("end", shown(clean.substr(clean.size() - std::min(clean.size(), shown_end)))));
}

constexpr auto tag_advice = std::to_array<Advice<TagFaultKind, TagFault>>({
    {TagFaultKind::duplicate, RecordFault::tag_duplicate,
     "a second {what}= runs into the value before it, without a semicolon", "{kept}", Impact::syntax,
     [](const TagFault& slip) { return slip.is_inner; }},
    {TagFaultKind::duplicate, RecordFault::tag_duplicate, "{what}= occurs a second time", "{kept}"},
    {TagFaultKind::repeated_name, RecordFault::tag_duplicate, "`{what}` should be `{wanted}`",
     "write `{wanted}` instead of `{what}`"},
    {TagFaultKind::missing_semicolon, RecordFault::tag_missing_semicolon,
     "a semicolon is missing before {what}=", "put `; ` before {what}=", Impact::syntax,
     [](const TagFault& slip) { return slip.separator.empty(); }},
    {TagFaultKind::missing_semicolon, RecordFault::tag_missing_semicolon,
     "`{sign}` comes before {what}= instead of a semicolon",
     "write `;` instead of the `{sign}` before {what}="},
    {TagFaultKind::comma_separator, RecordFault::tag_comma_separator,
     "a comma comes before {what}= instead of a semicolon",
     "replace the comma before {what}= with a semicolon"},
    {TagFaultKind::stray_token, RecordFault::tag_stray_token, "\"{what}\" is not a tag: it has no `=`",
     "delete \"{what}\""},
    {TagFaultKind::colon_for_equals, RecordFault::tag_stray_token,
     "\"{what}\" is not a tag: it has a colon instead of `=`", "write `{letter}=` instead of `{letter}:`"},
    {TagFaultKind::bad_name, RecordFault::tag_name_bad, "\"{what}\" is not a valid tag name",
     "correct the name \"{what}\""},
    {TagFaultKind::double_semicolon, RecordFault::tag_double_semicolon,
     "there is no tag between two semicolons", "delete one of the two semicolons"},
    {TagFaultKind::leading_semicolon, RecordFault::tag_syntax_error, "the text begins with a semicolon",
     "delete the first semicolon"},
    {TagFaultKind::outer_space, RecordFault::txt_outer_space, "there is white space before the first tag",
     "enter the record without white space around it", Impact::none,
     [](const TagFault& slip) { return slip.offset == 0; }},
    {TagFaultKind::outer_space, RecordFault::txt_outer_space, "the text ends with white space",
     "enter the record without white space around it", Impact::none},
    {TagFaultKind::trailing_semicolon_space, RecordFault::txt_trailing_semicolon_space,
     "there is white space after the last semicolon", "delete the white space at the end", Impact::none},
});

/// Which of two tags with the same name to keep.
std::string kept_tag(const TagFault& slip, const TagList& list) {
  const std::string name = shown(slip.text);
  const Tag* const first = list.find(slip.text);
  const auto second =
      std::ranges::find_if(list.tags, [&](const Tag& tag) { return &tag != first && tag.name == slip.text; });
  if (first != nullptr && second != list.tags.end() && first->value == second->value)
    return fmt::format("delete the second {}= with its value, which is the same as in the first", name);
  if (slip.text == "p")
    return "keep the p= of the key that signs and delete the other; a second key needs its own selector";
  return fmt::format("keep one {}= and delete the other with its value", name);
}

std::string sentence(std::string_view text, const TagFault& slip, const TagList& list) {
  const bool is_duplicate = slip.kind == TagFaultKind::duplicate;
  return fmt::format(fmt::runtime(text), fmt::arg("what", shown(slip.text)), fmt::arg("sign", slip.separator),
                     fmt::arg("letter", slip.text.substr(0, 1)),
                     fmt::arg("wanted", shown(slip.text.substr(0, slip.text.find('=') + 1))),
                     fmt::arg("kept", is_duplicate ? kept_tag(slip, list) : std::string()));
}

constexpr bool has_row_for_each_kind(const auto& rows, auto last_kind) {
  for (int kind = 0; kind <= static_cast<int>(last_kind); ++kind) {
    if (std::ranges::none_of(rows, [&](const auto& row) {
          return static_cast<int>(row.kind) == kind && row.applies == nullptr;
        }))
      return false;
  }
  return true;
}

static_assert(has_row_for_each_kind(damage_advice, DamageKind::bad_folding));
static_assert(has_row_for_each_kind(tag_advice, TagFaultKind::trailing_semicolon_space));

/// `context` is what the sentences quote besides.
template <class Kind, class Seen, std::size_t size>
TextFault advise(const std::array<Advice<Kind, Seen>, size>& rows, const Seen& seen, const auto& context) {
  const auto* const row = std::ranges::find_if(rows, [&](const Advice<Kind, Seen>& each) {
    return each.kind == seen.kind && (each.applies == nullptr || each.applies(seen));
  });
  return {
      row->fault,  seen.offset,  sentence(row->detail, seen, context), sentence(row->remedy, seen, context),
      row->impact, row->severity};
}

}  // namespace

std::vector<TextFault> advise_on_damage(const CleanText& clean) {
  std::vector<TextFault> faults;
  for (const auto& damage : clean.damage) {
    // Quotation marks around the whole text and inside it have one cause.
    if (damage.kind == DamageKind::boundary_quotes && clean.has(DamageKind::embedded_quotes)) continue;
    faults.push_back(advise(damage_advice, damage, clean.text));
  }
  return faults;
}

std::vector<TextFault> advise_on_syntax(const TagList& list) {
  std::vector<TextFault> faults;
  for (const auto& slip : list.faults) {
    // `key_missing_p` reports a key without its p=.
    if (slip.kind == TagFaultKind::stray_token && list.find("p") == nullptr && is_bare_key(slip.text))
      continue;
    faults.push_back(advise(tag_advice, slip, list));
  }
  return faults;
}

}  // namespace dkimprobe::checks
