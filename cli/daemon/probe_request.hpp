// What a request for `/probe` asks for, and whether it may: the parameters of the request put together with
// what is watched. It asks no server.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/daemon/watch_list.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::cli {

struct ProbeRequest {
  config::DomainName domain{};
  std::vector<config::Selector> selectors{};        ///< at least one
  std::vector<checks::Expectation> expectations{};  ///< one for each selector
  WatchedFacts facts{};
  config::ModuleSettings module{};  ///< its time is that of the look
  bool debug = false;               ///< tell people how it went, in place of the metrics
};

struct ProbeRefusal {
  unsigned status = 400;
  std::string message{};  ///< escaped
  bool unknown_module = false;
};

/// `offset` is what a scraper's time is shortened by, so that the answer is there before it gives up.
[[nodiscard]] tl::expected<ProbeRequest, ProbeRefusal> read_probe_request(const exporters::Request& request,
                                                                          const WatchList& list,
                                                                          std::chrono::milliseconds offset);

}  // namespace dkimprobe::cli
