// Nanoseconds of each step of reading a DNS message, compared with ldns in the same run. Prints medians of
// many rounds, in which the steps alternate, since the speed of a machine drifts.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "probe/wire/message_scan.hpp"
#include "probe/wire/query_message.hpp"
#include "probe/wire/response_match.hpp"
#include "probe/wire/response_reader.hpp"

// Included last: it defines `false` as a macro, with which <optional> does not compile.
#include <ldns/ldns.h>

using namespace dkimprobe;

namespace {

using Octets = std::vector<std::uint8_t>;

/// Prevents the compiler from removing the computation of `value`.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

/// A response with an RSA-2048 record in two strings.
Octets ordinary_answer(const Octets& query) {
  Octets answer = query;
  answer[2] = 0x84;
  answer[7] = 1;
  const std::array<std::uint8_t, 10> head = {0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0x0e, 0x10};
  answer.insert(answer.end(), head.begin(), head.end());
  const std::string text = "v=DKIM1; k=rsa; p=" + std::string(392, 'A');
  answer.push_back(static_cast<std::uint8_t>((text.size() + 2) >> 8));
  answer.push_back(static_cast<std::uint8_t>((text.size() + 2) & 0xff));
  for (const std::string& part : {text.substr(0, 255), text.substr(255)}) {
    answer.push_back(static_cast<std::uint8_t>(part.size()));
    answer.insert(answer.end(), part.begin(), part.end());
  }
  return answer;
}

struct Step {
  const char* name = "";
  int repetitions = 0;
  std::function<void(int)> run{};  ///< repeats the step that many times
  std::vector<double> nanoseconds{};
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main() {
  const auto name = config::DomainName::parse("s1._domainkey.example.com").value();
  Octets query = probe::build_query(name, probe::RecordType::txt, {});
  const Octets answer = ordinary_answer(query);
  probe::MessageScanner scanner;
  std::array<char, 4096> buffer{};

  std::vector<Step> steps;
  steps.push_back({"set_query_id", 100'000, [&](int times) {
                     for (int i = 0; i < times; ++i) {
                       probe::set_query_id(query, static_cast<std::uint16_t>(i));
                       keep(query);
                     }
                     probe::set_query_id(query, 0);
                   }});
  steps.push_back({"build_query", 20'000, [&](int times) {
                     for (int i = 0; i < times; ++i)
                       keep(probe::build_query(name, probe::RecordType::txt, {}));
                   }});
  steps.push_back({"mismatch", 100'000, [&](int times) {
                     for (int i = 0; i < times; ++i) keep(probe::mismatch(answer, query));
                   }});
  steps.push_back({"scan", 100'000, [&](int times) {
                     for (int i = 0; i < times; ++i) keep(scanner.scan(answer));
                   }});
  steps.push_back({"scan, owner, joined_txt", 100'000, [&](int times) {
                     for (int i = 0; i < times; ++i) {
                       const auto scanned = scanner.scan(answer);
                       const auto& record = scanned->records.front();
                       keep(probe::owner_is_question(*scanned, record));
                       keep(probe::joined_txt(*scanned, record, buffer));
                     }
                   }});
  steps.push_back({"scan and read_response", 20'000, [&](int times) {
                     for (int i = 0; i < times; ++i) {
                       keep(probe::read_response(*scanner.scan(answer), name, probe::RecordType::txt));
                     }
                   }});
  steps.push_back({"ldns_wire2pkt", 20'000, [&](int times) {
                     for (int i = 0; i < times; ++i) {
                       ldns_pkt* packet = nullptr;
                       keep(ldns_wire2pkt(&packet, answer.data(), answer.size()));
                       ldns_pkt_free(packet);
                     }
                   }});

  constexpr int probes = 41;
  for (int round = 0; round < probes; ++round) {
    for (Step& step : steps) {
      const auto begin = std::chrono::steady_clock::now();
      step.run(step.repetitions);
      const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
      step.nanoseconds.push_back(took.count() / step.repetitions);
    }
  }
  fmt::print("answer of {} octets, RSA-2048 in two strings; nanoseconds, median of {} rounds\n",
             answer.size(), probes);
  for (const Step& step : steps) fmt::print("{:<26}{:>9.1f}\n", step.name, median(step.nanoseconds));
}
