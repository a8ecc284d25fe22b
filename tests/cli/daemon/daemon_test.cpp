// The daemon without a web server: its routes are called from several threads at once during probes and
// reloads. Its nameservers are addresses in 127.0.0.0/8 where nothing listens.
#include "cli/daemon/daemon.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/io/log.hpp"
#include "exporters/status/status_pages.hpp"
#include "tests/catch.hpp"
#include "tests/cli/daemon/sample_watch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using exporters::Request;
using exporters::Response;
using exporters::Route;

std::string settings(const std::string& domains) {
  return "probe: {port: 9, allow_networks: [127.0.0.0/8], attempts: 1, initial_timeout: 50ms, probe_timeout: "
         "500ms, ipv6: "
         "no}\n"
         "domains:\n" +
         domains;
}

std::string domain(const std::string& name) {
  return "  - {domain: " + name +
         ", nameservers: [ns1.example=127.0.0.77], selectors: [s1, {name: s2, role: standby}]}\n";
}

const std::string one = settings(domain("one.example"));
const std::string two = settings(domain("one.example") + domain("two.example"));

Response call(const std::vector<Route>& routes, const std::string& method, const std::string& target,
              const std::string& encoding = "") {
  Request request;
  request.method = method;
  request.path = target.substr(0, target.find('?'));
  request.accept_encoding = encoding;
  // The requests of these tests escape only this one character.
  std::string query = target.substr(std::min(target.size(), request.path.size() + 1));
  while (!query.empty()) {
    const auto member = query.substr(0, query.find('&'));
    query.erase(0, std::min(query.size(), member.size() + 1));
    request.query.emplace_back(member.substr(0, member.find('=')), member.substr(member.find('=') + 1));
  }
  const Route* best = nullptr;
  for (const auto& route : routes) {
    const bool wild = route.path.ends_with('*');
    const auto path = route.path.substr(0, route.path.size() - (wild ? 1 : 0));
    if (route.method != method || (wild ? !request.path.starts_with(path) : request.path != path)) continue;
    if (best == nullptr || route.path.size() > best->path.size()) best = &route;
  }
  if (best == nullptr) return {404, "", {}, nullptr};
  return best->handle(request);
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

std::vector<Route> routes_of(cli::Daemon& daemon) {
  return daemon.routes([&]() -> config::Result<void> {
    daemon.watch(watched(two));
    return {};
  });
}

}  // namespace

TEST_CASE("status pages have a content policy and are not cached") {
  cli::set_log(cli::LogFormat::logfmt, cli::LogLevel::error);
  cli::Daemon daemon(watched(one), std::nullopt, {});
  const auto routes = routes_of(daemon);
  for (const auto* target :
       {"/", "/probes", "/checks", "/domains/one.example", "/domains/one.example/selectors/s1",
        "/api/v1/overview", "/api/v1/domains/one.example", "/?status=ok&search=one"}) {
    INFO(target);
    const auto response = call(routes, "GET", target);
    CHECK(response.status == 200);
    CHECK(header(response, "Content-Security-Policy") == exporters::status_content_policy);
    CHECK(header(response, "Cache-Control") == "no-store");
    CHECK(header(response, "X-Content-Type-Options") == "nosniff");
    CHECK(response.content_type.starts_with(std::string_view(target).starts_with("/api/") ? "application/json"
                                                                                          : "text/html"));
    const auto packed = call(routes, "GET", target, "gzip");
    if (header(packed, "Content-Encoding") == "gzip") CHECK(packed.body->size() < response.body->size());
  }
  CHECK(call(routes, "GET", "/status.css").status == 200);
  for (const auto* target : {"/domains/two.example", "/domains/one.example/selectors/s9", "/domains/",
                             "/api/v1/nothing", "/domains/one.example/else"})
    CHECK(call(routes, "GET", target).status == 404);
  CHECK(call(routes, "POST", "/-/reload").status == 200);
  CHECK(call(routes, "GET", "/domains/two.example").status == 200);
}

