#include "checks/record/placeholder.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

/// The whole value, reduced to its letters in lower case.
constexpr auto whole_words = std::to_array<std::string_view>(
    {"undefined", "null",    "none",    "nil",      "nan",          "void",        "empty",   "false",
     "true",      "todo",    "tbd",     "fixme",    "changeme",     "placeholder", "example", "sample",
     "test",      "dummy",   "key",     "value",    "string",       "na",          "error",   "notset",
     "unset",     "unknown", "missing", "notfound", "objectobject", "redacted",    "hidden",  "secret"});

/// Pieces of the instructions in a template, reduced likewise.
constexpr auto asking_words = std::to_array<std::string_view>(
    {"yourkey",   "yourpublic", "yourdkim",    "yourbase",  "publickey",  "pubkey",       "dkimkey",
     "keyhere",   "goeshere",   "inserthere",  "pastehere", "insertkey",  "insertyour",   "pastekey",
     "pasteyour", "replaceme",  "replacewith", "keydata",   "longstring", "objectobject", "placeholder"});

constexpr auto template_signs =
    std::to_array<std::string_view>({"{{", "}}", "${", "$(", "<%", "%>", "%(", "[object"});

std::string letters_of(std::string_view value) {
  std::string letters;
  for (const char c : value) {
    if (config::is_letter(c)) letters += config::to_lower(c);
  }
  return letters;
}

bool is_in_brackets(std::string_view value) {
  for (const std::string_view pair : {"<>", "[]", "{}", "()"}) {
    if (value.starts_with(pair[0]) && value.ends_with(pair[1])) return true;
  }
  return false;
}

}  // namespace

bool is_placeholder(std::string_view value) {
  value = config::without_outer_space(value);
  if (value.empty()) return false;
  const auto is_in = [&](std::string_view piece) { return value.find(piece) != std::string_view::npos; };
  if (is_in_brackets(value) || std::ranges::any_of(template_signs, is_in)) return true;
  // xxxx, ...., ****
  if (value.size() > 1 && std::ranges::count(value, value.front()) == std::ranges::ssize(value)) return true;
  if (value == "%s" || value == "-" || value == "?") return true;
  const std::string letters = letters_of(value);
  if (std::ranges::find(whole_words, letters) != whole_words.end()) return true;
  return std::ranges::any_of(asking_words,
                             [&](std::string_view word) { return letters.find(word) != std::string::npos; });
}

}  // namespace dkimprobe::checks
