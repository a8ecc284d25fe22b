#include "checks/record/adsp_record.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/record/tag_list.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

/// The first octet that a tag list of ADSP cannot contain: it allows white space, but no folding and no
/// non-ASCII octets.
std::size_t first_forbidden_octet(std::string_view text) {
  const auto found = std::ranges::find_if(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet >= 0x7f;
  });
  return static_cast<std::size_t>(found - text.begin());
}

std::string_view explain(TagFaultKind kind) {
  switch (kind) {
    case TagFaultKind::duplicate:
    case TagFaultKind::repeated_name:
      return "a tag occurs a second time";
    case TagFaultKind::missing_semicolon:
      return "a semicolon is missing";
    case TagFaultKind::comma_separator:
      return "there is a comma instead of a semicolon";
    case TagFaultKind::stray_token:
    case TagFaultKind::colon_for_equals:
      return "a tag has no `=`";
    case TagFaultKind::bad_name:
      return "a tag name is invalid";
    case TagFaultKind::double_semicolon:
    case TagFaultKind::leading_semicolon:
      return "there is an extra semicolon";
    case TagFaultKind::outer_space:
    case TagFaultKind::trailing_semicolon_space:
      return "there is white space at the beginning or end";
  }
  return {};
}

}  // namespace

bool AdspRecord::has(AdspFault kind) const {
  return std::ranges::find(faults, kind, &Fault::kind) != faults.end();
}

AdspRecord read_adsp_record(std::string_view text) {
  AdspRecord record;
  record.policy = AdspPolicy::invalid;
  const TagList list = parse_tag_list(text, {});
  const auto dkim = std::ranges::find_if(
      list.tags, [](const Tag& tag) { return config::equal_ignoring_case("dkim", tag.name); });
  if (dkim == list.tags.end()) {
    record.faults.push_back({AdspFault::not_adsp, 0, fmt::format("the text is \"{}\"", shown(text))});
    return record;
  }
  record.value = dkim->value;
  // RFC 5617 section 4.2.1: the record begins with the tag `dkim`, in lower case, without space before it.
  if (dkim->offset != 0 || !text.starts_with("dkim")) {
    record.faults.push_back(
        {AdspFault::not_first, 0,
         fmt::format("the text begins with \"{}\" instead of `dkim`", shown(text.substr(0, 8)))});
  }
  if (const std::size_t octet = first_forbidden_octet(text); octet < text.size()) {
    record.faults.push_back(
        {AdspFault::syntax, octet, fmt::format("the text contains `{}`", shown(text.substr(octet, 1)))});
  }
  for (const auto& slip : list.faults) {
    if (slip.kind == TagFaultKind::outer_space || slip.kind == TagFaultKind::trailing_semicolon_space)
      continue;
    record.faults.push_back(
        {slip.kind == TagFaultKind::duplicate ? AdspFault::duplicate_tag : AdspFault::syntax, slip.offset,
         fmt::format("{}: \"{}\"", explain(slip.kind), shown(slip.text))});
  }
  if (!is_hyphenated_word(dkim->value)) {
    record.faults.push_back({AdspFault::syntax, dkim->value_offset,
                             fmt::format("dkim= is \"{}\", which is not a word", shown(dkim->value))});
  }
  if (!record.faults.empty()) return record;

  if (dkim->value == "all") {
    record.policy = AdspPolicy::all;
  } else if (dkim->value == "discardable") {
    record.policy = AdspPolicy::discardable;
  } else {
    record.policy = AdspPolicy::unknown;
    if (dkim->value != "unknown") {
      record.faults.push_back(
          {AdspFault::unknown_value, dkim->value_offset, fmt::format("dkim= is \"{}\"", shown(dkim->value))});
    }
  }
  return record;
}

}  // namespace dkimprobe::checks
