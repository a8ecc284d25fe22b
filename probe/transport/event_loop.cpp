#include "probe/transport/event_loop.hpp"

#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "probe/transport/asio_sockets.hpp"

namespace dkimprobe::probe {

struct EventLoop::State {
  boost::asio::io_context context{1};
  AsioSockets sockets{context};
  boost::asio::steady_timer timer{context};
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {}
EventLoop::~EventLoop() = default;

Sockets& EventLoop::sockets() {
  return state_->sockets;
}

void EventLoop::run(const std::function<void()>& start) {
  state_->context.restart();
  const auto keep_running = boost::asio::make_work_guard(state_->context);
  start();
  state_->context.run();
}

void EventLoop::stop() {
  state_->context.stop();
}

void EventLoop::post(std::function<void()> call) {
  boost::asio::post(state_->context, std::move(call));
}

void EventLoop::call_after(std::chrono::milliseconds delay, std::function<void()> call) {
  state_->timer.expires_after(delay);
  state_->timer.async_wait([call = std::move(call)](const boost::system::error_code& error) {
    if (!error) call();
  });
}

}  // namespace dkimprobe::probe
