#include "config/records/zone_file.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "config/basics/base64.hpp"
#include "config/records/txt_strings.hpp"
#include "config/yaml/yaml_reader.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::size_t deepest_parenthesis = 16;
constexpr std::size_t deepest_include = 8;
constexpr std::size_t most_included = 1'000;

constexpr auto types = std::to_array<std::string_view>(
    {"TXT",   "SPF",     "A",     "AAAA", "NS",    "SOA",    "MX",         "CNAME", "DNAME",
     "SRV",   "PTR",     "CAA",   "DS",   "CDS",   "DNSKEY", "TLSA",       "HTTPS", "SVCB",
     "NAPTR", "CDNSKEY", "RRSIG", "NSEC", "NSEC3", "SSHFP",  "NSEC3PARAM", "HINFO"});
constexpr auto classes = std::to_array<std::string_view>({"IN", "CH", "HS", "CLASS1"});

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view each) { return equal_ignoring_case(word, each); });
}

/// `3600`, `1h30m`.
bool is_ttl(std::string_view word) {
  return !word.empty() && is_digit(word.front()) && std::ranges::all_of(word, [](char c) {
    return is_digit(c) || std::string_view("smhdwSMHDW").find(c) != std::string_view::npos;
  });
}

/// The value of a hexadecimal digit; 16 for another character.
unsigned hex_value(char digit) {
  constexpr std::string_view digits = "0123456789abcdef";
  return static_cast<unsigned>(std::min(digits.find(to_lower(digit)), digits.size()));
}

/// The octets of hexadecimal digits; empty if they are none.
std::string octets_of_hex(std::string_view hex) {
  constexpr unsigned base = 16;
  std::string octets;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    const unsigned high = hex_value(hex[at]);
    const unsigned low = hex_value(hex[at + 1]);
    if (high >= base || low >= base) return {};
    octets += static_cast<char>(high * base + low);
  }
  return hex.size() % 2 == 0 ? octets : std::string();
}

}  // namespace

bool is_private_key_line(std::string_view line) {
  if (line.starts_with("-----BEGIN")) return line.find("PRIVATE KEY") != std::string_view::npos;
  // As rspamadm writes an Ed25519 key: its seed and its public half.
  constexpr std::size_t both_halves = 64;
  std::array<char, both_halves + 3> room{};
  return line.find_first_of(" \t;\"") == std::string_view::npos && decode_base64(line, room) == both_halves;
}

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

Result<void> read_zone_file(LineReader& input, const ReadingRules& rules, const FileSink& sink) {
  ZoneReader zone(input.file(), rules, sink, false);
  const auto read = read_lines(input, sink, [&](const InputLine& line) { return zone.add(line); });
  if (!read) return tl::unexpected(read.error());
  if (*read) static_cast<void>(zone.finish());
  return {};
}

ZoneReader::ZoneReader(std::filesystem::path file, const ReadingRules& rules, const FileSink& sink,
                       bool is_printed)
    : file_(std::move(file)), rules_(rules), sink_(sink), is_printed_(is_printed) {
  if (rules.origin) origin_ = {*rules.origin, false};
}

bool ZoneReader::fault(FileFaultKind kind, std::string detail, std::size_t line) {
  goes_on_ = sink_(FileFault{{file_, line}, kind, std::move(detail)});
  return goes_on_;
}

void ZoneReader::drop_entry() {
  skips_rest_ = depth_ > 0;
  depth_ = 0;
  words_.clear();
}

bool ZoneReader::give_up(FileFaultKind kind, std::string detail) {
  drop_entry();
  return fault(kind, std::move(detail));
}

bool ZoneReader::add(const InputLine& line) {
  if (line.is_lost) {
    drop_entry();
    return true;
  }
  if (in_private_key_) {
    in_private_key_ = !line.text.starts_with("-----END");
    return true;
  }
  const bool is_indented = is_space(line.text.front()) || line.text.front() == ')';
  if (skips_rest_ && is_indented) return true;
  skips_rest_ = false;
  if (depth_ == 0) {
    entry_line_ = line.number;
    bytes_ = 0;
    cut_word_ = false;
    has_owner_ = !is_indented;
    words_.clear();
    if (is_private_key_line(line.text)) {
      in_private_key_ = line.text.starts_with('-');
      return fault(FileFaultKind::private_key, "a private key begins here");
    }
  }
  if (line.text.find('\0') != std::string_view::npos)
    return give_up(FileFaultKind::encoding, fmt::format("line {} has a NUL octet", line.number));
  if (!split(line.text)) return goes_on_;
  if (bytes_ > longest_record_line) {
    return give_up(FileFaultKind::record_too_long,
                   fmt::format("the record has more than {} octets", longest_record_line));
  }
  return depth_ > 0 || end_entry();
}

