#include "probe/collection/prober.hpp"

#include <chrono>
#include <utility>

#include "probe/collection/domain_probe.hpp"

namespace dkimprobe::probe {

Prober::Prober(config::ProbeSettings settings, std::function<WallTime()> wall_now)
    : settings_(std::move(settings)), wall_now_(std::move(wall_now)), servers_(settings_) {}

std::vector<Observation> Prober::observe(const config::DomainName& domain,
                                         const std::vector<config::Selector>& selectors) {
  std::vector<Observation> seen;
  const WallTime began = wall_now_();
  DomainProbe probe({settings_, engine_, zones_, servers_, turns_, random_}, domain, selectors, began,
                    [&](std::vector<Observation> observations) {
                      seen = std::move(observations);
                      loop_.stop();
                    });
  probe_ = &probe;
  loop_.run([&] { probe.start(); });
  probe_ = nullptr;
  // The monotonic clock stops while the machine sleeps, and answers may arrive after that.
  constexpr std::chrono::seconds longest_difference{1};
  const auto passed = wall_now_() - began;
  for (Observation& observation : seen) {
    if (passed > observation.took + longest_difference) observation.took = passed;
  }
  return seen;
}

void Prober::interrupt() {
  loop_.post([this] {
    if (probe_ != nullptr) probe_->interrupt();
  });
}

}  // namespace dkimprobe::probe
