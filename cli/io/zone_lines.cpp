#include "cli/io/zone_lines.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {
namespace {

using config::equal_ignoring_case;
using config::is_digit;
using config::is_space;

constexpr auto types = std::to_array<std::string_view>(
    {"TXT",   "SPF",     "A",     "AAAA", "NS",    "SOA",    "MX",         "CNAME", "DNAME",
     "SRV",   "PTR",     "CAA",   "DS",   "CDS",   "DNSKEY", "TLSA",       "HTTPS", "SVCB",
     "NAPTR", "CDNSKEY", "RRSIG", "NSEC", "NSEC3", "SSHFP",  "NSEC3PARAM", "HINFO"});
constexpr auto classes = std::to_array<std::string_view>({"IN", "CH", "HS"});

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view each) { return equal_ignoring_case(word, each); });
}

/// `3600`, `1h30m`.
bool is_ttl(std::string_view word) {
  return !word.empty() && is_digit(word.front()) && std::ranges::all_of(word, [](char c) {
    return is_digit(c) || std::string_view("smhdwSMHDW").find(c) != std::string_view::npos;
  });
}

/// The octet of an escape at `at`, which moves to its last character (RFC 1035 section 5.1).
char unescape(std::string_view text, std::size_t& at) {
  constexpr int highest = 255;
  if (at + 1 >= text.size()) return text[at];
  if (at + 3 < text.size() && std::ranges::all_of(text.substr(at + 1, 3), is_digit)) {
    const int octet = (text[at + 1] - '0') * 100 + (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
    if (octet <= highest) {
      at += 3;
      return static_cast<char>(octet);
    }
  }
  return text[++at];
}

/// Whether a text without a name under `_domainkey` is a key record all the same.
bool is_like_key(std::string_view text) {
  return text.find("DKIM1") != std::string_view::npos || text.starts_with("p=") || text.starts_with("k=") ||
         text.find(" p=") != std::string_view::npos || text.find(";p=") != std::string_view::npos;
}

}  // namespace

bool is_zone_line(std::string_view line) {
  constexpr std::size_t most_words = 5;  // owner, TTL, class, type
  std::string_view before;
  for (std::size_t count = 0; count < most_words; ++count) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return false;
    line.remove_prefix(begin);
    if (std::string_view("\"(").find(line.front()) != std::string_view::npos) return true;
    if (count == 0 && (line.front() == ';' || line.front() == '$')) return true;
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    if (word.find_first_of("=;\"") != std::string_view::npos) return before == "text" && word == "=";
    if (is_one_of(word, types) || (count > 0 && is_one_of(word, classes))) return true;
    before = word;
    line.remove_prefix(word.size());
  }
  return false;
}

std::optional<tl::expected<ZoneEntry, std::string>> ZoneReader::add(std::string_view line) {
  if (!is_inside()) {
    words_.clear();
    bytes_ = 0;
    cut_word_ = false;
    has_owner_ = !line.empty() && !is_space(line.front());
  }
  std::string error = split(line);
  if (error.empty() && bytes_ > longest_record_line)
    error = fmt::format("the record has more than {} octets", longest_record_line);
  if (error.empty() && is_inside()) return std::nullopt;
  depth_ = 0;
  if (!error.empty()) return tl::unexpected(std::move(error));
  return finish();
}

std::string ZoneReader::split(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at];
    if (c == ';') {
      cut_word_ =
          cut_word_ || (at > 0 && !is_space(line[at - 1]) && !words_.empty() && !words_.back().is_quoted);
      break;
    }
    if (c == '(' || c == ')') {
      depth_ += c == '(' ? 1 : -1;
      if (depth_ < 0) return "a parenthesis is closed that was not opened";
    }
    if (c == '(' || c == ')' || is_space(c)) {
      ++at;
    } else if (!take_word(line, at)) {
      return "a quoted string does not end on its line";
    }
  }
  return {};
}

