// The web service with a few pages, for web_service_test.py: prints a line `listening ADDRESS` for each
// address, `ports N...`, then a line for each request that was answered or refused, until its input ends. The
// line `stop` on its input stops the service; `let go` answers the requests that wait at /hold. Arguments:
// `listen=ADDRESS`, `config=FILE`, `systemd`, and a limit by its name, such as `header=300` (milliseconds) or
// `connections=8`.
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "exporters/http/http_server.hpp"

namespace {

using dkimprobe::exporters::Access;
using dkimprobe::exporters::Request;
using dkimprobe::exporters::Response;
using dkimprobe::exporters::WebService;
using dkimprobe::exporters::WebSettings;
namespace config = dkimprobe::config;

std::mutex printing;

void print(const std::string& line) {
  const std::lock_guard lock(printing);
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

/// Holds requests until the line `let go`.
class Hold {
 public:
  void keep() {
    print("kept");
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return free_; });
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    free_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_{};
  std::condition_variable changed_{};
  bool free_ = false;
};

Response text(std::string body) {
  return {200, "text/plain; charset=utf-8", {}, std::make_shared<const std::string>(std::move(body))};
}

std::size_t number(std::string_view digits) {
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

void set_limit(WebSettings& settings, std::string_view name, std::size_t value) {
  auto& limits = settings.limits;
  const std::map<std::string_view, std::size_t*> counts = {{"threads", &limits.threads},
                                                           {"connections", &limits.connections},
                                                           {"buffered_bytes", &limits.buffered_bytes}};
  const std::map<std::string_view, std::chrono::milliseconds*> times = {
      {"header", &limits.header}, {"body", &limits.body},       {"idle", &limits.idle},
      {"queue", &limits.queue},   {"handler", &limits.handler}, {"write", &limits.write},
      {"grace", &limits.grace}};
  if (const auto count = counts.find(name); count != counts.end()) *count->second = value;
  if (const auto time = times.find(name); time != times.end())
    *time->second = std::chrono::milliseconds(value);
}

}  // namespace

int main(int argc, char** argv) {
  Hold hold;
  WebSettings settings;
  settings.limits.threads = 8;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string_view name = argument.substr(0, argument.find('='));
    const std::string_view value = argument.substr(std::min(argument.size(), name.size() + 1));
    if (name == "listen") {
      settings.listen.emplace_back(value);
    } else if (name == "config") {
      settings.config_file = value;
    } else if (name == "systemd") {
      settings.systemd_sockets = true;
    } else {
      set_limit(settings, name, number(value));
    }
  }
  const auto page = std::make_shared<const std::string>(1U << 20U, 'm');
  settings.routes = {
      {"GET", "/metrics",
       [page](const Request&) {
         return Response{200, "text/plain; version=0.0.4", {{"Content-Security-Policy", "own"}}, page};
       }},
      {"GET", "/huge", [](const Request&) { return text(std::string(16U << 20U, 'h')); }},
      {"GET", "/hold",
       [&hold](const Request&) {
         hold.keep();
         return text("slow\n");
       },
       2},
      {"GET", "/tree/*", [](const Request& request) { return text("tree " + request.path + "\n"); }},
      {"GET", "/throws", [](const Request&) -> Response { throw 1; }},
      {"GET", "/request",
       [](const Request& request) {
         std::string said = fmt::format("{} {} accept={} encoding={} timeout={} remote={}\n", request.method,
                                        request.path, request.accept, request.accept_encoding,
                                        request.timeout_seconds.value_or(-1.0), request.remote);
         for (const auto& [name, value] : request.query) said += fmt::format("{}={}\n", name, value);
         return text(std::move(said));
       }},
      {"POST", "/echo", [](const Request& request) { return text(request.body); }},
  };
  settings.on_access = [](const Access& access) {
    print(fmt::format("access remote={} user={} method={} target={} status={} bytes={}", access.remote,
                      access.user, access.method, access.target, access.status, access.body_bytes));
  };
  settings.on_not_accepted = [](const std::string& reason) { print("not accepted: " + reason); };
  settings.on_config = [](const config::Result<config::Errors>& result) {
    print(result ? "config read" : "config refused");
    for (const auto& error : result ? *result : result.error())
      print(fmt::format("error {}: {}", error.where, error.message));
  };
  auto service = WebService::start(std::move(settings));
  if (!service) {
    for (const auto& error : service.error()) print(fmt::format("error {}: {}", error.where, error.message));
    return 2;
  }
  std::string ports = "ports";
  for (const auto& [address, port, lacks_ipv6] : (*service)->listening()) {
    print(fmt::format("listening {}{}", address, lacks_ipv6 ? " without IPv6" : ""));
    ports += fmt::format(" {}", port);
  }
  print(ports);
  std::thread stopping;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line == "let go") hold.let_go();
    if (line == "stop") stopping = std::thread([&] { (*service)->stop(); });
  }
  hold.let_go();
  if (stopping.joinable()) stopping.join();
  (*service)->stop();
  print("stopped");
  return 0;
}
