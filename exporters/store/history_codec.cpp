#include "exporters/store/history_codec.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace dkimprobe::exporters {
namespace {

using checks::PublishedKind;
using config::DomainName;
using config::Selector;

void put_size(std::size_t size, std::string& octets) {
  if (size > 0xffff) throw std::length_error("a record longer than DNS allows");
  octets.push_back(static_cast<char>(size >> 8U));
  octets.push_back(static_cast<char>(size & 0xffU));
}

}  // namespace

std::string_view to_string(PublishedKind kind) {
  switch (kind) {
    case PublishedKind::texts:
      return "texts";
    case PublishedKind::alias:
      return "alias";
    case PublishedKind::nodata:
      return "nodata";
    case PublishedKind::nxdomain:
      return "nxdomain";
    case PublishedKind::failure:
      return "failure";
    case PublishedKind::unknown:
      return "unknown";
    case PublishedKind::left:
      return "left";
  }
  return {};
}

PublishedKind read_kind(std::string_view word) {
  for (const auto kind :
       {PublishedKind::texts, PublishedKind::alias, PublishedKind::nodata, PublishedKind::nxdomain,
        PublishedKind::failure, PublishedKind::unknown, PublishedKind::left}) {
    if (word == to_string(kind)) return kind;
  }
  throw Corrupted("an unknown kind of answer");
}

DomainName read_name(const std::string& text) {
  auto name = DomainName::parse(text);
  if (!name) throw Corrupted("an invalid name");
  return std::move(*name);
}

std::string selector_column(const Selector& selector) {
  return selector == Selector{} ? std::string{} : selector.to_string();
}

Selector read_selector(const std::string& text) {
  auto selector = Selector::parse(text);
  if (!selector) throw Corrupted("an invalid selector");
  return std::move(*selector);
}

std::string words_column(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::vector<std::string> read_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string names_column(const std::vector<DomainName>& names) {
  std::vector<std::string> words;
  for (const auto& name : names) words.push_back(name.to_string());
  return words_column(words);
}

std::vector<DomainName> read_names(std::string_view text) {
  std::vector<DomainName> names;
  for (const auto& word : read_words(text)) names.push_back(read_name(word));
  return names;
}

std::string texts_blob(const Texts& texts) {
  std::string octets;
  for (const auto& strings : texts) {
    put_size(strings.size(), octets);
    for (const auto& string : strings) {
      put_size(string.size(), octets);
      octets += string;
    }
  }
  return octets;
}

Texts read_texts(std::string_view octets) {
  const auto take = [&](std::size_t size) {
    if (octets.size() < size) throw Corrupted("a truncated record");
    const std::string_view taken = octets.substr(0, size);
    octets.remove_prefix(size);
    return taken;
  };
  const auto take_size = [&] {
    const std::string_view two = take(2);
    return static_cast<std::size_t>(static_cast<unsigned char>(two[0])) << 8U |
           static_cast<unsigned char>(two[1]);
  };
  Texts texts;
  while (!octets.empty()) {
    auto& strings = texts.emplace_back();
    for (std::size_t left = take_size(); left > 0; --left) strings.emplace_back(take(take_size()));
  }
  return texts;
}

}  // namespace dkimprobe::exporters
