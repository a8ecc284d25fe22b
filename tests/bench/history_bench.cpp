// How fast probes are written into a history, and their size on disk: 1,000 selectors with four servers each.
//
//   history_bench DIRECTORY (on the disk to measure; it is created and must not exist)
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "exporters/store/history_store.hpp"
#include "tests/exporters/sample_probes.hpp"

using namespace dkimprobe;

namespace {

constexpr int selectors = 1'000;

/// Each selector has its own record, with the size of an RSA-2048 key; in round `changed_in`, server 1 of
/// each has another one.
std::vector<probe::Observation> make_probe(int probe, int changed_in) {
  std::vector<probe::Observation> probes;
  for (int number = 0; number < selectors; ++number) {
    std::string text = fmt::format("v=DKIM1; k=rsa; n={}; p=", number);
    text.resize(410, 'A');
    std::string other = text;
    other.back() = 'B';
    std::vector<tests::Said> said;
    for (int server = 1; server <= 4; ++server) {
      const auto& given = server == 1 && probe >= changed_in ? other : text;
      said.push_back({server, probe::Rcode::noerror, {{given.substr(0, 255), given.substr(255)}}});
    }
    const std::string domain = fmt::format("d{}.example.com", number / 2);
    probes.push_back(
        tests::sample_probe(domain, fmt::format("s{}", number % 2), tests::at_second(probe * 300), said));
    probes.back().adsp.hops.push_back(tests::hop("_adsp._domainkey." + domain, domain,
                                                 {{1, probe::Rcode::nxdomain},
                                                  {2, probe::Rcode::nxdomain},
                                                  {3, probe::Rcode::nxdomain},
                                                  {4, probe::Rcode::nxdomain}}));
  }
  return probes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::filesystem::exists(argv[1])) {
    fmt::print(stderr, "usage: history_bench DIRECTORY, which must not exist\n");
    return 64;
  }
  auto store = exporters::HistoryStore::open(argv[1]);
  if (!store) {
    fmt::print(stderr, "{}: {}\n", store.error().front().where, store.error().front().message);
    return 1;
  }
  const auto file = exporters::history_file(argv[1]);
  constexpr int changed_in = 4;
  fmt::print("{:<44} {:>10} {:>12}\n", "one probe of 1,000 selectors, four servers each", "probes/s",
             "file, KiB");
  int probe = 0;
  for (const auto& [what, at_once] :
       std::vector<std::pair<std::string, std::size_t>>{{"the first, one transaction a probe", 1},
                                                        {"unchanged, one transaction a probe", 1},
                                                        {"unchanged, 10 probes a transaction", 10},
                                                        {"unchanged, 100 probes a transaction", 100},
                                                        {"one server of each changed, one a probe", 1},
                                                        {"unchanged, one transaction a probe", 1}}) {
    const auto probes = make_probe(probe++, changed_in);
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t first = 0; first < probes.size(); first += at_once) {
      if (const auto recorded =
              store->record(std::span(probes).subspan(first, at_once), probe::WallTime::max());
          !recorded) {
        fmt::print(stderr, "{}\n", recorded.error().front().message);
        return 1;
      }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    fmt::print("{:<44} {:>10.0f} {:>12}\n", what, selectors / took.count(),
               std::filesystem::file_size(file) / 1'024);
  }
  return 0;
}
