#include "exporters/http/civetweb_server.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <civetweb.h>
#include <fmt/format.h>

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

/// The descriptor of the listener that civetweb has just opened: the only one of this process at that port.
std::optional<int> find_listener(int port) {
  std::error_code error;
  for (std::filesystem::directory_iterator each("/proc/self/fd", error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    int listens = 0;
    socklen_t listens_size = sizeof listens;
    if (getsockname(number, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        address.sin_family == AF_INET && ntohs(address.sin_port) == port &&
        getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) == 0 && listens != 0)
      return number;
  }
  return std::nullopt;
}

/// How closely a route matches a path: 0 if it does not. An exact path takes precedence over a prefix, a
/// longer prefix over a shorter one.
std::size_t closeness(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with('*')) return path == pattern ? path.size() + 2 : 0;
  return path.starts_with(pattern.substr(0, pattern.size() - 1)) ? pattern.size() : 0;
}

/// Reads the whole body; false if it does not arrive.
bool read_body(mg_connection* connection, std::string& body) {
  for (std::size_t size = 0; size < body.size();) {
    const int count = mg_read(connection, body.data() + size, body.size() - size);
    if (count <= 0) return false;
    size += static_cast<std::size_t>(count);
  }
  return true;
}

bool write(mg_connection* connection, std::string_view text) {
  const int count = mg_write(connection, text.data(), text.size());
  return count >= 0 && static_cast<std::size_t>(count) == text.size();
}

}  // namespace

WebServer::~WebServer() {
  if (context_ == nullptr) return;
  // civetweb checks whether it should stop only every two seconds or when a client connects.
  const std::jthread connecting([this](const std::stop_token& stopped) {
    while (!stopped.stop_requested()) {
      listener_.connect_once();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  mg_stop(context_);
}

void WebServer::take_listener(const mg_context* context) {
  mg_server_port ports[1]{};
  const auto found =
      mg_get_server_ports(context, 1, ports) == 1 ? find_listener(ports[0].port) : std::nullopt;
  listens_.set_value(found && listener_.move_to(*found));
}

bool WebServer::listen(std::size_t threads) {
  mg_callbacks callbacks{};
  callbacks.begin_request = [](mg_connection* connection) {
    return static_cast<WebServer*>(mg_get_request_info(connection)->user_data)->serve(connection);
  };
  // Debian's civetweb can listen at TCP ports only, where every local user could take all of its threads. So
  // its listener is replaced by ours, on the thread that accepts clients, before it accepts the first.
  callbacks.init_thread = [](const mg_context* context, int type) -> void* {
    constexpr int accepts_clients = 0;
    if (type == accepts_clients) static_cast<WebServer*>(mg_get_user_data(context))->take_listener(context);
    return nullptr;
  };
  // Its log messages would describe this program as the client.
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
                           nullptr};
  context_ = mg_start(&callbacks, this, options);
  return context_ != nullptr && listens_.get_future().get();
}

Response WebServer::call(std::size_t at, const Request& request) {
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

Response WebServer::answer(mg_connection* connection) {
  const mg_request_info& info = *mg_get_request_info(connection);
  Request request;
  request.path = info.local_uri_raw != nullptr ? info.local_uri_raw : "";
  request.remote = header(connection, remote_header);
  if (request.remote.empty() && request.path == handshake_path) return {204, "", {}, nullptr};
  request.method = info.request_method;
  if (info.query_string != nullptr) request.query = parameters(info.query_string);
  request.accept = header(connection, "Accept");
  request.accept_encoding = header(connection, "Accept-Encoding");
  request.timeout_seconds = seconds_of(header(connection, "X-Prometheus-Scrape-Timeout-Seconds"));
  request.body.resize(static_cast<std::size_t>(std::max(info.content_length, 0LL)));
  if (!read_body(connection, request.body)) return plain(400, "The request body is incomplete.\n");
  return route(request);
}

Response WebServer::route(const Request& request) {
  std::optional<std::size_t> found;
  std::size_t closest = 0;
  std::string allowed;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& [method, path, handle, most_at_once] = routes_[i];
    const std::size_t match = closeness(path, request.path);
    if (match == 0) continue;
    if (method != request.method) {
      allowed += fmt::format("{}{}{}", allowed.empty() ? "" : ", ", method, method == "GET" ? ", HEAD" : "");
    } else if (match > closest) {
      found = i;
      closest = match;
    }
  }
  if (found) return call(*found, request);
  if (allowed.empty()) return plain(404, "There is no such page.\n");
  Response response = plain(405, "This page does not support this method.\n");
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

int WebServer::serve(mg_connection* connection) {
  const Response response = answer(connection);
  const std::string_view body = response.body ? std::string_view(*response.body) : std::string_view();
  std::string head = fmt::format("HTTP/1.1 {} -\r\nContent-Length: {}\r\n", response.status, body.size());
  if (response.status == 204) head = "HTTP/1.1 204 -\r\n";
  if (!response.content_type.empty()) head += fmt::format("Content-Type: {}\r\n", response.content_type);
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += "\r\n";
  // After an incomplete response, which happens on a busy machine, close the connection. Otherwise its other
  // end would wait for the rest.
  if (!write(connection, head) || (response.status != 204 && !write(connection, body)))
    mg_disable_connection_keep_alive(connection);
  return static_cast<int>(response.status);
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  const auto at =
      std::find_if(query.begin(), query.end(), [&](const auto& each) { return each.first == name; });
  return at == query.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

config::Result<std::unique_ptr<WebServer>> WebServer::start(std::vector<Route> routes, std::size_t threads) {
  auto listener = PrivateListener::open();
  if (!listener) return tl::unexpected(std::move(listener.error()));
  std::unique_ptr<WebServer> server(new WebServer(std::move(routes), std::move(*listener)));
  if (!server->listen(threads)) return config::failure("", "cannot start the web server");
  return server;
}

}  // namespace dkimprobe::exporters
