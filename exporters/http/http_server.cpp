#include "exporters/http/http_server.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <future>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "exporters/http/civetweb_server.hpp"
#include "exporters/http/client_connection.hpp"
#include "exporters/http/descriptor_limit.hpp"
#include "exporters/http/listeners.hpp"
#include "exporters/http/live_web_config.hpp"
#include "exporters/http/password_check.hpp"
#include "exporters/http/upstream_connection.hpp"

namespace dkimprobe::exporters {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Client = std::shared_ptr<ClientConnection>;

constexpr std::chrono::milliseconds pause_before_accepting{100};
constexpr std::chrono::seconds longest_start{10};  // of the web server

/// Which sessions are closed first to make room: those that wait for their client, the slow before the idle.
enum class Rank : std::uint8_t { slow, idle, kept };

Rank rank_of(const HttpSession& session) {
  using Phase = HttpSession::Phase;
  constexpr std::array slow = {Phase::handshake, Phase::header, Phase::body, Phase::closing};
  if (session.phase() == Phase::idle) return Rank::idle;
  return std::ranges::find(slow, session.phase()) != slow.end() ? Rank::slow : Rank::kept;
}

/// Refuses a connection before anything is read.
void refuse(tcp::socket& socket, bool uses_tls) {
  constexpr std::string_view text =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 22\r\n"
      "Connection: close\r\nRetry-After: 5\r\n\r\nToo many connections.\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  if (!uses_tls) socket.send(asio::buffer(text), 0, ignored);
  socket.close(ignored);
}

/// Accepts clients, limits how many there are and what their responses hold in memory, forwards their
/// requests in turn, and ends them all when it stops.
class HttpServer final : public WebService, public ClientConnection::Owner {
 public:
  HttpServer(const WebSettings& settings, std::unique_ptr<WebServer> web_server)
      : on_access_(settings.on_access),
        on_not_accepted_(settings.on_not_accepted),
        web_server_(std::move(web_server)) {
    service_.limits = settings.limits;
    service_.rules = [this] { return rules_.now(); };
  }
  ~HttpServer() override { stop(); }

  [[nodiscard]] config::Result<bool> open(const WebSettings& settings);
  /// Returns whether the web server answers.
  [[nodiscard]] bool run();
  [[nodiscard]] std::vector<Listening> listening() const override { return listening_; }
  void stop() override;

 private:
  void check_password(ClientConnection& client, const HttpSession::CheckPassword& action) override;
  void forward(ClientConnection& client, bool again) override;
  void cancel(const ClientConnection& client) override;
  void log(const Access& access) override {
    if (on_access_) on_access_(access);
  }
  void closed(ClientConnection& client) override;

  void accept(tcp::acceptor& acceptor);
  void admit(tcp::socket socket);
  [[nodiscard]] bool make_room();
  void dispatch();
  void free_memory(const Client& newest);
  void begin_stop();
  void end();

  std::function<void(const Access&)> on_access_;
  std::function<void(const std::string&)> on_not_accepted_;
  std::unique_ptr<WebServer> web_server_;
  HttpSession::Service service_{};
  WebRulesFile rules_{};
  std::vector<Listening> listening_{};

  /// A connection to the web server, and the client whose request it forwards.
  struct Upstream {
    std::shared_ptr<UpstreamConnection> connection{};
    const ClientConnection* client = nullptr;
  };

  asio::io_context context_{1};
  Listeners listeners_{};
  asio::steady_timer grace_{context_};
  std::unordered_set<Client> clients_{};
  std::deque<Client> waiting_{};
  std::vector<Upstream> upstreams_{};
  bool answers_ = false;  ///< the web server has answered on any connection
  std::promise<void> answering_{};
  bool stopping_ = false;
  PasswordCheck passwords_{};
  std::thread thread_{};
};

config::Result<bool> HttpServer::open(const WebSettings& settings) {
  config::Errors errors;
  if (auto read = rules_.open(settings); !read) errors = std::move(read.error());
  listeners_ = settings.systemd_sockets ? take_systemd_sockets(context_, errors)
                                        : listen_at(context_, settings.listen, errors);
  if (listeners_.empty() && errors.empty()) errors.push_back({"", "no listen address is given"});
  for (const auto& listener : listeners_) listening_.push_back(describe(listener));
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return true;
}

bool HttpServer::run() {
  const asio::local::stream_protocol::endpoint web_server(web_server_->path());
  const auto answers = answering_.get_future();
  const auto on_free = [this] {
    if (!std::exchange(answers_, true)) answering_.set_value();
    dispatch();
  };
  for (std::size_t i = 0; i < service_.limits.threads; ++i) {
    upstreams_.push_back({std::make_shared<UpstreamConnection>(context_, web_server, on_free)});
    upstreams_.back().connection->open();
  }
  for (auto& listener : listeners_) accept(listener.acceptor);
  thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(context_);
    context_.run();
  });
  return answers.wait_for(longest_start) == std::future_status::ready;
}

// ---- Clients ----

void HttpServer::accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([this, &acceptor](error_code error, tcp::socket socket) {
    if (stopping_ || error == asio::error::operation_aborted) return;
    if (!error) {
      admit(std::move(socket));
      accept(acceptor);
      return;
    }
    // Out of file descriptors or memory: try again after a pause.
    if (on_not_accepted_) on_not_accepted_(error.message());
    const auto pause = std::make_shared<asio::steady_timer>(context_, pause_before_accepting);
    pause->async_wait([this, &acceptor, pause](error_code) {
      if (!stopping_) accept(acceptor);
    });
  });
}

