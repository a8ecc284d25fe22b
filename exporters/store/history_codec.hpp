// Stored values of the history and what they mean: how names, words and records are written in
// columns. A value that this program never writes is reported as `Corrupted`.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::exporters {

/// A stored value that this program never writes.
struct Corrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The word of a kind of answer, also in JSON.
[[nodiscard]] std::string_view to_string(checks::PublishedKind kind);
[[nodiscard]] checks::PublishedKind read_kind(std::string_view word);
[[nodiscard]] config::DomainName read_name(const std::string& text);

/// The selector of a row; empty for the row that has the zones of its domain.
[[nodiscard]] std::string selector_column(const config::Selector& selector);
[[nodiscard]] config::Selector read_selector(const std::string& text);

/// A list of words, separated by spaces.
[[nodiscard]] std::string words_column(const std::vector<std::string>& words);
[[nodiscard]] std::vector<std::string> read_words(std::string_view text);
[[nodiscard]] std::string names_column(const std::vector<config::DomainName>& names);
[[nodiscard]] std::vector<config::DomainName> read_names(std::string_view text);

/// The records of an answer, each as its strings. The blob has for each record the number of its strings, and
/// for each string its length and octets; numbers are two octets, big-endian.
using Texts = std::vector<std::vector<std::string>>;
[[nodiscard]] std::string texts_blob(const Texts& texts);
[[nodiscard]] Texts read_texts(std::string_view octets);

}  // namespace dkimprobe::exporters
