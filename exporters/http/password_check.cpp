#include "exporters/http/password_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include <crypt.h>

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
// Used for an unknown user, so that the response time does not reveal whether a user exists. It matches no
// password.
constexpr std::string_view hash_of_nobody = "$2b$10$wwwwwwwwwwwwwwwwwwwwwuwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";

/// Whether the password matches. As in Prometheus's exporter-toolkit, every letter after `$2` means bcrypt
/// without its historical bugs.
bool fits(const std::string& hash, const std::string& password) {
  const std::size_t start = hash.find('$', 1);
  if (start == std::string::npos || password.find('\0') != std::string::npos) return false;
  const std::string setting = "$2b" + hash.substr(start);
  crypt_data data{};
  const char* const made = crypt_rn(password.c_str(), setting.c_str(), &data, sizeof data);
  const bool same = made != nullptr && std::strlen(made) == setting.size() &&
                    CRYPTO_memcmp(made, setting.data(), setting.size()) == 0;
  OPENSSL_cleanse(&data, sizeof data);
  return same;
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

bool PasswordCheck::is_blocked(const std::string& source, Time now) const {
  const auto at = failures_.find(source);
  if (at == failures_.end()) return false;
  const std::chrono::duration<double> passed = now - at->second.last;
  const double left = at->second.count - passed / std::chrono::duration<double>(time_to_forget_one);
  return left > most_failures - 1.0;
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
          known == users.end() ? std::string(hash_of_nobody) : known->second,
          std::string(password),
          known != users.end(),
          {},
          std::move(on_verdict)};
  job.digest = digest_of(user, job.hash, password);
  Verdict verdict = Verdict::good;
  {
    const std::lock_guard lock(mutex_);
    const bool known_good = std::find(successes_.begin(), successes_.end(), job.digest) != successes_.end();
    if (!known_good && is_blocked(source, now)) {
      verdict = Verdict::too_many_wrong;
    } else if (!known_good && jobs_.size() >= most_waiting) {
      verdict = Verdict::busy;
    } else if (!known_good) {
      jobs_.push_back(std::move(job));
      wake_.notify_all();
      return;
    }
  }
  job.on_verdict(verdict);
}

void PasswordCheck::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    const bool good = fits(job.hash, job.password) && job.user_known;
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
