#include "probe/collection/prober.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "probe/collection/domain_probe.hpp"
#include "probe/collection/send_queue.hpp"
#include "probe/collection/server_cache.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/transport/asio_sockets.hpp"
#include "probe/transport/query_engine.hpp"
#include "probe/transport/random_bits.hpp"

namespace dkimprobe::probe {

class Prober::State {
 public:
  State(config::ProbeSettings settings, std::function<WallTime()> wall_now)
      : settings_(std::move(settings)), wall_now_(std::move(wall_now)), servers_(settings_) {}

  std::vector<Observation> observe(const config::DomainName& domain,
                                   const std::vector<config::Selector>& selectors) {
    std::vector<Observation> seen;
    const WallTime began = wall_now_();
    DomainProbe probe({settings_, engine_, zones_, servers_, turns_, random_}, domain, selectors, began,
                      [&](std::vector<Observation> observations) {
                        seen = std::move(observations);
                        context_.stop();
                      });
    probe_ = &probe;
    context_.restart();
    const auto keep_running = boost::asio::make_work_guard(context_);
    probe.start();
    if (seen.empty()) context_.run();
    probe_ = nullptr;
    // The monotonic clock stops while the machine sleeps, and answers may arrive after that.
    constexpr std::chrono::seconds longest_difference{1};
    const auto passed = wall_now_() - began;
    for (Observation& observation : seen) {
      if (passed > observation.took + longest_difference) observation.took = passed;
    }
    return seen;
  }

  void interrupt() {
    boost::asio::post(context_, [this] {
      if (probe_ != nullptr) probe_->interrupt();
    });
  }

 private:
  config::ProbeSettings settings_;
  std::function<WallTime()> wall_now_;
  boost::asio::io_context context_{1};
  AsioSockets sockets_{context_};
  QueryEngine engine_{sockets_, one_use_sockets};
  ZoneCache zones_{};
  ServerMemories servers_;
  Turns turns_{engine_, servers_};
  RandomBits random_{};
  DomainProbe* probe_ = nullptr;
};

Prober::Prober(config::ProbeSettings settings, std::function<WallTime()> wall_now)
    : state_(std::make_unique<State>(std::move(settings), std::move(wall_now))) {}
Prober::~Prober() = default;

std::vector<Observation> Prober::observe(const config::DomainName& domain,
                                         const std::vector<config::Selector>& selectors) {
  return state_->observe(domain, selectors);
}

void Prober::interrupt() {
  state_->interrupt();
}

}  // namespace dkimprobe::probe
