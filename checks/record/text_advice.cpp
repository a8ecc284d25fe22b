#include "checks/record/text_advice.hpp"

#include <algorithm>
#include <utility>

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

TextFault fault_at(std::size_t offset, RecordFault which, std::string detail, std::string remedy) {
  return {which, offset, std::move(detail), std::move(remedy), Impact::syntax, {}};
}

TextFault quotes_fault(const CleanText& clean, const Damage& damage) {
  return fault_at(
      damage.offset, RecordFault::txt_embedded_quotes, "quotation marks are part of the data",
      fmt::format("enter the text without quotation marks, beginning with \"{}\"", shown(clean.text)));
}

TextFault boundary_fault(const Damage& damage) {
  TextFault fault =
      fault_at(damage.offset, RecordFault::txt_seam_quotes,
               fmt::format("the text contains `{}` {}, where it should be split into two strings",
                           shown(damage.text), times(damage.count)),
               "enter two strings, or one long text without quotation marks inside");
  if (damage.is_in_names) {
    fault.detail += "; outside p= it becomes part of a tag, which verifiers then do not find";
    fault.severity = Severity::critical;
  }
  return fault;
}

TextFault fragment_fault(const CleanText& clean, const Damage& damage) {
  const std::string_view text = clean.text;
  constexpr std::size_t shown_end = 12;
  return fault_at(
      damage.offset, RecordFault::txt_zonefile_leak,
      fmt::format("`{}` from a zone file is part of the data", as_it_stands(damage.text)),
      fmt::format(
          "enter only the record, without quotation marks: it begins with \"{}\" and ends with \"{}\"",
          shown(text), shown(text.substr(text.size() - std::min(text.size(), shown_end)))));
}

TextFault smart_fault(const Damage& damage) {
  const bool is_mark = damage.text == config::utf8_mark && damage.offset == 0;
  return fault_at(damage.offset, RecordFault::txt_smart_punctuation,
                  is_mark
                      ? std::string("an invisible byte order mark (BOM, `\\xef\\xbb\\xbf`) precedes the text")
                      : fmt::format("the text contains the typographic character `{}` {}", shown(damage.text),
                                    times(damage.count)),
                  fmt::format("enter the record as plain ASCII: {}", rewriting(damage)));
}

TextFault damage_fault(const CleanText& clean, const Damage& damage) {
  const std::string what = as_it_stands(damage.text);
  switch (damage.kind) {
    case DamageKind::escaped_semicolon:
      return fault_at(
          damage.offset, RecordFault::txt_escaped_semicolon,
          fmt::format("the data contains `\\;` {}, where it should have `;`", times(damage.count)),
          "enter plain semicolons; only zone files need the backslash");
    case DamageKind::embedded_quotes:
      return quotes_fault(clean, damage);
    case DamageKind::boundary_quotes:
      return boundary_fault(damage);
    case DamageKind::html:
      return fault_at(damage.offset, RecordFault::txt_html_entity,
                      fmt::format("the text contains `{}` of HTML", what), rewriting(damage));
    case DamageKind::escape_sequence:
      return fault_at(damage.offset, RecordFault::txt_escape_sequence,
                      fmt::format("the data contains the escape `{}` as plain text; DNS does not decode "
                                  "escapes, and the text has {} in all",
                                  what, damage.count),
                      rewriting(damage));
    case DamageKind::utf16: {
      TextFault fault = fault_at(damage.offset, RecordFault::txt_control_char,
                                 "the text is UTF-16: each character has a NUL octet next to it",
                                 "save the text as ASCII or UTF-8 and enter it again");
      fault.severity = Severity::critical;
      return fault;
    }
    case DamageKind::smart_punctuation:
      return smart_fault(damage);
    case DamageKind::zonefile_leak:
      return fragment_fault(clean, damage);
    case DamageKind::non_ascii:
      return fault_at(damage.offset, RecordFault::txt_non_ascii,
                      fmt::format("the text contains `{}` {}", what, times(damage.count)),
                      fmt::format("remove `{}`, or write it as quoted-printable in n=", what));
    case DamageKind::control_char:
      return fault_at(
          damage.offset, RecordFault::txt_control_char,
          fmt::format("the text contains the control character `{}` {}", what, times(damage.count)),
          fmt::format("enter the record as one line without `{}`", what));
    case DamageKind::line_break_in_key:
      return fault_at(
          damage.offset, RecordFault::txt_control_char,
          fmt::format("the control character `{}` breaks the key into lines {}", what, times(damage.count)),
          "enter the record as one line");
    case DamageKind::bad_folding:
      return fault_at(damage.offset, RecordFault::tag_syntax_error,
                      "a line break (CRLF) has no white space after it", "enter the record as one line");
  }
  return {};
}