TEST_CASE("a failed reload shows its first errors, on the page and to the client") {
  cli::set_log(cli::LogFormat::logfmt, cli::LogLevel::error);
  cli::Daemon daemon(watched(one), std::nullopt, {});
  config::Errors errors;
  for (int line = 1; line <= 12; ++line)
    errors.push_back({"settings.yaml:" + std::to_string(line), "an error"});
  const auto routes = daemon.routes([&]() -> config::Result<void> {
    daemon.keep_settings(errors);
    return tl::unexpected(errors);
  });
  const auto answer = call(routes, "POST", "/-/reload");
  CHECK(answer.status == 500);
  CHECK(
      answer.body->starts_with("Reload failed, the old settings stay in use:\nsettings.yaml:1: an error\n"));
  CHECK(answer.body->ends_with("settings.yaml:10: an error\nand 2 more errors\n"));
  const auto page = call(routes, "GET", "/");
  CHECK(page.body->find("settings.yaml:10: an error") != std::string::npos);
  CHECK(page.body->find("and 2 more errors") != std::string::npos);
  CHECK(page.body->find("settings.yaml:11: an error") == std::string::npos);
}

TEST_CASE("a refused probe request is listed on the page of probes and counted") {
  cli::set_log(cli::LogFormat::logfmt, cli::LogLevel::error);
  cli::Daemon daemon(watched(one), std::nullopt, {});
  const auto routes = routes_of(daemon);
  CHECK(call(routes, "GET", "/probe?target=other.example&selector=s1").status == 403);
  CHECK(call(routes, "GET", "/probe?target=one.example&module=none").status == 400);
  const auto failed = call(routes, "GET", "/probe?target=one.example");
  CHECK(failed.status == 200);
  CHECK(failed.body->find("\nprobe_success 0\n") != std::string::npos);
  const auto debug = call(routes, "GET", "/probe?target=one.example&selector=s1&debug=true");
  CHECK(debug.status == 200);
  CHECK(debug.body->find("127.0.0.77") != std::string::npos);
  CHECK(debug.body->find("probe_success 0") != std::string::npos);
  const auto page = call(routes, "GET", "/api/v1/probes");
  CHECK(page.body->find("other.example") != std::string::npos);
  const auto metrics = call(routes, "GET", "/metrics");
  CHECK(metrics.body->find("\ndkimprobe_module_unknown_total 1\n") != std::string::npos);
  CHECK(metrics.body->find("\ndkimprobe_probe_requests_refused_total 2\n") != std::string::npos);
  CHECK(metrics.body->find("\ndkimprobe_probe_requests_total 2\n") != std::string::npos);
}

TEST_CASE("with a path prefix, routes work with and without it") {
  cli::set_log(cli::LogFormat::logfmt, cli::LogLevel::error);
  cli::Daemon daemon(watched(one), std::nullopt, {500ms, "/dkim"});
  const auto routes = routes_of(daemon);
  for (const auto* target : {"/", "/dkim/", "/domains/one.example", "/dkim/domains/one.example"}) {
    const auto response = call(routes, "GET", target);
    CHECK(response.status == 200);
    CHECK(response.body->find("href=\"/dkim/status.css\"") != std::string::npos);
  }
  CHECK(call(routes, "GET", "/dkim/-/ready").status == 200);
}

TEST_CASE("concurrent requests, reloads and probes end cleanly") {
  cli::set_log(cli::LogFormat::logfmt, cli::LogLevel::error);
  cli::Daemon daemon(watched(one), std::nullopt, {});
  const auto routes = routes_of(daemon);
  std::atomic<bool> over{false};
  std::atomic<unsigned> wrong{0};
  std::vector<std::thread> threads;
  const auto again_and_again = [&](const std::string& method, const std::string& target,
                                   const std::string& encoding) {
    threads.emplace_back([&, method, target, encoding] {
      while (!over) {
        const unsigned status = call(routes, method, target, encoding).status;
        // Probe requests are refused once the daemon stops.
        if (status != 200 && status != 503) ++wrong;
      }
    });
  };
  again_and_again("GET", "/metrics", "gzip");
  again_and_again("GET", "/metrics", "");
  again_and_again("GET", "/", "gzip");
  again_and_again("GET", "/domains/one.example/selectors/s1", "");
  again_and_again("GET", "/probe?target=one.example", "");
  again_and_again("POST", "/-/reload", "");
  threads.emplace_back([&] {
    while (!over) {
      daemon.watch(watched(one));
      daemon.keep_settings({{"settings.yaml:1:1", "a mistake"}});
      std::this_thread::sleep_for(20ms);
    }
  });
  std::this_thread::sleep_for(1500ms);
  CHECK(daemon.is_alive());
  daemon.stop();
  CHECK(call(routes, "GET", "/-/ready").status == 503);
  over = true;
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace dkimprobe::tests
