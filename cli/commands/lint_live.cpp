#include "cli/commands/lint_live.hpp"

#include <utility>

#include "checks/judgement/judge.hpp"
#include "cli/plan/check_plan.hpp"
#include "cli/plan/probe_run.hpp"
#include "cli/plan/settings_input.hpp"

namespace dkimprobe::cli {
namespace {

/// How each server compares; without any, why none was asked.
std::vector<checks::ComparedServer> compared(const probe::Observation& observation,
                                             const std::vector<std::string>& texts) {
  auto servers = checks::compare_with_file(observation, texts);
  if (servers.empty()) {
    const auto headline = checks::judge(observation, {}, {}).report.headline;
    servers.push_back({{}, checks::FileAgreement::unknown, headline});
  }
  return servers;
}

}  // namespace

std::size_t LiveComparison::most_selectors() {
  constexpr std::size_t most = 1'000;
  return most;
}

bool LiveComparison::add(const config::FileRecord& record) {
  const auto place = checks::place_of(record.name);
  if (record.name_is_relative || !place.selector || place.is_adsp || record.name.first_label() == "*")
    return true;
  auto& selectors = domains_[place.domain];
  auto [kept, is_new] = selectors.try_emplace(*place.selector, Kept{record.place, {}});
  std::string text;
  for (const auto& string : record.strings) text += string;
  kept->second.texts.push_back(std::move(text));
  selectors_ += is_new ? 1 : 0;
  return selectors_ <= most_selectors();
}

tl::expected<std::optional<ExitCode>, Refusal> LiveComparison::run(const AskOptions& ask,
                                                                   const Take& take) const {
  const auto loaded = load_settings(ask);
  if (!loaded) return tl::unexpected(Refusal(loaded.error()));
  for (const auto& [domain, selectors] : domains_) {
    TargetChoice choice{.domain = domain};
    for (const auto& [selector, kept] : selectors) choice.selectors.push_back(selector);
    const auto plan = plan_check(choice, ask, loaded->settings);
    if (!plan) return tl::unexpected(Refusal(plan.error(), ExitCode::usage));
    const auto probe = run_probe(plan->targets.front());
    if (probe.interrupted) return ExitCode::interrupted;
    for (const auto& observation : probe.observations) {
      const Kept& kept = selectors.at(observation.selector);
      for (const auto& server : compared(observation, kept.texts)) {
        if (!take(kept.place, observation.selector.owner_name(domain).value_or(domain), server))
          return std::nullopt;
      }
    }
  }
  return std::nullopt;
}

}  // namespace dkimprobe::cli
