// Any text as a settings file: reading ends, nothing is thrown, mistakes have a place and are safe to print,
// and settings without mistakes hold what the rest of the program relies on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "config/options.hpp"
#include "config/settings_file.hpp"

namespace config = dkimprobe::config;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void demand_printable(const std::string& text) {
  for (const char c : text) demand(c >= ' ' && c < 0x7f);
}

void demand_within_limits(const config::Settings& settings) {
  for (const auto table : {config::probe_options(), config::policy_options(), config::schedule_options()}) {
    for (const auto& option : table) {
      const double value = config::option_value(option, settings);
      demand(value >= option.minimum && value <= option.maximum);
    }
  }
  demand(settings.probe.use_ipv4 || settings.probe.use_ipv6);
  std::set<config::DomainName> domains;
  for (const auto& domain : settings.domains) {
    demand(domains.insert(domain.domain).second);
    demand(!domain.selectors.empty());
    demand(domain.interval.count() > 0);
    std::set<config::DomainName> owners;
    for (const auto& selector : domain.selectors) {
      const auto owner = selector.selector.owner_name(domain.domain);
      demand(owner.has_value() && owners.insert(*owner).second);
      demand(!selector.expected_key || selector.expected_key->sha256.size() == 64);
    }
  }
  for (const auto& [check, reason] : settings.policy.disabled) demand(!reason.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const config::Vocabulary vocabulary{{"key_rsa_weak", "ns_slow"}};
  const std::string text(reinterpret_cast<const char*>(data), size);
  // A folder that is not there: no name in the text leads to a file by accident.
  const auto settings = config::read_settings(text, "/nonexistent/settings.yaml", vocabulary);
  if (settings) {
    demand_within_limits(*settings);
    return 0;
  }
  demand(!settings.error().empty() && settings.error().size() <= 101);
  for (const auto& [where, message] : settings.error()) {
    demand(where.starts_with("/nonexistent/settings.yaml"));
    demand_printable(where);
    demand_printable(message);
    demand(!message.empty());
  }
  return 0;
}
