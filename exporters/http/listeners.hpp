// The sockets at which clients arrive: opened at the addresses that the command line gives, or taken from
// systemd. It accepts nobody.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::exporters {

struct Listener {
  boost::asio::ip::tcp::acceptor acceptor;
  bool lacks_ipv6 = false;  ///< both families were asked for, and this machine has IPv4 alone
};
using Listeners = std::deque<Listener>;

/// At addresses as `WebSettings::listen` has them; those that fail are told in `mistakes`.
[[nodiscard]] Listeners listen_at(boost::asio::io_context& context, const std::vector<std::string>& addresses,
                                  config::Errors& errors);

/// Those that systemd has opened for this process.
[[nodiscard]] Listeners take_systemd_sockets(boost::asio::io_context& context, config::Errors& errors);

[[nodiscard]] Listening describe(const Listener& listener);

}  // namespace dkimprobe::exporters