bool ZoneReader::finish() {
  return depth_ == 0 || give_up(FileFaultKind::parenthesis, "a parenthesis is not closed");
}

bool ZoneReader::split(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at];
    if (c == ';') {
      const bool is_behind_word =
          at > 0 && std::string_view(" \t\r()\"").find(line[at - 1]) == std::string_view::npos;
      cut_word_ = cut_word_ || is_behind_word;
      break;
    }
    if (c == '(' && ++depth_ > deepest_parenthesis) {
      give_up(FileFaultKind::parenthesis,
              fmt::format("parentheses are nested more than {} deep", deepest_parenthesis));
      return false;
    }
    if (c == ')' && depth_-- == 0) {
      depth_ = 0;
      give_up(FileFaultKind::parenthesis, "a parenthesis is closed that was not opened");
      return false;
    }
    if (c == '(' || c == ')' || is_space(c)) {
      ++at;
    } else if (!take_word(line, at)) {
      give_up(FileFaultKind::quote, "a quoted string does not end on its line");
      return false;
    }
  }
  return true;
}

bool ZoneReader::take_word(std::string_view line, std::size_t& at) {
  const bool is_quoted = line[at] == '"';
  if (is_quoted) ++at;
  const std::string_view ends = is_quoted ? "\"" : " \t\r;()\"";
  const std::size_t begin = at;
  while (at < line.size() && ends.find(line[at]) == std::string_view::npos) at += line[at] == '\\' ? 2 : 1;
  const bool is_ended = !is_quoted || at < line.size();
  words_.push_back({std::string(line.substr(begin, at - begin)), is_quoted});
  if (is_quoted) ++at;
  bytes_ += words_.back().text.size() + 1;
  return is_ended;
}

bool ZoneReader::is_word(std::size_t at, std::string_view text) const {
  return at < words_.size() && !words_[at].is_quoted && equal_ignoring_case(words_[at].text, text);
}

std::optional<ZoneReader::PartName> ZoneReader::whole_name(const std::string& text) {
  owner_error_.clear();
  if (text == "@") return origin_;
  const auto name = DomainName::parse(text);
  if (!name) {
    owner_error_ = fmt::format("`{}` is not a record name: {}", shown(text), name.error().front().message);
    return std::nullopt;
  }
  if (text.ends_with('.')) return PartName{*name, false};
  const auto whole = name->below(origin_.name);
  if (!whole) {
    owner_error_ = fmt::format("`{}` is too long below {}", shown(text), origin_.name.to_string());
    return std::nullopt;
  }
  return PartName{*whole, origin_.is_relative};
}

std::size_t ZoneReader::skip_front() {
  std::size_t at = 0;
  const auto is_front = [](const Word& word) {
    return !word.is_quoted && (is_ttl(word.text) || is_one_of(word.text, classes));
  };
  // A fragment may begin with its class or type.
  const bool begins_with_owner = has_owner_ && !words_.front().is_quoted &&
                                 !is_one_of(words_.front().text, classes) && words_.front().text != "TXT";
  if (has_owner_)
    owner_ = begins_with_owner ? whole_name(words_[at++].text).value_or(PartName{}) : PartName{{}, false};
  while (at < words_.size() && is_front(words_[at])) ++at;
  return at;
}

bool ZoneReader::end_entry() {
  if (words_.empty()) return true;
  if (!words_.front().is_quoted && words_.front().text.starts_with('$')) return end_directive();
  const std::size_t type = skip_front();
  if (is_word(type, "TXT") || is_word(type, "TYPE16")) return end_text(type + 1);
  // As host and nslookup print it, with complete names.
  if ((is_word(type, "descriptive") && is_word(type + 1, "text")) ||
      (is_word(type, "text") && is_word(type + 1, "="))) {
    if (const auto name = DomainName::parse(words_.front().text); name && type > 0) owner_ = {*name, false};
    return end_text(type + 2);
  }
  if (type < words_.size() && words_[type].is_quoted) return end_text(type);
  if (!is_printed_ && type + 1 >= words_.size())
    return fault(FileFaultKind::syntax, "this is no entry of a zone file: it has no type and data");
  return sink_(OtherRecord{});
}

