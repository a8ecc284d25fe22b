// Writes probes into a history until it is killed or has written COUNT, and prints each once it is committed:
// its number, or its number and why it could not be written. history_kill_test.py kills it and fills its
// disk.
//
//   history_driver DIRECTORY FIRST COUNT
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "exporters/store/history_store.hpp"
#include "tests/exporters/sample_probes.hpp"

using namespace dkimprobe;

namespace {

/// Probe N is at second N. The text of server 1 changes each time, that of server 2 every tenth time; the
/// other two servers and the signing practices never change.
probe::Observation numbered_probe(int number) {
  const auto record = [](std::string note) {
    return tests::Texts{{"v=DKIM1; n=" + std::move(note) + "; p="}};
  };
  auto observation =
      tests::sample_probe("example.com", fmt::format("s{}", number % 3), tests::at_second(number),
                          {{1, probe::Rcode::noerror, record(std::to_string(number))},
                           {2, probe::Rcode::noerror, record(std::to_string(number / 10))},
                           {3, probe::Rcode::noerror, record("same")},
                           {4, probe::Rcode::nxdomain}});
  observation.adsp.hops.push_back(tests::hop("_adsp._domainkey.example.com", "example.com",
                                             {{1, probe::Rcode::noerror, {{"dkim=all"}}}}));
  return observation;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  auto store = exporters::HistoryStore::open(argv[1]);
  if (!store) {
    fmt::print(stderr, "{}: {}\n", store.error().front().where, store.error().front().message);
    return 1;
  }
  const int first = std::atoi(argv[2]);
  for (int number = first; number < first + std::atoi(argv[3]); ++number) {
    const auto recorded = store->record(numbered_probe(number), probe::WallTime::max());
    fmt::print("{}{}\n", number, recorded ? "" : " " + recorded.error().front().message);
    std::fflush(stdout);
  }
  return 0;
}
