// The sockets at which clients arrive: opened at the addresses that the command line gives, or taken from
// systemd. It accepts nobody.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "config/result.hpp"

namespace dkimprobe::exporters {

using Listeners = std::deque<boost::asio::ip::tcp::acceptor>;

/// At addresses as `WebSettings::listen` has them; those that fail are told in `mistakes`.
[[nodiscard]] Listeners listen_at(boost::asio::io_context& context, const std::vector<std::string>& addresses,
                                  config::Mistakes& mistakes);

/// Those that systemd has opened for this process.
[[nodiscard]] Listeners take_systemd_sockets(boost::asio::io_context& context, config::Mistakes& mistakes);

}  // namespace dkimprobe::exporters
