#include "exporters/http/request_target.hpp"

#include <algorithm>

#include <boost/url/encode.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace dkimprobe::exporters {
namespace {

std::string form_decoded(std::string_view text) {
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  const auto encoded = boost::urls::make_pct_string_view(text);
  return encoded ? encoded->decode(options) : std::string(text);
}

}  // namespace

std::optional<std::string> clean_target(std::string_view target) {
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const std::size_t host = target.find("//") + 2;
    target.remove_prefix(std::min(target.find('/', host), target.size()));
    if (target.empty()) target = "/";
  }
  target = target.substr(0, target.find('#'));
  if (!target.starts_with('/')) return std::nullopt;
  const bool is_printable = std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~'; });
  const bool has_nul = target.find("%00") != std::string_view::npos;
  if (!is_printable || has_nul || !boost::urls::make_pct_string_view(target)) return std::nullopt;
  return std::string(target);
}

std::vector<std::pair<std::string, std::string>> parameters(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> result;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    result.emplace_back(form_decoded(part.substr(0, equals)),
                        form_decoded(part.substr(std::min(part.size(), equals + 1))));
  }
  return result;
}

std::string percent_encoded(std::string_view bytes) {
  return boost::urls::encode(bytes, boost::urls::unreserved_chars);
}

}  // namespace dkimprobe::exporters