bool HttpServer::make_room() {
  if (clients_.size() < service_.limits.connections) return true;
  const auto first = std::ranges::min_element(clients_, {}, [](const Client& each) {
    return std::pair(rank_of(each->session()), each->session().since());
  });
  if (first == clients_.end() || rank_of((*first)->session()) == Rank::kept) return false;
  const auto leaving = clients_.extract(first);
  leaving.value()->notify(&HttpSession::evicted);
  return true;
}

void HttpServer::admit(tcp::socket socket) {
  auto rules = rules_.now();
  if (!make_room()) return refuse(socket, rules->tls != nullptr);
  const auto client =
      std::make_shared<ClientConnection>(*this, std::move(socket), service_, std::move(rules));
  clients_.insert(client);
  client->notify(&HttpSession::started);
}

void HttpServer::check_password(ClientConnection& client, const HttpSession::CheckPassword& action) {
  const auto notify = [this, weak = client.weak_from_this()](PasswordCheck::Verdict verdict) {
    asio::post(context_, [weak, verdict] {
      if (const auto there = weak.lock()) there->notify(&HttpSession::password_checked, verdict);
    });
  };
  passwords_.check(action.rules->config.users, action.user, action.password, client.source(),
                   std::chrono::steady_clock::now(), notify);
}

void HttpServer::closed(ClientConnection& client) {
  clients_.erase(client.shared_from_this());
  if (stopping_ && clients_.empty()) end();
}

// ---- Requests ----

void HttpServer::forward(ClientConnection& client, bool again) {
  waiting_.insert(again ? waiting_.begin() : waiting_.end(), client.shared_from_this());
  dispatch();
}

void HttpServer::dispatch() {
  for (auto& upstream : upstreams_) {
    if (waiting_.empty()) return;
    if (!upstream.connection->is_free()) continue;
    const Client client = std::move(waiting_.front());
    waiting_.pop_front();
    client->notify(&HttpSession::forwarded);
    upstream.client = client.get();
    upstream.connection->ask(client->session().request(),
                             [this, client, &upstream](std::optional<Response> response, bool begun) {
                               upstream.client = nullptr;
                               if (!response) return client->notify(&HttpSession::answer_failed, begun);
                               client->notify(&HttpSession::answered, std::move(*response));
                               free_memory(client);
                             });
  }
}

void HttpServer::cancel(const ClientConnection& client) {
  std::erase_if(waiting_, [&](const Client& each) { return each.get() == &client; });
  for (auto& [connection, served] : upstreams_) {
    if (served != &client) continue;
    served = nullptr;
    connection->open();
  }
}

void HttpServer::free_memory(const Client& newest) {
  // For clients that read their responses: close those whose last progress is the oldest.
  const auto progress = [&](const Client& each) {
    const bool counts = each != newest && each->session().buffered() > 0;
    return counts ? each->session().last_progress() : HttpSession::Time::max();
  };
  const auto buffered = [&] {
    std::size_t sum = 0;
    for (const auto& each : clients_) sum += each->session().buffered();
    return sum;
  };
  while (buffered() > service_.limits.buffered_bytes) {
    const auto slowest = std::ranges::min_element(clients_, {}, progress);
    if (slowest == clients_.end() || progress(*slowest) == HttpSession::Time::max()) return;
    const auto leaving = clients_.extract(slowest);
    leaving.value()->notify(&HttpSession::evicted);
  }
}

// ---- The end ----

void HttpServer::begin_stop() {
  stopping_ = true;
  error_code ignored;
  for (auto& listener : listeners_) listener.acceptor.close(ignored);
  // Copies, because sessions that close leave the set.
  const std::vector<Client> all(clients_.begin(), clients_.end());
  if (all.empty()) return end();
  grace_.expires_after(service_.limits.grace);
  grace_.async_wait([this](error_code error) {
    if (error) return;
    const std::vector<Client> late(clients_.begin(), clients_.end());
    for (const auto& client : late) client->notify(&HttpSession::evicted);
  });
  for (const auto& client : all) client->notify(&HttpSession::stopping);
}

void HttpServer::end() {
  grace_.cancel();
  for (const auto& upstream : upstreams_) upstream.connection->close();
  context_.stop();
}

void HttpServer::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] { begin_stop(); });
  thread_.join();
  passwords_.stop();
  web_server_.reset();
}

}  // namespace

config::Result<std::unique_ptr<WebService>> WebService::start(WebSettings settings) {
  const auto room = make_room_for_clients(settings.limits);
  if (!room) return tl::unexpected(room.error());
  settings.limits.connections = *room;
  auto web_server = WebServer::start(std::move(settings.routes), settings.limits.threads);
  if (!web_server) return tl::unexpected(std::move(web_server.error()));
  auto server = std::make_unique<HttpServer>(settings, std::move(*web_server));
  if (auto opened = server->open(settings); !opened) return tl::unexpected(std::move(opened.error()));
  if (!server->run()) return config::failure("", "the web server does not answer");
  return server;
}

}  // namespace dkimprobe::exporters
