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

#include "config/basics/escape.hpp"

namespace dkimprobe::exporters {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Place {
  std::string_view text{};  ///< as given in the settings
  tcp::endpoint endpoint{};
  bool lacks_ipv6 = false;
};

config::Result<Place> read_place(std::string_view address, bool has_ipv6) {
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
    return config::failure(config::escape_text(address),
                           "expected an address with a port, such as 127.0.0.1:9815, [::1]:9815 or :9815");
  }
  if (host == "localhost") return Place{address, {asio::ip::address_v4::loopback(), port}};
  if (!host.empty()) return Place{address, {ip, port}};
  if (!has_ipv6) return Place{address, {asio::ip::address_v4::any(), port}, true};
  return Place{address, {asio::ip::address_v6::any(), port}};
}

/// Whether a socket at `[::]` also accepts IPv4 clients, as its users expect. Linux refuses that when another
/// socket has the same port for IPv4.
bool takes_ipv4(const Place& place, const std::vector<Place>& places) {
  const auto is_of_ipv4_there = [&](const Place& other) {
    return other.endpoint.address().is_v4() && other.endpoint.port() == place.endpoint.port();
  };
  return place.endpoint.address() == asio::ip::address_v6::any() &&
         (place.endpoint.port() == 0 || std::ranges::none_of(places, is_of_ipv4_there));
}

config::Result<Listener> open_listener(asio::io_context& context, const Place& place, bool v6_only) {
  const auto& endpoint = place.endpoint;
  error_code error;
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(v6_only), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error)
    return config::failure(config::escape_text(place.text),
                           fmt::format("cannot listen: {}", error.message()));
  return Listener{std::move(acceptor), place.lacks_ipv6};
}

}  // namespace

Listeners listen_at(asio::io_context& context, const std::vector<std::string>& addresses,
                    config::Errors& errors) {
  error_code no_ipv6;
  tcp::acceptor(context).open(tcp::v6(), no_ipv6);
  std::vector<Place> places;
  for (const auto& address : addresses) {
    auto place = read_place(address, !no_ipv6);
    if (place) {
      places.push_back(*place);
    } else {
      errors.push_back(std::move(place.error().front()));
    }
  }
  Listeners listeners;
  for (const auto& place : places) {
    auto listener = open_listener(context, place, !takes_ipv4(place, places));
    if (listener) {
      listeners.push_back(std::move(*listener));
    } else {
      errors.push_back(std::move(listener.error().front()));
    }
  }
  return listeners;
}

Listeners take_systemd_sockets(asio::io_context& context, config::Errors& errors) {
  Listeners listeners;
  const int count = sd_listen_fds(1);
  if (count <= 0) {
    errors.push_back({"LISTEN_FDS", "systemd passed no sockets; a .socket unit must open them"});
    return listeners;
  }
  for (int file = SD_LISTEN_FDS_START; file < SD_LISTEN_FDS_START + count; ++file) {
    const bool is_ipv6 = sd_is_socket(file, AF_INET6, SOCK_STREAM, 1) > 0;
    if (!is_ipv6 && sd_is_socket(file, AF_INET, SOCK_STREAM, 1) <= 0) {
      errors.push_back({"LISTEN_FDS", fmt::format("socket {} is not a listening TCP socket", file)});
      continue;
    }
    error_code error;
    tcp::acceptor acceptor(context);
    acceptor.assign(is_ipv6 ? tcp::v6() : tcp::v4(), file, error);
    if (error) {
      errors.push_back({"LISTEN_FDS", fmt::format("socket {}: {}", file, error.message())});
      continue;
    }
    listeners.push_back({std::move(acceptor)});
  }
  return listeners;
}

Listening describe(const Listener& listener) {
  error_code ignored;
  const auto endpoint = listener.acceptor.local_endpoint(ignored);
  const std::string ip = endpoint.address().to_string();
  const std::string host = endpoint.address().is_v6() ? "[" + ip + "]" : ip;
  return {fmt::format("{}:{}", host, endpoint.port()), endpoint.port(), listener.lacks_ipv6};
}

}  // namespace dkimprobe::exporters