/// Two tags without a semicolon between them.
TextFault separator_fault(const TagFault& slip) {
  const std::string name = shown(slip.text);
  if (slip.separator.empty()) {
    return fault_at(slip.offset, RecordFault::tag_missing_semicolon,
                    fmt::format("a semicolon is missing before {}=", name),
                    fmt::format("put `; ` before {}=", name));
  }
  if (slip.separator == ",") {
    return fault_at(slip.offset, RecordFault::tag_comma_separator,
                    fmt::format("a comma comes before {}= instead of a semicolon", name),
                    fmt::format("replace the comma before {}= with a semicolon", name));
  }
  return fault_at(slip.offset, RecordFault::tag_missing_semicolon,
                  fmt::format("`{}` comes before {}= instead of a semicolon", slip.separator, name),
                  fmt::format("write `;` instead of the `{}` before {}=", slip.separator, name));
}

/// A second tag with the same name.
TextFault duplicate_fault(const TagList& list, const TagFault& slip) {
  const std::string name = shown(slip.text);
  const Tag* const first = list.find(slip.text);
  const auto second =
      std::ranges::find_if(list.tags, [&](const Tag& tag) { return &tag != first && tag.name == slip.text; });
  const bool same = first != nullptr && second != list.tags.end() && first->value == second->value;
  return fault_at(
      slip.offset, RecordFault::tag_duplicate,
      slip.is_inner ? fmt::format("a second {}= runs into the value before it, without a semicolon", name)
                    : fmt::format("{}= occurs a second time", name),
      same ? fmt::format("delete the second {}= with its value, which is the same as in the first", name)
      : slip.text == "p"
          ? "keep the p= of the key that signs and delete the other; a second key needs its own selector"
          : fmt::format("keep one {}= and delete the other with its value", name));
}

TextFault syntax_fault(const TagList& list, const TagFault& slip) {
  const std::string what = shown(slip.text);
  switch (slip.kind) {
    case TagFaultKind::duplicate:
      return duplicate_fault(list, slip);
    case TagFaultKind::repeated_name: {
      const std::string wanted = shown(slip.text.substr(0, slip.text.find('=') + 1));
      return fault_at(slip.offset, RecordFault::tag_duplicate,
                      fmt::format("`{}` should be `{}`", what, wanted),
                      fmt::format("write `{}` instead of `{}`", wanted, what));
    }
    case TagFaultKind::missing_semicolon:
    case TagFaultKind::comma_separator:
      return separator_fault(slip);
    case TagFaultKind::stray_token:
      return fault_at(slip.offset, RecordFault::tag_stray_token,
                      fmt::format("\"{}\" is not a tag: it has no `=`", what),
                      fmt::format("delete \"{}\"", what));
    case TagFaultKind::colon_for_equals:
      return fault_at(slip.offset, RecordFault::tag_stray_token,
                      fmt::format("\"{}\" is not a tag: it has a colon instead of `=`", what),
                      fmt::format("write `{0}=` instead of `{0}:`", slip.text.substr(0, 1)));
    case TagFaultKind::bad_name:
      return fault_at(slip.offset, RecordFault::tag_name_bad,
                      fmt::format("\"{}\" is not a valid tag name", what),
                      fmt::format("correct the name \"{}\"", what));
    case TagFaultKind::double_semicolon:
      return fault_at(slip.offset, RecordFault::tag_double_semicolon,
                      "there is no tag between two semicolons", "delete one of the two semicolons");
    case TagFaultKind::leading_semicolon:
      return fault_at(slip.offset, RecordFault::tag_syntax_error, "the text begins with a semicolon",
                      "delete the first semicolon");
    case TagFaultKind::outer_space:
      return fault_at(
          slip.offset, RecordFault::txt_outer_space,
          slip.offset == 0 ? "there is white space before the first tag" : "the text ends with white space",
          "enter the record without white space around it");
    case TagFaultKind::trailing_semicolon_space:
      return fault_at(slip.offset, RecordFault::txt_trailing_semicolon_space,
                      "there is white space after the last semicolon", "delete the white space at the end");
  }
  return {};
}

}  // namespace

std::vector<TextFault> advise_on_damage(const CleanText& clean) {
  std::vector<TextFault> faults;
  for (const auto& damage : clean.damage) {
    // Quotation marks around the whole text and inside it have one cause.
    if (damage.kind == DamageKind::boundary_quotes && clean.has(DamageKind::embedded_quotes)) continue;
    // RFC 6376 section 3.2 advises verifiers not to preclude UTF-8, and base64 decoders ignore line breaks
    // (RFC 2045 section 6.8).
    const bool is_harmless =
        damage.kind == DamageKind::non_ascii || damage.kind == DamageKind::line_break_in_key;
    faults.push_back(damage_fault(clean, damage));
    faults.back().impact = is_harmless ? Impact::none : Impact::syntax;
  }
  return faults;
}

std::vector<TextFault> advise_on_syntax(const TagList& list) {
  std::vector<TextFault> faults;
  for (const auto& slip : list.faults) {
    // `key_missing_p` reports a key without its p=.
    if (slip.kind == TagFaultKind::stray_token && list.find("p") == nullptr && is_bare_key(slip.text))
      continue;
    const bool is_harmless =
        slip.kind == TagFaultKind::outer_space || slip.kind == TagFaultKind::trailing_semicolon_space;
    faults.push_back(syntax_fault(list, slip));
    faults.back().impact = is_harmless ? Impact::none : Impact::syntax;
  }
  return faults;
}

}  // namespace dkimprobe::checks
