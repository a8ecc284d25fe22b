#include "config/names/named_server.hpp"

#include <charconv>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {
namespace {

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

struct Place {
  Address ip{};
  std::optional<std::uint16_t> port{};
};

/// Parses `ADDRESS[:PORT]`; the error is a clause.
tl::expected<Place, std::string> read_place(std::string_view place) {
  std::string_view address = place;
  std::optional<std::string_view> port;
  if (place.starts_with('[')) {
    const std::size_t bracket = place.find(']');
    if (bracket == std::string_view::npos) return tl::unexpected<std::string>("the bracket is not closed");
    address = place.substr(1, bracket - 1);
    place.remove_prefix(bracket + 1);
    if (place.starts_with(':')) {
      port = place.substr(1);
    } else if (!place.empty()) {
      return tl::unexpected<std::string>("only a port may follow the bracket");
    }
  } else if (const std::size_t colon = place.find(':');
             colon != std::string_view::npos && colon == place.rfind(':')) {
    address = place.substr(0, colon);
    port = place.substr(colon + 1);
  }
  const auto ip = Address::parse(address);
  if (!ip) return tl::unexpected(fmt::format("`{}` is not an IP address", escape_text(address, 80)));
  Place read{*ip, {}};
  if (port) {
    read.port = read_port(*port);
    if (!read.port) return tl::unexpected<std::string>("the port must be a whole number from 1 to 65535");
  }
  return read;
}

}  // namespace

std::vector<ServerAddress> addresses_with_name(const std::vector<NamedServer>& servers,
                                               const DomainName& name, std::uint16_t port) {
  std::vector<ServerAddress> addresses;
  for (const NamedServer& server : servers) {
    if (server.name == name) addresses.push_back({server.ip, server.port.value_or(port)});
  }
  return addresses;
}

Result<NamedServer> read_named_server(std::string_view text, const std::string& where) {
  const auto wrong = [&](std::string_view what) {
    return failure(where, fmt::format("`{}`: {}; give NAME=ADDRESS or NAME=ADDRESS:PORT, such as "
                                      "ns1.example.com=192.0.2.1 or ns1.example.com=[2001:db8::1]:53",
                                      escape_text(text, 80), what));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return wrong("there is no `=`");
  const auto name = DomainName::parse(text.substr(0, equals));
  if (!name) return wrong(name.error().front().message);
  const auto place = read_place(text.substr(equals + 1));
  if (!place) return wrong(place.error());
  return NamedServer{*name, place->ip, place->port};
}

Result<ServerAddress> read_server_address(std::string_view text, const std::string& where) {
  const auto place = read_place(text);
  if (!place) {
    return failure(where, fmt::format("`{}`: {}; give ADDRESS or ADDRESS:PORT, such as 192.0.2.53 or "
                                      "[2001:db8::53]:53",
                                      escape_text(text, 80), place.error()));
  }
  return ServerAddress{place->ip, place->port.value_or(53)};
}

}  // namespace dkimprobe::config