bool ZoneReader::end_directive() {
  if (is_word(0, "$TTL")) return true;
  if (is_word(0, "$INCLUDE")) return include();
  if (!is_word(0, "$ORIGIN")) {
    return fault(FileFaultKind::directive, fmt::format("`{}` is not understood", shown(words_.front().text)));
  }
  const auto origin = words_.size() > 1 ? whole_name(words_[1].text) : std::nullopt;
  origin_ = origin.value_or(PartName{});
  const std::string error = words_.size() > 1 ? std::exchange(owner_error_, {}) : "$ORIGIN has no name";
  return origin || fault(FileFaultKind::name, error);
}

bool ZoneReader::include() {
  const auto wrong = [&](std::string detail) { return fault(FileFaultKind::include, std::move(detail)); };
  if (words_.size() < 2) return wrong("$INCLUDE has no file");
  const std::string name = shown(unescaped(words_[1].text));
  if (!rules_.allow_include) return wrong(fmt::format("`{}` was not read", name));
  std::size_t& files = included_.files == nullptr ? own_files_ : *included_.files;
  if (included_.depth >= deepest_include || ++files > most_included)
    return wrong(fmt::format("`{}` was not read: files include each other too often", name));
  const std::filesystem::path file = file_.parent_path() / unescaped(words_[1].text);
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return wrong(fmt::format("`{}` was not read: there is no such file", name));
  auto input = LineReader::open(file, longest_record_line);
  if (!input) return wrong(input.error().front().message);
  ZoneReader zone(file, rules_, sink_, is_printed_);
  zone.included_ = {included_.depth + 1, &files};
  zone.origin_ = origin_;
  if (words_.size() > 2) {
    const auto origin = whole_name(words_[2].text);
    if (!origin) return fault(FileFaultKind::name, owner_error_);
    zone.origin_ = *origin;
  }
  const auto read = read_lines(*input, sink_, [&](const InputLine& line) { return zone.add(line); });
  if (!read) return wrong(read.error().front().message);
  return *read && zone.finish();
}

bool ZoneReader::end_text(std::size_t first) {
  FileRecord record{
      .place = {file_, entry_line_}, .name = owner_.name, .name_is_relative = owner_.is_relative};
  if (!owner_error_.empty()) return fault(FileFaultKind::name, owner_error_);
  record.strings = is_word(first, "\\#") ? generic_strings(first + 1) : strings_of(first);
  if (record.strings.empty()) return goes_on_;
  std::string joined;
  for (const auto& string : record.strings) joined += string;
  if (cut_word_ && (record.name.has_domainkey_label() || looks_like_key(joined))) {
    return fault(FileFaultKind::semicolon,
                 "the text has no quotation marks, so its first `;` begins a comment; put the text in "
                 "quotation marks");
  }
  goes_on_ = origin_note_.give(record, sink_) && sink_(checked(std::move(record)));
  return goes_on_;
}

std::vector<std::string> ZoneReader::strings_of(std::size_t first) {
  std::vector<std::string> strings;
  for (std::size_t i = first; i < words_.size(); ++i) {
    strings.push_back(unescaped(words_[i].text));
    if (strings.back().size() <= longest_txt_string) continue;
    fault(FileFaultKind::string_too_long, fmt::format("a string has {} octets, at most {} are allowed",
                                                      strings.back().size(), longest_txt_string));
    return {};
  }
  if (strings.empty()) fault(FileFaultKind::no_text, "the TXT record has no string");
  return strings;
}

std::vector<std::string> ZoneReader::generic_strings(std::size_t first) {
  std::string hex;
  for (std::size_t i = first + 1; i < words_.size(); ++i) hex += words_[i].text;
  const std::string octets = octets_of_hex(hex);
  std::vector<std::string> strings;
  for (std::size_t at = 0; at < octets.size(); at += 1 + strings.back().size())
    strings.push_back(octets.substr(at + 1, static_cast<unsigned char>(octets[at])));
  std::size_t bytes = strings.size();
  for (const auto& string : strings) bytes += string.size();
  if (!strings.empty() && bytes == octets.size() && is_word(first, std::to_string(bytes))) return strings;
  fault(FileFaultKind::syntax,
        "the octets after \\# are not the strings of a TXT record (RFC 3597 section 5)");
  return {};
}

}  // namespace dkimprobe::config
