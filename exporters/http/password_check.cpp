#include "exporters/http/password_check.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <tuple>
#include <utility>

#include <crypt.h>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace dkimprobe::exporters {
namespace {

constexpr std::size_t most_waiting = 16;
constexpr std::size_t most_successes = 256;
constexpr std::size_t most_sources = 4096;
constexpr double most_failures = 10.0;
constexpr std::chrono::seconds time_to_forget_one{6};
constexpr std::size_t cost_digits = 2;
/// About a second. Hashes of a higher cost are checked, but other users do not take as long.
constexpr int most_padded_cost = 14;

std::size_t start_of_cost(std::string_view hash) {
  return std::min(hash.find('$', 1), hash.size() - 1) + 1;
}

/// The cost of a bcrypt hash, the logarithm of its work; 0 if it is not one.
int cost_of(std::string_view hash) {
  int cost = 0;
  if (!hash.empty()) {
    const std::string_view digits = hash.substr(start_of_cost(hash), cost_digits);
    std::from_chars(digits.data(), digits.data() + digits.size(), cost);
  }
  return cost;
}

/// Up to `most_padded_cost`.
int highest_cost(const PasswordCheck::Users& users) {
  int highest = 0;
  for (const auto& [user, hash] : users) highest = std::max(highest, cost_of(hash));
  return std::min(highest, most_padded_cost);
}

enum class Match : std::uint8_t { yes, no, not_hashed };

/// As in Prometheus's exporter-toolkit, every letter after `$2` means bcrypt without its historical bugs.
Match match(std::string_view hash, const std::string& password) {
  if (hash.empty()) return Match::not_hashed;
  const std::string setting = "$2b$" + std::string(hash.substr(start_of_cost(hash)));
  crypt_data data{};
  const char* const made = crypt_rn(password.c_str(), setting.c_str(), &data, sizeof data);
  Match result = made == nullptr || *made == '*' ? Match::not_hashed : Match::no;
  if (result == Match::no && std::strlen(made) == setting.size() &&
      CRYPTO_memcmp(made, setting.data(), setting.size()) == 0)
    result = Match::yes;
  OPENSSL_cleanse(&data, sizeof data);
  return result;
}

/// The work of a bcrypt hash with this cost.
void spend(int cost) {
  std::ignore = match(fmt::format("$2b${:02}$wwwwwwwwwwwwwwwwwwwwwu", cost), "");
}

/// Whether the password matches. If not, the work is that of the highest cost, so that the time of the
/// response reveals neither whether the user exists nor the cost of the hash.
bool fits(std::string_view hash, int highest_cost, const std::string& password) {
  if (password.find('\0') != std::string::npos) return false;
  const Match matched = match(hash, password);
  if (matched == Match::yes) return true;
  if (matched == Match::not_hashed) {
    spend(highest_cost);
  } else {
    // Each step doubles the work done so far.
    for (int cost = cost_of(hash); cost < highest_cost; ++cost) spend(cost);
  }
  return false;
}

}  // namespace

PasswordCheck::PasswordCheck() {
  RAND_bytes(salt_.data(), static_cast<int>(salt_.size()));
  thread_ = std::thread([this] { run(); });
}

PasswordCheck::~PasswordCheck() {
  stop();
}

void PasswordCheck::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

PasswordCheck::Digest PasswordCheck::digest_of(std::string_view user, std::string_view hash,
                                               std::string_view password) const {
  std::string all(reinterpret_cast<const char*>(salt_.data()), salt_.size());
  for (const auto part : {user, hash, password}) {
    all += std::to_string(part.size());
    all += ':';
    all += part;
  }
  Digest digest{};
  EVP_Digest(all.data(), all.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_cleanse(all.data(), all.size());
  return digest;
}

double PasswordCheck::failures_of(const std::string& source, Time now) const {
  const auto at = failures_.find(source);
  if (at == failures_.end()) return 0.0;
  const std::chrono::duration<double> passed = now - at->second.last;
  return std::max(0.0, at->second.count - passed / std::chrono::duration<double>(time_to_forget_one));
}

std::pair<double, PasswordCheck::Time> PasswordCheck::rank_of(std::size_t at, Time now) const {
  const std::string& source = jobs_[at].source;
  const auto earlier = std::count_if(jobs_.begin(), jobs_.begin() + static_cast<std::ptrdiff_t>(at),
                                     [&](const Job& job) { return job.source == source; });
  const auto failed = failures_.find(source);
  return {failures_of(source, now) + static_cast<double>(earlier),
          failed == failures_.end() ? Time::min() : failed->second.last};
}

PasswordCheck::Job PasswordCheck::take_job(bool first, Time now) {
  std::size_t taken = 0;
  for (std::size_t at = 1; at < jobs_.size(); ++at) {
    const bool is_earlier = rank_of(at, now) < rank_of(taken, now);
    if (is_earlier == first) taken = at;
  }
  Job job = std::move(jobs_[taken]);
  jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(taken));
  return job;
}

void PasswordCheck::count_failure(const std::string& source, Time now) {
  if (failures_.size() >= most_sources && !failures_.contains(source)) {
    failures_.erase(std::min_element(failures_.begin(), failures_.end(), [](const auto& a, const auto& b) {
      return a.second.last < b.second.last;
    }));
  }
  Failures& failures = failures_[source];
  const std::chrono::duration<double> passed = now - failures.last;
  const double forgotten = passed / std::chrono::duration<double>(time_to_forget_one);
  failures.count = std::max(0.0, failures.count - forgotten) + 1.0;
  failures.last = now;
}

void PasswordCheck::check(const Users& users, std::string_view user, std::string_view password,
                          const std::string& source, Time now, OnVerdict on_verdict) {
  const auto known = users.find(user);
  Job job{source,
          known == users.end() ? "" : known->second,
          highest_cost(users),
          std::string(password),
          {},
          std::move(on_verdict)};
  job.digest = digest_of(user, job.hash, password);
  Verdict verdict = Verdict::good;
  {
    const std::lock_guard lock(mutex_);
    const bool known_good = std::find(successes_.begin(), successes_.end(), job.digest) != successes_.end();
    if (!known_good && failures_of(source, now) > most_failures - 1.0) {
      verdict = Verdict::too_many_wrong;
    } else if (!known_good) {
      jobs_.push_back(std::move(job));
      wake_.notify_all();
      if (jobs_.size() <= most_waiting) return;
      job = take_job(false, now);
      verdict = Verdict::busy;
    }
  }
  job.on_verdict(verdict);
}

void PasswordCheck::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = take_job(true, std::chrono::steady_clock::now());
    lock.unlock();
    const bool good = fits(job.hash, job.highest_cost, job.password);
    OPENSSL_cleanse(job.password.data(), job.password.size());
    lock.lock();
    if (stopping_) return;
    if (good) {
      successes_.push_back(job.digest);
      if (successes_.size() > most_successes) successes_.pop_front();
    } else {
      count_failure(job.source, std::chrono::steady_clock::now());
    }
    lock.unlock();
    job.on_verdict(good ? Verdict::good : Verdict::wrong);
    lock.lock();
  }
}

}  // namespace dkimprobe::exporters
