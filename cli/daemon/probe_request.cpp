#include "cli/daemon/probe_request.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"
#include "config/names/internationalized_name.hpp"

namespace dkimprobe::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view default_module = "default";
/// Longer than the timeout of any module.
constexpr double longest_scrape_seconds = 3'600.0;

tl::unexpected<ProbeRefusal> refused(unsigned status, std::string message) {
  return tl::unexpected(ProbeRefusal{status, std::move(message)});
}

tl::expected<config::ModuleSettings, ProbeRefusal> module_of(const exporters::Request& request,
                                                             const WatchList& list) {
  const auto given = request.parameter("module");
  const std::string_view name = given && !given->empty() ? *given : default_module;
  const auto known = std::ranges::find(list.modules, name, &config::ModuleSettings::name);
  if (known != list.modules.end()) return *known;
  if (name == default_module) return config::ModuleSettings{.name = std::string(name)};
  std::vector<std::string> names;
  for (const auto& module : list.modules) names.push_back(module.name);
  const auto nearest = config::nearest_word(name, names);
  return tl::unexpected(
      ProbeRefusal{400,
                   fmt::format("the settings have no module {}{}", config::escape_text(name, 80),
                               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)),
                   true});
}

bool is_allowed(const WatchList& list, const config::DomainName& domain) {
  return std::ranges::any_of(list.probe_allow, [&](const config::ProbePattern& pattern) {
    return pattern.below ? domain != pattern.domain && domain.is_at_or_below(pattern.domain)
                         : domain == pattern.domain;
  });
}

tl::expected<config::DomainName, ProbeRefusal> domain_of(const exporters::Request& request) {
  const auto target = request.parameter("target");
  if (!target || target->empty())
    return refused(400, "the parameter target is missing: the domain, d= of a DKIM-Signature");
  auto domain = config::read_domain(*target);
  if (!domain) return refused(400, "target: " + domain.error().front().message);
  return std::move(*domain);
}

/// Nothing if the request names no selector.
tl::expected<std::optional<config::Selector>, ProbeRefusal> selector_of(const exporters::Request& request,
                                                                        const config::DomainName& domain) {
  const auto chosen = request.parameter("selector");
  if (!chosen || chosen->empty()) return std::nullopt;
  auto selector = config::Selector::parse(*chosen);
  if (!selector) return refused(400, "selector: " + selector.error().front().message);
  if (!selector->owner_name(domain))
    return refused(400, "selector: together with the domain, its name has more than 255 octets");
  return std::move(*selector);
}

/// The timeout of the module, shortened to fit the scraper's timeout if that is known. A twentieth of that is
/// left for judging the answers.
milliseconds time_of(const exporters::Request& request, milliseconds most, milliseconds offset) {
  if (!request.timeout_seconds) return most;
  const milliseconds given{
      static_cast<std::int64_t>(std::min(*request.timeout_seconds, longest_scrape_seconds) * 1'000)};
  return std::min(most, std::max(given - given / 20 - offset, given / 2));
}

}  // namespace

tl::expected<ProbeRequest, ProbeRefusal> read_probe_request(const exporters::Request& request,
                                                            const WatchList& list, milliseconds offset) {
  ProbeRequest probe;
  auto module = module_of(request, list);
  if (!module) return tl::unexpected(std::move(module.error()));
  probe.module = std::move(*module);
  probe.module.timeout = time_of(request, probe.module.timeout, offset);
  const auto debug = request.parameter("debug");
  probe.debug = debug && *debug == "true";

  auto domain = domain_of(request);
  if (!domain) return tl::unexpected(std::move(domain.error()));
  probe.domain = std::move(*domain);
  const auto selector = selector_of(request, probe.domain);
  if (!selector) return tl::unexpected(selector.error());

  const auto add = [&](const config::Selector& each, const checks::Expectation& expectation) {
    probe.selectors.push_back(each);
    probe.expectations.push_back(expectation);
  };
  for (const auto& [key, expectation] : list.expectations) {
    if (key.domain == probe.domain && (!*selector || key.selector == **selector))
      add(key.selector, expectation);
  }
  const auto watched = list.domains.find(probe.domain);
  probe.facts = watched == list.domains.end() ? WatchedFacts{list.policy, {}} : watched->second;
  if (!probe.selectors.empty()) return probe;

  // Otherwise anyone who reaches this page could choose which servers this machine asks.
  if (!is_allowed(list, probe.domain)) {
    return refused(403,
                   fmt::format("this {} is not watched, and probe_allow in the settings does not list it",
                               watched == list.domains.end() ? "domain" : "selector"));
  }
  if (!*selector)
    return refused(400,
                   "the parameter selector is missing: s= of a DKIM-Signature; it is required for a domain "
                   "that is not watched");
  checks::Expectation expectation;
  expectation.role = probe.module.role;
  add(**selector, expectation);
  return probe;
}

}  // namespace dkimprobe::cli