bool ZoneReader::take_word(std::string_view line, std::size_t& at) {
  Word word{.is_quoted = line[at] == '"'};
  if (word.is_quoted) ++at;
  const std::string_view ends = word.is_quoted ? "\"" : " \t\r;()\"";
  for (; at < line.size() && ends.find(line[at]) == std::string_view::npos; ++at)
    word.text += line[at] == '\\' ? unescape(line, at) : line[at];
  const bool is_ended = !word.is_quoted || at < line.size();
  if (word.is_quoted) ++at;
  bytes_ += word.text.size() + 1;
  words_.push_back(std::move(word));
  return is_ended;
}

void ZoneReader::read_owner(const std::string& text) {
  owner_ = {};
  if (text == "@") {
    owner_.name = origin_;
    return;
  }
  auto name = config::DomainName::parse(text);
  if (!name) return;
  owner_.name = std::move(*name);
  if (text.ends_with('.')) return;
  const auto whole = origin_known_ ? owner_.name.below(origin_) : std::nullopt;
  owner_.name_is_relative = !whole;
  if (whole) owner_.name = *whole;
}

std::size_t ZoneReader::skip_front() {
  std::size_t at = 0;
  const auto is_front = [](const Word& word) {
    return !word.is_quoted && (is_ttl(word.text) || is_one_of(word.text, classes));
  };
  // A fragment may begin with its class or type.
  const bool begins_with_owner = has_owner_ && !words_.front().is_quoted &&
                                 !is_one_of(words_.front().text, classes) && words_.front().text != "TXT";
  if (begins_with_owner) read_owner(words_[at++].text);
  if (has_owner_ && !begins_with_owner) owner_ = {};
  while (at < words_.size() && is_front(words_[at])) ++at;
  return at;
}

tl::expected<ZoneEntry, std::string> ZoneReader::finish() {
  if (words_.empty()) return ZoneEntry{};
  if (!words_.front().is_quoted && words_.front().text.starts_with('$')) {
    if (equal_ignoring_case(words_.front().text, "$ORIGIN") && words_.size() > 1) {
      const auto origin = config::DomainName::parse(words_[1].text);
      origin_known_ = origin.has_value();
      if (origin) origin_ = *origin;
    }
    return ZoneEntry{};
  }
  const std::size_t type = skip_front();
  const auto is = [&](std::size_t at, std::string_view text) {
    return at < words_.size() && !words_[at].is_quoted && equal_ignoring_case(words_[at].text, text);
  };
  if (is(type, "TXT")) return read_text(type + 1);
  // As host and nslookup print it.
  if ((is(type, "descriptive") && is(type + 1, "text")) || (is(type, "text") && is(type + 1, "=")))
    return read_text(type + 2);
  if (type < words_.size() && words_[type].is_quoted) return read_text(type);
  return ZoneEntry{.is_other_record = true};
}

tl::expected<ZoneEntry, std::string> ZoneReader::read_text(std::size_t first) {
  RecordLine record = owner_;
  std::string joined;
  for (std::size_t i = first; i < words_.size(); ++i) {
    if (words_[i].text.size() > probe::longest_string) {
      return tl::unexpected(fmt::format("a string has {} octets, at most {} are allowed",
                                        words_[i].text.size(), probe::longest_string));
    }
    joined += words_[i].text;
    record.strings.push_back(std::move(words_[i].text));
  }
  if (cut_word_ && is_like_key(joined)) {
    return tl::unexpected(
        std::string("the text has no quotation marks, so its first `;` begins a comment; put the text in "
                    "quotation marks"));
  }
  if (record.strings.empty()) return tl::unexpected(std::string("the TXT record has no string"));
  if (!record.name.has_domainkey_label() && !is_like_key(joined)) return ZoneEntry{.is_other_record = true};
  return ZoneEntry{.record = std::move(record)};
}

}  // namespace dkimprobe::cli
