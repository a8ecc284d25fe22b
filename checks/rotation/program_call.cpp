#include "checks/rotation/program_call.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "config/basics/shell_word.hpp"

namespace dkimprobe::checks {

std::string shell_command(const std::vector<std::string>& words) {
  std::string text;
  for (std::string_view word : words) {
    const bool has_day = word.ends_with(day_of_run);
    if (has_day) word.remove_suffix(day_of_run.size());
    text += (text.empty() ? "" : " ") + config::shell_word(word) + (has_day ? "$(date -u +%F)" : "");
  }
  return text;
}

std::string command_text(const ProgramCall& call, const std::vector<std::string>& command,
                         const config::DomainName& domain, const std::vector<std::string>& operands,
                         const std::vector<std::string>& flags) {
  std::vector<std::string> names{domain.to_string()};
  std::ranges::copy(operands, std::back_inserter(names));
  const bool looks_like_flag =
      std::ranges::any_of(names, [](const std::string& name) { return name.starts_with('-'); });
  std::vector<std::string> words{call.program};
  std::ranges::copy(command, std::back_inserter(words));
  if (!looks_like_flag) std::ranges::copy(names, std::back_inserter(words));
  std::ranges::copy(flags, std::back_inserter(words));
  if (looks_like_flag) {
    words.emplace_back("--");
    std::ranges::copy(names, std::back_inserter(words));
  }
  return shell_command(words);
}

std::string wait_value(std::chrono::milliseconds time) {
  using namespace std::chrono;
  const auto whole = ceil<minutes>(time) + minutes{1};
  return whole > hours{2} ? fmt::format("{}h", ceil<hours>(whole).count())
                          : fmt::format("{}m", whole.count());
}

}  // namespace dkimprobe::checks
