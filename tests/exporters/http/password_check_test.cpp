// What the time for a check reveals, and whose password is checked next.
#include "exporters/http/password_check.hpp"

#include <time.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include <crypt.h>
#include <fmt/format.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using exporters::PasswordCheck;
using Verdict = PasswordCheck::Verdict;

std::string hash_of(const std::string& password, int cost) {
  crypt_data data{};
  return crypt_r(password.c_str(), fmt::format("$2b${:02}$abcdefghijklmnopqrstuu", cost).c_str(), &data);
}

const PasswordCheck::Users users = {
    {"low", hash_of("secret", 5)}, {"high", hash_of("secret", 9)}, {"broken", "$2b$09$broken"}};

class Checks {
 public:
  std::future<Verdict> begin(const std::string& user, const std::string& password,
                             const std::string& source) {
    const auto promise = std::make_shared<std::promise<Verdict>>();
    check_.check(users, user, password, source, PasswordCheck::Time::clock::now(),
                 [promise](Verdict verdict) { promise->set_value(verdict); });
    return promise->get_future();
  }
  Verdict check(const std::string& user, const std::string& password, const std::string& source) {
    return begin(user, password, source).get();
  }
  /// Processor time for five wrong passwords.
  double seconds_for(const std::string& user) {
    const auto now = [] {
      timespec time{};
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    };
    const double began = now();
    for (int i = 0; i < 5; ++i) CHECK(check(user, "wrong", fmt::format("{} {}", user, i)) == Verdict::wrong);
    return now() - began;
  }

 private:
  PasswordCheck check_{};
};

}  // namespace

TEST_CASE("a wrong password takes the same work for every user, known or not") {
  Checks checks;
  CHECK(checks.check("low", "secret", "a") == Verdict::good);
  CHECK(checks.check("high", "secret", "a") == Verdict::good);
  CHECK(checks.check("broken", "secret", "b") == Verdict::wrong);
  const double usual = checks.seconds_for("high");
  for (const auto* user : {"low", "broken", "nobody"}) {
    CAPTURE(user);
    const double seconds = checks.seconds_for(user);
    CHECK(seconds > 0.7 * usual);
    CHECK(seconds < 1.4 * usual);
  }
}

TEST_CASE("many who guess keep nobody else out") {
  Checks checks;
  std::vector<std::future<Verdict>> guesses;
  const auto guess_from_all = [&] {
    for (int source = 0; source < 40; ++source)
      guesses.push_back(checks.begin("high", "wrong", fmt::format("192.0.2.{}", source)));
  };
  // Until each of them was wrong once; of 40 at a time, 16 are checked.
  for (int attempt = 0; attempt < 3; ++attempt) {
    guess_from_all();
    for (const auto& guess : guesses) guess.wait();
  }
  guess_from_all();
  CHECK(checks.check("high", "secret", "198.51.100.1") == Verdict::good);
}

TEST_CASE("guesses from one address wait for each other, not others for them") {
  Checks checks;
  std::vector<std::future<Verdict>> guesses;
  for (int i = 0; i < 15; ++i) guesses.push_back(checks.begin("high", "wrong", "192.0.2.1"));
  CHECK(checks.check("high", "secret", "198.51.100.1") == Verdict::good);
  CHECK(guesses.back().wait_for(0s) == std::future_status::timeout);
}

TEST_CASE("a password that was verified needs no check while all places are taken") {
  Checks checks;
  CHECK(checks.check("high", "secret", "198.51.100.1") == Verdict::good);
  std::vector<std::future<Verdict>> guesses;
  for (int i = 0; i < 40; ++i) guesses.push_back(checks.begin("high", "wrong", fmt::format("192.0.2.{}", i)));
  auto honest = checks.begin("high", "secret", "192.0.2.1");
  CHECK(honest.wait_for(0s) == std::future_status::ready);
  CHECK(honest.get() == Verdict::good);
}

}  // namespace dkimprobe::tests
