// Uniform numbers. The bounds are so wide that a correct generator fails less than once in 10^12 runs.
#include "probe/transport/random_bits.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using probe::RandomBits;

/// Pearson's statistic of `counts` against a uniform distribution.
double chi_square(const std::vector<std::uint32_t>& counts, double draws) {
  const double share = draws / static_cast<double>(counts.size());
  double sum = 0.0;
  for (const std::uint32_t count : counts) sum += (count - share) * (count - share) / share;
  return sum;
}

/// Exceeded with a probability below exp(-30) < 1e-13 (Laurent and Massart 2000, lemma 1: P(X >= k + 2 sqrt(k
/// x) + 2 x) <= exp(-x) for k degrees of freedom).
double bound(std::size_t cells) {
  const double k = static_cast<double>(cells) - 1.0;
  return k + 2.0 * std::sqrt(k * 30.0) + 60.0;
}

TEST_CASE("numbers below a limit are uniformly distributed") {
  // 40,000 detects a plain remainder: numbers below 25,536 would occur twice as often.
  const auto limit = GENERATE(as<std::uint32_t>{}, 2, 3, 36, 64, 1'000, 4'033, 40'000);
  RandomBits random;
  std::vector<std::uint32_t> counts(limit);
  const std::uint32_t draws = std::max(100'000U, limit * 10);
  for (std::uint32_t i = 0; i < draws; ++i) {
    const std::uint32_t drawn = random.below(limit);
    REQUIRE(drawn < limit);
    ++counts[drawn];
  }
  CHECK(chi_square(counts, draws) < bound(limit));
}

TEST_CASE("the smallest and the largest limit give numbers in range") {
  RandomBits random;
  CHECK(random.below(1) == 0);
  std::uint32_t highest = 0;
  for (int i = 0; i < 10'000; ++i) highest = std::max(highest, random.below(65'536));
  CHECK(highest > 60'000);  // fails with a probability of 0.916 to the power of 10,000
}

TEST_CASE("every bit is set half of the time, and pools do not repeat") {
  RandomBits random;
  std::vector<std::uint32_t> ones(64);
  std::set<std::uint64_t> seen;
  constexpr std::uint32_t draws = 10'000;  // about 20 pools
  for (std::uint32_t i = 0; i < draws; ++i) {
    const std::uint64_t bits = random.bits64();
    seen.insert(bits);
    for (std::size_t bit = 0; bit < 64; ++bit) ones[bit] += bits >> bit & 1U;
  }
  CHECK(seen.size() == draws);
  // Hoeffding: a deviation of 400 from the mean has a probability below 2 exp(-2 * 400^2 / 10,000) = 3e-14.
  for (const std::uint32_t count : ones) CHECK(std::abs(static_cast<double>(count) - draws / 2.0) < 400.0);
}

TEST_CASE("labels are letters and digits and differ") {
  RandomBits random;
  std::set<std::string> labels;
  for (int i = 0; i < 1'000; ++i) {
    const std::string label = random.label(16);
    CHECK(label.size() == 16);
    CHECK(label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
    labels.insert(label);
  }
  CHECK(labels.size() == 1'000);
  CHECK(random.label(0).empty());
}

}  // namespace
}  // namespace dkimprobe::tests
