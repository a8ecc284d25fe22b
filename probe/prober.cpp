#include "probe/prober.hpp"

#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "probe/asio_sockets.hpp"
#include "probe/query_engine.hpp"
#include "probe/random_bits.hpp"
#include "probe/round.hpp"
#include "probe/server_memory.hpp"
#include "probe/zone_cache.hpp"

namespace dkimprobe::probe {

class Prober::State {
 public:
  explicit State(config::ProbeSettings settings) : settings_(std::move(settings)), servers_(settings_) {}

  std::vector<Observation> observe(const config::DomainName& domain,
                                   const std::vector<config::Selector>& selectors) {
    std::vector<Observation> seen;
    const auto wall =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    Round round({settings_, engine_, zones_, servers_, random_}, domain, selectors, wall,
                [&](std::vector<Observation> observations) {
                  seen = std::move(observations);
                  context_.stop();
                });
    round_ = &round;
    context_.restart();
    const auto keep_running = boost::asio::make_work_guard(context_);
    round.start();
    if (seen.empty()) context_.run();
    round_ = nullptr;
    return seen;
  }

  void interrupt() {
    boost::asio::post(context_, [this] {
      if (round_ != nullptr) round_->interrupt();
    });
  }

 private:
  config::ProbeSettings settings_;
  boost::asio::io_context context_{1};
  AsioSockets sockets_{context_};
  QueryEngine engine_{sockets_, one_use_sockets};
  ZoneCache zones_{};
  ServerMemories servers_;
  RandomBits random_{};
  Round* round_ = nullptr;
};

Prober::Prober(config::ProbeSettings settings) : state_(std::make_unique<State>(std::move(settings))) {}
Prober::~Prober() = default;

std::vector<Observation> Prober::observe(const config::DomainName& domain,
                                         const std::vector<config::Selector>& selectors) {
  return state_->observe(domain, selectors);
}

void Prober::interrupt() {
  state_->interrupt();
}

}  // namespace dkimprobe::probe
