// How long one record takes through the whole catalogue, with the verifiers: fresh keys and known ones, and
// the JSON of `lint` beside judging alone. One round; judge_bench.py runs several.
//
//   judge_bench RECORDS (a file for the texts of the records, one a line, so that others judge the same ones)
#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmpxx.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/record/record_composer.hpp"
#include "checks/verifiers/verifier.hpp"
#include "config/keys/der.hpp"
#include "config/keys/public_key.hpp"
#include "exporters/json/report_json.hpp"

using namespace dkimprobe;

namespace {

constexpr unsigned prime_bits = 1'024;
constexpr std::size_t primes = 17;  // each pair of them is a key: 136 keys
constexpr int warm_passes = 10;

std::string integer(const mpz_class& number) {
  std::string octets((mpz_sizeinbase(number.get_mpz_t(), 2) + 8) / 8, '\0');
  const std::size_t used = (mpz_sizeinbase(number.get_mpz_t(), 2) + 7) / 8;
  mpz_export(octets.data() + octets.size() - used, nullptr, 1, 1, 1, 0, number.get_mpz_t());
  return config::make_element(V_ASN1_INTEGER, octets);
}

/// Records of RSA keys of 2048 bits without a weakness, the same in each run.
std::vector<std::string> make_records() {
  gmp_randclass random(gmp_randinit_default);
  random.seed(1);
  std::vector<mpz_class> pool;
  for (std::size_t i = 0; i < primes; ++i) {
    mpz_class number = random.get_z_bits(prime_bits);
    mpz_setbit(number.get_mpz_t(), prime_bits - 1);
    mpz_setbit(number.get_mpz_t(), prime_bits - 2);
    mpz_nextprime(number.get_mpz_t(), number.get_mpz_t());
    pool.push_back(std::move(number));
  }
  std::vector<std::string> records;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto key = config::read_rsa_numbers(integer(pool[i] * pool[j]) + integer(65'537));
      if (key) records.push_back(checks::compose_key_record(*key, {}));
    }
  }
  return records;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::size_t octets_written = 0;  // also keeps the work from being optimised away

/// Prints the microseconds that `each` takes for one record.
template <class Each>
void measure(std::string_view what, const std::vector<std::string>& records, int passes, Each each) {
  const double began = cpu_seconds();
  for (int pass = 0; pass < passes; ++pass) {
    for (const auto& record : records) each(record);
  }
  const double count = static_cast<double>(records.size()) * passes;
  fmt::print("{}\t{:.2f}\n", what, 1e6 * (cpu_seconds() - began) / count);
}

checks::Report judge(const std::string& record, const checks::Policy& policy,
                     checks::ExaminedKeys& examined) {
  static const auto place = checks::place_of(config::DomainName::parse("s1._domainkey.example.com").value());
  auto report = checks::judge_record(place, checks::strings_of(record), {}, policy, &examined);
  octets_written += report.headline.str().size();
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: judge_bench RECORDS\n");
    return 64;
  }
  const auto records = make_records();
  std::ofstream file(argv[1]);
  for (const auto& record : records) file << record << '\n';

  const checks::Policy policy;
  checks::Policy without_prime_test;
  without_prime_test.disabled[std::string(checks::prime_modulus_check)] = "measured without";
  checks::ExaminedKeys keys;
  checks::ExaminedKeys other_keys;
  const auto just_judge = [&](const std::string& record) { static_cast<void>(judge(record, policy, keys)); };
  measure("a fresh key", records, 1, just_judge);
  measure("a fresh key, without the prime test", records, 1, [&](const std::string& record) {
    static_cast<void>(judge(record, without_prime_test, other_keys));
  });
  measure("a known key", records, warm_passes, just_judge);
  measure("a known key, with its JSON", records, warm_passes, [&](const std::string& record) {
    octets_written += exporters::lint_json(judge(record, policy, keys), {"-", 1}).size();
  });
  measure("the models of the verifiers alone", records, warm_passes, [&](const std::string& record) {
    const std::string_view text = record;
    octets_written += checks::judge_compatibility({&text, 1}, checks::SignatureAlgorithm::rsa).size();
  });
  return octets_written > 0 ? 0 : 1;
}
