// Changed target files are read when they are complete.
#include "cli/daemon/target_watch.hpp"

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using cli::TargetWatch;

constexpr auto interval = TargetWatch::check_interval;

TargetWatch::Stamps file(std::int64_t modified, std::uint64_t bytes, std::uint64_t inode = 1) {
  return {{"targets.yaml", modified, bytes, inode}};
}

}  // namespace

TEST_CASE("target files that did not change are not read again") {
  TargetWatch watch(file(1, 200));
  const auto step = watch.check(file(1, 200), TargetWatch::Time{1h});
  CHECK_FALSE(step.read);
  CHECK_FALSE(step.shorter);
}

TEST_CASE("a target file is read when two checks found the same change") {
  TargetWatch watch(file(1, 200));
  TargetWatch::Time now{1h};
  for (std::uint64_t bytes = 210; bytes < 250; bytes += 10)
    CHECK_FALSE(watch.check(file(2, bytes), now += interval).read);
  CHECK(watch.check(file(2, 240), now += interval).read);
  watch.set_read(file(2, 240));
  CHECK_FALSE(watch.check(file(2, 240), now += interval).read);
  CHECK_FALSE(watch.check({}, now += interval).read);
  CHECK(watch.check({}, now += interval).read);
}

TEST_CASE(
    "a target file that was rewritten in place and is shorter is waited for, and that is reported once") {
  TargetWatch watch(file(1, 200));
  TargetWatch::Time now{1h};
  CHECK_FALSE(watch.check(file(2, 40), now).shorter);
  CHECK(watch.check(file(2, 40), now += interval).shorter == "targets.yaml");
  const auto again = watch.check(file(2, 40), now += interval);
  CHECK_FALSE(again.shorter);
  CHECK_FALSE(again.read);
  SECTION("its writer goes on") {
    CHECK_FALSE(watch.check(file(3, 201), now += interval).read);
    CHECK(watch.check(file(3, 201), now += interval).read);
  }
  SECTION("it stays shorter") {
    while (now < TargetWatch::Time{1h} + TargetWatch::shorter_wait - interval)
      CHECK_FALSE(watch.check(file(2, 40), now += interval).read);
    CHECK(watch.check(file(2, 40), now += interval).read);
  }
  SECTION("it becomes as before") {
    CHECK_FALSE(watch.check(file(1, 200), now += interval).read);
    CHECK_FALSE(watch.check(file(1, 200), now += interval).read);
  }
}

TEST_CASE("a shorter target file that replaced the old one under its name is complete") {
  TargetWatch watch(file(1, 200, 1));
  CHECK_FALSE(watch.check(file(2, 40, 2), TargetWatch::Time{1h}).read);
  CHECK(watch.check(file(2, 40, 2), TargetWatch::Time{1h} + interval).read);
}

}  // namespace dkimprobe::tests
