// Drives the query engine like a bulk scan: it asks one server for every name of a list, with many queries
// outstanding, scans every response and joins its TXT strings. Prints one line of JSON. engine_bench.py
// starts the server and compares the result with dnsperf.
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "probe/transport/asio_sockets.hpp"
#include "probe/transport/query_engine.hpp"
#include "probe/wire/query_message.hpp"

namespace {

using namespace dkimprobe;

class BulkScan final : public probe::QueryHandler {
 public:
  BulkScan(probe::QueryEngine& engine, boost::asio::io_context& context, config::ServerAddress server,
           std::vector<std::vector<std::uint8_t>> queries)
      : engine_(engine), context_(context), server_(server), queries_(std::move(queries)) {}

  void start(std::size_t window) {
    for (std::size_t i = 0; i < window; ++i) ask_next();
  }

  std::uint64_t answered = 0;
  std::uint64_t lost = 0;
  std::uint64_t wrong = 0;
  std::uint64_t txt_octets = 0;

 private:
  void ask_next() {
    if (next_ == queries_.size()) return;
    ask(static_cast<std::uint32_t>(next_++));
    ++outstanding_;
  }
  void ask(std::uint32_t token) {
    engine_.start({server_, probe::Transport::udp, queries_[token], std::chrono::seconds(5)}, *this, token);
  }

  void on_result(std::uint32_t, const probe::QueryResult& result) override {
    if (result.message == nullptr) {
      ++lost;
    } else {
      ++answered;
      bool found = false;
      for (const probe::ScannedRecord& record : result.message->records) {
        if (!record.is(probe::RecordType::txt) || !owner_is_question(*result.message, record)) continue;
        const auto txt = probe::joined_txt(*result.message, record, buffer_);
        found = txt && txt->substr(0, 9) == "v=DKIM1; ";
        if (txt) txt_octets += txt->size();
      }
      if (!found) ++wrong;
    }
    --outstanding_;
    ask_next();
    if (outstanding_ == 0) context_.stop();
  }
  void on_timer(std::uint32_t) override {}

  probe::QueryEngine& engine_;
  boost::asio::io_context& context_;
  config::ServerAddress server_;
  std::vector<std::vector<std::uint8_t>> queries_;
  std::size_t next_ = 0;
  std::size_t outstanding_ = 0;
  std::vector<char> buffer_ = std::vector<char>(probe::longest_message);
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// A list in the format of dnsperf: a name and a type on each line.
std::vector<std::vector<std::uint8_t>> read_queries(const char* path) {
  std::vector<std::vector<std::uint8_t>> queries;
  std::ifstream file(path);
  probe::QueryOptions options;
  options.edns = true;
  for (std::string line; std::getline(file, line);) {
    const auto name = config::DomainName::parse(std::string_view(line).substr(0, line.find(' ')));
    if (name) queries.push_back(probe::build_query(*name, probe::RecordType::txt, options));
  }
  return queries;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: engine_bench ADDRESS PORT NAMES WINDOW\n", stderr);
    return 2;
  }
  const auto ip = config::Address::parse(argv[1]);
  if (!ip || (ip->octets()[0] != 127 && ip->to_string() != "::1")) {
    std::fputs("the server must be on loopback\n", stderr);
    return 2;
  }
  const config::ServerAddress server{*ip, static_cast<std::uint16_t>(std::atoi(argv[2]))};
  auto queries = read_queries(argv[3]);
  const std::size_t count = queries.size();

  boost::asio::io_context context(1);
  probe::AsioSockets sockets(context);
  probe::QueryEngine engine(sockets, probe::bulk_sockets);
  BulkScan scan(engine, context, server, std::move(queries));
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const auto began = std::chrono::steady_clock::now();
  scan.start(static_cast<std::size_t>(std::atoi(argv[4])));
  context.run();
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  const double user = seconds(after.ru_utime) - seconds(before.ru_utime);
  const double system = seconds(after.ru_stime) - seconds(before.ru_stime);
  std::printf(
      "{\"queries\": %zu, \"answered\": %llu, \"lost\": %llu, \"wrong\": %llu, \"txt_octets\": %llu, "
      "\"wall_seconds\": %.6f, \"user_seconds\": %.6f, \"system_seconds\": %.6f}\n",
      count, static_cast<unsigned long long>(scan.answered), static_cast<unsigned long long>(scan.lost),
      static_cast<unsigned long long>(scan.wrong), static_cast<unsigned long long>(scan.txt_octets), wall,
      user, system);
  return scan.answered + scan.lost == count && scan.wrong == 0 ? 0 : 1;
}
