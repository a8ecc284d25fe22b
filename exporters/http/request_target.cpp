#include "exporters/http/request_target.hpp"

#include <algorithm>

namespace dkimprobe::exporters {
namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
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
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] <= ' ' || target[i] > '~') return std::nullopt;
    if (target[i] != '%') continue;
    if (i + 2 >= target.size() || !is_hex(target[i + 1]) || !is_hex(target[i + 2])) return std::nullopt;
    if (target.substr(i + 1, 2) == "00") return std::nullopt;
  }
  return std::string(target);
}

}  // namespace dkimprobe::exporters
