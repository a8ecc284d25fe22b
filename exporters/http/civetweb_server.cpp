#include "exporters/http/civetweb_server.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <civetweb.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "exporters/http/request_target.hpp"

namespace dkimprobe::exporters {
namespace {

std::string_view header(mg_connection* connection, const char* name) {
  const char* const value = mg_get_header(connection, name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<double> seconds_of(std::string_view text) {
  double seconds = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && seconds > 0.0 && seconds < 1e6 ? std::optional(seconds) : std::nullopt;
}

Response plain(unsigned status, std::string text) {
  return {status, "text/plain; charset=utf-8", {}, std::make_shared<const std::string>(std::move(text))};
}

/// Connects once to the listener. A listener of civetweb checks whether it should stop only every two seconds
/// or when a client connects.
void knock(std::uint16_t port) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  static_cast<void>(connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  close(file);
}

class CivetServer final : public WebServer {
 public:
  CivetServer(std::vector<Route> routes, std::string secret)
      : routes_(std::move(routes)), secret_(std::move(secret)), busy_(routes_.size()) {}
  ~CivetServer() override {
    if (context_ == nullptr) return;
    std::atomic<bool> stopped = false;
    std::thread knocking([&] {
      while (!stopped) {
        knock(port_);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
    mg_stop(context_);
    stopped = true;
    knocking.join();
  }

  [[nodiscard]] bool listen(std::size_t threads) {
    mg_callbacks callbacks{};
    callbacks.begin_request = [](mg_connection* connection) {
      return static_cast<CivetServer*>(mg_get_request_info(connection)->user_data)->serve(connection);
    };
    // Its log messages would describe the front door as the client.
    callbacks.log_message = [](const mg_connection*, const char*) { return 1; };
    const std::string count = std::to_string(threads);
    const char* options[] = {"listening_ports",
                             "127.0.0.1:0",
                             "num_threads",
                             count.c_str(),
                             "enable_keep_alive",
                             "yes",
                             "keep_alive_timeout_ms",
                             "2000000000",
                             "request_timeout_ms",
                             "1000",
                             "enable_directory_listing",
                             "no",
                             nullptr};
    context_ = mg_start(&callbacks, this, options);
    mg_server_port ports[1]{};
    if (context_ == nullptr || mg_get_server_ports(context_, 1, ports) != 1) return false;
    port_ = static_cast<std::uint16_t>(ports[0].port);
    return true;
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

 private:
  int serve(mg_connection* connection);
  [[nodiscard]] Response answer(mg_connection* connection);
  [[nodiscard]] Response call(std::size_t route, const Request& request);

  std::vector<Route> routes_;
  std::string secret_;
  std::vector<std::atomic<unsigned>> busy_;  ///< per route: requests in progress
  mg_context* context_ = nullptr;
  std::uint16_t port_ = 0;
};

Response CivetServer::call(std::size_t at, const Request& request) {
  const Route& route = routes_[at];
  struct Place {
    std::atomic<unsigned>& count;
    unsigned before = count.fetch_add(1);
    ~Place() { count.fetch_sub(1); }
  } const place{busy_[at]};
  if (route.most_at_once > 0 && place.before >= route.most_at_once) {
    Response busy = plain(503, "Too many of these requests are in progress; try again later.\n");
    busy.headers.emplace_back("Retry-After", "5");
    return busy;
  }
  try {
    return route.handle(request);
  } catch (...) {
    // An error in a handler must not stop the server.
    return plain(500, "The program failed to handle the request.\n");
  }
}

Response CivetServer::answer(mg_connection* connection) {
  const mg_request_info& info = *mg_get_request_info(connection);
  const std::string_view secret = header(connection, secret_header);
  if (secret.size() != secret_.size() || CRYPTO_memcmp(secret.data(), secret_.data(), secret.size()) != 0)
    return plain(403, "Only dkimprobe itself may connect here.\n");

  Request request;
  request.path = info.local_uri_raw != nullptr ? info.local_uri_raw : "";
  request.remote = header(connection, remote_header);
  if (request.remote.empty() && request.path == greeting_path) return {204, "", {}, nullptr};
  request.method = info.request_method;
  if (request.method == "HEAD") request.method = "GET";
  if (info.query_string != nullptr) request.query = parameters(info.query_string);
  request.accept = header(connection, "Accept");
  request.accept_encoding = header(connection, "Accept-Encoding");
  request.timeout_seconds = seconds_of(header(connection, "X-Prometheus-Scrape-Timeout-Seconds"));
  if (info.content_length > 0) {
    request.body.resize(static_cast<std::size_t>(info.content_length));
    std::size_t size = 0;
    while (size < request.body.size()) {
      const int count = mg_read(connection, request.body.data() + size, request.body.size() - size);
      if (count <= 0) return plain(400, "The request body is incomplete.\n");
      size += static_cast<std::size_t>(count);
    }
  }

  std::optional<std::size_t> found;
  std::size_t longest = 0;
  std::string allowed;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    std::string_view pattern = routes_[i].path;
    const bool is_prefix = pattern.ends_with('*');
    if (is_prefix) pattern.remove_suffix(1);
    if (is_prefix ? !request.path.starts_with(pattern) : request.path != pattern) continue;
    // An exact path takes precedence over a prefix; a longer prefix over a shorter one.
    const std::size_t length = pattern.size() + (is_prefix ? 0 : 1);
    if (routes_[i].method != request.method) {
      allowed += (allowed.empty() ? "" : ", ") + routes_[i].method +
                 (routes_[i].method == "GET" ? std::string(", HEAD") : std::string());
    } else if (!found || length > longest) {
      found = i;
      longest = length;
    }
  }
  if (found) return call(*found, request);
  if (allowed.empty()) return plain(404, "There is no such page.\n");
  Response response = plain(405, "This page does not support this method.\n");
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

bool write(mg_connection* connection, std::string_view text) {
  const int count = mg_write(connection, text.data(), text.size());
  return count >= 0 && static_cast<std::size_t>(count) == text.size();
}

int CivetServer::serve(mg_connection* connection) {
  const Response response = answer(connection);
  const bool is_head = std::string_view(mg_get_request_info(connection)->request_method) == "HEAD";
  const std::string_view body = response.body ? std::string_view(*response.body) : std::string_view();
  std::string head = fmt::format("HTTP/1.1 {} -\r\nContent-Length: {}\r\n", response.status, body.size());
  if (response.status == 204) head = "HTTP/1.1 204 -\r\n";
  if (!response.content_type.empty()) head += fmt::format("Content-Type: {}\r\n", response.content_type);
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += "\r\n";
  const bool has_body = !is_head && response.status != 204;
  // After an incomplete response, which happens on a busy machine, close the connection. Otherwise the front
  // door would wait for the rest.
  if (!write(connection, head) || (has_body && !write(connection, body)))
    mg_disable_connection_keep_alive(connection);
  return static_cast<int>(response.status);
}

}  // namespace

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  const auto at =
      std::find_if(query.begin(), query.end(), [&](const auto& each) { return each.first == name; });
  return at == query.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

config::Result<std::unique_ptr<WebServer>> WebServer::start(std::vector<Route> routes, std::size_t threads,
                                                            std::string secret) {
  auto server = std::make_unique<CivetServer>(std::move(routes), std::move(secret));
  if (!server->listen(threads)) return config::failure("127.0.0.1", "cannot start the web server");
  return server;
}

}  // namespace dkimprobe::exporters
