#include "exporters/http/http_server.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/rand.h>

#include "exporters/http/civetweb_server.hpp"
#include "exporters/http/front_door.hpp"

namespace dkimprobe::exporters {
namespace {

class DoorAndServer final : public WebService {
 public:
  DoorAndServer(std::unique_ptr<WebServer> server, std::unique_ptr<FrontDoor> door)
      : server_(std::move(server)), door_(std::move(door)) {}
  ~DoorAndServer() override { stop(); }

  [[nodiscard]] std::vector<Listening> listening() const override { return listening_; }

  void stop() override {
    if (door_) door_->stop();
    door_.reset();
    server_.reset();
  }

 private:
  std::unique_ptr<WebServer> server_;
  std::unique_ptr<FrontDoor> door_;
  std::vector<Listening> listening_ = door_->listening();
};

std::string make_secret() {
  std::array<unsigned char, 32> octets{};
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return {};
  return fmt::format("{:02x}", fmt::join(octets, ""));
}

}  // namespace

config::Result<std::unique_ptr<WebService>> WebService::start(WebSettings settings) {
  const std::string secret = make_secret();
  if (secret.empty()) return config::failure("", "OpenSSL returned no random numbers");
  auto server = WebServer::start(std::move(settings.routes), settings.limits.threads, secret);
  if (!server) return tl::unexpected(std::move(server.error()));
  auto door = FrontDoor::start(settings, (*server)->port(), secret);
  if (!door) return tl::unexpected(std::move(door.error()));
  return std::make_unique<DoorAndServer>(std::move(*server), std::move(*door));
}

}  // namespace dkimprobe::exporters
