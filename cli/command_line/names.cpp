#include "cli/command_line/names.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/command_line/common_flags.hpp"
#include "config/basics/ascii.hpp"
#include "config/basics/escape.hpp"
#include "config/names/internationalized_name.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;

/// `SELECTOR` of `SELECTOR:ROLE`, and any other text as it is.
std::string without_role(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const bool has_role = colon != std::string::npos && config::parse_role(text.substr(colon + 1));
  return has_role ? text.substr(0, colon) : text;
}

/// Whether it is one label, without a dot at its end. Few domains are, and most selectors.
bool is_one_label(const std::string& text) {
  const auto name = config::read_domain(text);
  return name && name->label_count() == 1 && !text.ends_with('.');
}

/// Whether it has several labels, and the last one may be a top-level domain: letters alone, or `xn--`.
bool is_like_domain(const std::string& text) {
  const auto name = config::read_domain(text);
  if (!name || name->label_count() < 2) return false;
  const auto top_level = name->suffix(1);
  const std::string_view last = top_level.first_label();
  return last.starts_with("xn--") || (last.size() > 1 && std::ranges::all_of(last, config::is_letter));
}

}  // namespace

std::optional<config::Error> wrong_order(const Flags& flags, std::span<const std::string> names,
                                         std::optional<std::string> task) {
  const std::string first = without_role(names.front());
  if (!is_one_label(first)) return std::nullopt;
  const auto domain = std::ranges::find_if(names.subspan(1), is_like_domain, without_role);
  if (domain == names.end()) return std::nullopt;
  std::vector<std::string> in_order(names.begin(), names.end());
  const auto middle = in_order.begin() + (domain - names.begin());
  *middle = config::read_domain(without_role(*middle))->to_string();  // in ASCII
  std::rotate(in_order.begin(), middle, middle + 1);
  if (task) in_order.insert(in_order.begin(), *task);
  const std::string shown = escape_text(first, 80);
  return config::Error{
      shown, fmt::format("the domain comes first, then the selector: {} (if {} is the domain, write a dot "
                         "after it: {}.)",
                         escape_text(flags.command_with(in_order)), shown, shown)};
}

void read_names(const Flags& flags, std::span<const std::string> names, TargetChoice& targets,
                Errors& errors) {
  std::vector<std::string> names_alone;
  std::ranges::transform(names, std::back_inserter(names_alone), without_role);
  if (auto wrong = wrong_order(flags, names_alone)) {
    errors.push_back(std::move(*wrong));
    return;
  }
  const std::size_t before_domain = errors.size();
  take(config::read_domain(names.front()), targets.domain.emplace(), errors);
  const bool domain_read = errors.size() == before_domain;
  for (const auto& text : names.subspan(1)) {
    if (const std::string alone = without_role(text); alone != text) {
      errors.push_back({escape_text(text, 80), fmt::format("this command takes no role; give the selector "
                                                           "alone: {}",
                                                           escape_text(alone, 80))});
      continue;
    }
    config::Selector selector;
    const std::size_t before = errors.size();
    take(config::Selector::parse(text), selector, errors);
    if (errors.size() != before) continue;
    if (domain_read) {
      if (const auto name = selector.owner_name(*targets.domain); !name) {
        add(errors, name.error());
        continue;
      }
    }
    if (std::ranges::find(targets.selectors, selector) != targets.selectors.end()) {
      errors.push_back({escape_text(text, 80), "the selector is given twice"});
      continue;
    }
    targets.selectors.push_back(selector);
  }
}

}  // namespace dkimprobe::cli
