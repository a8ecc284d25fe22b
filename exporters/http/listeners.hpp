// The listening sockets: opened at the addresses of the command line, or passed by systemd. It accepts no
// connections.
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
  bool lacks_ipv6 = false;  ///< both families were requested, but this machine has only IPv4
};
using Listeners = std::deque<Listener>;

/// Listens at the addresses of `WebSettings::listen`. Reports those that fail in `errors`.
[[nodiscard]] Listeners listen_at(boost::asio::io_context& context, const std::vector<std::string>& addresses,
                                  config::Errors& errors);

/// Takes the sockets that systemd opened for this process.
[[nodiscard]] Listeners take_systemd_sockets(boost::asio::io_context& context, config::Errors& errors);

[[nodiscard]] Listening describe(const Listener& listener);

}  // namespace dkimprobe::exporters
