#include "probe/transport/event_loop.hpp"

#include <thread>
#include <vector>

#include "tests/catch.hpp"

namespace dkimprobe::tests {

using namespace std::chrono_literals;

TEST_CASE("a loop runs until it is stopped, and can run again") {
  probe::EventLoop loop;
  int starts = 0;
  for (int i = 0; i < 2; ++i) {
    loop.run([&] {
      ++starts;
      loop.post([&] { loop.stop(); });
    });
  }
  CHECK(starts == 2);
}

TEST_CASE("a loop that is stopped while it starts ends at once") {
  probe::EventLoop loop;
  loop.run([&] { loop.stop(); });
  SUCCEED();
}

TEST_CASE("calls posted before the loop runs and from other threads are made in order on its thread") {
  probe::EventLoop loop;
  std::vector<int> calls;
  const auto here = std::this_thread::get_id();
  loop.post([&] { calls.push_back(1); });
  std::thread other([&] {
    loop.post([&] {
      if (std::this_thread::get_id() == here) calls.push_back(2);
      loop.stop();
    });
  });
  loop.run([] {});
  other.join();
  CHECK(calls == std::vector{1, 2});
}

TEST_CASE("a delayed call is made, and replaces one set before") {
  probe::EventLoop loop;
  std::vector<int> calls;
  loop.run([&] {
    loop.call_after(1h, [&] { calls.push_back(1); });
    loop.call_after(0ms, [&] {
      calls.push_back(2);
      loop.stop();
    });
  });
  CHECK(calls == std::vector{2});
}

}  // namespace dkimprobe::tests
