#include "exporters/http/listeners.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <boost/asio/ip/v6_only.hpp>

#include "config/escape.hpp"

namespace dkimprobe::exporters {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Place {
  tcp::endpoint endpoint{};
  bool both_families = false;
};

config::Result<Place> read_place(asio::io_context& context, std::string_view address) {
  const std::size_t colon = address.rfind(':');
  std::string_view host = address.substr(0, std::min(colon, address.size()));
  const std::string_view number = colon == std::string_view::npos ? "" : address.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(number.data(), number.data() + number.size(), port);
  const bool has_port = !number.empty() && wrong == std::errc{} && end == number.data() + number.size();
  const bool in_brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (in_brackets) host = host.substr(1, host.size() - 2);
  error_code error;
  const auto ip = asio::ip::make_address(std::string(host), error);
  if (!has_port || (host != "localhost" && !host.empty() && (error || ip.is_v6() != in_brackets))) {
    return config::mistake(
        config::escape_text(address),
        "an address with a port was expected, such as 127.0.0.1:9815, [::1]:9815 or :9815");
  }
  if (host == "localhost") return Place{{asio::ip::address_v4::loopback(), port}, false};
  if (!host.empty()) return Place{{ip, port}, false};
  // One socket for both families, where there are both.
  tcp::acceptor(context).open(tcp::v6(), error);
  const asio::ip::address any_ipv4 = asio::ip::address_v4::any();
  return Place{{error ? any_ipv4 : asio::ip::address_v6::any(), port}, true};
}

config::Result<tcp::acceptor> open_listener(asio::io_context& context, const Place& place,
                                            std::string_view address) {
  const auto& [endpoint, both_families] = place;
  error_code error;
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(!both_families), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error)
    return config::mistake(config::escape_text(address),
                           fmt::format("cannot listen there: {}", error.message()));
  return acceptor;
}

}  // namespace

Listeners listen_at(asio::io_context& context, const std::vector<std::string>& addresses,
                    config::Mistakes& mistakes) {
  Listeners listeners;
  for (const auto& address : addresses) {
    auto listener = read_place(context, address).and_then([&](const Place& place) {
      return open_listener(context, place, address);
    });
    if (listener) {
      listeners.push_back(std::move(*listener));
    } else {
      mistakes.push_back(std::move(listener.error().front()));
    }
  }
  return listeners;
}

Listeners take_systemd_sockets(asio::io_context& context, config::Mistakes& mistakes) {
  Listeners listeners;
  const int count = sd_listen_fds(1);
  if (count <= 0) {
    mistakes.push_back({"LISTEN_FDS", "systemd has given no sockets; a unit of type socket opens them"});
    return listeners;
  }
  for (int file = SD_LISTEN_FDS_START; file < SD_LISTEN_FDS_START + count; ++file) {
    const bool is_ipv6 = sd_is_socket(file, AF_INET6, SOCK_STREAM, 1) > 0;
    if (!is_ipv6 && sd_is_socket(file, AF_INET, SOCK_STREAM, 1) <= 0) {
      mistakes.push_back({"LISTEN_FDS", fmt::format("socket {} is none that listens for TCP", file)});
      continue;
    }
    error_code error;
    tcp::acceptor acceptor(context);
    acceptor.assign(is_ipv6 ? tcp::v6() : tcp::v4(), file, error);
    if (error) {
      mistakes.push_back({"LISTEN_FDS", fmt::format("socket {}: {}", file, error.message())});
      continue;
    }
    listeners.push_back(std::move(acceptor));
  }
  return listeners;
}

}  // namespace dkimprobe::exporters
