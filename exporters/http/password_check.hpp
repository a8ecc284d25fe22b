// Checks passwords against bcrypt hashes on its own thread, because one check takes a tenth of a second. It
// limits the work that clients can cause. It knows neither HTTP nor the file of users.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

namespace dkimprobe::exporters {

class PasswordCheck {
 public:
  using Users = std::map<std::string, std::string, std::less<>>;
  using Time = std::chrono::steady_clock::time_point;
  enum class Verdict : std::uint8_t { good, wrong, too_many_wrong, busy };
  using OnVerdict = std::function<void(Verdict)>;

  PasswordCheck();
  ~PasswordCheck();
  PasswordCheck(const PasswordCheck&) = delete;
  PasswordCheck& operator=(const PasswordCheck&) = delete;

  /// Wrong passwords are counted per `source`, and a source with fewer of them comes first, so that many who
  /// guess keep nobody else out. A refusal takes the same time whether or not the user exists. `on_verdict`
  /// is called once: before this function returns, or before a later call returns, when the verdict needs no
  /// hashing; else on the thread of this object. `check` must always be called from the same thread.
  void check(const Users& users, std::string_view user, std::string_view password, const std::string& source,
             Time now, OnVerdict on_verdict);
  /// No verdict is delivered afterwards.
  void stop();

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Job {
    std::string source{};
    std::string hash{};    ///< empty for an unknown user
    int highest_cost = 0;  ///< of all users
    std::string password{};
    Digest digest{};
    OnVerdict on_verdict{};
  };
  struct Failures {
    double count = 0.0;  ///< decreases over time
    Time last{};
  };

  void run();
  [[nodiscard]] Digest digest_of(std::string_view user, std::string_view hash,
                                 std::string_view password) const;
  [[nodiscard]] double failures_of(const std::string& source, Time now) const;
  /// The rank of a waiting job: the lowest comes first. Jobs of one source take turns with those of others.
  [[nodiscard]] std::pair<double, Time> rank_of(std::size_t at, Time now) const;
  /// Takes the first or the last in the order of ranks; of equals, the one that came first or last.
  [[nodiscard]] Job take_job(bool first, Time now);
  void count_failure(const std::string& source, Time now);

  Digest salt_{};
  std::condition_variable wake_{};
  std::mutex mutex_{};  ///< guards the members below
  std::unordered_map<std::string, Failures> failures_{};
  std::deque<Job> jobs_{};
  std::deque<Digest> successes_{};
  bool stopping_ = false;
  std::thread thread_{};
};

}  // namespace dkimprobe::exporters
